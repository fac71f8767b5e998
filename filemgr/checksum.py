"""Whether content is what its sender says, by a digest."""

import hashlib
import zlib
from collections.abc import Callable

from .errors import Mismatch


class Checksum:
    """A digest that content shall have: fed with the content, then compared."""

    def __init__(self, algorithm: str, digest: bytes) -> None:
        """Expect this digest; raises `KeyError` for an algorithm that is not in `ALGORITHMS`."""
        self._wanted = digest
        self._made = _MAKERS[algorithm]()

    def update(self, data: bytes | memoryview) -> None:
        """Take more of the content."""
        self._made.update(data)

    def verify(self) -> None:
        """Raise `Mismatch` if the content was another one."""
        if self._made.digest() != self._wanted:
            raise Mismatch("the content does not have the checksum that it should have")


class _Crc32:
    def __init__(self) -> None:
        self._value = 0

    def update(self, data: bytes | memoryview) -> None:
        self._value = zlib.crc32(data, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(4, "big")


class _Hash:
    def __init__(self, name: str) -> None:
        self._hash = hashlib.new(name, usedforsecurity=False)

    def update(self, data: bytes | memoryview) -> None:
        self._hash.update(data)

    def digest(self) -> bytes:
        return self._hash.digest()


_MAKERS: dict[str, Callable[[], _Crc32 | _Hash]] = {
    "sha1": lambda: _Hash("sha1"),
    "sha256": lambda: _Hash("sha256"),
    "md5": lambda: _Hash("md5"),
    "crc32": _Crc32,
}

ALGORITHMS = tuple(_MAKERS)
