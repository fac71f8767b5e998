"""How much does a flood of wrong logins slow down everybody else?

    .venv/bin/python -m benchmarks.login_flood [--seconds 10] [--rate 50] [--rounds 3]

A listing and the echo of a console are timed while nobody logs in, while logins flood that have to wait, and
while they flood and each is checked, as if they came from very many addresses. The cases take turns.
"""

import argparse
import contextlib
import shutil
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator

import httpx

from tests.system.house import Holdfast, program

Times = dict[str, list[float]]


class Flood:
    """So many wrong logins a second, each on a connection of its own, from several threads."""

    def __init__(self, house: Holdfast, rate: float, threads: int = 10) -> None:
        self._url = f"http://127.0.0.1:{house.port}/login"
        self._pause = threads / rate
        self._threads = threads
        self._lock = threading.Lock()
        self.statuses: dict[int, int] = {}

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Flood for as long as this lasts."""
        enough = threading.Event()
        threads = [
            threading.Thread(target=self._run, args=(enough, number)) for number in range(self._threads)
        ]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            enough.set()
            for thread in threads:
                thread.join()

    def _run(self, enough: threading.Event, number: int) -> None:
        headers = {"Username": "admin" if number % 2 else f"name{number}", "Password": "wrong one"}
        with httpx.Client(trust_env=False, timeout=60) as client:
            due = time.monotonic() + self._pause * number / self._threads
            while not enough.wait(max(0.0, due - time.monotonic())):
                status = client.post(self._url, headers=headers).status_code
                with self._lock:
                    self.statuses[status] = self.statuses.get(status, 0) + 1
                due = max(due + self._pause, time.monotonic() - 1)


def listing(house: Holdfast) -> Callable[[], float]:
    """Return what times `GET /servers` over TCP."""

    def ask() -> float:
        begin = time.monotonic()
        house.remote.get("/servers").raise_for_status()
        return time.monotonic() - begin

    return ask


def echo(house: Holdfast) -> Callable[[], float]:
    """Return what times a line from the keyboard to the screen."""
    console, count = house.console("app"), 0
    console.until("ready")

    def ask() -> float:
        nonlocal count
        count += 1
        begin = time.monotonic()
        console.type(f"line {count}.")
        console.until(f"line {count}.")
        return time.monotonic() - begin

    return ask


def measure(asks: dict[str, Callable[[], float]], seconds: float, times: Times) -> None:
    """Ask all in turn, ten times a second, and note what each took."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for name, ask in asks.items():
            times[name].append(ask())
        time.sleep(0.1)


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description="measure everybody else during a flood of logins")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--rate", type=float, default=50)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    folder = tempfile.mkdtemp()
    house = Holdfast(folder)
    cases: dict[str, Times] = {}
    heard: dict[str, dict[int, int]] = {}
    try:
        house.configure(app=program("echo"))
        house.start()
        house.log_in()
        asks = {"listing": listing(house), "console echo": echo(house)}
        free = {"delay": {"account": 1_000_000, "address": 1_000_000}}
        for _ in range(options.rounds):
            for case, login in (("quiet", {}), ("flood, made to wait", {}), ("flood, all checked", free)):
                house.settings["login"] = login
                answer = house.local.patch("/config", content=house.text(app=program("echo")))
                answer.raise_for_status()
                times = cases.setdefault(case, {name: [] for name in asks})
                flood = Flood(house, options.rate)
                with contextlib.nullcontext() if case == "quiet" else flood.running():
                    measure(asks, options.seconds, times)
                known = heard.setdefault(case, {})
                for status, count in flood.statuses.items():
                    known[status] = known.get(status, 0) + count
    finally:
        house.end()
        shutil.rmtree(folder)
    lasted = options.seconds * options.rounds
    print(f"{options.rate:.0f} wrong logins a second; milliseconds, median (95 % below)")
    print(f"{'':>20}  {'listing':>18}  {'console echo':>18}  answers to the logins")
    for case, times in cases.items():
        cells = []
        for name, figures in times.items():
            median = statistics.median(figures)
            ratio = median / statistics.median(cases["quiet"][name])
            worst = statistics.quantiles(figures, n=20)[-1]
            cells.append(f"{median * 1e3:5.1f} ({worst * 1e3:5.1f}) {ratio:3.1f}x")
        answers = ", ".join(f"{status}: {count / lasted:.0f}/s" for status, count in heard[case].items())
        print(f"{case:>20}  {cells[0]:>18}  {cells[1]:>18}  {answers}")


if __name__ == "__main__":
    main()
