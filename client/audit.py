"""`/audit`: who did what, when, from where, and what came of it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from .exchange import Request, Value
from .failures import NotHoldfast
from .operation import D, Following, Resource
from .records import Record, record

USUAL = 1000

MOST = 100_000
"""Entries that the API tells at once."""


@dataclass(frozen=True, kw_only=True)
class AuditEntry(Record):
    """What somebody did, or tried; what else is told of it stands in `raw`."""

    seq: int
    ts: float
    """Unix time."""
    action: str = ""
    """Empty for what nobody did, such as a start; `msg` says it then."""
    msg: str = ""
    user: str = ""
    ip: str = ""
    """From where; `@` is the machine itself."""
    server: str = ""
    result: str = ""
    """`success`, `failed` or `denied`."""
    cause: str = ""
    """Why it came to nothing."""


class Search:
    """Entries that fit, the newest first; cut off, it goes on behind the last one that has come."""

    def __init__(self, query: dict[str, Value], limit: int) -> None:
        self._query = query
        self._left = limit
        self._before: int | None = None
        self._part = b""

    def request(self) -> Request:
        """Return what to ask now."""
        self._part = b""
        page = {"limit": max(1, min(self._left, MOST)), "before": self._before}
        return Request("GET", "/audit", {**self._query, **page})

    def feed(self, data: bytes) -> Sequence[AuditEntry]:
        """Return the entries that have become whole."""
        *lines, self._part = (self._part + data).split(b"\n")
        found = [record(AuditEntry, _object(line)) for line in lines if line][: self._left]
        if found:
            self._left -= len(found)
            self._before = found[-1].seq
        return found

    def ended(self) -> bool:
        """That is all: the API knows the limit."""
        return True


class Audit(Resource[D]):
    """The audit log, as far as one may see it."""

    @Following
    def search(
        self,
        *,
        user: str | None = None,
        server: str | None = None,
        action: str | None = None,
        address: str | None = None,
        result: str | None = None,
        since: float | str | None = None,
        until: float | str | None = None,
        before: int | None = None,
        limit: int = USUAL,
    ) -> Search:
        """Follow the entries that fit, the newest first, `limit` of them at most.

        `action` is one or a group (`server.files`); `since` and `until` are Unix seconds or ISO 8601;
        `before` is the number of an entry. Raises `InvalidSearch`, `NotPermitted`.

        >>> with holdfast.audit.search(action="auth", result="success", limit=1) as entries:
        ...     for entry in entries:
        ...         print(entry.user, entry.action)
        admin auth.login
        """
        query: dict[str, Value] = {
            "user": user,
            "server": server,
            "action": action,
            "address": address,
            "result": result,
            "since": since,
            "until": until,
        }
        search = Search(query, limit)
        search._before = before
        return search


def _object(line: bytes) -> object:
    try:
        return json.loads(line)
    except ValueError:
        raise NotHoldfast("a line of the audit log is no JSON") from None
