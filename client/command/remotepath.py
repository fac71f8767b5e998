"""`NAME:path`: a file of a server, as people write it; patterns, and what could stand there."""

import fnmatch
import posixpath
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from ..failures import Refused
from .exits import Exit, Stop, code_of, sentence_of
from .output import shown

if TYPE_CHECKING:
    from ..clients import Client
    from ..files import Entry

_MAGIC = "*?["

DEEPEST = 200
"""Folders in each other that are gone into."""

_SAID = {
    "no-such-file": "there is no such file or folder",
    "no-such-folder": "there is no such folder",
    "file-exists": "there is something of this name already",
    "not-a-folder": "that is no folder",
    "not-a-file": "that is no file",
    "modified": "somebody has changed it meanwhile",
    "forbidden": "the folder of the server itself stays as it is",
    "denied": "Holdfast itself may not do that: the file system does not let it",
    "no-space": "the disk of the server is full",
}
"""What is said of a path, where the API's own sentence has no path to it."""


@dataclass(frozen=True, slots=True)
class RemotePath:
    """A path in the folder of a server; the empty one is that folder."""

    server: str
    path: str
    """Without slashes at its ends, and without `.` and `..`."""
    as_folder: bool = False
    """Whether it was written with a slash at its end."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `NAME:path`; raises `Stop` for what is none."""
        found = cls.read(text)
        if found is None:
            raise Stop(
                f"{shown(text)} names no file of a server: write NAME:path, such as web:logs/latest.log",
                Exit.USAGE,
            )
        return found

    @classmethod
    def read(cls, text: str) -> Self | None:
        """Read `NAME:path`, or return None: what has a slash before its first colon is a path of ours."""
        server, colon, path = text.partition(":")
        if not colon or not server or "/" in server or server in (".", ".."):
            return None
        whole = posixpath.normpath(f"/{path}").lstrip("/")
        return cls(server, whole, path.endswith("/") or not whole)

    @property
    def name(self) -> str:
        """Its last name, which the folder of a server does not have."""
        return self.path.rpartition("/")[2]

    @property
    def folder(self) -> "RemotePath":
        """What it is in."""
        return RemotePath(self.server, self.path.rpartition("/")[0])

    @property
    def is_pattern(self) -> bool:
        """Whether `*`, `?` or `[` stands in it."""
        return any(one in self.path for one in _MAGIC)

    def __truediv__(self, name: str) -> "RemotePath":
        """Return what is in it; raises `Stop` at a depth that nobody means."""
        if self.path.count("/") >= DEEPEST:
            raise Stop(f"{shown(self.server)}: there is something {DEEPEST} folders deep, which is too deep")
        return RemotePath(self.server, f"{self.path}/{name}" if self.path else name)

    def __str__(self) -> str:
        return shown(f"{self.server}:{self.path or '/'}")


@contextmanager
def about(path: RemotePath) -> Iterator[None]:
    """Say of which path it was that something is refused; raises `Stop` instead."""
    try:
        yield
    except Refused as exc:
        raise refused(path, exc) from exc


def refused(path: RemotePath, exc: Refused) -> Stop:
    """Return the end of a command that was refused something for a path."""
    if exc.kind == "no-such-server":
        return Stop(f"there is no server {shown(path.server)} (holdfast list shows them)", Exit.NOT_THERE)
    if exc.status == 401:
        return Stop(sentence_of(exc), Exit.NOT_ALLOWED)
    code = Exit.NOT_THERE if exc.kind in ("no-such-file", "no-such-folder") else code_of(exc)
    code = Exit.CONFLICT if exc.kind == "file-exists" else code
    said = _SAID.get(exc.kind) or exc.detail or str(exc)
    if exc.kind == "no-such-file" and str(exc).startswith("This folder"):
        said = "the folder does not exist"
    return Stop(f"{path}: {said}", code)


def look(client: "Client", path: RemotePath) -> "Entry | None":
    """Return what is at a path, or None; raises `Stop` if that cannot be told."""
    try:
        return client.files.get(path.server, path.path)
    except Refused as exc:
        if exc.kind in ("no-such-file", "no-such-folder", "not-a-folder"):
            return None
        raise refused(path, exc) from exc


def is_folder(client: "Client", path: RemotePath, entry: "Entry | None") -> bool:
    """Whether something is a folder, or a link to one."""
    if entry is None or not entry.folder:
        return False
    if entry.kind == "folder":
        return True
    try:
        client.files.list(path.server, path.path)
    except Refused:
        return False
    return True


def expand(client: "Client", texts: Sequence[str]) -> list[RemotePath]:
    """Return what is meant by paths and patterns; raises `Stop` if nothing fits one."""
    found: list[RemotePath] = []
    for text in texts:
        path = RemotePath.parse(text)
        matching = _matching(client, path) if path.is_pattern else [path]
        if not matching:
            raise Stop(f"nothing fits {path}", Exit.NOT_THERE)
        found += matching
    return list(dict.fromkeys(found))


def _matching(client: "Client", path: RemotePath) -> list[RemotePath]:
    """Go down name by name; what really has the name of a pattern is what is meant by it."""
    found = [RemotePath(path.server, "")]
    names = path.path.split("/")
    for depth, pattern in enumerate(names):
        if not any(one in pattern for one in _MAGIC):
            found = [one / pattern for one in found]
            continue
        last = depth == len(names) - 1
        below: list[RemotePath] = []
        for folder in found:
            entries = _entries(client, folder, must=depth == 0)
            fitting = [one for one in entries if one.name == pattern] or [
                one for one in entries if _fits(one.name, pattern)
            ]
            below += [folder / one.name for one in fitting if last or one.folder]
        found = below
    if not any(one in names[-1] for one in _MAGIC):
        return [one for one in found if look(client, one) is not None]
    return found


def _entries(client: "Client", folder: RemotePath, *, must: bool) -> "Sequence[Entry]":
    try:
        return client.files.list(folder.server, folder.path)
    except Refused as exc:
        if must or exc.kind not in ("no-such-file", "no-such-folder", "not-a-folder"):
            raise refused(folder, exc) from exc
        return ()


def _fits(name: str, pattern: str) -> bool:
    return fnmatch.fnmatchcase(name, pattern) and (pattern.startswith(".") or not name.startswith("."))
