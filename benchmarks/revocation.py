"""How long a connection lives on after its right has ended.

    .venv/bin/python -m benchmarks.revocation [--times 100]

Each time an account logs in over TCP and opens a console, a download and an upload; then it is logged out, or
its session is ended, or it is disabled, deleted, given another password or fewer grants, in turn. Measured
from just before that is asked for until the client sees the end of each connection.
"""

import argparse
import itertools
import shutil
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import anyio
import anyio.abc
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from tests.system.house import Holdfast, program

NAME, SECRET = "guest", "a guest's password"
LARGE = 64 << 30
PACE = 0.002

Way = Callable[[Holdfast, str], None]


def _patch(house: Holdfast, **wish: object) -> None:
    house.local.patch("/accounts", json={"username": NAME, **wish}).raise_for_status()


WAYS: dict[str, Way] = {
    "logout": lambda house, token: _remote(house, "GET", "/logout", token),
    "session ended": lambda house, _: _local(house, f"/sessions?user={NAME}"),
    "account disabled": lambda house, _: _patch(house, disabled=True),
    "new password": lambda house, _: _patch(house, password=f"{SECRET} 2"),
    "fewer grants": lambda house, _: _patch(house, grants=["server.view"]),
    "account deleted": lambda house, _: _local(house, f"/accounts?username={NAME}"),
}


def _remote(house: Holdfast, method: str, path: str, token: str) -> None:
    house.remote.request(method, path, headers={"Authorization": token}).raise_for_status()


def _local(house: Holdfast, path: str) -> None:
    house.local.delete(path).raise_for_status()


class Opened:
    """The connections of one session, and when each of them ended."""

    def __init__(self, port: int, token: str) -> None:
        self._port = port
        self._token = token
        self.ready = 0
        self.began = float("inf")
        self.took: dict[str, float] = {}

    def _ended(self, name: str) -> None:
        self.took[name] = time.monotonic() - self.began

    async def console(self) -> None:
        url = f"ws://127.0.0.1:{self._port}/server/app/console"
        headers = {"Authorization": self._token}
        v2 = [Subprotocol("console-v2")]
        async with connect(url, additional_headers=headers, subprotocols=v2, proxy=None) as console:
            await console.recv()
            self.ready += 1
            with suppress(ConnectionClosed):
                while True:
                    await console.recv()
            self._ended("console")

    async def download(self) -> None:
        async with await self._ask("GET", "/server/app/file?path=/large", "") as stream:
            await stream.receive()
            self.ready += 1
            with suppress(anyio.EndOfStream, anyio.BrokenResourceError):
                while True:
                    await stream.receive(1 << 16)
                    if self.began > time.monotonic():
                        await anyio.sleep(PACE)
            self._ended("download")

    async def upload(self) -> None:
        async with await self._ask(
            "PUT", "/server/app/file?path=/new", "Transfer-Encoding: chunked\r\n"
        ) as stream:

            async def answered() -> None:
                with suppress(anyio.EndOfStream, anyio.BrokenResourceError):
                    await stream.receive()
                self._ended("upload")
                tasks.cancel_scope.cancel()

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(answered)
                self.ready += 1
                with suppress(anyio.BrokenResourceError):
                    while True:
                        await stream.send(b"3e8\r\n" + b"x" * 1000 + b"\r\n")
                        await anyio.sleep(PACE)

    async def _ask(self, method: str, path: str, more: str) -> anyio.abc.SocketStream:
        stream = await anyio.connect_tcp("127.0.0.1", self._port)
        head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: {self._token}\r\n{more}\r\n"
        await stream.send(head.encode())
        return stream


async def _once(house: Holdfast, way: Way) -> dict[str, float]:
    wish = {"username": NAME, "password": SECRET, "grants": ["server.*"]}
    house.local.delete(f"/accounts?username={NAME}")
    house.local.post("/accounts", json=wish).raise_for_status()
    answer = house.remote.get("/login", headers={"Username": NAME, "Password": SECRET})
    token = str(answer.json()["token"])
    opened = Opened(house.port, token)
    with anyio.fail_after(30):
        async with anyio.create_task_group() as tasks:
            for one in (opened.console, opened.download, opened.upload):
                tasks.start_soon(one)
            while opened.ready < 3:  # noqa: ASYNC110
                await anyio.sleep(PACE)
            opened.began = time.monotonic()
            await anyio.to_thread.run_sync(way, house, token)
            told = time.monotonic() - opened.began
    return {"(the request itself)": told, **opened.took}


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description="measure how long a connection outlives its right")
    parser.add_argument("--times", type=int, default=100)
    options = parser.parse_args()
    folder = tempfile.mkdtemp()
    house = Holdfast(folder)
    rows: dict[tuple[str, str], list[float]] = defaultdict(list)
    try:
        house.configure(app=program("ticker"))
        with Path(folder, "programs", "app", "large").open("wb") as file:
            file.truncate(LARGE)
        house.start()
        for _, (name, way) in zip(range(options.times), itertools.cycle(WAYS.items()), strict=False):
            for what, took in anyio.run(_once, house, way).items():
                rows[name, what].append(took)
                rows["all", what].append(took)
    finally:
        house.end()
        shutil.rmtree(folder)
    for (name, what), figures in sorted(rows.items()):
        median, worst = statistics.median(figures) * 1000, max(figures) * 1000
        print(f"{name:>17}, {what:<20}: median {median:6.1f} ms, worst {worst:6.1f} ms of {len(figures)}")


if __name__ == "__main__":
    main()
