"""Parts of a file that a client asks for (RFC 9110, section 14)."""

import re
import secrets
from dataclasses import dataclass

_RANGE = re.compile(r"(\d*)-(\d*)")

MOST_RANGES = 64
"""Who asks for more gets the whole file: section 14.2 lets a server ignore such."""


@dataclass(frozen=True, slots=True)
class Range:
    """Bytes of a file, from `start` to before `end`."""

    start: int
    end: int

    @property
    def length(self) -> int:
        """How many bytes it has."""
        return self.end - self.start

    def within(self, size: int) -> str:
        """Return what `Content-Range` says of it."""
        return f"bytes {self.start}-{self.end - 1}/{size}"


def parse_ranges(header: str | None, size: int) -> list[Range] | None:
    """Return the ranges that can be had, perhaps none; None if the header asks for the whole file.

    That is the case for other units and for what is no range, as the RFC says, and if the ranges overlap so
    much that the whole is less.
    """
    unit, _, listed = (header or "").partition("=")
    if unit.strip().lower() != "bytes":
        return None
    texts = [text.strip() for text in listed.split(",") if text.strip()]
    if not texts or len(texts) > MOST_RANGES:
        return None
    ranges = []
    for text in texts:
        found = _RANGE.fullmatch(text)
        # More digits than any size has: int() refuses thousands of them.
        if found is None or text == "-" or len(text) > 40:
            return None
        one = _range(found[1], found[2], size)
        if one is None:
            return None
        if one.length > 0:
            ranges.append(one)
    return None if sum(one.length for one in ranges) > max(size, 1) else ranges


def _range(first: str, last: str, size: int) -> Range | None:
    """Return a range, an empty one if it is behind the end; None for one that runs backwards."""
    if not first:
        return Range(max(0, size - int(last)), size)
    start = int(first)
    if not last:
        return Range(start, max(start, size))
    if int(last) < start:
        return None
    return Range(start, max(start, min(int(last) + 1, size)))


Piece = bytes | Range
"""What is sent: these bytes, or these of the file."""


def in_parts(ranges: list[Range], size: int, mime: str) -> tuple[str, list[Piece]]:
    """Return the Content-Type and the body for several ranges: section 14.6, multipart/byteranges."""
    boundary = secrets.token_hex(16)
    pieces: list[Piece] = []
    for one in ranges:
        head = f"\r\n--{boundary}\r\nContent-Type: {mime}\r\nContent-Range: {one.within(size)}\r\n\r\n"
        pieces += [head.encode(), one]
    pieces.append(f"\r\n--{boundary}--\r\n".encode())
    return f"multipart/byteranges; boundary={boundary}", pieces


def length_of(pieces: list[Piece]) -> int:
    """Return how many bytes they are in all."""
    return sum(len(piece) if isinstance(piece, bytes) else piece.length for piece in pieces)
