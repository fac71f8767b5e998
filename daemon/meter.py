"""Measures all programs and the machine now and then, and keeps what it finds.

Rules:
- One pass measures all. It may take `SHARE` of a core and no more: if it takes longer, it is done less often
  than the config says, and the answers say how often.
- Whoever is removed loses his numbers; so does who is renamed, who is another.
- A first figure is kept only of a program that was started since we looked last: of any other we do not know
  what it did when. So a restart of the program, and one of the daemon, is a gap.
- The numbers are written to the disk every `SAVED` seconds and at the end. A disk that refuses costs numbers
  of the past after a restart, and nothing else.
- Rings are used in one thread at a time, which is what the limiter is for.
"""

import contextlib
import logging
import math
import os
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import anyio
import anyio.to_thread

from supervisor import SupervisorUnreachable

from .config import Config
from .host import Disk, Host, HostUsage, disks_below
from .mirror import Mirror
from .usage import Sampler, Usage
from .usagefile import UsageFile
from .usagering import Column, Ring
from .usagerows import Series, series
from .usagesettings import UsageSettings

SHARE = 0.003
"""Of a core, in the long run."""

SAVED = 300.0
"""Seconds between two copies on the disk."""

PATIENCE = 2.0
"""Seconds that an answer waits for disks that hang."""

_HUNDREDTH = 0.01
COLUMNS = (
    Column("cpu", _HUNDREDTH, peak=True),
    Column("memory", peak=True),
    Column("read"),
    Column("written"),
    Column("processes", peak=True),
    Column("threads", peak=True),
)
"""Of a server: percent of a core, bytes, bytes a second from and to disks, and how many."""

HOST_COLUMNS = (
    Column("cpu", _HUNDREDTH, peak=True),
    Column("load", _HUNDREDTH),
    Column("memory", peak=True),
    Column("swap", peak=True),
    Column("received"),
    Column("sent"),
    Column("cpuPressure", _HUNDREDTH, peak=True),
    Column("memoryPressure", _HUNDREDTH, peak=True),
    Column("ioPressure", _HUNDREDTH, peak=True),
)
"""Of the machine; pressure is percent of the time in which some processes had to wait."""

FILE = "usage.history"
HOST = ""
"""The name of the machine's own ring; no server's is empty."""

T = TypeVar("T")

log = logging.getLogger("holdfast.usage")


class Meter:
    """Measures for as long as it runs, and tells what it has found."""

    def __init__(
        self,
        mirror: Mirror,
        sampler: Sampler,
        state: str,
        *,
        wall: Callable[[], float] = time.time,
        host: Host | None = None,
    ) -> None:
        """`state` is the folder of the file; `wall` tells the time of the rows."""
        self._mirror = mirror
        self._sampler = sampler
        self._wall = wall
        self._file = UsageFile(os.path.join(state, FILE))
        self._host = host or Host()
        self._settings = UsageSettings()
        self._rings: dict[str, Ring] = {}
        self._latest: dict[str, tuple[float, Usage]] = {}
        self._latest_at = 0.0
        self._cost = 0.0
        self._failed = False
        self._changed = anyio.Event()
        self._rows = anyio.CapacityLimiter(1)
        self._disks_turn = anyio.CapacityLimiter(1)
        self._disks: Sequence[Disk] = ()
        self._folders: tuple[str, ...] = ()

    async def configure(self, config: Config) -> None:
        """Follow a new config."""
        self._folders = tuple(dict.fromkeys(server.directory for server in config.servers.values()))
        if self._settings != config.usage:
            self._settings = config.usage
            await self._in_turn(self._resize)
            self._changed.set()

    @property
    def wanted(self) -> int:
        """Seconds between two measurements, as the config says; 0 is never."""
        return self._settings.interval

    @property
    def interval(self) -> int:
        """Seconds between two measurements as they are."""
        return max(self.wanted, math.ceil(self._cost / SHARE)) if self.wanted else 0

    def latest(self, name: str) -> Usage | None:
        """Return the latest figures of a server, None if it does not run."""
        found = self._latest.get(name)
        return None if found is None else found[1]

    def now(self) -> float:
        """Return the time in seconds since 1970, as the rows have it."""
        return self._wall()

    async def run(self) -> None:
        """Measure until cancelled."""
        await self._in_turn(self._load)
        with contextlib.suppress(SupervisorUnreachable):
            await self._mirror.services()  # before that, there is nobody to be measured
        saved = anyio.current_time()
        try:
            while True:
                begin = anyio.current_time()
                if self.wanted:
                    await self._try_to_measure()
                self._changed = anyio.Event()
                if anyio.current_time() - saved >= SAVED:
                    await self._in_turn(self._save)
                    saved = anyio.current_time()
                rest = begin + self.interval - anyio.current_time()
                with anyio.move_on_after(max(0.0, rest) if self.wanted else None):
                    await self._changed.wait()
        finally:
            with anyio.CancelScope(shield=True):
                await self._in_turn(self._save)

    async def _try_to_measure(self) -> None:
        try:
            await self.measure()
        except (OSError, ValueError, LookupError) as exc:
            # No descriptors left, or a /proc of an unknown kind: no reason to end with all of the API.
            if not self._failed:
                log.error("the programs cannot be measured: %r", exc)
            self._failed = True
        else:
            self._failed = False

    async def measure(self) -> None:
        """Measure all once."""
        known = self._mirror.latest
        live = {name: status.pid for name, status in known.items() if status.pid is not None}
        usages = await self._sampler.sample(set(live.values()))
        found = {name: usages[pid] for name, pid in live.items() if pid in usages}
        # While the supervisor is away, nobody knows who is gone.
        gone = self._rings.keys() - known.keys() - {HOST} if self._mirror.connected else set()
        cost = self._sampler.cost + await self._in_turn(lambda: self._note(found, gone))
        before, self._cost = self.interval, cost if not self._cost else (self._cost * 3 + cost) / 4
        if (before > self.wanted) != (self.interval > self.wanted):
            said = "measuring all programs takes %.0f ms of CPU time, so it is done every %d s"
            log.info(said, self._cost * 1e3, self.interval)

    async def usage(self, name: str, since: float, until: float, step: int) -> Series:
        """Return the numbers of a server; empty if there are none."""
        return await self._series(name, COLUMNS, since, until, step)

    async def host(self, since: float, until: float, step: int) -> tuple[HostUsage, Series]:
        """Return how the machine is now, and its numbers."""
        if not self.wanted:
            await self._in_turn(self._host.measure)
        return self._host.latest, await self._series(HOST, HOST_COLUMNS, since, until, step)

    async def read(self, work: Callable[[Mapping[str, Ring]], T]) -> T:
        """Look at all rings, by name, in the thread that may; the machine's is `HOST`."""
        return await self._in_turn(lambda: work(self._rings))

    async def disks(self) -> Sequence[Disk]:
        """Return the file systems of the servers' folders; as they were before, if one of them hangs."""

        def look(folders: Sequence[str]) -> None:
            self._disks = disks_below(folders)

        with anyio.move_on_after(PATIENCE):
            await anyio.to_thread.run_sync(
                look, self._folders, abandon_on_cancel=True, limiter=self._disks_turn
            )
        return self._disks

    async def _series(
        self, name: str, columns: Sequence[Column], since: float, until: float, step: int
    ) -> Series:
        def read() -> Series:
            ring = self._rings.get(name)
            begin = max(since, self._wall() - self._settings.history)
            return series(columns, [] if ring is None else ring.rows(begin, until), step)

        return await self._in_turn(read)

    async def _in_turn(self, work: Callable[[], T]) -> T:
        return await anyio.to_thread.run_sync(work, limiter=self._rows)

    # What follows is done in the thread.

    def _note(self, found: Mapping[str, Usage], gone: set[str]) -> float:
        """Keep what was found; return the CPU time that this took."""
        begin, at, time_now = time.thread_time(), time.monotonic(), int(self._wall())
        for name in gone:
            del self._rings[name]
        machine = self._ring(HOST)
        if machine.last == time_now:  # two within a second: what was used is in the next one's figures
            return time.thread_time() - begin
        machine.add(time_now, _host_values(self._host.measure()))
        latest = {}
        for name, usage in found.items():
            before = self._latest.get(name)
            latest[name] = at, usage
            ring = self._ring(name)
            fresh = before is None or before[1].run != usage.run
            if fresh:
                ring.begin_anew()
            if not fresh and before is not None:
                values = _values(usage, before[1], at - before[0])
            elif self._latest_at and usage.age <= at - self._latest_at:
                values = _values(usage, Usage(read=0, written=0), usage.age)
            else:
                continue
            if time_now - ring.last > 3 * self.interval:
                ring.begin_anew()
            ring.add(time_now, values)
        self._latest, self._latest_at = latest, at
        return time.thread_time() - begin

    def _ring(self, name: str) -> Ring:
        ring = self._rings.get(name)
        if ring is None:
            ring = self._rings[name] = self._new_ring(name)
        return ring

    def _new_ring(self, name: str) -> Ring:
        columns = COLUMNS if name else HOST_COLUMNS
        return Ring(columns, self.wanted, self._settings.history)

    def _resize(self) -> None:
        for ring in self._rings.values():
            ring.resize(self.wanted, self._settings.history)

    def _load(self) -> None:
        try:
            self._rings = self._file.load(self._new_ring)
        except (OSError, ValueError) as exc:
            log.error("the numbers of before are lost: %s", exc)

    def _save(self) -> None:
        try:
            self._file.save(self._rings)
        except OSError as exc:
            log.warning("the numbers could not be saved, they would not outlive us: %s", exc.strerror)


def _values(now: Usage, before: Usage, elapsed: float) -> tuple[float | None, ...]:
    elapsed = max(elapsed, 1e-3)
    return (
        max(0.0, 100.0 * (now.seconds - before.seconds) / elapsed),
        now.memory,
        _rate(now.read, before.read, elapsed),
        _rate(now.written, before.written, elapsed),
        now.processes,
        now.threads,
    )


def _rate(now: int | None, before: int | None, elapsed: float) -> float | None:
    return None if now is None or before is None else max(0, now - before) / elapsed


def _host_values(host: HostUsage) -> tuple[float | None, ...]:
    pressure = [told.some[0] if told else None for told in host.pressure.values()]
    return (
        host.cpu,
        host.load[0],
        host.memory_used,
        host.swap_used,
        host.received,
        host.sent,
        *pressure,
    )
