"""What the dashboard knows of the servers: how they are and were of late, and in which order."""

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    from ...servers import Server

BUCKET = 10.0
"""Seconds that one character of a sparkline stands for."""

KEPT = 40
"""Characters that a sparkline may have at most."""

BARS = " ▁▂▃▄▅▆▇█"

Order = Literal["name", "cpu", "memory", "uptime", "state"]

ORDERS: Sequence[Order] = get_args(Order)

_URGENCY = {"failed": 0, "backoff": 1, "stopping": 2, "starting": 3, "running": 4, "stopped": 5}

_KEYS: Mapping[Order, Callable[["Server"], float]] = {
    "cpu": lambda one: -one.cpu_usage,
    "memory": lambda one: -one.memory_usage,
    "uptime": lambda one: -one.uptime,
    "state": lambda one: _URGENCY.get(one.state, 0),
}
"""What is first in an order; among equals, names decide."""


class Series:
    """A figure over the latest minutes, averaged by buckets."""

    def __init__(self) -> None:
        self._sums: OrderedDict[int, tuple[float, int]] = OrderedDict()

    def add(self, bucket: int, value: float) -> None:
        """Take a measurement."""
        total, count = self._sums.get(bucket, (0.0, 0))
        self._sums[bucket] = (total + value, count + 1)
        while len(self._sums) > KEPT + 1:
            self._sums.popitem(last=False)

    def before(self, buckets: Mapping[int, float]) -> None:
        """Take what was measured before anybody looked; what was seen here stays."""
        own = self._sums
        older = {bucket: (value, 1) for bucket, value in sorted(buckets.items()) if bucket not in own}
        self._sums = OrderedDict(sorted({**older, **own}.items())[-KEPT - 1 :])

    def line(self, width: int, latest: int, least: float) -> str:
        """Return the latest `width` buckets as bars; the highest bar is the maximum, at least `least`."""
        values = [self._sums.get(bucket) for bucket in range(latest - width + 1, latest + 1)]
        averages = [one[0] / one[1] if one else None for one in values]
        most = max((one for one in averages if one is not None), default=0.0)
        most = max(most, least) or 1.0
        return "".join(" " if one is None else _bar(one / most) for one in averages)


class Figures:
    """All servers that are known, and what they used."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock`: seconds that never jump."""
        self._clock = clock
        self.servers: Mapping[str, Server] = {}
        self.order: Order = "name"
        self.reverse = False
        self.wanted = ""
        """A part of the names that are shown."""
        self._cpu: dict[str, Series] = {}
        self._memory: dict[str, Series] = {}

    @property
    def now(self) -> int:
        """The bucket of this moment."""
        return int(self._clock() / BUCKET)

    def update(self, servers: Mapping[str, "Server"]) -> None:
        """Take what was told just now."""
        self.servers = servers
        for kept in (self._cpu, self._memory):
            for gone in kept.keys() - servers.keys():
                del kept[gone]
        now = self.now
        for name, one in servers.items():
            if one.pid:
                self._cpu.setdefault(name, Series()).add(now, one.cpu_usage)
                self._memory.setdefault(name, Series()).add(now, one.memory_usage)

    def remember(self, name: str, columns: Mapping[str, Sequence[float | None]]) -> None:
        """Take the history of a server: columns with `time`, `cpu`, `memory` (docs/numbers.md)."""
        times = columns.get("time") or ()
        if not times or name not in self.servers:
            return
        now, latest = self.now, times[-1] or 0.0
        for kept, column in ((self._cpu, "cpu"), (self._memory, "memory")):
            rows = zip(times, columns.get(column) or (), strict=False)
            known = {now - int((latest - at) / BUCKET): one for at, one in rows if at and one is not None}
            kept.setdefault(name, Series()).before(known)

    def cpu(self, name: str, width: int) -> str:
        """Return the processor time as bars: the highest stands for one whole processor, or more."""
        series = self._cpu.get(name)
        return series.line(width, self.now, 100.0) if series else " " * width

    def memory(self, name: str, width: int) -> str:
        """Return the memory as bars."""
        series = self._memory.get(name)
        return series.line(width, self.now, 0.0) if series else " " * width

    @property
    def shown(self) -> Sequence[str]:
        """The names of the servers that are shown, in their order."""
        wanted = self.wanted.casefold()
        names = sorted(name for name in self.servers if wanted in name.casefold())
        if self.order != "name":
            key = _KEYS[self.order]
            names.sort(key=lambda name: key(self.servers[name]))
        return names[::-1] if self.reverse else names


def _bar(share: float) -> str:
    """Return the bar of a share; what is not nothing is seen."""
    if share <= 0:
        return BARS[1]
    return BARS[min(8, 1 + int(share * 7.999))]
