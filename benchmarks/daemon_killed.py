"""How long nobody is answered after the API daemon was killed with SIGKILL.

    .venv/bin/python -m benchmarks.daemon_killed [--times 20]

From the kill on: until a request that is sent at once is answered, and until a viewer that comes back with
its offset has the next line of a program that ticks every 10 ms.
"""

import argparse
import shutil
import statistics
import tempfile
import time

import httpx
from websockets.exceptions import WebSocketException

from tests.system import processes
from tests.system.house import Holdfast, program
from tests.system.local import WayIn
from tests.system.rawconsole import RawConsole


def main() -> None:
    """Measure, and print the medians."""
    parser = argparse.ArgumentParser(description="measure how long a killed daemon is missed")
    parser.add_argument("--times", type=int, default=20)
    options = parser.parse_args()
    folder = tempfile.mkdtemp()
    house = Holdfast(folder)
    try:
        house.configure(ticker=program("ticker"))
        house.start()
        rows = [(_answered(house), _shown(house)) for _ in range(options.times)]
    finally:
        house.end()
        shutil.rmtree(folder)
    for what, figures in zip(
        ("next answered request", "next console line"), zip(*rows, strict=True), strict=True
    ):
        median, best, worst = (f(figures) * 1000 for f in (statistics.median, min, max))
        print(f"{what:>22}: median {median:.0f} ms, best {best:.0f} ms, worst {worst:.0f} ms")


def _kill(house: Holdfast) -> float:
    pid = house.until(lambda: house.daemon, "there is a daemon")
    assert pid is not None
    processes.kill(pid)
    return time.monotonic()


def _answered(house: Holdfast) -> float:
    begin = _kill(house)
    with httpx.Client(transport=WayIn(house.path("api.sock")), base_url="http://x", timeout=60) as client:
        while True:
            try:
                client.get("/servers").raise_for_status()
            except httpx.TransportError:
                continue  # the connection was accepted by the one that died
            return time.monotonic() - begin


def _shown(house: Holdfast) -> float:
    console = RawConsole(house.path("api.sock"), "ticker")
    console.visit(b"tick 1\n")
    last = int(console.data[: console.data.rindex(b"\n")].rpartition(b"tick ")[2])
    # Our connection is closed by now: we come back as a viewer does that was hung up on.
    begin = _kill(house)
    after = b"tick %d\n" % (last + 1)
    while after not in console.data:
        try:
            console.visit(after)
        except (OSError, WebSocketException):
            continue
    return time.monotonic() - begin


if __name__ == "__main__":
    main()
