"""`/server/{id}/files` and what belongs to it: the folder of a server."""

import posixpath
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from .exchange import Request, Steps, at
from .failures import refused
from .jobs import Job, waited
from .localfiles import Progress
from .operation import D, Following, Operation, Subscription
from .records import Record, record, records, told
from .search import Found, Search, Wanted
from .transfers import Transfers

_MEASURING = 3600.0
"""Seconds until a folder must have been measured."""


@dataclass(frozen=True, kw_only=True)
class Entry(Record):
    """Something in a folder."""

    name: str
    size: int = 0
    """Bytes."""
    mime_type: str = ""
    folder: bool = False
    """The API says that of links, too: see `kind`."""
    last_modified: int = 0
    """Unix time."""
    mode: str = ""
    """Who may read, write and run it: three octal digits; empty from an older API."""

    @property
    def kind(self) -> str:
        """`file`, `folder`, `link`, or `special`: a FIFO, a socket, a device."""
        if self.folder:
            return "link" if self.mime_type == "inode/symlink" else "folder"
        return "special" if self.mime_type.startswith("inode/") else "file"


@dataclass(frozen=True, kw_only=True)
class Measured(Record):
    """How much is in a folder."""

    size: int
    """Bytes, as the files say."""
    on_disk: int = 0
    """Bytes, as they take."""
    files: int = 0
    folders: int = 0
    unread: int = 0
    """Folders that Holdfast may not read."""


class Files(Transfers[D]):
    """The files of the servers. Paths begin in the folder of the server, which is the empty path."""

    @Operation
    def list(self, server: str, path: str = "") -> Steps[Sequence[Entry]]:
        """Return what is in a folder, by name; raises `NoSuchFile`, `Invalid` for what is no folder.

        >>> "notes.txt" in [entry.name for entry in holdfast.files.list("web")]
        True
        """
        answer = yield Request("GET", at("server", server, "files"), {"path": path})
        return records(Entry, told(answer).get("contents"))

    @Operation
    def get(self, server: str, path: str) -> Steps[Entry]:
        """Return one entry of a folder; raises `NoSuchFile`. The server's own folder has no name.

        >>> etag = holdfast.files.write("web", "motd.txt", b"hello")
        >>> holdfast.files.get("web", "motd.txt").kind
        'file'
        """
        folder, name = posixpath.split(posixpath.normpath(f"/{path}"))
        if not name:
            yield from Files.list.steps(server, "")
            return Entry(name="", folder=True)
        for entry in (yield from Files.list.steps(server, folder.strip("/"))):
            if entry.name == name:
                return entry
        raise refused(404, "no-such-file", {"error": "This file does not exist!"})

    @Operation
    def measure(self, server: str, path: str = "") -> Steps[Measured]:
        """Return how much is in a folder, which may take a while; raises `NoSuchFile`.

        >>> holdfast.files.measure("web").folders >= 0
        True
        """
        asked = Request("GET", at("server", server, "folder"), {"path": path}, patience=_MEASURING)
        return record(Measured, told((yield asked)))

    @Following
    def search(
        self,
        server: str,
        text: str,
        path: str = "",
        *,
        content: bool = False,
        regex: bool = False,
        case: bool = False,
        limit: int | None = None,
        largest: int | None = None,
    ) -> Subscription[Found]:
        """Return what fits, as it is found; the last one has `done` and tells whether these are all.

        `text`: a part of a name or a pattern (`*.log`), with `content` a part of a line; `regex`: a regular
        expression; `case`: capitals matter; `limit`: at most so many (1,000); `largest`: bytes of a file that
        is looked into.

        >>> etag = holdfast.files.write("web", "motd.txt", b"hello")
        >>> with holdfast.files.search("web", "motd") as found:
        ...     [one.path for one in found if not one.done]
        ['/motd.txt']
        """
        return Search(
            Wanted(
                server=server,
                text=text,
                path=path,
                content=content,
                regex=regex,
                case=case,
                limit=limit,
                largest=largest,
            )
        )

    @Operation
    def make_folder(self, server: str, path: str, *, parents: bool = False) -> Steps[None]:
        """Make a folder; raises `FileExists`, `NoSuchFile`.

        `parents`: those that are missing above it, too, and it may be there.

        >>> holdfast.files.make_folder("web", "backups/monday", parents=True)
        """
        if not parents:
            yield from _make_folder(server, path)
            return
        names = [name for name in posixpath.normpath(f"/{path}").split("/") if name]
        there: str | None = ""
        for count in range(1, len(names) + 1):
            entries = (yield from Files.list.steps(server, there)) if there is not None else ()
            found = next((one for one in entries if one.name == names[count - 1]), None)
            there = "/".join(names[:count])
            if found is None:
                yield from _make_folder(server, there)
            elif not found.folder:
                raise refused(409, "not-a-folder", {"error": f"{there} is no folder"})

    @Operation
    def move(
        self, server: str, path: str, to: str, *, wait: bool = True, progress: Progress | None = None
    ) -> Steps[Job | None]:
        """Give a file or folder another path; raises `NoSuchFile`, `FileExists`: nothing is overwritten.

        What takes long (to another file system) is a job: it is waited for, or returned at once.

        >>> etag = holdfast.files.write("web", "a.txt", b"")
        >>> holdfast.files.move("web", "a.txt", "b.txt")
        >>> holdfast.files.delete("web", "b.txt")
        """
        order = {"operation": "mv", "src": path, "dest": to}
        return (yield from _order(server, "file", order, {}, wait=wait, progress=progress))

    @Operation
    def copy(
        self, server: str, path: str, to: str, *, wait: bool = True, progress: Progress | None = None
    ) -> Steps[Job | None]:
        """Copy a file or folder; raises `NoSuchFile`, `FileExists`: nothing is overwritten.

        What takes long is a job: it is waited for, or returned at once.

        >>> etag = holdfast.files.write("web", "a.txt", b"")
        >>> holdfast.files.copy("web", "a.txt", "copy of a.txt")
        """
        order = {"operation": "cp", "src": path, "dest": to}
        return (yield from _order(server, "file", order, {}, wait=wait, progress=progress))

    @Operation
    def chmod(self, server: str, path: str, mode: int) -> Steps[None]:
        """Change the mode, such as 0o755; raises `NoSuchFile`.

        >>> etag = holdfast.files.write("web", "run.sh", b"")
        >>> holdfast.files.chmod("web", "run.sh", 0o755)
        """
        order = {"operation": "chmod", "path": path, "mode": f"{mode:03o}"}
        yield Request.json("PATCH", at("server", server, "file"), order)

    @Operation
    def delete(
        self,
        server: str,
        path: str,
        *,
        trash: bool | None = None,
        wait: bool = True,
        progress: Progress | None = None,
    ) -> Steps[Job | None]:
        """Delete a file, or a folder with all that is in it; raises `NoSuchFile`.

        `trash`: whether it is kept there; None: as the config says.

        >>> etag = holdfast.files.write("web", "old.txt", b"")
        >>> holdfast.files.delete("web", "old.txt")
        """
        query = {"path": path, "trash": trash, "async": True}
        answer = yield Request("DELETE", at("server", server, "file"), query)
        return (yield from waited(told(answer), wait=wait, progress=progress))

    @Operation
    def bulk(
        self,
        server: str,
        operations: "Iterable[Mapping[str, str]]",
        *,
        trash: bool | None = None,
        wait: bool = True,
        progress: Progress | None = None,
    ) -> Steps[Job | None]:
        """Do several operations in order, all of them or none; at most 10,000.

        >>> etag = holdfast.files.write("web", "new.txt", b"new")
        >>> etag = holdfast.files.write("web", "live.txt", b"old")
        >>> job = holdfast.files.bulk("web", [
        ...     {"operation": "rm", "path": "live.txt"},
        ...     {"operation": "mv", "src": "new.txt", "dest": "live.txt"},
        ... ])
        """
        body = {"operations": [dict(one) for one in operations]}
        return (yield from _order(server, "files", body, {"trash": trash}, wait=wait, progress=progress))


def _make_folder(server: str, path: str) -> Steps[None]:
    yield Request("POST", at("server", server, "folder"), {"path": path})


def _order(
    server: str,
    where: str,
    order: Mapping[str, object],
    query: Mapping[str, bool | None],
    *,
    wait: bool,
    progress: Progress | None,
) -> Steps[Job | None]:
    asked = Request.json("PATCH", at("server", server, where), order, {**query, "async": True})
    return (yield from waited(told((yield asked)), wait=wait, progress=progress))
