"""Short files of the kernel, read at once: `open` would ask four more things about each of them."""

import os

_BLOCK = 1 << 16


def read(path: str) -> bytes:
    """Return what a file of /proc or of a control group says; raises `OSError`."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        blocks = []
        while block := os.read(fd, _BLOCK):
            blocks.append(block)
        return b"".join(blocks)
    finally:
        os.close(fd)
