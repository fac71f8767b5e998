"""The output of an orderly end, on disk: a file for each ring, which the next supervisor takes, once.

Rules:
- Files are written when nothing lives any more, so that a stream ends where its file does. The next
  supervisor goes on with the same streams: who asks by an offset gets exactly the rest.
- They are taken by one rename, which is on the disk before anything is added to a ring. So no file is taken
  twice: a supervisor that is killed leaves none, and no offset that it gave is given again to other bytes.
  Where that cannot be had, the bytes come back in streams with new names.
- A file says how long it is and what its sum is; one that is torn or damaged is told of, and its ring is
  empty.
- A full or slow disk costs the output, and `PATIENCE` seconds at most.
"""

import json
import logging
import os
import re
import shutil
import stat
import time
import zlib
from collections.abc import Mapping, Sequence
from hashlib import sha256

from .console import Console
from .durable import open_without_waiting, sync_folder
from .marks import Marks
from .record import Record
from .scrollback import BLOCK, Scrollback

FOLDER, TAKEN = "scrollback", "scrollback.taken"

PATIENCE = 5.0
"""Seconds in which all rings are written; what is not by then is lost."""

MOST_HEAD = 1 << 20
"""Bytes of a head: its marks are few hundred KiB at most."""

_VERSION = 1

log = logging.getLogger("holdfast.supervisor")


class Legacy:
    """The files of all rings, in the state directory."""

    def __init__(self, directory: str) -> None:
        self._folder = os.path.join(directory, FOLDER)
        self._taken = os.path.join(directory, TAKEN)
        self._directory = directory

    def leave(self, consoles: Mapping[str, Console]) -> None:
        """Write what these consoles hold, by name of their services; never raises."""
        until = time.monotonic() + PATIENCE
        filled = {name: console for name, console in consoles.items() if console.scrollback.last is not None}
        if not filled:
            return
        lost: list[str] = []
        fault = "the disk is too slow"
        try:
            os.makedirs(self._folder, 0o700, exist_ok=True)
            for name, console in filled.items():
                try:
                    _write(os.path.join(self._folder, _file_name(name)), name, console, until)
                except TimeoutError:
                    lost.append(name)
                except OSError as exc:
                    fault = exc.strerror or str(exc)
                    lost.append(name)
            sync_folder(self._folder)
        except OSError as exc:
            fault = exc.strerror or str(exc)
            lost = lost or list(filled)
        if lost:
            log.error("the output of %s is not kept for the next start: %s", _some(lost), fault)

    @property
    def any(self) -> bool:
        """Whether anything was left."""
        return os.path.lexists(self._folder)

    def take(self, limits: Mapping[str, int]) -> Mapping[str, Console]:
        """Return what was left of these services, in rings of so many bytes; never raises.

        All that was left is forgotten.
        """
        found: dict[str, Console] = {}
        gone = True
        try:
            # What somebody before us took and did not come to remove was used by him already.
            shutil.rmtree(self._taken, ignore_errors=True)
            try:
                os.rename(self._folder, self._taken)
            except FileNotFoundError:
                return {}
        except OSError as exc:
            log.error("%s cannot be taken: %s", self._folder, exc.strerror)
            return {}
        try:
            sync_folder(self._directory)
        except OSError:
            gone = False
        for name, limit in limits.items():
            path = os.path.join(self._taken, _file_name(name))
            try:
                found[name] = _read(path, name, limit, named=gone)
            except FileNotFoundError:
                continue
            except (OSError, ValueError) as exc:
                log.error("%s is damaged, the latest output of %s is lost: %s", path, name, str(exc))
        shutil.rmtree(self._taken, ignore_errors=True)
        return found


def _write(path: str, name: str, console: Console, until: float) -> None:
    """Write one file; raises `OSError`, `TimeoutError`, and then there is none."""
    ring = console.scrollback
    data = ring.everything()
    about: Mapping[str, object] = {
        "version": _VERSION,
        "name": name,
        "stream": ring.stream,
        "begin": ring.begin,
        "size": len(data),
        "crc": zlib.crc32(data),
        "marks": console.marks.freeze(ring.begin, ring.end),
    }
    head = json.dumps(about).encode("ascii") + b"\n"
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        for piece in (head, data):
            rest = memoryview(piece)
            while rest:
                if time.monotonic() > until:
                    raise TimeoutError
                rest = rest[os.write(fd, rest[:BLOCK]) :]
    except OSError:  # which a `TimeoutError` is, too
        os.unlink(path)
        raise
    finally:
        os.close(fd)


def _read(path: str, name: str, limit: int, *, named: bool) -> Console:
    """Return a console in which the output goes on, or another stream if not `named`.

    Raises `OSError`, `ValueError`.
    """
    with open(path, "rb", opener=open_without_waiting) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise ValueError("it is no file")
        head = file.readline(MOST_HEAD)
        try:
            record = Record(json.loads(head))
        except RecursionError as exc:
            raise ValueError("it is nested too deeply") from exc
        if (version := record.take("version", int)) != _VERSION:
            raise ValueError(f"it is of version {version}")
        if record.take("name", str) != name:
            raise ValueError("it belongs to another service")
        size, begin, stream = record.take("size", int), record.take("begin", int), record.take("stream", str)
        if not re.fullmatch("[0-9a-f]{16}", stream) or not 0 <= begin < 1 << 62:
            raise ValueError("it names no stream")
        if not 0 <= size <= os.fstat(file.fileno()).st_size:
            raise ValueError("it is cut off")
        data = file.read(size)
        if len(data) != size or zlib.crc32(data) != record.take("crc", int):
            raise ValueError("its sum is wrong")
    marks = Marks.thaw(record.record("marks"), begin + size)
    scrollback = Scrollback(limit, begin, stream if named else None)
    scrollback.feed(data)
    return Console(limit, scrollback, marks)


def _file_name(name: str) -> str:
    # A name may be longer, in bytes, than that of a file.
    return sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return ", ".join(names[:10]) + more
