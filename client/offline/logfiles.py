"""One server's log files, read as the daemon would: daemon/logindex.py says what they are."""

import gzip
import os
import re
import struct
import zlib
from collections.abc import Iterator, Sequence
from typing import BinaryIO, cast

from .stretches import Stretch

_ENTRY = struct.Struct("=QdQQII")  # place, time, offset, stream, bytes of ours, flags
_HEAD = b"Holdfast log index, version 1\n"
_STAMP = len("2026-01-31T12:00:00.000Z ")
_PART = re.compile(r"(\d{8,15}-\d{8}T\d{6}Z)\.index(?:\.gz|\.zst)?")


def log_stretches(folder: str) -> Iterator[Stretch]:
    """Yield what stands in the files of a folder, in order; raises `OSError` if they may not be read."""
    names = {fits[1] for name in os.listdir(folder) if (fits := _PART.fullmatch(name))}
    for name in sorted(names):
        path = os.path.join(folder, name)
        try:
            with _unpacked(f"{path}.index") as index:
                entries = _entries(index.read())
            with _unpacked(f"{path}.log") as text:
                yield from _stretches(text.read(), entries)
        except FileNotFoundError:
            continue
        except (EOFError, ValueError, zlib.error) as exc:
            yield Stretch("", 0, None, f"[Holdfast] {name}.log cannot be read: {exc}\n".encode(), ours=True)


def _stretches(text: bytes, entries: Sequence[tuple[int, float, int, int, int, int]]) -> Iterator[Stretch]:
    for number, (at, time, offset, stream, ours, flags) in enumerate(entries):
        stop = entries[number + 1][0] if number + 1 < len(entries) else len(text)
        name, begins = f"{stream:016x}", not at or text[at - 1 : at] == b"\n"
        if at > len(text):
            return
        if ours:
            line = text[at : at + ours].lstrip(b"\n")
            yield Stretch(name, offset, time, line[_STAMP if flags & 1 else 0 :], ours=True)
            begins = True
        data = text[at + ours : stop]
        if flags & 1:
            data = _unstamped(data, begins=begins)
        if data:
            yield Stretch(name, offset, time, data)


def _unstamped(data: bytes, *, begins: bool) -> bytes:
    first, *others = data.split(b"\n")
    return b"\n".join([first[_STAMP if begins else 0 :], *(line[_STAMP:] for line in others)])


def _entries(data: bytes) -> Sequence[tuple[int, float, int, int, int, int]]:
    if not data.startswith(_HEAD):
        raise ValueError("its index is damaged")
    whole = (len(data) - _ENTRY.size) // _ENTRY.size * _ENTRY.size
    return list(_ENTRY.iter_unpack(data[_ENTRY.size : _ENTRY.size + max(whole, 0)]))


def _unpacked(path: str) -> BinaryIO:
    """Open a file, compressed or not; raises `FileNotFoundError`."""
    if os.path.exists(path):
        return open(path, "rb")
    if os.path.exists(f"{path}.zst"):
        return _zstd(f"{path}.zst")
    return cast("BinaryIO", gzip.open(f"{path}.gz", "rb"))


def _zstd(path: str) -> BinaryIO:
    import sys  # noqa: PLC0415  (few compress so)

    if sys.version_info >= (3, 14):
        from compression import zstd  # noqa: PLC0415
    else:
        from backports import zstd  # noqa: PLC0415
    return cast("BinaryIO", zstd.open(path, "rb"))
