"""A folder with a hundred thousand entries holds up nobody."""

import os
from collections.abc import AsyncIterator

import anyio
import pytest

from .filehouse import FileHouse, filing
from .house import PACE, eventually

MANY = 100_000


@pytest.fixture
async def fs(folder: str) -> AsyncIterator[FileHouse]:
    async with filing(folder) as fs:
        (fs.files / "many").mkdir()
        yield fs


async def test_others_are_answered_while_a_huge_folder_is_listed_and_deleted(fs: FileHouse) -> None:
    await fs.fill("many", MANY)
    answered = 0

    async def ask() -> None:
        nonlocal answered
        while True:
            assert (await fs.house.local.get("/servers")).status_code == 200
            answered += 1
            await anyio.sleep(PACE)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ask)
        answer = await fs.ask("GET", "files", path="many")
        listed = answer.json()["contents"]
        assert [one["name"] for one in listed] == [f"{number:06}" for number in range(MANY)]
        assert answered > 2
        before = answered
        assert await fs.told("DELETE", "file", path="many") == (200, "")
        assert answered > before
        tasks.cancel_scope.cancel()

    async def left() -> list[str]:
        return os.listdir(fs.files)

    # It was renamed away before the answer; to free so much may take longer than anybody waits.
    await eventually(left, lambda names: names == [])
