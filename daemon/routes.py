"""The table of all routes: a row for each method of a path, which names who may use it.

There is no default for that: a row without a rule is a mistake that a type checker finds.
"""

import inspect
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from .access import LOGGED_IN, OPEN, Rule, needs
from .api import (
    account,
    accounts,
    archives,
    audit,
    checks,
    config,
    console,
    documents,
    factor,
    files,
    history,
    jobs,
    keys,
    live,
    logs,
    metrics,
    notifications,
    operations,
    probes,
    schedules,
    search,
    servers,
    session,
    sessions,
    shares,
    system,
    transfer,
    trash,
    uploads,
    usage,
)
from .parts import Answer, Call, SocketCall

Endpoint = Callable[[Call], Answer]
SocketEndpoint = Callable[[SocketCall], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Row:
    """One route: its method, its path, who may use it, what it does, and what the audit log calls that.

    The endpoint may know a better name for the action; without one, nothing is noted.
    """

    method: str
    path: str
    rule: Rule
    endpoint: Endpoint
    action: str = ""

    @property
    def changes(self) -> bool:
        """Whether something is different after it, so that its failures are noted."""
        return self.method not in ("GET", "HEAD", "OPTIONS") or self.action in CHANGES

    @property
    def waits(self) -> bool:
        """Whether it has to be awaited. What is a plain function has its answer at once, as a rule."""
        return inspect.iscoroutinefunction(self.endpoint)


@dataclass(frozen=True, slots=True)
class SocketRow:
    """One WebSocket route. Its endpoint hears of a refusal and tells it in its own protocol."""

    path: str
    rule: Rule
    endpoint: SocketEndpoint
    action: str = ""


CHANGES = ("auth.login", "auth.logout", "config.reload")
"""Actions that Octyne's clients ask for with GET, too."""

CONSOLE = needs("server.console.view", ticket=True)
DOWNLOAD = needs("server.files.download", ticket=True)
UPLOAD = needs("server.files.upload")
VIEW = needs("server.files.view")
MODIFY = needs("server.files.modify")
COMPRESS = needs("server.files.compress")
DECOMPRESS = needs("server.files.decompress")
CREATE = needs("server.files.createFolder")

ROUTES: Sequence[Row] = (
    Row("GET", "/", OPEN, system.version),
    Row("GET", "/openapi.json", OPEN, documents.openapi),
    Row("GET", "/docs", OPEN, documents.page),
    Row("GET", "/health", OPEN, probes.health),
    Row("GET", "/ready", OPEN, probes.ready),
    Row("GET", "/metrics", needs("metrics.view"), metrics.show, "metrics.view"),
    Row("GET", "/host", needs("host.view"), usage.host, "host.view"),
    Row("GET", "/login", OPEN, session.login, "auth.login"),
    Row("POST", "/login", OPEN, session.login, "auth.login"),
    Row("GET", "/logout", LOGGED_IN, session.logout, "auth.logout"),
    Row("POST", "/logout", LOGGED_IN, session.logout, "auth.logout"),
    Row("GET", "/ott", LOGGED_IN, session.ticket),
    Row("GET", "/account", LOGGED_IN, account.show),
    Row("PATCH", "/account", LOGGED_IN, account.update, "accounts.update"),
    Row("POST", "/account/factor", LOGGED_IN, factor.propose, "accounts.factor.on"),
    Row("DELETE", "/account/factor", LOGGED_IN, factor.turn_off, "accounts.factor.off"),
    Row("POST", "/account/factor/confirm", LOGGED_IN, factor.confirm, "accounts.factor.on"),
    Row("POST", "/account/recovery", LOGGED_IN, factor.renew, "accounts.factor.recovery"),
    Row("GET", "/sessions", LOGGED_IN, sessions.list_all, "sessions.view"),
    Row("DELETE", "/sessions", LOGGED_IN, sessions.end, "sessions.end"),
    Row("GET", "/keys", LOGGED_IN, keys.list_all, "keys.view"),
    Row("POST", "/keys", needs("keys.create"), keys.create, "keys.create"),
    Row("DELETE", "/keys", LOGGED_IN, keys.end, "keys.delete"),
    Row("GET", "/shares", LOGGED_IN, shares.list_all, "shares.view"),
    Row("POST", "/shares", needs("shares.create"), shares.create, "shares.create"),
    Row("DELETE", "/shares", LOGGED_IN, shares.end, "shares.delete"),
    Row("GET", "/accounts", needs("accounts.view"), accounts.names, "accounts.view"),
    Row("POST", "/accounts", needs("accounts.create"), accounts.create, "accounts.create"),
    Row("PATCH", "/accounts", needs("accounts.update"), accounts.update, "accounts.update"),
    Row("DELETE", "/accounts", needs("accounts.delete"), accounts.delete, "accounts.delete"),
    Row("GET", "/audit", needs("audit.view"), audit.entries, "audit.view"),
    Row("GET", "/config", needs("config.view"), config.show, "config.view"),
    Row("PATCH", "/config", needs("config.edit"), config.edit, "config.edit"),
    Row("GET", "/config/schema", LOGGED_IN, documents.config_schema),
    Row("POST", "/config/check", needs("config.edit"), config.check),
    Row("GET", "/config/reload", needs("config.reload"), config.reload, "config.reload"),
    Row("POST", "/config/reload", needs("config.reload"), config.reload, "config.reload"),
    Row("GET", "/notifications", needs("notifications.view"), notifications.list_all, "notifications.view"),
    Row(
        "POST",
        "/notifications/{target}/test",
        needs("notifications.test"),
        notifications.test,
        "notifications.test",
    ),
    Row("GET", "/servers", needs("server.view"), servers.list_all, "server.view"),
    Row("GET", "/server/{id}", needs("server.view"), servers.show, "server.view"),
    Row("POST", "/server/{id}", needs("server.control"), servers.operate, "server.control"),
    Row("GET", "/server/{id}/history", needs("server.view"), history.show, "server.view"),
    Row("GET", "/events", LOGGED_IN, history.events, "server.view"),
    Row("GET", "/live", LOGGED_IN, live.stream, "server.view"),
    Row("GET", "/server/{id}/usage", needs("server.view"), usage.show, "server.view"),
    Row("GET", "/server/{id}/checks", needs("server.view"), checks.show, "server.view"),
    Row("GET", "/server/{id}/console", CONSOLE, console.upgrade_needed, "server.console.access"),
    Row("GET", "/server/{id}/logs", CONSOLE, logs.read, "server.console.logs"),
    Row("GET", "/server/{id}/files", VIEW, files.contents, "server.files.view"),
    Row("PATCH", "/server/{id}/files", MODIFY, operations.bulk, "server.files.bulk"),
    Row("GET", "/server/{id}/file", DOWNLOAD, transfer.download, "server.files.download"),
    Row("POST", "/server/{id}/file", UPLOAD, transfer.upload, "server.files.upload"),
    Row("PUT", "/server/{id}/file", UPLOAD, transfer.replace, "server.files.upload"),
    Row("PATCH", "/server/{id}/file", MODIFY, operations.operate, "server.files.modify"),
    Row("DELETE", "/server/{id}/file", MODIFY, operations.delete, "server.files.delete"),
    Row("GET", "/server/{id}/folder", VIEW, search.size, "server.files.view"),
    Row("POST", "/server/{id}/folder", CREATE, operations.folder, "server.files.createFolder"),
    Row("GET", "/server/{id}/search", VIEW, search.search, "server.files.view"),
    Row("GET", "/server/{id}/compress", COMPRESS, archives.progress, "server.files.compress"),
    Row("POST", "/server/{id}/compress", COMPRESS, archives.compress, "server.files.compress"),
    Row("GET", "/server/{id}/compress/v2", COMPRESS, archives.progress, "server.files.compress"),
    Row("POST", "/server/{id}/compress/v2", COMPRESS, archives.compress, "server.files.compress"),
    Row("POST", "/server/{id}/decompress", DECOMPRESS, archives.decompress, "server.files.decompress"),
    Row("GET", "/schedules", needs("server.view"), schedules.list_all, "schedule.view"),
    Row("GET", "/server/{id}/schedules", needs("server.view"), schedules.list_of, "schedule.view"),
    Row("POST", "/server/{id}/schedules/{name}", needs("server.control"), schedules.operate, "schedule.run"),
    Row("GET", "/server/{id}/trash", VIEW, trash.entries, "server.files.view"),
    Row("PATCH", "/server/{id}/trash", MODIFY, trash.restore, "server.files.restore"),
    Row("DELETE", "/server/{id}/trash", MODIFY, trash.purge, "server.files.purge"),
    Row("OPTIONS", "/server/{id}/uploads", UPLOAD, uploads.options, "server.files.upload"),
    Row("POST", "/server/{id}/uploads", UPLOAD, uploads.create, "server.files.upload"),
    Row("HEAD", "/server/{id}/uploads/{upload}", UPLOAD, uploads.show, "server.files.upload"),
    Row("PATCH", "/server/{id}/uploads/{upload}", UPLOAD, uploads.add, "server.files.upload"),
    Row("POST", "/server/{id}/uploads/{upload}", UPLOAD, uploads.override, "server.files.upload"),
    Row("DELETE", "/server/{id}/uploads/{upload}", UPLOAD, uploads.remove, "server.files.discardUpload"),
    Row("GET", "/jobs", LOGGED_IN, jobs.list_all, "server.files.view"),
    Row("GET", "/jobs/events", LOGGED_IN, jobs.events, "server.files.view"),
    Row("GET", "/jobs/{job}", LOGGED_IN, jobs.show, "server.files.view"),
    Row("GET", "/jobs/{job}/events", LOGGED_IN, jobs.events_of, "server.files.view"),
    Row("DELETE", "/jobs/{job}", LOGGED_IN, jobs.cancel, "jobs.cancel"),
)

SOCKET_ROUTES: Sequence[SocketRow] = (
    SocketRow("/server/{id}/console", CONSOLE, console.view, "server.console.access"),
    SocketRow("/events", LOGGED_IN, history.follow, "server.view"),
    SocketRow("/live", LOGGED_IN, live.follow, "server.view"),
)
