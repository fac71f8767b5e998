"""Undoes the filters with which 7z makes machine code compress better."""

from collections.abc import Callable
from typing import Protocol

import bcj

from .coders import Held
from .streams import Unpacker


class _Filter(Protocol):
    def decode(self, data: bytes, /) -> bytes: ...


def filtering(make: Callable[[int], _Filter], size: int) -> Callable[[], Unpacker]:
    """Return how a filter is undone, for so many bytes."""

    def unpacker() -> Unpacker:
        return Held(make(size).decode, lambda: False)

    return unpacker


def _filter(name: str) -> Callable[[int], _Filter]:
    found: Callable[[int], _Filter] = getattr(bcj, name)  # the package does not say that it exports them
    return found


FILTERS = {
    b"\x03\x03\x01\x03": _filter("BCJDecoder"),
    b"\x04": _filter("BCJDecoder"),
    b"\x03\x03\x02\x05": _filter("PPCDecoder"),
    b"\x05": _filter("PPCDecoder"),
    b"\x03\x03\x05\x01": _filter("ARMDecoder"),
    b"\x07": _filter("ARMDecoder"),
    b"\x03\x03\x07\x01": _filter("ARMTDecoder"),
    b"\x08": _filter("ARMTDecoder"),
    b"\x03\x03\x08\x05": _filter("SparcDecoder"),
    b"\x09": _filter("SparcDecoder"),
}
"""By the method's number in a 7z archive."""
