"""One path of the API: who may use it, which of its rows a request is for, and what is noted of it.

Each request passes here once, whether it is answered at once or has to wait: its row's rule, the account's
place, the endpoint, the audit log, the counts.
"""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from time import perf_counter
from typing import Protocol

from starlette.responses import Response
from starlette.types import Receive, Send
from starlette.websockets import WebSocket

from .access import Identity, Refused
from .attempt import Attempt
from .errors import ApiError, answer_for, error
from .head import Head
from .parts import Answer, Call, Parts, SocketCall
from .quotas import Place
from .requestcounts import OTHER, WEBSOCKET
from .routes import ROUTES, Row, SocketRow


class Answering(Protocol):
    """What answers requests for a path: a resource of the API, or the web page."""

    def waits(self, method: str) -> bool:
        """Tell whether what answers this method is one that waits."""

    def begin(self, head: Head, receive: Receive | None, values: Mapping[str, str]) -> "Begun | Response":
        """Begin a request, or answer it."""


class Resource:
    """All methods of one path."""

    def __init__(self, path: str, parts: Parts) -> None:
        self._parts = parts
        self._path = path
        self._count = parts.metrics.requests.count
        rows = {row.method: row for row in ROUTES if row.path == path}
        self._methods = list(rows)
        self._rows = rows if "GET" not in rows else {"HEAD": rows["GET"], **rows}
        head = ["HEAD"] if "GET" in rows else []
        self._waiting = frozenset(method for method, row in self._rows.items() if row.waits)
        self._allowed = ", ".join(dict.fromkeys([*rows, *head, "OPTIONS"]))

    def waits(self, method: str) -> bool:
        """Tell whether what answers this method is one that waits."""
        return method in self._waiting

    def begin(self, head: Head, receive: Receive | None, values: Mapping[str, str]) -> "Begun | Response":
        """Begin a request, or answer it if no row is for it. `receive` gives its body, if it has one."""
        row = self._rows.get(head.method)
        if row is not None:
            return Begun(self._parts, row, head, receive, values)
        if head.method == "OPTIONS":
            self._count(self._path, head.method, 200)
            return Response(headers={"Allow": self._allowed})
        self._count(self._path, OTHER, 405)
        answer = error(405, "wrong-method", f"Only {_listed(self._methods)} allowed!")
        answer.headers["Allow"] = self._allowed  # RFC 9110, section 15.5.6
        return answer


class Begun:
    """A request that a row is for: what it has come to so far is its `answer`, or what waits for that."""

    __slots__ = ("_admitted", "_attempt", "_began", "_head", "_identity", "_parts", "_row", "answer")

    def __init__(
        self, parts: Parts, row: Row, head: Head, receive: Receive | None, values: Mapping[str, str]
    ) -> None:
        self._began = perf_counter()
        self._parts = parts
        self._row = row
        self._head = head
        self._identity: Identity | None = None
        self._admitted = False
        self._attempt = attempt = Attempt(parts.audit, row.action, values.get("id"))
        self.answer: Answer
        try:
            identity = self._identity = parts.access.check(row.rule, head, values.get("id"))
            parts.transport.quotas.admit(identity)
            self._admitted = True
            self.answer = row.endpoint(Call(parts, head, receive, values, identity, row.rule, attempt))
        except Exception as exc:  # noqa: BLE001  (answered, and logged where nobody expected it)
            self.answer = self._refused(exc)
        if isinstance(self.answer, Response):
            self._note(self.answer)

    def place(self) -> Place:
        """Return the place of the account, for as long as the answer is not sent."""
        return self._parts.transport.quotas.take(self._identity if self._admitted else None)

    async def wait(self) -> Response:
        """Return the answer when it is there."""
        if isinstance(self.answer, Response):
            return self.answer
        try:
            answer = await self.answer
        except Exception as exc:  # noqa: BLE001  (as above)
            answer = self._refused(exc)
        self._note(answer)
        return answer

    def _refused(self, exc: Exception) -> Response:
        if isinstance(exc, Refused):
            self._identity = exc.who
        return answer_for(exc)

    def _note(self, answer: Response) -> None:
        """Note in the audit log and in the counts what has become of it."""
        row, status = self._row, answer.status_code
        if status >= 400:
            self._attempt.answered(answer, self._identity, self._head.address, changes=row.changes)
        self._parts.metrics.requests.count(row.path, row.method, status, perf_counter() - self._began)


class SocketResource:
    """One WebSocket path."""

    def __init__(self, row: SocketRow, parts: Parts) -> None:
        self._row = row
        self._parts = parts

    async def serve(self, head: Head, receive: Receive, send: Send, values: Mapping[str, str]) -> None:
        """Serve one connection."""
        identity, refusal = None, None
        with ExitStack() as place:
            try:
                identity = self._parts.access.check(self._row.rule, head, values.get("id"))
                place.enter_context(self._parts.transport.quotas.web_socket(identity))
            except ApiError as exc:
                refusal = exc
                who = exc.who if isinstance(exc, Refused) else None
                attempt = Attempt(self._parts.audit, self._row.action, values.get("id"))
                attempt.answered(answer_for(exc), who, head.address, changes=False)
            status = 101 if refusal is None else refusal.status
            self._parts.metrics.requests.count(self._row.path, WEBSOCKET, status)
            socket = WebSocket(head.scope, receive, send)
            await self._row.endpoint(SocketCall(self._parts, socket, identity, refusal))


def _listed(methods: Sequence[str]) -> str:
    *most, last = methods
    return f"{', '.join(most)} and {last} are" if most else f"{last} is"
