"""How a file goes: in one piece if it is small, else by tus 1.0, which goes on where it was.

Rules:
- An upload that is cut is asked how far it is, and gone on with, for as long as `patience` says.
- Its name is remembered where the caller wants it, under what tells the same file from another one; who
  sends that file again goes on with it, and the name is forgotten when it is whole.
- Of what can be read only once (a pipe), no more is in memory than one stretch.
"""

import base64
import json
import os
import stat
from collections.abc import Callable, Iterator, MutableMapping

from .exchange import Body, Pause, Request, Response, Steps, at
from .failures import AWAY, ConnectionLost, Failure, NotHoldfast, Refused
from .localfiles import CannotRead, FileBody, Progress, Spool, reading
from .streams import PATIENCE, Retry

SMALL = 1 << 20
"""Bytes of a file that is sent at once: to send it again costs nothing."""

PIECE = 64 << 20
"""Bytes of one request: proxies allow only so much."""

CHECKED_PIECE = 8 << 20
"""Bytes of one request with a checksum; they count all or not at all."""

STRETCH = 4 << 20

Memory = MutableMapping[str, str]
"""What remembers the uploads that are not whole: a dict, or something that lasts."""

_SPOKEN = {"Tus-Resumable": "1.0.0"}
_CONTENT = {**_SPOKEN, "Content-Type": "application/offset+octet-stream"}


def file_uploaded(
    server: str,
    path: str,
    source: str,
    *,
    progress: Progress | None,
    memory: Memory | None,
    checked: bool,
    patience: float = PATIENCE,
) -> Steps[None]:
    """Send a file of this machine."""
    with reading(source):
        info = os.stat(source)
    if not stat.S_ISREG(info.st_mode):
        raise CannotRead(f"{source} is no file")
    tell = _teller(progress, info.st_size)
    if info.st_size <= SMALL:
        yield from _at_once(server, path, FileBody(source, 0, info.st_size, tell), patience)
        return
    same = [server, path, os.path.abspath(source), info.st_size, info.st_mtime_ns]
    upload = _Upload(server, memory if memory is not None else {}, json.dumps(same), patience)
    yield from upload.begin(path, info.st_size)
    piece = CHECKED_PIECE if checked else PIECE
    while upload.offset < info.st_size:
        length = min(piece, info.st_size - upload.offset)
        headers = {"Upload-Checksum": _checksum(source, upload.offset, length)} if checked else {}
        tell(upload.offset)
        yield from upload.add(FileBody(source, upload.offset, length, tell), headers)
    upload.forget()


def stream_uploaded(
    server: str, path: str, source: Iterator[bytes], *, progress: Progress | None, patience: float = PATIENCE
) -> Steps[None]:
    """Send what comes from somewhere, until it ends."""
    spool = Spool(source, STRETCH, _teller(progress, None))
    upload = _Upload(server, {}, "", patience)
    yield from upload.begin(path, None)
    try:
        while not spool.ended or spool.kept:
            yield from upload.add(spool, {})
            spool.arrived(upload.offset)
        yield from upload.end()
    except Exception:
        # Nobody can go on with it: what it has read is gone.
        yield from upload.give_up()
        raise


class _Upload:
    """One upload as it is seen from here."""

    def __init__(self, server: str, memory: Memory, key: str, patience: float) -> None:
        self._server = server
        self._memory = memory
        self._key = key
        self._retry = Retry(patience)
        self._id = ""
        self.offset = 0
        """Bytes that have arrived."""

    def begin(self, path: str, size: int | None) -> Steps[None]:
        """Find the one that was begun, or begin one."""
        self._id = self._memory.get(self._key, "")
        if self._id:
            try:
                self.offset = yield from self._where()
            except Refused as exc:
                if exc.status not in (400, 403, 404, 410):
                    raise
                self.forget()
            else:
                return
        folder, _, name = path.strip("/").rpartition("/")
        said = {"filename": name, "path": folder}
        metadata = ",".join(
            f"{key} {base64.b64encode(text.encode()).decode()}" for key, text in said.items() if text
        )
        headers = {**_SPOKEN, "Upload-Metadata": metadata}
        headers |= {"Upload-Defer-Length": "1"} if size is None else {"Upload-Length": str(size)}
        answer = yield from self._begun(
            Request("POST", at("server", self._server, "uploads"), headers=headers)
        )
        self._id = answer.headers.get("location", "").rpartition("/")[2]
        if not self._id:
            raise NotHoldfast("the answer does not say where the upload goes on")
        self.offset = 0
        if self._key:
            self._memory[self._key] = self._id

    def _begun(self, asked: Request) -> Steps[Response]:
        """Begin an upload, and another one if nobody has told how it is called; that one expires."""
        lost = False
        while True:
            try:
                return (yield asked)
            except AWAY as exc:
                lost = lost or isinstance(exc, ConnectionLost)
                if not lost:
                    raise
                yield Pause(self._retry.after(exc))

    def add(self, body: bytes | Body, headers: dict[str, str]) -> Steps[None]:
        """Send more, and learn how much has arrived, which may be less."""
        before = self.offset
        headers = {**_CONTENT, **headers, "Upload-Offset": str(before)}
        try:
            answer = yield Request("PATCH", self._target, headers=headers, body=body)
            self.offset = _offset(answer)
        except AWAY as exc:
            yield Pause(self._retry.after(exc))
            self.offset = yield from self._where()
        except Refused as exc:
            if exc.kind not in ("wrong-offset", "too-slow", "checksum-mismatch") and exc.status != 423:
                raise
            yield Pause(self._retry.after(exc))
            self.offset = yield from self._where()
        if self.offset > before:
            self._retry.worked()

    def end(self) -> Steps[None]:
        """Say that this was all."""
        headers = {"Upload-Length": str(self.offset)}
        length = self.offset
        while True:
            yield from self.add(b"", headers)
            answer = yield Request("HEAD", self._target, headers=_SPOKEN)
            if answer.headers.get("upload-length") == str(length):
                return
            yield Pause(self._retry.after(ConnectionLost("the end of the upload did not arrive")))

    def give_up(self) -> Steps[None]:
        """Let nothing remain of it, if that is possible."""
        try:
            yield Request("DELETE", self._target, headers=_SPOKEN)
        except Failure:
            return  # it expires

    def forget(self) -> None:
        """Remember it no more."""
        self._memory.pop(self._key, None)

    @property
    def _target(self) -> str:
        return at("server", self._server, "uploads", self._id)

    def _where(self) -> Steps[int]:
        """Ask how far it is, until there is an answer."""
        while True:
            try:
                return _offset((yield Request("HEAD", self._target, headers=_SPOKEN)))
            except AWAY as exc:
                yield Pause(self._retry.after(exc))


def _at_once(server: str, path: str, body: Body, patience: float) -> Steps[None]:
    retry = Retry(patience)
    sent = False
    while True:
        try:
            yield Request("PUT", at("server", server, "file"), {"path": path}, body=body)
        except AWAY as exc:
            if not sent and not isinstance(exc, ConnectionLost):
                raise
            sent = True
            yield Pause(retry.after(exc))
        else:
            return


def _offset(answer: Response) -> int:
    text = answer.headers.get("upload-offset", "")
    if not text.isascii() or not text.isdigit():
        raise NotHoldfast("the answer does not say how far the upload is")
    return int(text)


def _checksum(source: str, offset: int, length: int) -> str:
    import hashlib  # noqa: PLC0415  (few want it)

    digest = hashlib.sha256()
    for piece in FileBody(source, offset, length).pieces():
        digest.update(piece)
    return f"sha256 {base64.b64encode(digest.digest()).decode()}"


def _teller(progress: Progress | None, total: int | None) -> Callable[[int], None]:
    def tell(done: int) -> None:
        if progress is not None:
            progress(done, total)

    return tell
