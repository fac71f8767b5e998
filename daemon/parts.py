"""What endpoints work with: the daemon's parts, made in `run.py`, and the call that is being answered."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from starlette.requests import ClientDisconnect, Request
from starlette.websockets import WebSocket

from filemgr import InvalidPath, RelPath

from .access import Access, Identity, Rule
from .accounts import Accounts
from .attempt import Attempt, cause_of
from .audit import Audit, Detail
from .consoles import Consoles
from .errors import ApiError
from .files import Files
from .job import Order
from .jobs import Jobs
from .mirror import Mirror
from .rawconsoles import RawConsoles
from .reload import Reloader
from .sessions import Sessions
from .tickets import Tickets
from .transfers import Transfers
from .usage import Sampler

MOST_JSON = 1 << 20
"""Bytes of a request body that is read as a whole."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything that endpoints call."""

    access: Access
    accounts: Accounts
    audit: Audit
    consoles: Consoles
    files: Files
    jobs: Jobs
    mirror: Mirror
    raw_consoles: RawConsoles
    reloader: Reloader
    sampler: Sampler
    sessions: Sessions
    tickets: Tickets
    transfers: Transfers

    def record(self, identity: Identity, action: str, **fields: Detail) -> None:
        """Put what somebody did into the audit log."""
        self.audit.record(action, {**fields, **identity.process}, ip=identity.ip, user=identity.user)


@dataclass(frozen=True, slots=True)
class Recorder:
    """Puts into the audit log what became of an action; a job may call it long after the answer."""

    call: "Call"
    action: str
    fields: dict[str, Detail]

    def __call__(self, error: Exception | None = None) -> None:
        """Say that it was done, or with what error it ended."""
        if error is None:
            self.call.record(self.action, **self.fields)
        else:
            self.call.failed(cause_of(error))


@dataclass(frozen=True, slots=True)
class Call:
    """A request that was let in."""

    parts: Parts
    request: Request
    identity: Identity | None
    rule: Rule
    """The rule of its route, which it fulfils."""
    attempt: Attempt
    """What the audit log is told if it fails."""

    @property
    def who(self) -> Identity:
        """Who asks, on a route that needs to know."""
        if self.identity is None:
            raise AssertionError("an open route asked who calls it")
        return self.identity

    @property
    def server(self) -> str:
        """The server that the path names."""
        name: str = self.request.path_params["id"]
        return name

    def query(self, key: str) -> str | None:
        """Return a query parameter."""
        return self.request.query_params.get(key)

    def path(self, key: str, what: str) -> RelPath:
        """Return the path in a query parameter, the root if it is missing.

        Raises `ApiError` 400 `Invalid file path: …`, where `what` is `file`.
        """
        try:
            return RelPath.parse(self._text(key))
        except InvalidPath as exc:
            raise ApiError(400, "invalid-path", f"Invalid {what} path: {exc}") from exc

    def _text(self, key: str) -> str:
        # By hand: the library makes U+FFFD of what is not UTF-8, which would name another file.
        query: bytes = self.request.scope["query_string"]
        for pair in query.split(b"&"):
            name, _, value = pair.partition(b"=")
            if unquote_to_bytes(name) == key.encode():
                try:
                    return unquote_to_bytes(value.replace(b"+", b" ")).decode()
                except UnicodeDecodeError as exc:
                    raise InvalidPath("it is not UTF-8") from exc
        return ""

    def trying(self, action: str, **fields: Detail) -> None:
        """Say what it is that the caller wants, for the case that it fails."""
        self.attempt.action = action
        self.attempt.fields |= fields

    def recording(self, action: str, **fields: Detail) -> Recorder:
        """Say it, and return what puts it into the audit log, as an action on this server, at its end."""
        self.trying(action, **fields)
        return Recorder(self, action, {"server": self.server, **fields})

    async def order(
        self,
        task: str,
        kind: str,
        needs: str,
        arguments: Mapping[str, object],
        about: Mapping[str, str],
        *,
        cancellable: bool = True,
        light: bool = False,
    ) -> Order:
        """Return the order of long work in the folder of the server; raises `NoSuchServer`."""
        directory = await self.parts.files.directory(self.server)
        user = self.who.user
        return Order(task, kind, self.server, user, needs, directory, arguments, about, cancellable, light)

    def record(self, action: str, **fields: Detail) -> None:
        """Put an action of the caller into the audit log."""
        self.attempt.succeeded(self.who, action, fields)

    def failed(self, why: str) -> None:
        """Put into the audit log that it came to nothing, unless that is known."""
        self.attempt.failed(self.who, self.who.address, why)

    async def body(self, limit: int = MOST_JSON) -> bytes:
        """Return the request's body; raises `ApiError` 413 as soon as it is longer than `limit` bytes."""
        body = bytearray()
        too_large = ApiError(413, "too-large", f"The request body may have at most {limit} bytes!")
        declared = self.request.headers.get("content-length", "")
        if declared.isdigit() and int(declared) > limit:
            raise too_large
        try:
            async for chunk in self.request.stream():
                body += chunk
                if len(body) > limit:
                    raise too_large
        except ClientDisconnect as exc:
            raise ApiError(400, "disconnected", "The request was cut off!") from exc
        return bytes(body)

    async def texts(self, *keys: str) -> dict[str, str]:
        """Return the texts that the body, a JSON object, has under these keys; raises `ApiError` 400."""
        try:
            data = json.loads(await self.body())
        except (ValueError, RecursionError) as exc:
            raise ApiError(400, "invalid-json", "Invalid JSON body!") from exc
        if not isinstance(data, dict):
            raise ApiError(400, "invalid-json", "Invalid JSON body!")
        found = {key: data[key] for key in keys if data.get(key) is not None}
        if not all(isinstance(value, str) for value in found.values()):
            raise ApiError(400, "invalid-json", "Invalid JSON body!")
        return found


@dataclass(frozen=True, slots=True)
class SocketCall:
    """A WebSocket that wants in; `refusal` says why it may not, and it must be told in its own protocol."""

    parts: Parts
    socket: WebSocket
    identity: Identity | None
    refusal: ApiError | None

    @property
    def server(self) -> str:
        """The server that the path names."""
        name: str = self.socket.path_params["id"]
        return name
