"""A house whose server has a folder of its own, with files in it."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

from .house import House, Json, living, program


@dataclass
class Shelf:
    """A house, and the folder of its server `app`."""

    house: House
    folder: Path

    @property
    def client(self) -> httpx.AsyncClient:
        """Asks over TCP, with the token."""
        return self.house.remote

    def names(self) -> list[str]:
        """Return all that is in the folder, hidden or not."""
        return sorted(str(one.relative_to(self.folder)) for one in self.folder.rglob("*"))

    def held(self) -> list[str]:
        """Return what this process has open of it."""
        found = []
        for name in os.listdir("/proc/self/fd"):
            with suppress(OSError):
                found.append(os.readlink(f"/proc/self/fd/{name}"))
        return [one for one in found if one.startswith(str(self.folder))]

    def audited(self, action: str) -> list[Json]:
        """Return what the audit log tells of an action that was done, without the time."""
        rows = [row for row in self.house.done() if row.get("action") == action]
        return [{key: row[key] for key in ("user", "server", "path")} for row in rows]

    async def limit(self, **files: int) -> None:
        """Put another `files` section into the config."""
        self.house.settings["files"] = files
        await self.house.configure(app=server(self.folder))


def server(folder: Path) -> Json:
    """A server that runs in a folder."""
    return {**program("echo"), "directory": str(folder)}


@asynccontextmanager
async def shelved(folder: str) -> AsyncIterator[Shelf]:
    """Run a house with a server in `folder`/app."""
    place = Path(folder) / "app"
    os.mkdir(place)
    async with living(folder, servers={"app": server(place)}) as house:
        yield Shelf(house, place)
