"""How fast may a program write? Alone into `cat`, and supervised, with viewers who read and who do not.

    .venv/bin/python -m benchmarks.flood [--mebibytes 256] [--rounds 5]

The program measures itself: from before its first write to after its last one. The cases take turns, so that
whatever else the machine does falls on all of them.
"""

import argparse
import contextlib
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from tests.system import processes
from tests.system.house import Holdfast

# Lines of 100 bytes, 640 of them with each write; the time goes to a file, since the output is what we drown.
WRITER = """
import os, sys, time
block = b"".join(b"%099d\\n" % number for number in range(640))
count = int(sys.argv[1]) * 1048576 // len(block)
begin = time.monotonic()
for _ in range(count):
    rest = memoryview(block)
    while rest:
        rest = rest[os.write(1, rest):]
took = time.monotonic() - begin
with open("took.new", "w") as file:
    file.write(repr(count * len(block) / took))
os.rename("took.new", "took")
"""

PATIENCE = 120.0
"""Seconds after which a run is given up."""


class Flood:
    """One program and the ways to run it."""

    def __init__(self, house: Holdfast, mebibytes: int) -> None:
        self._house = house
        self._command = [sys.executable, "-I", "-S", "-c", WRITER, str(mebibytes)]
        house.configure(flood={"command": self._command, "enabled": False})
        self._took = house.path("programs", "flood", "took")

    def alone(self) -> float:
        """Run it into `cat`; return bytes per second."""
        writer = subprocess.Popen(self._command, cwd=os.path.dirname(self._took), stdout=subprocess.PIPE)
        with writer:
            cat = subprocess.Popen(["cat"], stdin=writer.stdout, stdout=subprocess.DEVNULL)
            with cat:
                writer.wait(PATIENCE)
                assert writer.stdout is not None
                writer.stdout.close()
                cat.wait(PATIENCE)
        return self._result()

    def supervised(self, viewer: AbstractContextManager[object]) -> float:
        """Run it under supervision while somebody looks on; return bytes per second."""
        with viewer:
            assert self._house.order("flood", "START")
            self._house.until(lambda: os.path.exists(self._took), "the program has written all", PATIENCE)
            self._house.until_status("flood", 0)
            return self._result()

    def _result(self) -> float:
        with open(self._took, encoding="ascii") as file:
            speed = float(file.read())
        os.unlink(self._took)
        return speed

    @contextmanager
    def reader(self) -> Iterator[None]:
        """A viewer who takes what comes and throws it away, at next to no cost."""
        with self._house.bare_viewer("flood") as one:

            def take() -> None:
                buffer = bytearray(1 << 16)
                with contextlib.suppress(OSError):
                    while one.recv_into(buffer):
                        pass

            thread = threading.Thread(target=take)
            thread.start()
            try:
                yield
            finally:
                one.shutdown(socket.SHUT_RDWR)
                thread.join()

    def sleeper(self) -> socket.socket:
        """A viewer who never reads."""
        return self._house.bare_viewer("flood")


def measure(house: Holdfast, mebibytes: int, rounds: int) -> dict[str, list[float]]:
    """Return the speeds of each case, in bytes per second."""
    flood = Flood(house, mebibytes)
    house.start()
    cases: dict[str, Callable[[], float]] = {
        "alone, into cat": flood.alone,
        "supervised, no viewer": lambda: flood.supervised(nullcontext()),
        "supervised, a viewer that never reads": lambda: flood.supervised(flood.sleeper()),
        "supervised, a viewer that reads": lambda: flood.supervised(flood.reader()),
    }
    speeds: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(rounds):
        for name, run in cases.items():
            speeds[name].append(run())
    return speeds


def show(speeds: dict[str, list[float]]) -> None:
    """Print the medians, and how they compare to the two cases that matter."""
    medians = {name: statistics.median(values) for name, values in speeds.items()}
    alone, unwatched = list(medians.values())[:2]
    print(f"{'':40}{'MB/s':>8}{'min':>8}{'max':>8}{'of alone':>10}{'of unwatched':>14}")
    for name, median in medians.items():
        low, high = min(speeds[name]), max(speeds[name])
        print(
            f"{name:40}{median / 1e6:8.0f}{low / 1e6:8.0f}{high / 1e6:8.0f}"
            f"{median / alone:10.0%}{median / unwatched:14.0%}"
        )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.flood", description=__doc__.split("\n\n")[0])
    parser.add_argument("--mebibytes", type=int, default=256, help="what each run writes")
    parser.add_argument("--rounds", type=int, default=5, help="how often each case runs")
    options = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="holdfast-flood-")
    house = Holdfast(folder)
    try:
        speeds = measure(house, options.mebibytes, options.rounds)
        assert house.daemon is not None
        peaks = [processes.memory(pid, "VmHWM") >> 20 for pid in (house.supervisor, house.daemon)]
    finally:
        house.end()
        shutil.rmtree(folder)
    print(f"{options.mebibytes} MiB in lines of 100 bytes, median of {options.rounds}")
    show(speeds)
    print(f"peak memory: supervisor {peaks[0]} MiB, daemon {peaks[1]} MiB")


if __name__ == "__main__":
    main()
