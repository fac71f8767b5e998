"""Where a server's output is written to, and what is written: pieces of streams, from a place on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Place:
    """Where a log ends: the next byte is the one at this offset of this stream."""

    stream: str
    offset: int


@dataclass(frozen=True, slots=True)
class Piece:
    """Some bytes of a stream, and when they came."""

    stream: str
    offset: int
    time: float
    data: bytes

    @property
    def end(self) -> int:
        """The offset behind its last byte."""
        return self.offset + len(self.data)


class Sink(Protocol):
    """What output is written to, by one thread at a time; it may wait for a disk."""

    missed: int
    """Bytes that are missing in it, as far as it is known."""
    reason: str
    """Why bytes are missing, for the line that tells of it."""

    def open(self) -> Place | None:
        """Begin, or begin again, and return where it ends; None for a new one. Raises `OSError`."""

    def write(self, pieces: Sequence[Piece]) -> bool:
        """Add to it; return whether there is anything to tidy up. After an `OSError`, `open` it again."""

    def close(self) -> None:
        """Be done with it; also while somebody writes."""


def missing(count: int, reason: str) -> str:
    """Return the line that tells of lost output."""
    return f"[Holdfast] {count} bytes of output are missing here: {reason}"


ANEW = "[Holdfast] another stream of output begins here; what the log did not have of the one before is lost"
