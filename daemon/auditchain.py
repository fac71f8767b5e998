"""Follows the chain of the audit log through its files, and says where it is broken.

Rules:
- A line must name the hash of the line before, and the number after it. A number that is left out by a line
  which names the right hash was lost when it was written; else what is missing has been there.
- What the database remembers must stand in the files, unless it is known that they did not take it: so a
  changed last line, and an end that was cut off, are found too.
- The oldest files may be gone if rotation has reached its end. Lines from before there was a chain are
  believed, up to where it begins.
- What was cut off by a crash is no entry; it is told of, and harmless.

Whoever may write both the files and the database can make a new chain; the hash of the last entry, kept
elsewhere, is what shows that.
"""

import gzip
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import IO, cast

from supervisor import open_without_waiting

from .auditfile import NAME, OLD_FILES
from .auditlines import Seal, fields_of, hash_of, seal_of
from .auditmemory import Memory

__all__ = ["Chain", "Finding", "files_in", "named"]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it was recorded, and where; or a remark that is harmless."""

    place: str
    text: str
    harmless: bool = False

    def __str__(self) -> str:
        return f"{self.place}: {self.text}"


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of a file. `known` says whether the database has it, so or otherwise; None: not at all."""

    place: str
    text: bytes
    seal: Seal | None
    digest: str


@dataclass(slots=True)
class _Link:
    """An entry that was taken, or what stands before the first one."""

    seq: int
    digest: str
    place: str
    vouched: bool = False
    told: bool = False


def named(first: int, last: int, more: str = "") -> str:
    """Return these entries as the subject of a sentence in the present tense."""
    return f"entry {first}{more} is" if first == last else f"entries {first} to {last}{more} are"


class Chain:
    """One walk along it; afterwards it knows how many entries there were, and the last."""

    def __init__(self, memory: Memory, first: int = 1) -> None:
        self._memory = memory
        self._expected = first
        self._until = memory.last  # before any file is read: what comes meanwhile may be in them or not
        self._last: _Link | None = None
        self._beside: _Link | None = None  # what stands in a wrong place, and may be followed by more
        self.entries = 0
        self.first = 0

    @property
    def head(self) -> tuple[int, str]:
        """The number and the hash of the last entry."""
        return (self._last.seq, self._last.digest) if self._last else (0, "")

    def follow(self, paths: Sequence[str], *, rotated: bool) -> Iterator[Finding]:
        """Yield what is wrong; `rotated` says whether the oldest files may be gone. Raises `OSError`."""
        with ExitStack() as stack:
            files = _open_all(stack, paths)
            for line in _in_order([_File(path, file) for path, file in files]):
                yield from self._take(line)
                if self.entries == 1 and not self.first and line.seal is not None:
                    self.first = line.seal.seq
                    yield from self._begin(line, rotated=rotated)
        last = self._last.seq if self._last else 0
        if self._until > last:
            where = self._last.place if self._last else NAME
            yield Finding(
                where, f"{self._named(max(last + 1, self._expected), self._until)} missing at the end"
            )

    def _begin(self, line: _Line, *, rotated: bool) -> Iterator[Finding]:
        if self.first <= self._expected:
            return
        if rotated:
            gone = named(self._expected, self.first - 1)
            yield Finding(line.place, f"{gone} not in the files any more", harmless=True)
        else:
            missing = self._named(self._expected, self.first - 1)
            yield Finding(line.place, f"{missing} missing before the first one")

    def _take(self, line: _Line) -> Iterator[Finding]:
        seal, last = line.seal, self._last
        if seal is None:
            yield from self._take_unsealed(line)
            return
        self.entries += 1
        known = self._memory.hash_of(seal.seq)
        link = _Link(seal.seq, line.digest, line.place, vouched=known == line.digest)
        if known and not link.vouched:
            link.told = True
            yield Finding(line.place, "this line is not the one that was recorded")
        elif known == "":
            link.told = True
            yield Finding(line.place, "the database says that this line was not written")
        beside, follows = (
            self._beside,
            last is None or (last.digest == seal.prev and seal.seq == last.seq + 1),
        )
        if not follows and beside and (beside.digest, beside.seq + 1) == (seal.prev, seal.seq):
            follows = True
        if last is not None and not follows:
            if seal.seq <= last.seq:
                self._beside = link
                if not link.told:
                    yield Finding(line.place, f"entry {seal.seq} does not belong here")
                return
            yield from self._broken(last, link, seal)
        self._last, self._beside = link, None

    def _broken(self, last: _Link, link: _Link, seal: Seal) -> Iterator[Finding]:
        """Say what is wrong between two entries of ascending numbers."""
        if seal.seq > last.seq + 1:
            text = f"{self._named(last.seq + 1, seal.seq - 1)} missing"
            if seal.prev == last.digest:
                text = f"{text}: the disk did not take what was recorded"
            yield Finding(link.place, text)
        elif last.seq == 0:
            yield Finding(last.place, "what stands before the chain was changed")
        elif not (last.vouched or last.told):
            yield Finding(last.place, "this line was changed")
        elif not (link.told or last.told):
            yield Finding(link.place, "this line was changed")

    def _take_unsealed(self, line: _Line) -> Iterator[Finding]:
        if fields_of(line.text) is None:
            yield Finding(line.place, "this line was cut off, and is no entry", harmless=True)
        elif self._last is None or self._last.seq == 0:
            self._last = _Link(0, line.digest, line.place)
        else:
            yield Finding(line.place, "this line is no part of the chain")

    def _named(self, first: int, last: int) -> str:
        kept = self._memory.has(first, last)
        more = f" (the database has {kept} of them)" if kept and first != last else ""
        more = " (the database has it)" if kept and first == last else more
        return named(first, last, more)


class _File:
    """The lines of a file, and which is next."""

    def __init__(self, path: str, file: IO[bytes]) -> None:
        self._lines = self._read(os.path.basename(path), file)
        self.next = next(self._lines, None)

    def take(self) -> _Line | None:
        """Return the next line, None at the end."""
        taken, self.next = self.next, next(self._lines, None)
        return taken

    @property
    def seq(self) -> int:
        """The number of the next line; of one that has none, 0."""
        return self.next.seal.seq if self.next and self.next.seal else 0

    @staticmethod
    def _read(name: str, file: IO[bytes]) -> Iterator[_Line]:
        for number, raw in enumerate(file, 1):
            text = raw.removesuffix(b"\n")
            if text:
                yield _Line(f"{name}:{number}", text, seal_of(text), hash_of(text))


def files_in(folder: str) -> list[str]:
    """Return the paths of a folder's log files, the newest first; also those that others have rotated."""
    try:
        found = [
            name for name in os.listdir(folder) if name == NAME or name.startswith((f"{NAME}.", f"{NAME}-"))
        ]
    except FileNotFoundError:
        return []
    return [os.path.join(folder, name) for name in sorted(found, key=_age)]


def is_rotated(paths: Sequence[str]) -> bool:
    """Tell whether rotation has reached its end, so that older files are gone by right."""
    return any(os.path.basename(path) == f"{NAME}.{OLD_FILES}" for path in paths)


def _age(name: str) -> tuple[int, str]:
    number = name.removeprefix(f"{NAME}.")
    return (0 if name == NAME else int(number) if number.isdecimal() else 1 << 30, name)


def _open_all(stack: ExitStack, paths: Sequence[str]) -> list[tuple[str, IO[bytes]]]:
    """Open the files, the newest first: one that is rotated meanwhile is met twice, and never missed."""
    files: dict[tuple[int, int], tuple[str, IO[bytes]]] = {}
    for path in paths:
        try:
            file = stack.enter_context(open(path, "rb", opener=open_without_waiting))  # noqa: SIM115
        except FileNotFoundError:
            continue
        info = os.fstat(file.fileno())
        if not stat.S_ISREG(info.st_mode):
            continue
        lines: IO[bytes] = file
        if path.endswith(".gz"):
            lines = cast("IO[bytes]", stack.enter_context(gzip.GzipFile(fileobj=file)))
        files.setdefault((info.st_dev, info.st_ino), (path, lines))
    return list(files.values())


def _in_order(files: Sequence[_File]) -> Iterator[_Line]:
    """Yield all lines: each file from top to bottom, and the others where their numbers come.

    The log may have moved to another folder and back, so a file may go on in the midst of another.
    """
    last = 0
    left = [file for file in files if file.next is not None]
    here: _File | None = None
    while left:
        if here is None or here.next is None:
            here = min(left, key=lambda file: file.seq)
        elif here.seq not in (0, last + 1):
            here = next((file for file in left if file.seq == last + 1), here)
        line = here.take()
        if line is not None:
            last = line.seal.seq if line.seal else last
            yield line
        left = [file for file in left if file.next is not None]
