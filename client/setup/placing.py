"""Files that are put in their place whole, or not at all; what stood there is kept."""

import contextlib
import os
import tempfile

PRIVATE = 0o600
"""A config holds the tokens of bots sooner or later; the daemon and the API keep the mode."""


def put(path: str, data: bytes, mode: int = PRIVATE) -> None:
    """Write a file durably, in place of what is there; raises `OSError`, and then nothing has changed."""
    folder = os.path.dirname(os.path.abspath(path))
    fd, temporary = tempfile.mkstemp(prefix=f".{os.path.basename(path)}.", dir=folder)
    try:
        with open(fd, "wb") as file:
            os.fchmod(fd, mode)
            file.write(data)
            file.flush()
            os.fsync(fd)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
    _sync(folder)


def keep_old(path: str) -> str | None:
    """Keep what is there under another name, which is returned; None if nothing is there."""
    number = 0
    while True:
        kept = f"{path}.old{number or ''}"
        try:
            os.link(path, kept, follow_symlinks=False)
        except FileExistsError:
            number += 1
        except FileNotFoundError:
            return None
        else:
            return kept


def _sync(folder: str) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
