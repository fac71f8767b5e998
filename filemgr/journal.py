"""The journal of a transaction: what is about to be renamed, so that it can be renamed back.

Rules:
- A line of JSON for each step, durable before the step is done: from where, to where, and what it is (inode
  and kind), so that nothing is ever renamed back that is not the transaction's.
- A place is a path (text), or a number: the room of that number in the transaction's own folder. As a target
  it is where something removed is (`thing`), as an origin where a copy was made (`copy`).
- It may have been tampered with: it is read as if a client had sent it. What is no line of ours is left out:
  one that is torn was still being written, so its step was not begun.
"""

import json
import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from .errors import InvalidPath, TooLarge
from .relpath import RelPath

JOURNAL = "journal"
"""Its name in the folder of the transaction."""

COPY = "copy"
"""The name in its room of a copy; what was removed is called as in the trash."""

_LONGEST = 16 << 20


@dataclass(frozen=True, slots=True)
class Step:
    """One rename."""

    origin: RelPath | int
    target: RelPath | int
    inode: int
    kind: int
    """S_IFMT of the mode: stat(2)."""

    def is_about(self, info: os.stat_result) -> bool:
        """Tell whether something is what this step has renamed."""
        return info.st_ino == self.inode and stat.S_IFMT(info.st_mode) == self.kind


def write(fd: int, step: Step) -> None:
    """Add a step, durably; raises `OSError`, `TooLarge`."""
    line = json.dumps([_text(step.origin), _text(step.target), step.inode, step.kind]).encode() + b"\n"
    if os.fstat(fd).st_size + len(line) > _LONGEST:
        raise TooLarge("too many operations at once")
    while line:
        line = line[os.write(fd, line) :]
    os.fsync(fd)


def read(fd: int) -> list[Step]:
    """Return the steps; none if it is too long to be ours."""
    if os.fstat(fd).st_size > _LONGEST:
        return []
    with open(os.dup(fd), "rb") as file:
        file.seek(0)
        return [step for line in file.read(_LONGEST).splitlines() for step in _parsed(line)]


def _text(place: RelPath | int) -> str | int:
    return place if isinstance(place, int) else str(place)


def _parsed(line: bytes) -> Iterator[Step]:
    with suppress(ValueError, RecursionError):
        match json.loads(line):
            case [origin, target, int(inode), int(kind)]:
                places = _place(origin), _place(target)
                if places[0] is not None and places[1] is not None:
                    yield Step(places[0], places[1], inode, kind)


def _place(value: object) -> RelPath | int | None:
    match value:
        case bool():
            return None
        case int() if 0 <= value < _LONGEST:
            return value
        case str():
            with suppress(InvalidPath):
                path = RelPath.parse(value)
                return None if path.is_root else path
    return None
