"""`/servers`, `/server/{id}`: how the servers are, and what shall become of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from .exchange import Pause, Request, Steps, at
from .failures import NotHoldfast, TimedOut, refused
from .operation import D, Operation, Resource
from .records import Record, record, told

SETTLED = frozenset({"running", "stopped", "failed"})
"""States that last until something happens."""

_LOOKING = 0.1

_OCTYNE = {0: "stopped", 1: "running", 2: "failed"}


@dataclass(frozen=True, kw_only=True)
class Cause(Record):
    """What brought something about: a person, a schedule, a check, an end, …; `who` and `detail` say more."""

    kind: str
    who: str = ""
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class Exit(Record):
    """How a run ended: by a code, by a signal, or neither where nobody can tell."""

    code: int | None = None
    signal: int | None = None
    ran: float = 0.0
    """Seconds."""
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Next(Record):
    """What happens by itself: `restart`, `step`, `kill`, `fail`, `start` or `stop`."""

    action: str
    in_: float | None = None
    """Seconds; None if nobody can tell."""
    at: float | None = None
    """Unix time."""


@dataclass(frozen=True, kw_only=True)
class Survivor(Record):
    """A process that has not ended though its server is being stopped."""

    pid: int
    command: str = ""
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Size(Record):
    """The size of a terminal."""

    rows: int
    columns: int


@dataclass(frozen=True, kw_only=True)
class Server(Record):
    """How a server is, and why (docs/api.md)."""

    status: int
    """0 off, 1 on, 2 crashed."""
    state: str
    """`stopped`, `starting`, `running`, `stopping`, `backoff` or `failed`."""
    wanted: str = "down"
    reason: str = ""
    cause: Cause | None = None
    cpu_usage: float = 0.0
    """Percent of one processor."""
    memory_usage: float = 0.0
    """Bytes."""
    total_memory: int = 0
    """Bytes that the machine has."""
    uptime: int = 0
    """Nanoseconds since it was started."""
    to_delete: bool = False
    run: int = 0
    waits_for: Sequence[str] = ()
    pid: int | None = None
    restarts: int = 0
    restart_in: float | None = None
    next: Next | None = None
    restart_to_apply: bool = False
    terminal: Size | None = None
    paused: bool = False
    limits: Mapping[str, str] = field(default_factory=dict)
    survivors: Sequence[Survivor] = ()
    hint: str | None = None
    last_exit: Exit | None = None
    ready: bool = False
    health: object = None


class Servers(Resource[D]):
    """The servers that the caller may see."""

    @Operation
    def list(self) -> Steps[Mapping[str, Server]]:
        """Return all servers by name; raises `Failure`.

        >>> for name, server in holdfast.servers.list().items():
        ...     print(name, server.state, server.reason)
        chat running running
        off stopped never started
        web running running
        """
        answer = told((yield Request("GET", "/servers", {"details": True})))
        return {name: record(Server, _whole(one)) for name, one in _by_name(answer).items()}

    @Operation
    def get(self, name: str) -> Steps[Server]:
        """Return how one server is; raises `NoSuchServer`.

        >>> server = holdfast.servers.get("web")
        >>> server.state, server.reason, server.restarts
        ('running', 'running', 0)
        """
        return record(Server, _whole(told((yield Request("GET", at("server", name))))))

    @Operation
    def start(self, name: str) -> Steps[str]:
        """Start it, and return why it waits, if it waits for others; raises `NoSuchServer`, `CannotStart`.

        >>> holdfast.servers.start("web")
        ''
        """
        return (yield from _order(name, "START"))

    @Operation
    def restart(self, name: str) -> Steps[str]:
        """Stop it, asking first, and start it when it has ended; raises `NoSuchServer`, `CannotStart`.

        >>> holdfast.servers.restart("web")
        ''
        """
        return (yield from _order(name, "RESTART"))

    @Operation
    def stop(self, name: str) -> Steps[None]:
        """Ask it to end; it is killed if it does not. Does not wait for that: see `wait`.

        >>> holdfast.servers.stop("web")
        """
        yield from _order(name, "TERM")

    @Operation
    def kill(self, name: str) -> Steps[None]:
        """End it without asking.

        >>> holdfast.servers.kill("web")
        """
        yield from _order(name, "KILL")

    @Operation
    def pause(self, name: str) -> Steps[None]:
        """Let nothing of it run until it is resumed; raises `NotAllowed` if it is not up.

        >>> holdfast.servers.pause("web")
        """
        yield from _order(name, "PAUSE")

    @Operation
    def resume(self, name: str) -> Steps[None]:
        """Let it run again; raises `NotAllowed` if it is not paused.

        >>> holdfast.servers.pause("web")
        >>> holdfast.servers.resume("web")
        """
        yield from _order(name, "RESUME")

    @Operation
    def signal(self, name: str, signal: str) -> Steps[None]:
        """Send a signal (`HUP`, `SIGUSR1`, `10`) to all its processes; raises `NotAllowed` if none run.

        >>> holdfast.servers.signal("web", "HUP")
        """
        yield from _order(name, f"SIGNAL {signal}")

    @Operation
    def wait(
        self, name: str, states: "frozenset[str]" = SETTLED, *, run: int = 0, timeout: float = 300.0
    ) -> Steps[Server]:
        """Return the server when it is in one of these states, and was started `run` times at least.

        `timeout`: seconds; then `TimedOut` is raised.

        >>> holdfast.servers.stop("web")
        >>> holdfast.servers.wait("web", frozenset({"stopped"})).state
        'stopped'
        """
        waited = 0.0
        while True:
            server = yield from Servers.get.steps(name)
            if server.state in states and server.run >= run and not server.waits_for:
                return server
            if waited >= timeout:
                raise TimedOut(f"{name} is {server.state} after {timeout:g} s: {server.reason}")
            yield Pause(_LOOKING)
            waited += _LOOKING


def _order(name: str, order: str) -> Steps[str]:
    answer = yield Request("POST", at("server", name), body=order.encode())
    said = told(answer)
    if said.get("success") is not True:
        kind = said.get("kind")
        raise refused(answer.status, kind if isinstance(kind, str) else "", said)
    return str(said.get("reason", ""))


def _by_name(answer: Mapping[str, object]) -> Mapping[str, object]:
    servers = answer.get("servers")
    if not isinstance(servers, dict):
        raise NotHoldfast("the answer has no servers")
    return servers


def _whole(one: object) -> object:
    """Return what is told of a server; Octyne itself, which we understand as well, knows numbers alone."""
    if isinstance(one, int):
        one = {"status": one}
    if isinstance(one, dict) and "state" not in one and isinstance(status := one.get("status"), int):
        return {**one, "state": _OCTYNE.get(status, "stopped")}
    return one
