"""A daemon with one server that has a folder of its own, and what tests of its files say."""

import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import anyio.to_thread
from httpx import Response

from .house import House, Json, living, program


@dataclass
class FileHouse:
    """The house, and the folder of its server `app`."""

    house: House
    files: Path

    def tree(self) -> dict[str, str]:
        """Return what is in the folder: text of files, targets of links, "" for folders; not ours."""
        found = {}
        for path in sorted(self.files.rglob("*")):
            name = str(path.relative_to(self.files))
            if name.startswith(".holdfast"):
                continue
            if path.is_symlink():
                found[name] = f"-> {path.readlink()}"
            elif path.is_file():
                found[name] = path.read_text(errors="replace")
            else:
                found[name] = ""
        return found

    async def fill(self, folder: str, count: int) -> None:
        """Make so many empty files in a folder: 000000, 000001, …"""

        def work() -> None:
            at = os.open(self.files / folder, os.O_RDONLY)
            for number in range(count):
                os.mknod(f"{number:06}", dir_fd=at)
            os.close(at)

        await anyio.to_thread.run_sync(work)

    async def ask(self, method: str, what: str, body: str | bytes = b"", /, **query: str) -> Response:
        """Ask something about the server, as `admin`."""
        return await self.house.remote.request(
            method, f"/server/app/{what}", params=query or None, content=body
        )

    async def told(self, method: str, what: str, body: str | bytes = b"", /, **query: str) -> tuple[int, str]:
        """Return the status and the error, "" if it went well."""
        answer = await self.ask(method, what, body, **query)
        data = answer.json()
        if answer.status_code == 200:
            assert data["success"] is True, data
            return 200, ""
        assert isinstance(data["error"], str)
        assert isinstance(data["kind"], str)
        return answer.status_code, data["error"]

    def actions(self) -> list[str]:
        """Return what was done with files, by the audit log."""
        return [str(line["action"]) for line in self.lines()]

    def lines(self) -> Sequence[Json]:
        """Return the lines of the audit log about what was done with files."""
        return [line for line in self.house.done() if str(line.get("action", "")).startswith("server.files")]


@asynccontextmanager
async def filing(folder: str, **settings: object) -> AsyncIterator[FileHouse]:
    """Run a daemon with one server; `settings` are those of the section `files`."""
    files = Path(folder, "files")
    files.mkdir()
    outside = Path(folder, "files_secret")
    outside.mkdir()
    (outside / "treasure").write_text("treasure")
    server = {**program("echo"), "directory": str(files)}
    async with living(folder, servers={"app": server}, section=settings) as house:
        yield FileHouse(house, files)
    assert [one.read_text() for one in outside.iterdir()] == ["treasure"]
