"""Short ways to say what tests of a root say often."""

import os

from filemgr import RelPath, Root


def at(text: str) -> RelPath:
    """Return the path that a text means."""
    return RelPath.parse(text)


def content(root: Root, path: str) -> bytes:
    """Return the first bytes of a file."""
    fd = root.open_file(at(path))
    try:
        return os.read(fd, 100)
    finally:
        os.close(fd)
