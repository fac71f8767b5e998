"""What do many servers cost that do nothing? CPU and memory of the supervisor and of the daemon.

    .venv/bin/python -m benchmarks.idle [servers] [--seconds 60] [--interval 10]

The real program runs so many sleeping programs. When all of them run and nothing moves any more, the CPU time
of both processes is read from the kernel, twice. `--interval` is `usage.interval` of the config; 0 is off.
"""

import argparse
import os
import shutil
import tempfile
import time

from tests.system import processes
from tests.system.house import Holdfast

TICK = os.sysconf("SC_CLK_TCK")

PATIENCE = 300.0
"""Seconds in which all must have been started."""

SETTLED = 75.0
"""Seconds between the last start and the measurement: after 60, a program is held to be stable, and that
is an event for each of them."""


def seconds(pid: int) -> float:
    """Return the CPU time of a process; that of threads which have ended is in it."""
    fields = processes.read(pid, "stat").rpartition(b")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def proportional(pid: int) -> int:
    """Return the proportional set size of a process, in bytes (proc(5), smaps_rollup)."""
    for line in processes.read(pid, "smaps_rollup").decode().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    raise ProcessLookupError(pid)


def pause(house: Holdfast, length: float) -> None:
    """Let time pass; ends early if Holdfast does."""
    end = time.monotonic() + length
    house.until(lambda: time.monotonic() >= end, "time has passed", 2 * length + 30)


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.idle", description=__doc__.split("\n\n")[0])
    parser.add_argument("servers", type=int, nargs="?", default=1000)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long is measured")
    parser.add_argument("--interval", type=int, help="usage.interval; else the default")
    options = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="holdfast-idle-")
    house = Holdfast(folder)
    if options.interval is not None:
        house.settings["usage"] = {"interval": options.interval}
    sleeper: dict[str, object] = {"command": ["/bin/sleep", "100000"], "directory": folder}
    try:
        house.configure(**{f"idle-{number:04}": {**sleeper} for number in range(options.servers)})
        begin = time.monotonic()
        house.start()
        house.until(lambda: all(status == 1 for status in house.servers().values()), "all run", PATIENCE)
        started = time.monotonic() - begin
        pids = {"supervisor": house.supervisor, "daemon": house.daemon or 0}
        pause(house, SETTLED)
        before, at = {name: seconds(pid) for name, pid in pids.items()}, time.monotonic()
        pause(house, options.seconds)
        lasted = time.monotonic() - at
        used = {name: seconds(pid) - before[name] for name, pid in pids.items()}
        resident = {name: processes.memory(pid) for name, pid in pids.items()}
        shared = {name: proportional(pid) for name, pid in pids.items()}
    finally:
        house.end()
        shutil.rmtree(folder)
    print(f"{options.servers} servers that sleep, all started in {started:.1f} s; {lasted:.0f} s measured")
    print(f"{'':>12}{'% of a core':>14}{'RSS MiB':>10}{'PSS MiB':>10}")
    for name in pids:
        share = 100 * used[name] / lasted
        print(f"{name:>12}{share:14.3f}{resident[name] / 2**20:10.1f}{shared[name] / 2**20:10.1f}")
    print(f"{'both':>12}{100 * sum(used.values()) / lasted:14.3f}")


if __name__ == "__main__":
    main()
