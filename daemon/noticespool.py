"""What waits for its targets, in a file: it outlives the daemon.

It is written anew after each change, by one thread, and as often as that takes; so a storm of changes is a
few writes. What was on its way when the daemon died is told again, with the id that it had.
"""

import contextlib
import json
import logging
import os
import stat
from collections.abc import Mapping, Sequence

from supervisor import open_without_waiting, replace_file, set_aside

from .notice import Notice

MOST = 64 << 20
"""Bytes of the file that are read."""

log = logging.getLogger("holdfast.notifications")


class NoticeSpool:
    """A file with notices by target. Its methods wait for the disk: they are for a thread."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._failing = False

    def load(self) -> Mapping[str, Sequence[Notice]]:
        """Return what waited; a damaged file is set aside, and told of."""
        try:
            return _read(self._text())
        except FileNotFoundError:
            return {}
        except OSError as exc:
            log.error("notices that waited cannot be read: %s: %s", self.path, exc.strerror)
        except (TypeError, ValueError, RecursionError) as exc:
            try:
                log.error("%s is damaged (%s); kept as %s", self.path, exc, set_aside(self.path))
            except OSError as failed:
                log.error("%s is damaged (%s) and cannot be kept: %s", self.path, exc, failed.strerror)
        return {}

    def save(self, waiting: Mapping[str, Sequence[Notice]]) -> None:
        """Keep what waits now. A disk that is full is told of once: what waits is told all the same."""
        data = {
            name: [notice.to_dict() for notice in notices] for name, notices in waiting.items() if notices
        }
        try:
            if data:
                replace_file(self.path, json.dumps({"version": 1, "waiting": data}).encode())
            else:
                self._remove()
        except OSError as exc:
            if not self._failing:
                log.warning("notices that wait would not outlive us: %s: %s", self.path, exc.strerror)
            self._failing = True
        else:
            self._failing = False

    def _text(self) -> bytes:
        with open(self.path, "rb", opener=open_without_waiting) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise ValueError("it is not a regular file")
            return file.read(MOST + 1)

    def _remove(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)


def _read(text: bytes) -> Mapping[str, Sequence[Notice]]:
    if len(text) > MOST:
        raise ValueError("it is too large")
    match json.loads(text):
        case {"version": 1, "waiting": dict(waiting)}:
            return {name: [*map(_notice, notices)] for name, notices in waiting.items()}
    raise ValueError("it has no notices in it")


def _notice(data: object) -> Notice:
    return Notice.from_dict(data if isinstance(data, dict) else {})
