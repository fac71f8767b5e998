"""How a file comes: from where it was when the connection is cut, as long as it is the same file.

Rules:
- What was read before a cut is gone on with only under the ETag that it was begun with.
- A file that has changed is read anew, if what was read of it can be taken back; otherwise it is `Modified`.
- The first request has no condition: a log that is being written changes between any two requests.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from .exchange import Pause, Request, Response, Sink, Steps, at
from .failures import AWAY, ConnectionLost, NotHoldfast, Refused
from .localfiles import PartFile, Progress
from .streams import PATIENCE, Retry

_MOST_CHANGES = 20
"""How often a file may have changed behind a cut."""

_DIGITS = 20
"""No size has so many."""


@dataclass(frozen=True, slots=True)
class FileState:
    """What a file is just now."""

    size: int
    """Bytes."""
    etag: str
    """Two contents never have the same."""
    modified: float
    """Unix time."""
    mime: str = ""


class Place(Protocol):
    """Where a download goes."""

    def begin(self, content: str) -> int:
        """Return how many bytes of this content are there."""

    def clear(self) -> None:
        """Take back what was written; raises `NotHoldfast` if that is impossible."""

    def write(self, data: bytes) -> None:
        """Take more."""

    def finish(self) -> None:
        """Take note that it is whole."""

    def close(self) -> None:
        """Take note that no more comes."""


class Onward:
    """A place from which nothing can be taken back: a pipe, a terminal, a function."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._count = 0
        self._content = ""

    def begin(self, content: str) -> int:
        """Return how much has gone; raises `NotHoldfast` if it was of another content."""
        if self._count and content != self._content:
            raise NotHoldfast("the file has changed while it was read; read it again")
        self._content = content
        return self._count

    def clear(self) -> None:
        """Refuse that if anything has gone."""
        if self._count:
            raise NotHoldfast("the file has changed while it was read; read it again")

    def write(self, data: bytes) -> None:
        """Pass it on."""
        self._sink(data)
        self._count += len(data)

    def finish(self) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


class Pieces:
    """The pieces of a file whose state is known, asked for anew from where they were."""

    def __init__(self, server: str, path: str, state: FileState) -> None:
        self._where = server, path
        self._state = state
        self._offset = 0

    def request(self) -> Request:
        """Ask for the rest, if the file is still what it was."""
        return _request(*self._where, self._offset, self._state.etag)

    def feed(self, data: bytes) -> Sequence[bytes]:
        """Return them as they come."""
        self._offset += len(data)
        return [data]

    def ended(self) -> bool:
        """Tell whether that is all."""
        return self._offset >= self._state.size


def state_of(server: str, path: str) -> Steps[FileState]:
    """Return what a file is; raises `NoSuchFile`, `Refused` for what is no file."""
    asked = {"path": path}
    try:
        answer = yield Request("HEAD", at("server", server, "file"), asked)
    except Refused as exc:
        if exc.kind:
            raise
        # The answer to a HEAD says nothing but a number: a byte is asked for, to hear why.
        answer = yield Request("GET", at("server", server, "file"), asked, {"Range": "bytes=0-0"})
        return _state(answer, _bytes(answer.headers.get("content-range", "/0").rpartition("/")[2]))
    return _state(answer, _bytes(answer.headers.get("content-length", "0")))


def downloaded(
    server: str,
    path: str,
    place: "Place | PartFile",
    *,
    progress: Progress | None,
    patience: float = PATIENCE,
) -> Steps[FileState]:
    """Bring a file to its place, and return what it was."""
    retry = Retry(patience)
    changes = 0
    begun = False
    try:
        while True:
            try:
                state = yield from state_of(server, path)
                begun = True
                state = yield from _once(server, path, state, place, progress, retry)
            except AWAY as exc:
                if not begun:
                    raise
                yield Pause(retry.after(exc))
            except Refused as exc:
                if exc.status not in (412, 416) or changes == _MOST_CHANGES:
                    raise
                changes += 1
                place.clear()
            else:
                place.finish()
                return state
    finally:
        place.close()


def _once(
    server: str,
    path: str,
    state: FileState,
    place: "Place | PartFile",
    progress: Progress | None,
    retry: Retry,
) -> Steps[FileState]:
    """Bring what is missing; raises what cuts it."""
    done = place.begin(f"{server}/{path} {state.etag}")
    if done > state.size:
        place.clear()
        done = 0
    went_on = done > 0
    if progress is not None:
        progress(done, state.size)
    if went_on and done == state.size:
        return state

    def take(data: bytes) -> None:
        nonlocal done
        done += len(data)
        if went_on and done > state.size:
            place.clear()
            raise NotHoldfast("what answers there does not know of ranges")
        place.write(data)
        retry.worked()
        if progress is not None:
            progress(done, max(state.size, done))

    asked = _request(server, path, done, state.etag if went_on else "", take)
    answer = yield asked
    if not went_on:
        return _state(answer, done)
    if done != state.size or answer.status != 206:
        place.clear()
        raise ConnectionLost("not all of it has come")
    return state


def _bytes(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < _DIGITS):
        raise NotHoldfast("the answer does not say how large the file is")
    return int(text)


def _request(server: str, path: str, offset: int, etag: str, sink: Sink | None = None) -> Request:
    headers: Mapping[str, str] = {"If-Match": etag} if etag else {}
    if offset:
        headers = {**headers, "Range": f"bytes={offset}-"}
    return Request("GET", at("server", server, "file"), {"path": path}, headers, sink=sink)


def _state(answer: Response, size: int) -> FileState:
    headers, modified = answer.headers, answer.moment("last-modified") or 0.0
    return FileState(size, headers.get("etag", ""), modified, headers.get("content-type", ""))
