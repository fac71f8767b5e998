"""What endpoints work with: the daemon's parts, made in `run.py`, and the call that is being answered."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from starlette.requests import ClientDisconnect, Request
from starlette.websockets import WebSocket

from filemgr import InvalidPath, RelPath

from .access import Access, Identity, Rule
from .accounts import NoSuchAccount
from .audit import Audit
from .consoles import Consoles
from .errors import ApiError
from .files import Files
from .job import Order
from .jobs import Jobs
from .localusers import LOCAL, LocalUser
from .mirror import Mirror
from .people import People
from .query import path_in
from .rawconsoles import RawConsoles
from .register import Entry
from .reload import Reloader
from .transfers import Transfers
from .usage import Sampler
from .wish import Wish

MOST_JSON = 1 << 20
"""Bytes of a request body that is read as a whole."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything that endpoints call."""

    access: Access
    audit: Audit
    consoles: Consoles
    files: Files
    jobs: Jobs
    mirror: Mirror
    people: People
    raw_consoles: RawConsoles
    reloader: Reloader
    sampler: Sampler
    transfers: Transfers

    def record(self, identity: Identity, action: str, **fields: str | int) -> None:
        """Put what somebody did into the audit log."""
        self.audit.record(action, ip=identity.ip, user=identity.user, **identity.marks, **fields)


@dataclass(frozen=True, slots=True)
class Call:
    """A request that was let in."""

    parts: Parts
    request: Request
    identity: Identity | None
    rule: Rule
    """The rule of its route, which it fulfils."""

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
            return path_in(self.request.scope["query_string"], key)
        except InvalidPath as exc:
            raise ApiError(400, "invalid-path", f"Invalid {what} path: {exc}") from exc

    def recording(self, action: str, **fields: str | int) -> Callable[[], None]:
        """Return what puts an action of the caller on this server into the audit log when it is done."""
        return partial(self.record, action, server=self.server, **fields)

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

    def record(self, action: str, **fields: str | int) -> None:
        """Put an action of the caller into the audit log."""
        self.parts.record(self.who, action, **fields)

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

    @property
    def owner(self) -> str:
        """Whom a key or a share belongs to that the caller makes: an account, or `@local:UID`."""
        holder = self.who.holder
        if isinstance(holder, Entry):
            return holder.owner
        return f"{LOCAL}:{holder.uid}" if isinstance(holder, LocalUser) else holder.user

    def check_reach(self, account: str) -> None:
        """Refuse to change an account that has more rights; raises `NoSuchAccount`, `ApiError` 403."""
        people = self.parts.people
        found = people.accounts.get(account)
        if found is None:
            raise NoSuchAccount(f"there is no account {account}")
        if not self.who.covers(found.privileges.rights(people.roles)):
            raise ApiError(
                403, "not-permitted", "You cannot change an account that has more rights than you!"
            )

    def check_password(self, password: str) -> None:
        """Refuse what is no good password for an account; raises `ApiError` 400."""
        # It comes in a header, which loses blanks around it.
        if password != password.strip():
            raise ApiError(400, "invalid-account", "A password must not begin or end with a blank!")
        shortest = self.parts.reloader.config.login.password_length
        if len(password) < shortest:
            raise ApiError(400, "weak-password", f"A password has at least {shortest} characters!")

    async def wish(self) -> Wish:
        """Return what the body, a JSON object, asks for; raises `ApiError` 400."""
        try:
            data = json.loads(await self.body())
        except (ValueError, RecursionError) as exc:
            raise ApiError(400, "invalid-json", "Invalid JSON body!") from exc
        if not isinstance(data, dict):
            raise ApiError(400, "invalid-json", "Invalid JSON body!")
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
