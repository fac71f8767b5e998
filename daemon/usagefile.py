"""The numbers on the disk, so that a day of them outlives the daemon: one file, replaced now and then.

It begins with a line that says what it is; the rest is compressed, which finds damage by its checksum, and
holds a line of JSON (names, and how many rows each level has) before the rows. It is only history: when it is
damaged, it is kept aside and another one begins.
"""

import json
import sys
import zlib
from collections.abc import Callable, Mapping
from typing import TypeAlias

from supervisor import replace_file, set_aside

from .usagering import Ring

MAGIC = b"holdfast usage 1 " + sys.byteorder.encode() + b"\n"

MOST = 512 << 20
"""Bytes of a file that is read, unpacked: more than ten thousand servers need."""

Rings: TypeAlias = Mapping[str, Ring]


class UsageFile:
    """The file; all of this is for a thread."""

    def __init__(self, path: str) -> None:
        self.path = path

    def save(self, rings: Rings) -> None:
        """Replace the file; raises `OSError`, and then the old one stands."""
        index: list[tuple[str, list[int]]] = []
        parts: list[bytes] = []
        packer = zlib.compressobj(1)
        for name, ring in rings.items():
            counts, data = ring.freeze()
            index.append((name, counts))
            parts.append(data)
        packed = [packer.compress(json.dumps(index).encode() + b"\n")]
        packed += [packer.compress(part) for part in parts]
        replace_file(self.path, b"".join((MAGIC, *packed, packer.flush())))

    def load(self, make: Callable[[str], Ring]) -> dict[str, Ring]:
        """Return what was saved; nothing if there is no file. `make` makes an empty ring for a name.

        Raises `OSError`, and `ValueError` for a damaged one, which is set aside then.
        """
        try:
            with open(self.path, "rb") as file:
                text = file.read(MOST)
        except FileNotFoundError:
            return {}
        try:
            return _parse(text, make)
        except (ValueError, zlib.error, RecursionError) as exc:
            kept = set_aside(self.path)
            raise ValueError(f"{self.path} is damaged ({exc}); kept as {kept}") from exc


def _parse(text: bytes, make: Callable[[str], Ring]) -> dict[str, Ring]:
    if not text.startswith(MAGIC):
        raise ValueError("it does not begin as it should")
    unpacker = zlib.decompressobj()
    data = unpacker.decompress(text[len(MAGIC) :], MOST)
    if not unpacker.eof:
        raise ValueError("its end is missing")
    head, newline, _ = data.partition(b"\n")
    rest = memoryview(data)[len(head) + len(newline) :]
    rings: dict[str, Ring] = {}
    for item in json.loads(head):
        match item:
            case [str(name), [*counts]] if all(type(count) is int for count in counts):
                rings[name] = ring = make(name)
                rest = rest[ring.thaw(counts, rest) :]
            case _:
                raise ValueError("its index is none")
    if len(rest):
        raise ValueError("there is more in it than it says")
    return rings
