"""`/server/{id}/trash`: what was deleted, and may come back."""

from collections.abc import Sequence
from dataclasses import dataclass

from .exchange import Request, Steps, at
from .jobs import Job, waited
from .localfiles import Progress
from .operation import D, Operation, Resource
from .records import Record, records, told


@dataclass(frozen=True, kw_only=True)
class Trashed(Record):
    """Something that was deleted."""

    id: str
    path: str
    """Where it was."""
    name: str = ""
    folder: bool = False
    size: int | None = None
    """Bytes; None for a folder that nobody has counted."""
    deleted_at: int = 0
    """Unix time."""
    deleted_by: str = ""


class Trash(Resource[D]):
    """The trash of the servers."""

    @Operation
    def list(self, server: str) -> Steps[Sequence[Trashed]]:
        """Return what is in it, the latest first; raises `Failure`.

        >>> etag = holdfast.files.write("web", "old.txt", b"")
        >>> holdfast.files.delete("web", "old.txt", trash=True)
        >>> holdfast.trash.list("web")[0].path
        '/old.txt'
        """
        answer = yield Request("GET", at("server", server, "trash"))
        return records(Trashed, told(answer).get("contents"))

    @Operation
    def restore(self, server: str, id: str, to: str = "") -> Steps[str]:  # noqa: A002
        """Put something back where it was, or to another path; return the path; raises `FileExists`.

        >>> etag = holdfast.files.write("web", "dear.txt", b"")
        >>> holdfast.files.delete("web", "dear.txt", trash=True)
        >>> holdfast.trash.restore("web", holdfast.trash.list("web")[0].id)
        '/dear.txt'
        """
        body = {"id": id, "dest": to} if to else {"id": id}
        return str(told((yield Request.json("PATCH", at("server", server, "trash"), body))).get("path", ""))

    @Operation
    def delete(
        self,
        server: str,
        id: str | None,  # noqa: A002
        *,
        wait: bool = True,
        progress: Progress | None = None,
    ) -> Steps[Job | None]:
        """Delete for good what the id names, or with None, all; raises `NotThere`, `JobFailed`.

        >>> job = holdfast.trash.delete("web", None)
        """
        query = {"id": id, "async": True}
        answer = yield Request("DELETE", at("server", server, "trash"), query)
        return (yield from waited(told(answer), wait=wait, progress=progress))
