"""`/server/{id}/search`: what is found, line by line."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from .exchange import Request, at
from .failures import ConnectionLost, NotHoldfast, refused
from .records import Record, record

SILENCE = 300.0
"""Seconds without a find; the API itself ends a search that does nothing for a minute."""


@dataclass(frozen=True, kw_only=True)
class Found(Record):
    """A file or folder, or a line of a file. The last one has `done`, and tells whether these are all."""

    path: str = ""
    """Below the folder of the server, with a slash before it."""
    folder: bool = False
    size: int = 0
    last_modified: int = 0
    """Unix time."""
    line: int | None = None
    column: int | None = None
    text: str | None = None
    done: bool = False
    count: int = 0
    complete: bool = True
    unread: int = 0
    """Folders that may not be read, and files that are too large."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is looked for."""

    server: str
    text: str
    path: str = ""
    content: bool = False
    regex: bool = False
    case: bool = False
    limit: int | None = None
    largest: int | None = None


class Search:
    """One search; it cannot be gone on with, since nobody knows where it was."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self._rest = b""
        self._begun = False
        self._done = False

    def request(self) -> Request:
        """Ask, once."""
        if self._begun:
            raise NotHoldfast("the connection was cut while the search went on; search again")
        self._begun = True
        wanted = self._wanted
        query = {
            "q": wanted.text,
            "path": wanted.path,
            "in": "content" if wanted.content else "name",
            "regex": wanted.regex,
            "case": wanted.case,
            "limit": wanted.limit,
            "maxSize": wanted.largest,
        }
        return Request("GET", at("server", wanted.server, "search"), query, patience=SILENCE)

    def feed(self, data: bytes) -> Sequence[Found]:
        """Return what has been found; raises `Refused` if it ended with an error."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        found = [_found(line) for line in lines if line.strip()]
        self._done = self._done or any(one.done for one in found)
        return found

    def ended(self) -> bool:
        """Take note of the end; raises `ConnectionLost` if it is none."""
        if not self._done:
            raise ConnectionLost("the connection was cut while the search went on")
        return True


def _found(line: bytes) -> Found:
    try:
        value = json.loads(line)
    except ValueError:
        raise NotHoldfast("a line of the answer is no JSON") from None
    found = record(Found, value)
    if found.raw.get("error"):
        raise refused(500, str(found.raw.get("kind", "")), found.raw)
    return found
