"""Searching, and measuring folders, through the API."""

import json
import os
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest

from daemon import job

from .house import House, Json, eventually, living, program
from .test_jobs_api import endless


@pytest.fixture
async def house(folder: str) -> AsyncIterator[House]:
    """A daemon with one server that has a folder of its own."""
    files = Path(folder, "files")
    (files / "sub").mkdir(parents=True)
    (files / "sub" / "one.txt").write_text("alpha\nbeta\n")
    (files / "two.txt").write_text("beta\n")
    os.symlink("/etc", files / "out")
    server = {**program("echo"), "directory": str(files)}
    async with living(folder, servers={"app": server}) as house:
        yield house


async def search(house: House, query: str) -> tuple[list[Json], Json]:
    answer = await house.remote.get(f"/server/app/search?{query}")
    assert answer.status_code == 200, answer.text
    *found, last = [json.loads(line) for line in answer.text.splitlines()]
    return found, last


async def test_names_are_found(house: House) -> None:
    found, last = await search(house, "q=*.txt")
    assert [one["path"] for one in found] == ["/sub/one.txt", "/two.txt"]
    assert last == {"done": True, "count": 2, "complete": True, "unread": 0}


async def test_lines_are_found_with_limits(house: House) -> None:
    found, last = await search(house, "q=BETA&in=content&limit=1")
    assert [(one["path"], one["line"], one["column"], one["text"]) for one in found] == [
        ("/sub/one.txt", 2, 1, "beta")
    ]
    assert last == {"done": True, "count": 1, "complete": False, "unread": 0}
    found, last = await search(house, "q=BETA&in=content&case=true")
    assert (found, last["count"]) == ([], 0)
    found, last = await search(house, "q=%5Eb&in=content&regex=true&path=/sub/")
    assert len(found) == 1


@pytest.mark.parametrize(
    ("query", "status", "sentence"),
    [
        ("", 400, "No search text (q) provided!"),
        ("q=x&in=dreams", 400, "Search in can be name or content!"),
        ("q=x&limit=0", 400, "limit is a whole number from 1 to 10000!"),
        ("q=x&limit=%C2%B2", 400, "limit is a whole number from 1 to 10000!"),
        ("q=(&regex=true", 400, "the regular expression is wrong"),
        ("q=x&path=..", 400, "Invalid folder path: it leads out of the folder"),
        ("q=x&path=/out", 400, "leads out of the folder"),
        ("q=x&path=%FF", 400, "Invalid folder path: it is not UTF-8"),
        ("q=x&path=nothing", 404, "This folder does not exist!"),
        ("q=x&path=two.txt", 400, "This is not a folder!"),
    ],
)
async def test_nonsense_is_refused_before_anything_is_sent(
    house: House, query: str, status: int, sentence: str
) -> None:
    answer = await house.remote.get(f"/server/app/search?{query}")
    assert answer.status_code == status
    assert sentence in answer.json()["error"]


async def test_a_search_ends_when_nobody_reads_any_more(house: House) -> None:
    endless(house)

    async def phases() -> list[str]:
        return [str(job.phase) for job in house.parts.jobs.all()]

    with anyio.fail_after(30):
        query = "q=text&in=content&limit=10000&maxSize=1099511627776"
        async with house.remote.stream("GET", f"/server/app/search?{query}") as answer:
            assert answer.status_code == 200
        await eventually(phases, lambda seen: seen == ["cancelled"])


async def test_a_search_in_which_nothing_happens_is_ended(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job, "SILENCE", 0.5)
    Path(house.folder, "files", "evil").write_text("a" * 60 + "!\n")
    answer = await house.remote.get("/server/app/search?q=(a%2B)%2B%24&in=content&regex=true")
    assert (answer.status_code, answer.json()["error"]) == (500, "nothing has happened for 0 s")


async def test_a_folder_is_measured(house: House) -> None:
    answer = await house.remote.get("/server/app/folder?path=/")
    told = answer.json()
    assert (told["size"], told["files"], told["folders"]) == (16, 3, 1)
    answer = await house.remote.get("/server/app/folder?path=two.txt")
    assert (answer.status_code, answer.json()["kind"]) == (400, "not-a-folder")
