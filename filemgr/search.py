"""Finding files by name or by what stands in them.

Rules:
- A name is found by a part of it, or by a pattern with `*`, `?` and `[…]` that fits the whole of it; with a
  `/` in the pattern it is about the path from the folder where the search began.
- Content is searched by lines. Files that hold a NUL in their first 8 KiB are no text and left out, as with
  grep.
- Links are not followed, so nothing is found twice and nothing outside.
- A line is looked at up to 1 MiB, and told up to 400 characters around what was found.
"""

import fnmatch
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from .errors import InvalidQuery, TooLarge
from .progress import Progress
from .relpath import RelPath
from .root import Root
from .walk import Entry, Skip, below

_BLOCK = 256 << 10
_HEAD = 8 << 10
_LONGEST_LINE = 1 << 20
_SHOWN = 400


@dataclass(frozen=True, slots=True)
class Query:
    """What is searched for: `text` in names, or with `content` in the lines of files."""

    text: str
    content: bool = False
    regex: bool = False
    case: bool = False
    most: int = 1000
    """How many are found at most."""
    largest: int = 64 << 20
    """Bytes of a file that is looked into at most; a larger one is left out."""


@dataclass(frozen=True, slots=True)
class Found:
    """A file that was found; for content, the line (counted from 1), the column (from 1) and the text."""

    path: str
    folder: bool = False
    size: int = 0
    modified: int = 0
    line: int | None = None
    column: int | None = None
    text: str | None = None

    def to_dict(self) -> Mapping[str, object]:
        """Return it as JSON data."""
        place: dict[str, object] = {"path": _shown(self.path), "folder": self.folder}
        place |= {"size": self.size, "lastModified": self.modified}
        if self.line is not None:
            place |= {"line": self.line, "column": self.column, "text": self.text}
        return place


def find(
    root: Root, path: RelPath, query: Query, progress: Progress, skip: Skip | None = None
) -> Iterator[Found]:
    """Yield what is found in a folder and below it, in order; raises `InvalidQuery`, `NoSuchFile`.

    `skip` is told of folders that cannot be read, without it the first one ends the search; and of files that
    are too large.
    """
    fits = _matcher(query)
    count = 0
    for entry in below(root, path, ordered=True, skip=skip):
        if entry.leaving or entry.path == ".":
            continue
        progress.add(0, 1)
        where = str(path).rstrip("/") + "/" + entry.path
        if query.content:
            if entry.is_file and entry.info.st_size > query.largest and skip is not None:
                skip(entry, TooLarge(f"{where}: is larger than {query.largest} bytes"))
            hits = _lines(entry, where, fits, query, progress)
        else:
            hits = _named(entry, where, fits(entry.path if "/" in query.text else entry.name))
        for found in hits:
            yield found
            count += 1
            if count >= query.most:
                return


_Fits: TypeAlias = Callable[[str], int | None]
"""Tells at which character of a text the match begins, or None."""


def _matcher(query: Query) -> _Fits:
    if not query.text:
        raise InvalidQuery("there is nothing to search for")
    text = query.text
    if query.regex:
        pattern = text
    elif not query.content and any(sign in text for sign in "*?["):
        pattern = rf"\A{fnmatch.translate(text)}"
    else:
        pattern = re.escape(text)
    try:
        compiled = re.compile(pattern, 0 if query.case else re.IGNORECASE)
    except (re.error, RecursionError, OverflowError) as exc:
        raise InvalidQuery(f"the regular expression is wrong: {exc}") from exc

    def fits(line: str) -> int | None:
        match = compiled.search(line)
        return match.start() if match else None

    return fits


def _named(entry: Entry, where: str, at: int | None) -> Iterator[Found]:
    if at is not None:
        yield Found(where, entry.is_folder, entry.info.st_size, int(entry.info.st_mtime))


def _lines(entry: Entry, where: str, fits: _Fits, query: Query, progress: Progress) -> Iterator[Found]:
    if not entry.is_file or entry.info.st_size > query.largest:
        return
    try:
        fd = os.open(
            entry.name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=entry.folder
        )
    except OSError:
        return  # gone, or not ours to read
    try:
        for number, line in enumerate(_read_lines(fd, progress), 1):
            at = fits(line)
            if at is not None:
                begin = max(0, at - _SHOWN // 4)
                text = line[begin : begin + _SHOWN]
                info = entry.info
                yield Found(where, False, info.st_size, int(info.st_mtime), number, at + 1, text)
    finally:
        os.close(fd)


def _read_lines(fd: int, progress: Progress) -> Iterator[str]:
    """Yield the lines of a text, long ones cut; nothing if it is no text."""
    rest = b""
    cut = False
    first = True
    while True:
        try:
            block = os.read(fd, _BLOCK)
        except OSError:
            return
        if first and b"\0" in block[:_HEAD]:
            return
        first = False
        progress.add(len(block))
        if not block:
            break
        lines = (rest + block).split(b"\n")
        rest = lines.pop()
        for line in lines:
            if not cut:
                yield _text(line)
            cut = False
        if len(rest) > _LONGEST_LINE:
            if not cut:
                yield _text(rest)
            rest, cut = b"", True
    if rest and not cut:
        yield _text(rest)


def _text(line: bytes) -> str:
    return line[:_LONGEST_LINE].rstrip(b"\r").decode("utf-8", "replace")


def _shown(path: str) -> str:
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
