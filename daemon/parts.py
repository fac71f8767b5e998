"""What endpoints work with: the daemon's parts, made in `run.py`, and the call that is being answered."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive
from starlette.websockets import WebSocket

from filemgr import Fences, RelPath, Root, common, outermost
from supervisor import ServiceStatus

from .access import Access, Identity, Rule
from .account import Account
from .accounts import NoSuchAccount
from .attempt import Attempt, cause_of
from .audit import Audit, Detail
from .bodies import read_body
from .chronicle import Chronicle
from .consoles import Consoles
from .documents import Documents
from .errors import ApiError, NoSuchServer, NotAuthenticated, NotPermitted, naming
from .files import Files
from .head import Head
from .health import Health
from .hints import Hints
from .job import Order
from .jobs import Jobs
from .jsontext import InvalidJson, read_json
from .listing import Listing
from .live import Live
from .meter import Meter
from .metrics import Metrics
from .mirror import Mirror
from .notices import Notices
from .passwords import MAX_BYTES
from .people import People
from .privileges import Privileges
from .query import path_in
from .rawconsoles import RawConsoles
from .reload import Reloader
from .schedules import Schedules
from .serverdetails import Details
from .serverlogs import ServerLogs
from .sparks import Sparks
from .transfers import Transfers
from .transport import Transport
from .usage import Sampler
from .wish import Wish

T = TypeVar("T")

Answer: TypeAlias = Response | Awaitable[Response]
"""What an endpoint answers: at once if it can, and else what has to be awaited."""

MOST_JSON = 1 << 20
"""Bytes of a request body that is read as a whole."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything that endpoints call."""

    access: Access
    audit: Audit
    chronicle: Chronicle
    consoles: Consoles
    details: Details
    documents: Documents
    files: Files
    health: Health
    hints: Hints
    jobs: Jobs
    listing: Listing
    live: Live
    meter: Meter
    metrics: Metrics
    logs: ServerLogs
    mirror: Mirror
    notices: Notices
    people: People
    raw_consoles: RawConsoles
    reloader: Reloader
    sampler: Sampler
    schedules: Schedules
    sparks: Sparks
    transfers: Transfers
    transport: Transport

    def record(self, identity: Identity, action: str, **fields: Detail) -> None:
        """Put what somebody did into the audit log."""
        self.audit.record(action, {**fields, **identity.marks}, ip=identity.ip, user=identity.user)


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


@dataclass(slots=True, eq=False)
class Call:
    """A request that was let in."""

    parts: Parts
    head: Head
    _receive: Receive | None
    values: Mapping[str, str]
    """What the path says in the place of its template's parameters."""
    identity: Identity | None
    rule: Rule
    """The rule of its route, which it fulfils."""
    attempt: Attempt
    """What the audit log is told if it fails."""
    _request: Request | None = None

    @property
    def request(self) -> Request:
        """The whole of it; `head` and `query` cost less."""
        if self._request is None:
            scope = self.head.scope
            self._request = Request(scope) if self._receive is None else Request(scope, self._receive)
        return self._request

    @property
    def who(self) -> Identity:
        """Who asks, on a route that needs to know."""
        if self.identity is None:
            raise AssertionError("an open route asked who calls it")
        return self.identity

    @property
    def server(self) -> str:
        """The server that the path names."""
        return self.values["id"]

    @property
    def needs(self) -> str:
        """The permission that the route needs, on one that needs any."""
        if self.rule.needs is None:
            raise AssertionError("an open route asked what it needs")
        return self.rule.needs

    @property
    def fences(self) -> Fences:
        """To which folders of the server the caller is kept, by what the route needs."""
        return outermost(self.who.fences(self.needs, self.server))

    async def inside(self, work: Callable[[Root], T]) -> T:
        """Do short work in the folder of the server, within the caller's fences; raises as `Files.run`."""
        return await self.parts.files.run(self.server, self.fences, work)

    async def inside_of(self, server: str, permission: str, work: Callable[[Root], T]) -> T:
        """Do the same in the folder of a server that the path does not name, by another permission."""
        return await self.parts.files.run(server, outermost(self.who.fences(permission, server)), work)

    async def deliver(self, work: Callable[[Root], T]) -> T:
        """Do the work of a short transfer there, by its threads; raises as `Transfers.inside`."""
        return await self.parts.transfers.inside(self.server, self.fences, work)

    def folder(self) -> AbstractAsyncContextManager[Root]:
        """Hold the folder of the server open, within the caller's fences; raises as `Transfers.folder`."""
        return self.parts.transfers.folder(self.server, self.fences)

    def query(self, key: str) -> str | None:
        """Return a query parameter."""
        return self.head.query(key)

    def path(self, key: str, what: str) -> RelPath:
        """Return the path in a query parameter, the root if it is missing.

        Raises `ApiError` 400 `Invalid file path: …`, where `what` is `file`.
        """
        with naming(what):
            return path_in(self.head.scope["query_string"], key)

    def trying(self, action: str, **fields: Detail) -> None:
        """Say what it is that the caller wants, for the case that it fails."""
        self.attempt.action = action
        self.attempt.fields |= fields

    def recording(self, action: str, **fields: Detail) -> Recorder:
        """Say it, and return what puts it into the audit log, as an action on this server, at its end."""
        self.trying(action, **fields)
        return Recorder(self, action, {"server": self.server, **fields})

    def with_servers(self, work: Callable[[Mapping[str, ServiceStatus]], Answer]) -> Answer:
        """Answer by what is known of all servers: at once, or when the supervisor is followed again.

        If that does not come soon, it raises `SupervisorUnreachable`.
        """
        mirror = self.parts.mirror
        return work(mirror.latest) if mirror.connected else self._when_followed(work)

    def with_server(self, work: Callable[[ServiceStatus], Answer]) -> Answer:
        """The same by what is known of the server of the path; raises `NoSuchServer`, too."""

        def find(services: Mapping[str, ServiceStatus]) -> Answer:
            if (status := services.get(self.server)) is None:
                raise NoSuchServer
            return work(status)

        return self.with_servers(find)

    async def _when_followed(self, work: Callable[[Mapping[str, ServiceStatus]], Answer]) -> Response:
        answer = work(await self.parts.mirror.services())
        return answer if isinstance(answer, Response) else await answer

    async def order(
        self,
        task: str,
        kind: str,
        arguments: Mapping[str, object],
        about: Mapping[str, str],
        *,
        cancellable: bool = True,
        light: bool = False,
        also: Sequence[str] = (),
    ) -> Order:
        """Return the order of long work in the folder of the server, kept to the caller's fences.

        What the work needs is what the route needs, and what it `also` needs. Raises `NoSuchServer`,
        `NotPermitted`.
        """
        fences = self.fences
        for permission in also:
            if not self.who.may(permission, self.server):
                raise NotPermitted
            fences = common(fences, self.who.fences(permission, self.server))
        directory = await self.parts.files.directory(self.server)
        who = self.server, self.who.user, self.needs
        ended = self.who.ended if self.parts.reloader.config.login.end_jobs else None
        end = cancellable, light
        return Order(
            task, kind, *who, directory, fences, arguments, about, *end, owner=self.owner, ended=ended
        )

    def record(self, action: str, **fields: Detail) -> None:
        """Put an action of the caller into the audit log."""
        self.attempt.succeeded(self.who, action, fields)

    def failed(self, why: str) -> None:
        """Put into the audit log that it came to nothing, unless that is known."""
        self.attempt.failed(self.who, self.who.address, why)

    async def body(self, limit: int = MOST_JSON) -> bytes:
        """Return the request's body; raises as `read_body`."""
        return await read_body(self.request, self.identity, limit)

    @property
    def owner(self) -> str:
        """Whom a key or a share belongs to that the caller makes: an account, or `@local:UID`."""
        return self.who.holder.owner

    @property
    def named(self) -> str:
        """What `id` in the query names; raises `ApiError` 400."""
        key = self.query("id")
        if not key:
            raise ApiError(400, "no-id", "No id provided!")
        return key

    def check_given(self, privileges: Privileges) -> None:
        """Refuse to give rights that the caller does not have; raises `ApiError` 403."""
        if not self.who.covers(privileges.rights(self.parts.people.roles)):
            raise NotPermitted("You cannot give rights that you do not have!")

    def check_reach(self, account: str) -> None:
        """Refuse to change an account that has more rights; raises `NoSuchAccount`, `ApiError` 403."""
        people = self.parts.people
        found = people.accounts.get(account)
        if found is None:
            raise NoSuchAccount(f"there is no account {account}")
        self.check_reach_of(found)

    def check_reach_of(self, account: Account) -> None:
        """The same of an account as it is at the moment of the change: much may have happened since."""
        self.check_still()
        if not self.who.covers(self.parts.people.reach(account.privileges)):
            raise NotPermitted("You cannot change an account that has more rights than you!")

    def check_still(self) -> None:
        """Refuse to go on for somebody who has lost his rights meanwhile; raises `ApiError` 401."""
        if self.who.over:
            raise NotAuthenticated

    def check_password(self, password: str) -> None:
        """Refuse what is no good password for an account; raises `ApiError` 400."""
        # It comes in a header, which loses blanks around it.
        if len(password.encode("utf-8", "replace")) > MAX_BYTES:
            raise ApiError(400, "invalid-account", f"A password has at most {MAX_BYTES} bytes!")
        if password != password.strip():
            raise ApiError(400, "invalid-account", "A password must not begin or end with a blank!")
        shortest = self.parts.reloader.config.login.password_length
        if len(password) < shortest:
            raise ApiError(400, "weak-password", f"A password has at least {shortest} characters!")

    @property
    def depth(self) -> int:
        """How deep JSON may be nested."""
        return self.parts.transport.quotas.limits.json_depth

    async def json(self) -> object:
        """Return what the body says; raises `ApiError` 400 and 413."""
        return read_json(await self.body(), self.depth)

    async def wish(self) -> Wish:
        """Return what the body, a JSON object, asks for; raises `ApiError` 400."""
        data = await self.json()
        if not isinstance(data, dict):
            raise InvalidJson("it is not an object")
        return Wish(data)

    async def texts(self, *keys: str) -> dict[str, str]:
        """Return the texts that the body, a JSON object, has under these keys; raises `ApiError` 400."""
        wish = await self.wish()
        found = {key: wish.text(key) for key in keys}
        return {key: text for key, text in found.items() if text is not None}


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
