"""`users.json` on disk, and the last good copy of it, which is ours alone.

Rules:
- The file is people's. A damaged text stays where it is until something must be written in its place, and
  even then it is kept, under a name that says so.
- The copy is what the file last said. It is 0600 in the state directory; where the file is gone, it goes too.
- No password and no hash is ever in a message or a log.
"""

import contextlib
import json
import logging
import os
import stat
import time
from typing import TypeAlias, cast

from supervisor import replace_file, set_aside, sync_folder

MAX_FILE = 8 << 20

Entries: TypeAlias = dict[str, object]
Stamp: TypeAlias = "tuple[int, int, int, int] | None"  # None: there is no file

_log = logging.getLogger("holdfast.accounts")
_SETTLED_NS = 2_000_000_000


class AccountsUnreadable(Exception):
    """The file cannot be used as it is, and was left alone; the message says why."""


class AccountsDamaged(AccountsUnreadable):
    """The file holds a text that is no accounts: it may be set aside."""


class _Edited(Exception):
    """Somebody else has written the file since it was read."""


class UsersFile:
    """The file, and the copy if a path for it is given. Nothing here waits for what is no file."""

    def __init__(self, path: str, copy: str | None = None) -> None:
        self.path = path
        self._copy = copy
        self._kept: Entries | None = None  # what the copy says
        self._fault = ""  # why the copy could not be written, so that it is said once

    def stamp(self) -> Stamp:
        """Return what changes with the file; raises `OSError`."""
        return _stamp(self.path)

    def read(self, stamp: Stamp) -> Entries:
        """Return what the file of this stamp says; raises `AccountsUnreadable`, `OSError`."""
        return _read(self.path, stamp)

    def replace(self, entries: Entries, expected: Stamp, *, damaged: bool) -> Stamp:
        """Write the file anew, and the copy; return the new stamp, or None if it was edited meanwhile.

        A damaged text is set aside. Raises `OSError`, and then the old text stands.
        """
        written: Stamp = None

        def prepare(fd: int) -> None:
            nonlocal written
            written = _stamp(fd)

        def confirm() -> None:
            if self.stamp() != expected:
                raise _Edited
            if damaged:
                # Not earlier: each attempt on a full disk would leave another one.
                kept = set_aside(self.path)
                _log.error("%s is written anew; the damaged text is kept as %s", self.path, kept)

        try:
            replace_file(self.path, _text(entries), prepare, confirm)
        except _Edited:
            return None
        self.keep(entries)
        return written

    def last_good(self) -> Entries | None:
        """Return what the copy says, or None; a damaged one is set aside and told of."""
        if self._copy is None:
            return None
        try:
            stamp = _stamp(self._copy)
            self._kept = None if stamp is None else _read(self._copy, stamp)
        except AccountsDamaged as exc:
            kept = "in its place"
            with contextlib.suppress(OSError):
                kept = set_aside(self._copy)
                os.unlink(self._copy)
            _log.error("the last good accounts are damaged: %s; kept as %s", exc, kept)
        except (AccountsUnreadable, OSError) as exc:
            _log.error("the last good accounts cannot be read: %s", exc)
        return self._kept

    def lacks(self, entries: Entries | None) -> bool:
        """Tell whether the copy says something else."""
        return self._copy is not None and self._kept != entries

    def keep(self, entries: Entries | None) -> None:
        """Let the copy say this, or let it be gone; a disk that refuses is told of once."""
        if self._copy is None or not self.lacks(entries):
            return
        try:
            if entries is None:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(self._copy)
                sync_folder(os.path.dirname(self._copy))
            else:
                replace_file(self._copy, _text(entries))
        except OSError as exc:
            if self._fault != str(exc.strerror):
                self._fault = str(exc.strerror)
                _log.warning("the last good accounts could not be kept: %s", exc.strerror)
        else:
            self._kept, self._fault = entries, ""


def rests(stamp: Stamp) -> bool:
    """Tell whether the file was last touched a while ago. File times may tick only every 10 ms."""
    return stamp is None or abs(time.time_ns() - stamp[0]) > _SETTLED_NS


def _text(entries: Entries) -> bytes:
    return json.dumps(entries, indent=2).encode() + b"\n"


def _stamp(path: str | int) -> Stamp:
    with contextlib.suppress(FileNotFoundError):
        found = os.stat(path)
        return found.st_mtime_ns, found.st_size, found.st_ino, found.st_mode
    return None


def _read(path: str, stamp: Stamp) -> Entries:
    if stamp is None:
        return {}
    _, size, _, mode = stamp
    if not stat.S_ISREG(mode):
        raise AccountsUnreadable(f"{path} is not a file")
    if mode & stat.S_IWOTH:
        raise AccountsUnreadable(f"everybody may write {path}: chmod 600 {path}")
    if size > MAX_FILE:
        raise AccountsDamaged(f"{path} is larger than {MAX_FILE} bytes")
    try:
        with open(path, "rb") as file:
            data = json.loads(file.read(MAX_FILE).decode("utf-8-sig"))
    except (ValueError, RecursionError) as exc:
        raise AccountsDamaged(f"{path} is not JSON: {exc}") from None  # the cause holds the text
    if not isinstance(data, dict):
        raise AccountsDamaged(f"{path} is not a JSON object of names and hashes")
    return cast("Entries", data)
