"""A request without a body, as it was understood: whoever sends the same again need not be understood again.

Who asks, and whether he may, is not part of it: that is asked each time.
"""

from collections.abc import Mapping
from typing import NamedTuple

from starlette.responses import JSONResponse, Response

from .envelope import Envelope
from .hardening import Headers
from .head import Head
from .listing import Kept
from .resources import Resource

_WHOLE = frozenset({Response, JSONResponse, Kept})
"""Answers that are whole when they are made. Others send themselves, bit by bit."""


class Whole(NamedTuple):
    """An answer that can be written at once: its status, its lines behind the date, its body."""

    status: int
    lines: bytes
    body: bytes


class Asked:
    """One request; `generation` is that of the config by which it was understood."""

    __slots__ = ("_kept", "envelope", "found", "generation", "head")

    def __init__(
        self,
        head: Head,
        envelope: Envelope,
        found: tuple[Resource, Mapping[str, str]] | None,
        generation: int,
    ) -> None:
        self.head = head
        self.envelope = envelope
        self.found = found
        self.generation = generation
        self._kept: tuple[Response, Whole] | None = None

    def whole(self, answer: object) -> Whole | None:
        """Return an answer as it is written; None for one that cannot be written at once."""
        if self._kept is not None and self._kept[0] is answer:
            return self._kept[1]
        if not isinstance(answer, Response) or type(answer) not in _WHOLE:
            return None
        lines = _lines(self.envelope.around(answer.raw_headers))
        whole = Whole(answer.status_code, lines, bytes(answer.body))
        if isinstance(answer, Kept):
            self._kept = answer, whole
        return whole


def _lines(headers: Headers) -> bytes:
    text = b"".join([b"%b: %b\r\n" % header for header in headers])
    if text.count(b"\n") != len(headers):
        raise ValueError("a header has more than one line")
    return text
