"""The query of a request: its paths, and its whole numbers.

Paths are taken from its bytes: the library turns what is no UTF-8 into the name of another file.
"""

from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

from filemgr import InvalidPath, RelPath


def path_in(query: bytes, key: str) -> RelPath:
    """Return the path in the first parameter of this name, the root without one; raises `InvalidPath`."""
    return next(paths_in(query, key), RelPath())


def paths_in(query: bytes, key: str) -> Iterator[RelPath]:
    """Yield the paths in all parameters of this name; raises `InvalidPath`."""
    for pair in query.split(b"&"):
        name, _, value = pair.partition(b"=")
        if unquote_to_bytes(name) == key.encode():
            try:
                yield RelPath.parse(unquote_to_bytes(value.replace(b"+", b" ")).decode())
            except UnicodeDecodeError as exc:
                raise InvalidPath("it is not UTF-8") from exc


def whole_number(text: str, low: int, most: int) -> int | None:
    """Return a whole number between two others, both included; None for a text that is none of them."""
    # Not more digits than int() is willing to look at.
    if not (text.isascii() and text.isdigit() and len(text) <= 20):
        return None
    number = int(text)
    return number if low <= number <= most else None
