"""`/server/{id}/file`, `/server/{id}/uploads`: the content of one file, out and in."""

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .downloads import FileState, Onward, Pieces, downloaded, state_of
from .exchange import Body, Request, Steps, at
from .localfiles import PartFile, Progress
from .operation import D, Following, Operation, Resource, Subscription
from .records import told
from .streams import PATIENCE
from .uploads import Memory, file_uploaded, stream_uploaded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


@dataclass(frozen=True, slots=True)
class Content:
    """What stands in a file, and the ETag that it had then."""

    data: bytes
    etag: str


class Transfers(Resource[D]):
    """The content of the files of a server."""

    @Operation
    def state(self, server: str, path: str) -> Steps[FileState]:
        """Return size, ETag and time of a file; raises `NoSuchFile`, `Invalid` for what is no file.

        >>> holdfast.files.write("web", "motd.txt", b"hello")  # doctest: +ELLIPSIS
        '"..."'
        >>> holdfast.files.state("web", "motd.txt").size
        5
        """
        return (yield from state_of(server, path))

    @Operation
    def read(self, server: str, path: str) -> Steps[Content]:
        """Return what stands in a file, all of it at once; raises `NoSuchFile`. For large ones: `download`.

        >>> holdfast.files.write("web", "motd.txt", b"hello")  # doctest: +ELLIPSIS
        '"..."'
        >>> holdfast.files.read("web", "motd.txt").data
        b'hello'
        """
        answer = yield Request("GET", at("server", server, "file"), {"path": path})
        return Content(answer.body, answer.headers.get("etag", ""))

    @Operation
    def write(
        self,
        server: str,
        path: str,
        content: "bytes | Body",
        *,
        if_match: str | None = None,
        new: bool = False,
    ) -> Steps[str]:
        """Replace or make a file, and return its ETag. It is there as a whole, or as it was.

        `if_match`: only if it still has this ETag; `new`: only if there is none. Raises `Modified` otherwise.

        >>> etag = holdfast.files.write("web", "notes.txt", b"first")
        >>> etag = holdfast.files.write("web", "notes.txt", b"second", if_match=etag)
        """
        headers = {"If-Match": if_match} if if_match is not None else {}
        headers |= {"If-None-Match": "*"} if new else {}
        asked = Request("PUT", at("server", server, "file"), {"path": path}, headers, content)
        return str(told((yield asked)).get("etag", ""))

    @Operation
    def download(
        self,
        server: str,
        path: str,
        to: "str | os.PathLike[str] | Callable[[bytes], object]",
        *,
        progress: Progress | None = None,
        patience: float = PATIENCE,
    ) -> Steps[FileState]:
        """Bring a file to a path of this machine, or give it to a function piece by piece.

        A connection that is cut is made anew for `patience` seconds, and the download goes on where it was.
        A file appears under its name when it is whole; what an earlier call has left of it (`NAME.….part`) is
        gone on with if the file is still the same. Memory is constant. Raises `NoSuchFile`, `CannotWrite`.

        >>> etag = holdfast.files.write("web", "motd.txt", b"hello")
        >>> holdfast.files.download("web", "motd.txt", print).size
        b'hello'
        5
        """
        place = Onward(to) if callable(to) else PartFile(os.fspath(to))
        return (yield from downloaded(server, path, place, progress=progress, patience=patience))

    @Operation
    def upload(
        self,
        server: str,
        path: str,
        source: "str | os.PathLike[str] | Iterable[bytes]",
        *,
        progress: Progress | None = None,
        memory: Memory | None = None,
        checked: bool = False,
        patience: float = PATIENCE,
    ) -> Steps[None]:
        """Send a file of this machine, or pieces that come from somewhere, to a path of a server.

        What is at the path is replaced when all has come. A connection that is cut is made anew for
        `patience` seconds, and the upload goes on where it was; with a `memory` (a dict, or something that
        lasts), a later call for the same file goes on as well. `checked`: pieces have checksums. Memory is
        constant. Raises `NoSuchFile` without the folder, `CannotRead`, `Refused`.

        >>> holdfast.files.upload("web", "hosts", "/etc/hosts", progress=lambda done, total: None)
        >>> holdfast.files.upload("web", "count.txt", (b"%d " % number for number in range(3)))
        >>> holdfast.files.read("web", "count.txt").data
        b'0 1 2 '
        """
        if isinstance(source, str | os.PathLike):
            yield from file_uploaded(
                server,
                path,
                os.fspath(source),
                progress=progress,
                memory=memory,
                checked=checked,
                patience=patience,
            )
        else:
            yield from stream_uploaded(server, path, iter(source), progress=progress, patience=patience)

    @Following
    def pieces(self, server: str, path: str, state: FileState) -> Subscription[bytes]:
        """Return a file piece by piece, as long as it is what `state` says; raises `Modified` after a cut.

        >>> etag = holdfast.files.write("web", "motd.txt", b"hello")
        >>> with holdfast.files.pieces("web", "motd.txt", holdfast.files.state("web", "motd.txt")) as pieces:
        ...     b"".join(pieces)
        b'hello'
        """
        return Pieces(server, path, state)
