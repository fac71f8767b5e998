"""Regular expressions that other people write: RE2's time grows with the text alone, whatever they say."""

from typing import Protocol

import re2


class Found(Protocol):
    """A match."""

    def start(self) -> int:
        """Return where it begins."""


class Expression(Protocol):
    """What is looked for."""

    programsize: int
    """How many instructions it has."""

    def search(self, text: bytes) -> Found | None:
        """Return where it is found first, None if it is not."""


def compiled(pattern: bytes, memory: int, *, whole_lines: bool = False, case: bool = True) -> Expression:
    """Return the expression; raises `ValueError`, which says why it is none.

    It takes so many bytes of `memory` at most, with what it remembers while it searches. With `whole_lines`,
    no match reaches over the end of a line.
    """
    options = re2.Options()
    options.log_errors = False
    options.never_nl = whole_lines
    options.max_mem = memory
    options.case_sensitive = case
    try:
        made: Expression = re2.compile(pattern, options)
    except re2.error as exc:
        reason = exc.args[0] if exc.args else ""
        told = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
        raise ValueError(told) from exc
    return made
