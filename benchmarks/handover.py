"""How long a handover takes: the pause in which no output is read and nobody is answered.

    .venv/bin/python -m benchmarks.handover [--services 1 50 500] [--times 20] [--output BYTES]

Starts a supervisor of this checkout with so many programs that wait, each with so much output in its
scrollback, and hands it over again and again. The supervisor itself tells the pause.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time

import anyio

from supervisor import Plan, ServiceSpec, SupervisorClient, SupervisorUnreachable
from supervisor.wire import INTERFACE, Channel, connect

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

PATIENCE = 120.0
"""Seconds in which a run must come so far."""


def main() -> None:
    """Measure, and print a line for each number of services."""
    parser = argparse.ArgumentParser(description="measure the pause of a handover")
    parser.add_argument("--services", type=int, nargs="+", default=[1, 50, 500])
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--output", type=int, default=100_000, help="bytes of output of each program")
    options = parser.parse_args()
    sys.stdout.write(
        f"{'programs':>8}  {'pause: median':>13}  {'best':>6}  {'worst':>6}  {'asked to answered':>17}\n"
    )
    for count in options.services:
        pauses, alls = anyio.run(measure, count, options.times, options.output)
        figures = [statistics.median(pauses), min(pauses), max(pauses), statistics.median(alls)]
        median, best, worst, whole = (f"{seconds * 1000:.0f} ms" for seconds in figures)
        sys.stdout.write(f"{count:>8}  {median:>13}  {best:>6}  {worst:>6}  {whole:>17}\n")
        sys.stdout.flush()


async def measure(count: int, times: int, output: int) -> tuple[list[float], list[float]]:
    """Return the pauses, and the times from the request to the next answer, in seconds."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-P", "-m", "supervisor", "--state-dir", folder, "--runtime-dir", folder]
        process = subprocess.Popen(  # noqa: ASYNC220
            command, env={**os.environ, "PYTHONPATH": ROOT}, stderr=subprocess.DEVNULL
        )
        try:
            with anyio.fail_after(PATIENCE + times * 10):
                return await _measure(os.path.join(folder, "supervisor.sock"), count, times, output)
        finally:
            process.terminate()
            process.wait()


async def _measure(path: str, count: int, times: int, output: int) -> tuple[list[float], list[float]]:
    api = SupervisorClient(path)
    while True:
        try:
            await api.list()
            break
        except SupervisorUnreachable:
            await anyio.sleep(0.02)
    talker = f"head -c {output} /dev/zero | tr '\\0' x; exec sleep 10000"
    await api.apply(Plan(tuple(ServiceSpec(f"s{n}", ("/bin/sh", "-c", talker), "/") for n in range(count))))
    while any(status.state != "running" for status in await api.list()):  # noqa: ASYNC110
        await anyio.sleep(0.1)
    pids = [status.pid for status in await api.list()]
    pauses: list[float] = []
    alls: list[float] = []
    for number in range(1, times + 1):
        begin = time.monotonic()
        try:
            await _ask(path, "Upgrade")
        except (anyio.EndOfStream, anyio.BrokenResourceError):
            told = await _ask(path, "Handover")
        alls.append(time.monotonic() - begin)
        if told["handovers"] != number:
            raise SystemExit(f"the handover failed: {told['failure']}")
        pauses.append(float(str(told["pause"])))
    if [status.pid for status in await api.list()] != pids:
        raise SystemExit("a program was restarted")
    return pauses, alls


async def _ask(path: str, method: str) -> dict[str, object]:
    channel = Channel(await connect(path))
    try:
        await channel.send({"method": f"{INTERFACE}.{method}"})
        parameters = (await channel.receive())["parameters"]
        assert isinstance(parameters, dict)
        return parameters
    finally:
        await channel.aclose()


if __name__ == "__main__":
    main()
