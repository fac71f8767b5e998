"""Tidying up a server's logs: parts that are no longer written are compressed, and the oldest go.

Rules:
- The part that is written is never touched.
- A compressed file is whole and on the disk before it has its name, and only then the other one goes. So a
  part is there in one way at least, whenever we are killed.
- Of a part that goes, the text goes first: one that is there by its index alone is finished off the next
  time.
"""

import contextlib
import gzip
import logging
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import BinaryIO, cast

from .logfile import BLOCK, DAY
from .logfolder import NEW, SUFFIXES, LogFolder, Part
from .logsettings import LogSettings, Packing

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

LEVEL = 6
"""Of gzip: its usual one is slower and hardly better."""

log = logging.getLogger("holdfast.logs")


def tidy(path: str, settings: LogSettings, now: float, over: Callable[[], bool] = lambda: False) -> None:
    """Compress and remove what the settings say; stops when `over`. What fails is told of and left."""
    try:
        folder = LogFolder.open(path, make=False)
    except FileNotFoundError:
        return
    except OSError as exc:
        log.warning("%s cannot be tidied up: %s", path, exc.strerror)
        return
    try:
        parts = folder.parts()
        gone = _too_many(folder, parts, settings, now)
        for part in gone:
            _remove(folder, part)
        if settings.compress is not Packing.OFF:
            for part in reversed([one for one in parts[:-1] if one not in gone]):
                for name in (part.text, part.index):
                    if over():
                        return
                    _pack(folder, name, settings.compress)
    except OSError as exc:
        log.warning("%s cannot be tidied up: %s", path, exc.strerror)
    finally:
        folder.close()


def _too_many(
    folder: LogFolder, parts: Sequence[Part], settings: LogSettings, now: float
) -> Mapping[Part, None]:
    """Return the parts that are to go, in that order. There may be very many."""
    old = list(parts[:-1])
    gone = dict.fromkeys(old[: max(0, len(old) - settings.keep)])
    if settings.keep_days:
        limit = now - settings.keep_days * DAY
        gone |= dict.fromkeys([part for part in old if part not in gone and _written(folder, part) < limit])
    if settings.total:
        left = [part for part in parts if part not in gone]
        sizes = {part: _size(folder, part) for part in left}
        taken = sum(sizes.values())
        for part in left[:-1]:
            if taken <= settings.total:
                break
            gone[part] = None
            taken -= sizes[part]
    # Those that have lost their text already, in the midst of this.
    names = set(folder.names())
    return gone | dict.fromkeys([part for part in old if names.isdisjoint(folder.variants(part.text))])


def _size(folder: LogFolder, part: Part) -> int:
    return sum(folder.size(name) or 0 for base in (part.text, part.index) for name in folder.variants(base))


def _written(folder: LogFolder, part: Part) -> float:
    """Return when a part was written last."""
    for name in folder.variants(part.text):
        with contextlib.suppress(OSError):
            return os.stat(name, dir_fd=folder.fd, follow_symlinks=False).st_mtime
    return 0.0


def _remove(folder: LogFolder, part: Part) -> None:
    for base in (part.text, part.index):
        for name in folder.variants(base):
            with contextlib.suppress(FileNotFoundError):
                folder.remove(name)


def _pack(folder: LogFolder, name: str, packing: Packing) -> None:
    """Put a compressed file in the place of another; raises `OSError`, and then nothing has happened."""
    packed = name + SUFFIXES[packing]
    try:
        fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder.fd)
    except FileNotFoundError:
        return
    with os.fdopen(fd, "rb") as source:
        new = folder.make(packed + NEW, os.O_TRUNC)
        try:
            with os.fdopen(new, "wb") as target:
                with _packer(target, packing) as made:
                    while block := source.read(BLOCK):
                        made.write(block)
                target.flush()
                info = os.fstat(source.fileno())
                os.utime(target.fileno(), ns=(info.st_atime_ns, info.st_mtime_ns))
                os.fsync(target.fileno())
            folder.rename(packed + NEW, packed)
        except BaseException:
            with contextlib.suppress(OSError):
                folder.remove(packed + NEW)
            raise
    folder.remove(name)


def _packer(target: BinaryIO, packing: Packing) -> BinaryIO:
    if packing is Packing.GZIP:
        return cast("BinaryIO", gzip.GzipFile("", "wb", LEVEL, target, mtime=0))
    return cast("BinaryIO", zstd.ZstdFile(target, "w"))
