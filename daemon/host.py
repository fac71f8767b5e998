"""The machine as a whole: what the kernel says in /proc about CPU, memory, network and pressure.

What a kernel or a container does not show is None, never an error.
"""

import os
import platform
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from .processtable import PROC

_TICK = os.sysconf("SC_CLK_TCK")
_IDLE = (3, 4)  # of /proc/stat: idle and iowait
_GUEST = 8  # from here on, what user time holds already

RESOURCES = ("cpu", "memory", "io")
"""Of what there may be too little, so that the kernel tells how long processes had to wait (PSI)."""


class Pressure(NamedTuple):
    """Percent of the time in which some processes, or all at once, waited: of the latest 10, 60 and 300 s."""

    some: tuple[float, float, float]
    full: tuple[float, float, float] | None


@dataclass(frozen=True, slots=True)
class HostUsage:
    """The machine at a moment. CPU is percent of one core, since the moment before; memory is in bytes."""

    cpu: float | None = None
    cores: int = 0
    load: tuple[float, float, float] = (0.0, 0.0, 0.0)
    memory_total: int = 0
    memory_used: int = 0
    swap_total: int = 0
    swap_used: int = 0
    received: float | None = None
    """Bytes a second over all networks but the machine's own."""
    sent: float | None = None
    uptime: float = 0.0
    boot: float = 0.0
    """When the machine was started, in seconds since 1970."""
    pressure: Mapping[str, Pressure | None] = field(default_factory=lambda: dict.fromkeys(RESOURCES))


class _Counts(NamedTuple):
    at: float
    ticks: int | None
    network: tuple[int, int] | None


class Host:
    """Measures the machine. Rates are those between the latest two measurements."""

    def __init__(self, proc: str = PROC) -> None:
        self._proc = proc
        self._before: _Counts | None = None
        self.latest = HostUsage()

    def measure(self) -> HostUsage:
        """Measure now; this is for a thread, one at a time."""
        before, now = self._before, _Counts(time.monotonic(), self._ticks(), self._network())
        elapsed = now.at - before.at if before else 0.0
        cpu = received = sent = None
        if before is not None and elapsed > 0:
            if now.ticks is not None and before.ticks is not None:
                cpu = round(max(0.0, 100.0 * (now.ticks - before.ticks) / _TICK / elapsed), 2)
            if now.network is not None and before.network is not None:
                received, sent = (
                    round(max(0, new - old) / elapsed, 1)
                    for new, old in zip(now.network, before.network, strict=True)
                )
        self._before = now
        memory = self._memory()
        total, swap = memory.get("MemTotal", 0), memory.get("SwapTotal", 0)
        uptime = time.clock_gettime(time.CLOCK_BOOTTIME)
        self.latest = HostUsage(
            cpu=cpu,
            cores=os.cpu_count() or 1,
            load=self._load(),
            memory_total=total,
            memory_used=max(0, total - memory.get("MemAvailable", memory.get("MemFree", 0))),
            swap_total=swap,
            swap_used=max(0, swap - memory.get("SwapFree", 0)),
            received=received,
            sent=sent,
            uptime=uptime,
            boot=time.time() - uptime,
            pressure={name: self._pressure(name) for name in RESOURCES},
        )
        return self.latest

    def _read(self, name: str) -> str:
        try:
            with open(os.path.join(self._proc, name), encoding="ascii", errors="replace") as file:
                return file.read()
        except OSError:
            return ""

    def _ticks(self) -> int | None:
        words = self._read("stat").partition("\n")[0].split()
        if len(words) <= max(_IDLE) + 1:
            return None
        counts = [int(word) for word in words[1 : _GUEST + 1]]
        return sum(count for at, count in enumerate(counts) if at not in _IDLE)

    def _load(self) -> tuple[float, float, float]:
        words = self._read("loadavg").split()
        return (float(words[0]), float(words[1]), float(words[2])) if len(words) > 2 else (0.0, 0.0, 0.0)

    def _memory(self) -> dict[str, int]:
        found = {}
        for line in self._read("meminfo").splitlines():
            name, _, rest = line.partition(":")
            if name in ("MemTotal", "MemFree", "MemAvailable", "SwapTotal", "SwapFree"):
                found[name] = int(rest.split()[0]) * 1024
        return found

    def _network(self) -> tuple[int, int] | None:
        lines = [line.partition(":") for line in self._read("net/dev").splitlines()]
        counts = [rest.split() for name, colon, rest in lines if colon and name.strip() != "lo"]
        if not lines:
            return None
        return sum(int(words[0]) for words in counts), sum(int(words[8]) for words in counts)

    def _pressure(self, resource: str) -> Pressure | None:
        """Read what looks like `some avg10=0.00 avg60=0.00 avg300=0.00 total=0`."""
        found: dict[str, tuple[float, float, float]] = {}
        for line in self._read(f"pressure/{resource}").splitlines():
            kind, *words = line.split()
            shares = [float(word.partition("=")[2]) for word in words[:3]]
            if len(shares) == 3:
                found[kind] = shares[0], shares[1], shares[2]
        return Pressure(found["some"], found.get("full")) if "some" in found else None


class Disk(NamedTuple):
    """A file system on which servers' folders are; sizes in bytes. `free` is what we may still write."""

    mount: str
    total: int
    used: int
    free: int
    files: int
    files_free: int
    folders: tuple[str, ...]


def disks_below(folders: Sequence[str]) -> Sequence[Disk]:
    """Return the file systems of some folders; those that are not there are left out.

    For a thread that nobody waits for: a disk on the network may hang.
    """
    found: dict[int, list[str]] = {}
    for folder in folders:
        try:
            found.setdefault(os.stat(folder).st_dev, []).append(folder)
        except OSError:
            continue
    disks = []
    for on_it in found.values():
        try:
            told = os.statvfs(on_it[0])
            mount = _mount_of(on_it[0])
        except OSError:
            continue
        size = told.f_frsize
        used = (told.f_blocks - told.f_bfree) * size
        counts = told.f_blocks * size, used, told.f_bavail * size, told.f_files, told.f_favail
        disks.append(Disk(mount, *counts, tuple(on_it)))
    return disks


def kernel() -> str:
    """Return what the kernel calls itself."""
    return f"{platform.system()} {platform.release()}"


def _mount_of(folder: str) -> str:
    path = os.path.realpath(folder)
    device = os.stat(path).st_dev
    while path != "/":
        parent = os.path.dirname(path)
        if os.stat(parent).st_dev != device:
            break
        path = parent
    return path
