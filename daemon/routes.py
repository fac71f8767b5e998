"""The table of all routes: a row for each method of a path, which names who may use it.

There is no default for that: a row without a rule is a mistake that a type checker finds.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from starlette.responses import Response

from .access import LOGGED_IN, OPEN, Rule, needs
from .api import (
    account,
    accounts,
    archives,
    config,
    console,
    factor,
    files,
    jobs,
    keys,
    operations,
    search,
    servers,
    session,
    sessions,
    shares,
    system,
    transfer,
    trash,
    uploads,
)
from .parts import Call, SocketCall

Endpoint = Callable[[Call], Awaitable[Response]]
SocketEndpoint = Callable[[SocketCall], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Row:
    """One route: its method, its path, who may use it, and what it does."""

    method: str
    path: str
    rule: Rule
    endpoint: Endpoint


@dataclass(frozen=True, slots=True)
class SocketRow:
    """One WebSocket route. Its endpoint hears of a refusal and tells it in its own protocol."""

    path: str
    rule: Rule
    endpoint: SocketEndpoint


CONSOLE = needs("server.console.view", ticket=True)
DOWNLOAD = needs("server.files.download", ticket=True)
UPLOAD = needs("server.files.upload")
VIEW = needs("server.files.view")
MODIFY = needs("server.files.modify")
COMPRESS = needs("server.files.compress")

ROUTES: Sequence[Row] = (
    Row("GET", "/", OPEN, system.version),
    Row("GET", "/login", OPEN, session.login),
    Row("POST", "/login", OPEN, session.login),
    Row("GET", "/logout", LOGGED_IN, session.logout),
    Row("POST", "/logout", LOGGED_IN, session.logout),
    Row("GET", "/ott", LOGGED_IN, session.ticket),
    Row("GET", "/account", LOGGED_IN, account.show),
    Row("PATCH", "/account", LOGGED_IN, account.update),
    Row("POST", "/account/factor", LOGGED_IN, factor.propose),
    Row("DELETE", "/account/factor", LOGGED_IN, factor.turn_off),
    Row("POST", "/account/factor/confirm", LOGGED_IN, factor.confirm),
    Row("POST", "/account/recovery", LOGGED_IN, factor.renew),
    Row("GET", "/sessions", LOGGED_IN, sessions.list_all),
    Row("DELETE", "/sessions", LOGGED_IN, sessions.end),
    Row("GET", "/keys", LOGGED_IN, keys.list_all),
    Row("POST", "/keys", needs("keys.create"), keys.create),
    Row("DELETE", "/keys", LOGGED_IN, keys.end),
    Row("GET", "/shares", LOGGED_IN, shares.list_all),
    Row("POST", "/shares", needs("shares.create"), shares.create),
    Row("DELETE", "/shares", LOGGED_IN, shares.end),
    Row("GET", "/accounts", needs("accounts.view"), accounts.names),
    Row("POST", "/accounts", needs("accounts.create"), accounts.create),
    Row("PATCH", "/accounts", needs("accounts.update"), accounts.update),
    Row("DELETE", "/accounts", needs("accounts.delete"), accounts.delete),
    Row("GET", "/config", needs("config.view"), config.show),
    Row("PATCH", "/config", needs("config.edit"), config.edit),
    Row("GET", "/config/reload", needs("config.reload"), config.reload),
    Row("POST", "/config/reload", needs("config.reload"), config.reload),
    Row("GET", "/servers", needs("server.view"), servers.list_all),
    Row("GET", "/server/{id}", needs("server.view"), servers.show),
    Row("POST", "/server/{id}", needs("server.control"), servers.operate),
    Row("GET", "/server/{id}/console", CONSOLE, console.upgrade_needed),
    Row("GET", "/server/{id}/files", VIEW, files.contents),
    Row("PATCH", "/server/{id}/files", MODIFY, operations.bulk),
    Row("GET", "/server/{id}/file", DOWNLOAD, transfer.download),
    Row("POST", "/server/{id}/file", UPLOAD, transfer.upload),
    Row("PUT", "/server/{id}/file", UPLOAD, transfer.replace),
    Row("PATCH", "/server/{id}/file", MODIFY, operations.operate),
    Row("DELETE", "/server/{id}/file", MODIFY, operations.delete),
    Row("GET", "/server/{id}/folder", VIEW, search.size),
    Row("POST", "/server/{id}/folder", needs("server.files.createFolder"), operations.folder),
    Row("GET", "/server/{id}/search", VIEW, search.search),
    Row("GET", "/server/{id}/compress", COMPRESS, archives.progress),
    Row("POST", "/server/{id}/compress", COMPRESS, archives.compress),
    Row("GET", "/server/{id}/compress/v2", COMPRESS, archives.progress),
    Row("POST", "/server/{id}/compress/v2", COMPRESS, archives.compress),
    Row("POST", "/server/{id}/decompress", needs("server.files.decompress"), archives.decompress),
    Row("GET", "/server/{id}/trash", VIEW, trash.entries),
    Row("PATCH", "/server/{id}/trash", MODIFY, trash.restore),
    Row("DELETE", "/server/{id}/trash", MODIFY, trash.purge),
    Row("OPTIONS", "/server/{id}/uploads", UPLOAD, uploads.options),
    Row("POST", "/server/{id}/uploads", UPLOAD, uploads.create),
    Row("HEAD", "/server/{id}/uploads/{upload}", UPLOAD, uploads.show),
    Row("PATCH", "/server/{id}/uploads/{upload}", UPLOAD, uploads.add),
    Row("POST", "/server/{id}/uploads/{upload}", UPLOAD, uploads.override),
    Row("DELETE", "/server/{id}/uploads/{upload}", UPLOAD, uploads.remove),
    Row("GET", "/jobs", VIEW, jobs.list_all),
    Row("GET", "/jobs/events", VIEW, jobs.events),
    Row("GET", "/jobs/{job}", VIEW, jobs.show),
    Row("GET", "/jobs/{job}/events", VIEW, jobs.events_of),
    Row("DELETE", "/jobs/{job}", VIEW, jobs.cancel),
)

SOCKET_ROUTES: Sequence[SocketRow] = (SocketRow("/server/{id}/console", CONSOLE, console.view),)
