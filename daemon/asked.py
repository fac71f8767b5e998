"""A request without a body, as it was understood: whoever sends the same again need not be understood again.

Who asks, and whether he may, is not part of it: that is asked each time.
"""

from collections.abc import Mapping

from .envelope import Envelope, Whole
from .head import Head
from .listing import Kept
from .resources import Answering


class Asked:
    """One request; `generation` is that of the config by which it was understood."""

    __slots__ = ("_kept", "envelope", "found", "generation", "head")

    def __init__(
        self,
        head: Head,
        envelope: Envelope,
        found: tuple[Answering, Mapping[str, str]] | None,
        generation: int,
    ) -> None:
        self.head = head
        self.envelope = envelope
        self.found = found
        self.generation = generation
        self._kept: tuple[Kept, Whole] | None = None

    def whole(self, answer: object) -> Whole | None:
        """Return an answer as it is written; None for one that cannot be written at once."""
        if self._kept is not None and self._kept[0] is answer:
            return self._kept[1]
        whole = self.envelope.whole(answer)
        if whole is not None and isinstance(answer, Kept):
            self._kept = answer, whole
        return whole
