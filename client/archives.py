"""`/server/{id}/compress`, `/decompress`, `/file?archive=`: archives, made and taken apart by jobs."""

import os
from collections.abc import Callable, Mapping, Sequence

from .exchange import Request, Steps, Value, at
from .failures import NotHoldfast
from .jobs import Job, begun
from .localfiles import PartFile, Progress
from .operation import D, Operation, Resource
from .records import Json, told

KINDS = {
    ".zip": ("zip", "true"),
    ".tar": ("tar", "false"),
    ".tar.gz": ("tar", "gzip"),
    ".tgz": ("tar", "gzip"),
    ".tar.zst": ("tar", "zstd"),
    ".tzst": ("tar", "zstd"),
    ".tar.xz": ("tar", "xz"),
    ".txz": ("tar", "xz"),
    ".tar.bz2": ("tar", "bzip2"),
    ".tbz2": ("tar", "bzip2"),
}
"""What a name ends with, and how such an archive is asked for."""


def kind_of(archive: str) -> tuple[str, str] | None:
    """Return type and compression of an archive by its name, or None if that does not say it."""
    name = archive.lower()
    return next((kind for ending, kind in KINDS.items() if name.endswith(ending)), None)


class Archives(Resource[D]):
    """Archives in the folders of the servers."""

    @Operation
    def pack(
        self, server: str, archive: str, paths: Sequence[str], *, base: str = "", kind: str = ""
    ) -> Steps[Job]:
        """Begin an archive of files and folders below `base`, and return the job that makes it.

        The name says what it will be, if `kind` does not (`.zip`, `.tar`, `.tar.gz`, `.tar.zst`, `.tar.xz`,
        `.tar.bz2`); it appears when it is whole. Raises `NoSuchFile`, `FileExists`, `ValueError` for no kind.

        >>> job = holdfast.archives.pack("web", "backup.tar.zst", ["."])
        >>> holdfast.jobs.wait(job.id).state
        'done'
        """
        wanted = kind_of(kind or archive)
        if wanted is None:
            raise ValueError(f"the name of an archive ends with one of {', '.join(KINDS)}")
        query: Mapping[str, Value] = {
            "path": archive,
            "basePath": base,
            "archiveType": wanted[0],
            "compress": wanted[1],
            "async": True,
        }
        asked = Request.json("POST", at("server", server, "compress", "v2"), list(paths), query)
        return (yield from _job(told((yield asked))))

    @Operation
    def unpack(self, server: str, archive: str, folder: str = "") -> Steps[Job]:
        """Begin to take an archive apart into a folder, and return the job that does it.

        Its `result` has `entries`, `bytes`, `skipped` and `skippedCount`: what is unsafe in it is left out.
        Files that are there are overwritten at the end. Raises `NoSuchFile`, `Invalid`.

        >>> holdfast.jobs.wait(holdfast.archives.pack("web", "site.zip", ["."]).id).state
        'done'
        >>> holdfast.jobs.wait(holdfast.archives.unpack("web", "site.zip", "copy").id).state
        'done'
        """
        asked = Request(
            "POST",
            at("server", server, "decompress"),
            {"path": archive, "async": True},
            {"Content-Type": "text/plain"},
            folder.encode() or b"/",
        )
        return (yield from _job(told((yield asked))))

    @Operation
    def download(
        self,
        server: str,
        path: str,
        to: "str | os.PathLike[str] | Callable[[bytes], object]",
        *,
        kind: str = "tar.zst",
        progress: Progress | None = None,
    ) -> Steps[int]:
        """Bring a folder (or a file) here as an archive that is made on the way; return its bytes.

        `kind`: `tar.zst` or `zip`. After a cut it cannot go on: `ConnectionLost`. A file appears under
        its name when it is whole.

        >>> holdfast.archives.download("web", "", lambda piece: None, kind="zip") > 0
        True
        """
        place = None if callable(to) else PartFile(os.fspath(to))
        count = 0

        def take(data: bytes) -> None:
            nonlocal count
            (place.write if place is not None else to)(data)  # type: ignore[operator]
            count += len(data)
            if progress is not None:
                progress(count, None)

        try:
            if place is not None and place.begin(f"{server}/{path}.{kind}"):
                place.clear()
            yield Request("GET", at("server", server, "file"), {"path": path, "archive": kind}, sink=take)
            if place is not None:
                place.finish()
        except BaseException:
            if place is not None:
                place.clear()
            raise
        finally:
            if place is not None:
                place.close()
        return count


def _job(answer: Json) -> Steps[Job]:
    job = yield from begun(answer)
    if job is None:
        raise NotHoldfast("the answer names no job")
    return job
