"""Files on their way up, as clients write them: a form, PUT, tus."""

import base64
from dataclasses import dataclass

from .case import NotMeasured
from .target import SPEAKER, Answer, Target, Way

EDGE = "----holdfast-benchmark"
END = f"\r\n--{EDGE}--\r\n".encode()
KIND = {"Content-Type": f"multipart/form-data; boundary={EDGE}"}

TUS = {"Tus-Resumable": "1.0.0"}


@dataclass(frozen=True, slots=True)
class Sending:
    """A request around the bytes of a file."""

    before: bytes
    after: bytes = b""


def form(target: Target, way: Way, path: str, size: int) -> Sending:
    """Return the form by which Octyne's clients bring a file of so many bytes."""
    where, begin = _begun(path)
    said = {**KIND, "Content-Length": str(len(begin) + size + len(END))}
    return Sending(target.head("POST", where, way, said) + begin, END)


def post(target: Target, path: str, content: bytes) -> Answer:
    """Bring a small file by a form, and return what is answered; raises `OSError`."""
    where, begin = _begun(path)
    return target.ask("POST", where, begin + content + END, KIND)


def put(target: Target, way: Way, path: str, size: int) -> Sending:
    """Return the request by which a file is replaced."""
    said = {"Content-Length": str(size)}
    return Sending(target.head("PUT", f"/server/{SPEAKER}/file?path={path}", way, said))


def tus(target: Target, way: Way, path: str, size: int) -> Sending:
    """Begin a resumable upload, and return the request that brings all of it."""
    named = base64.b64encode(path.encode()).decode()
    more = {"Upload-Length": str(size), "Upload-Metadata": f"filename {named}"}
    begun = target.ask("POST", f"/server/{SPEAKER}/uploads", headers={**TUS, **more}, way=way)
    if begun.status != 201:
        raise NotMeasured(f"no upload begins: {begun.status} {begun.body[:100]!r}")
    said = {
        "Upload-Offset": "0",
        "Content-Length": str(size),
        "Content-Type": "application/offset+octet-stream",
    }
    where = f"/server/{SPEAKER}/{begun.headers['location'].removeprefix('/')}"
    return Sending(target.head("PATCH", where, way, {**TUS, **said}))


def _begun(path: str) -> tuple[str, bytes]:
    """Return where a form for this file goes, and how it begins."""
    folder, _, name = path.rpartition("/")
    begin = (
        f'--{EDGE}\r\nContent-Disposition: form-data; name="upload"; filename="{name}"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    )
    return f"/server/{SPEAKER}/file?path={folder}", begin.encode()


def takes_put(target: Target) -> bool:
    """Tell whether it knows PUT."""
    path = f"/server/{SPEAKER}/file?path=probe"
    if target.ask("PUT", path, b"x").status != 200:
        return False
    target.ask("DELETE", path)
    return True


def takes_tus(target: Target) -> bool:
    """Tell whether it speaks tus."""
    return "tus-version" in target.ask("OPTIONS", f"/server/{SPEAKER}/uploads", headers=TUS).headers
