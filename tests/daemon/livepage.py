"""What a page puts together from the messages of `/live`."""

import json
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import cast

import anyio
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from .door import DEADLINE
from .house import Json

TICKING = ("cpuUsage", "memoryUsage", "uptime", "restartIn", "startedAt")


class Page:
    """Follows, and knows what it has been told."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.servers: dict[str, Json] = {}
        self.jobs: dict[str, Json] = {}
        self.events: list[Json] = []
        self.usage: Json = {}
        self.sparks: Json = {}
        self.supervisor: object = None
        self.seen: Counter[str] = Counter()
        self.order: list[str] = []

    def take(self, text: str) -> None:
        """Take in one message."""
        message = cast("Json", json.loads(text))
        kind = cast("str", message["type"])
        self.seen[kind] += 1
        self.order.append(kind)
        match kind:
            case "servers":
                self.servers = cast("dict[str, Json]", message["servers"])
                self.supervisor = message["supervisor"]
            case "server":
                self.servers[cast("str", message["name"])] = cast("Json", message["server"])
            case "removed":
                del self.servers[cast("str", message["name"])]
            case "usage":
                self.usage = message
            case "sparks":
                self.sparks = message
            case "jobs":
                self.jobs = {cast("str", job["id"]): job for job in cast("list[Json]", message["jobs"])}
            case "job":
                job = cast("Json", message["job"])
                self.jobs[cast("str", job["id"])] = job
            case "event":
                self.events.append(cast("Json", message["event"]))
            case _:
                assert kind == "ping"

    async def until(self, holds: Callable[[], object]) -> None:
        """Take in messages until this holds."""
        with anyio.fail_after(DEADLINE):
            while not holds():
                self.take(cast("str", await self.connection.recv()))

    async def end(self) -> int | None:
        """Take in what comes until the connection is closed; return its code."""
        with anyio.fail_after(DEADLINE), suppress(ConnectionClosed):
            async for text in self.connection:
                self.take(cast("str", text))
        return self.connection.close_code


def still(server: Json) -> Json:
    """Return what is told of a server without what goes on by itself."""
    kept = {key: value for key, value in server.items() if key not in TICKING}
    if isinstance(following := kept.get("next"), dict):
        kept["next"] = following["action"]
    return kept
