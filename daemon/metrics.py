"""The numbers for Prometheus: the daemon's in a registry of ours, those of servers made when asked for.

A scrape tells of the servers that the caller may see. Labels are names of servers, rows of the route table,
states: nothing that a client can invent.
"""

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

import anyio.to_thread
from prometheus_client import CollectorRegistry, Gauge, Histogram, Info, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from supervisor import VERSION, ServiceStatus, State, Transition

from .consoles import Consoles
from .looplag import LoopLag
from .meter import Meter
from .mirror import Mirror
from .people import People
from .rawconsoles import RawConsoles
from .requestcounts import RequestCounts
from .serverlogs import ServerLogs
from .usage import Usage

OPEN_METRICS = "application/openmetrics-text"
LAGS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
"""Seconds, of the histogram of the event loop's lag."""


@dataclass(frozen=True, slots=True)
class _Server:
    """What there is to tell of one server, at the moment of the scrape."""

    status: ServiceStatus
    usage: Usage | None
    restarts: int
    viewers: int
    carried: int
    dropped: int
    lag: int
    missed: int


class Metrics:
    """Counts what happens, and tells it."""

    def __init__(
        self,
        mirror: Mirror,
        meter: Meter,
        people: People,
        consoles: Consoles,
        raw_consoles: RawConsoles,
        logs: ServerLogs,
        supervisor: int | None = None,
    ) -> None:
        """`supervisor` is the pid of the supervisor, if that is known."""
        self._mirror = mirror
        self._meter = meter
        self._people = people
        self._consoles = consoles
        self._raw = raw_consoles
        self._restarts: Counter[str] = Counter()
        self._logs = logs
        registry = self._registry = CollectorRegistry(auto_describe=False)
        self.requests = RequestCounts(registry)
        Info("holdfast", "The program", registry=registry).info({"version": VERSION})
        lags = Histogram(
            "holdfast_event_loop_lag_seconds",
            "How much later than due the event loop came to its work",
            buckets=LAGS,
            registry=registry,
        )
        self.lag = LoopLag(lags.observe)
        self._gauge(
            "holdfast_event_loop_lag_worst_seconds", "The same, the worst of the latest minute"
        ).set_function(lambda: self.lag.worst)
        self._gauge("holdfast_supervisor_connected", "Whether the supervisor is reached").set_function(
            lambda: float(mirror.connected)
        )
        self._gauge("holdfast_usage_interval_seconds", "Between two measurements; 0 is never").set_function(
            lambda: meter.interval
        )
        ProcessCollector("holdfast_daemon", registry=registry)
        if supervisor is not None:
            pid = supervisor
            ProcessCollector("holdfast_supervisor", pid=lambda: pid, registry=registry)

    async def text(self, accept: str, sees: Callable[[str], bool]) -> tuple[bytes, str]:
        """Return all that there is to tell of the servers that one `sees`, and its media type."""
        if self._mirror.connected:
            self._forget_all_but(self._mirror.latest.keys())
        # What the client has written is not passed on: the library would put it into its answer.
        wanted = f"{OPEN_METRICS}; version=1.0.0" if OPEN_METRICS in accept else "text/plain; version=0.0.4"
        encode, kind = choose_encoder(wanted)
        servers = [self._about(status) for name, status in sorted(self._mirror.latest.items()) if sees(name)]
        logins = dict(self._people.backoff.tally)
        scrape = _Scrape((self._registry, _Collected(partial(_families, servers, logins, time.monotonic()))))
        return await anyio.to_thread.run_sync(encode, scrape), kind

    def _forget_all_but(self, known: Collection[str]) -> None:
        tallies = self._consoles.watched.tally, self._raw.watched.tally
        for counts in (self._restarts, *(one for told in tallies for one in (told.carried, told.dropped))):
            for name in counts.keys() - set(known):
                del counts[name]

    def _gauge(self, name: str, about: str) -> Gauge:
        return Gauge(name, about, registry=self._registry)

    def happened(self, transition: Transition, news: bool) -> None:
        """Count the restarts after crashes."""
        if news and transition.before is State.BACKOFF and transition.after is State.STARTING:
            self._restarts[transition.service] += 1

    def _about(self, status: ServiceStatus) -> _Server:
        name = status.name
        watched = self._consoles.watched, self._raw.watched
        relays = [relay for one in watched if (relay := one.relays.get(name)) is not None]
        return _Server(
            status,
            self._meter.latest(name),
            self._restarts[name],
            sum(len(relay.viewers) for relay in relays),
            sum(one.tally.carried[name] for one in watched),
            sum(one.tally.dropped[name] for one in watched),
            max((relay.lag for relay in relays), default=0),
            self._logs.missed().get(name, 0),
        )


class _Collected(Collector):
    """Families that are made when they are asked for."""

    def __init__(self, make: Callable[[], Iterable[Metric]]) -> None:
        self._make = make

    def collect(self) -> Iterable[Metric]:
        return self._make()


class _Scrape(Collector):
    """Several collectors as one."""

    def __init__(self, collectors: Iterable[Collector]) -> None:
        self._collectors = collectors

    def collect(self) -> Iterator[Metric]:
        for collector in self._collectors:
            yield from collector.collect()


def _families(servers: list[_Server], logins: dict[str, int], now: float) -> Iterator[Metric]:
    results = CounterMetricFamily("holdfast_logins", "Passwords that were shown", labels=["result"])
    for result in ("succeeded", "failed", "refused"):
        results.add_metric([result], logins.get(result, 0))
    yield results
    states = GaugeMetricFamily("holdfast_servers", "Servers by state", labels=["state"])
    state = GaugeMetricFamily("holdfast_server_state", "Whether it is in a state", labels=["server", "state"])
    for one in State:
        states.add_metric([one], sum(server.status.state is one for server in servers))
    for server in servers:
        for one in State:
            state.add_metric([server.status.name, one], float(server.status.state is one))
    yield states
    yield state
    for name, about, value in _GAUGES:
        gauge = GaugeMetricFamily(f"holdfast_{name}", about, labels=["server"])
        for server in servers:
            if (found := value(server, now)) is not None:
                gauge.add_metric([server.status.name], found)
        yield gauge
    for name, about, count in _COUNTERS:
        counter = CounterMetricFamily(f"holdfast_{name}", about, labels=["server"])
        for server in servers:
            if (found := count(server)) is not None:
                counter.add_metric([server.status.name], found)
        yield counter


def _uptime(server: _Server, now: float) -> float:
    started = server.status.started
    return 0.0 if started is None or not server.status.state.alive else max(0.0, now - started)


def _backoff(server: _Server, now: float) -> float:
    due = server.status.restart_at
    return 0.0 if due is None else max(0.0, due - now)


def _used(field: str) -> Callable[[_Server], float | None]:
    return lambda server: None if server.usage is None else getattr(server.usage, field)


def _using(field: str) -> Callable[[_Server, float], float | None]:
    return lambda server, _: None if server.usage is None else getattr(server.usage, field)


_GAUGES: tuple[tuple[str, str, Callable[[_Server, float], float | None]], ...] = (
    ("server_up", "Whether it has a live process", lambda server, _: float(server.status.state.alive)),
    ("server_backoff_seconds", "Until it is started again; 0 if it does not wait for that", _backoff),
    ("server_uptime_seconds", "Since it was started; 0 if it does not run", _uptime),
    ("server_memory_bytes", "Resident memory of its processes", _using("memory")),
    ("server_processes", "Its processes", _using("processes")),
    ("server_threads", "Their threads", _using("threads")),
    ("console_viewers", "Who watches its console", lambda server, _: server.viewers),
    ("console_lag_bytes", "By which the slowest viewer is behind", lambda server, _: server.lag),
)

_COUNTERS: tuple[tuple[str, str, Callable[[_Server], float | None]], ...] = (
    (
        "server_restarts",
        "Restarts after crashes, since the daemon was started",
        lambda server: server.restarts,
    ),
    ("server_cpu_seconds", "CPU time of its processes, in this run of it", _used("seconds")),
    ("server_read_bytes", "Bytes read from disks, in this run of it", _used("read")),
    ("server_written_bytes", "Bytes written to disks, in this run of it", _used("written")),
    ("console_bytes", "Bytes of output carried to viewers", lambda server: server.carried),
    ("console_dropped_bytes", "Bytes of output that were lost to a viewer", lambda server: server.dropped),
    ("log_missed_bytes", "Bytes of output that are missing in its log", lambda server: server.missed),
)
