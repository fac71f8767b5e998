"""What was deleted, and comes back."""

from collections.abc import AsyncIterator

import pytest

from daemon.transfers import Transfers
from daemon.upkeep import Upkeep

from .filehouse import FileHouse, filing
from .house import Json


@pytest.fixture
async def fs(folder: str) -> AsyncIterator[FileHouse]:
    async with filing(folder, trash={"enabled": True}) as fs:
        (fs.files / "a" / "b").mkdir(parents=True)
        (fs.files / "a" / "b" / "one").write_text("1")
        (fs.files / "two").write_text("22")
        yield fs


async def contents(fs: FileHouse) -> list[Json]:
    return list((await fs.ask("GET", "trash")).json()["contents"])


async def test_what_is_deleted_lies_in_the_trash_and_comes_back(fs: FileHouse) -> None:
    before = fs.tree()
    assert await fs.told("DELETE", "file", path="two") == (200, "")
    assert await fs.told("DELETE", "file", path="a") == (200, "")
    assert fs.tree() == {}
    folder, file = await contents(fs)
    assert (folder["path"], folder["folder"]) == ("/a", True)
    assert (file["path"], file["name"], file["size"], file["folder"]) == ("/two", "two", 2, False)
    assert file["deletedBy"] == "admin"
    assert (await fs.ask("GET", "files")).json() == {"contents": []}
    for one in (folder, file):
        answer = await fs.ask("PATCH", "trash", f'{{"id": "{one["id"]}"}}')
        assert answer.json() == {"success": True, "path": one["path"]}
    assert fs.tree() == before
    assert await contents(fs) == []
    assert fs.actions() == ["server.files.delete"] * 2 + ["server.files.restore"] * 2


async def test_nothing_is_overwritten_by_what_comes_back(fs: FileHouse) -> None:
    await fs.told("DELETE", "file", path="two")
    (fs.files / "two").write_text("new")
    (one,) = await contents(fs)
    body = f'{{"id": "{one["id"]}"}}'
    assert await fs.told("PATCH", "trash", body) == (409, "This file already exists!")
    assert (await fs.ask("PATCH", "trash", body[:-1] + ', "dest": "/a/old"}')).status_code == 200
    assert (fs.files / "a" / "old").read_text() == "22"
    for nonsense in ('{"id": "../../x"}', '{"id": "0123456789abcdef"}'):
        assert await fs.told("PATCH", "trash", nonsense) == (404, "This is not in the trash!")
    assert await fs.told("PATCH", "trash", "{}") == (400, "No id provided!")
    await fs.told("DELETE", "file", path="two")
    (one,) = await contents(fs)
    body = f'{{"id": "{one["id"]}", "dest": "no/where"}}'
    assert await fs.told("PATCH", "trash", body) == (404, "Destination parent folder does not exist!")


async def test_it_is_emptied_one_by_one_or_as_a_whole(fs: FileHouse) -> None:
    for name in ("two", "a"):
        await fs.told("DELETE", "file", path=name)
    (folder, _) = await contents(fs)
    assert await fs.told("DELETE", "trash", id=str(folder["id"])) == (200, "")
    assert [one["name"] for one in await contents(fs)] == ["two"]
    assert await fs.told("DELETE", "trash", id="0123456789abcdef") == (404, "This is not in the trash!")
    assert await fs.told("DELETE", "trash") == (200, "")
    assert await contents(fs) == []
    assert not (fs.files / ".holdfast").exists()


async def test_who_asks_may_do_without_the_trash_and_several_operations_use_it_too(fs: FileHouse) -> None:
    assert await fs.told("DELETE", "file", path="two", trash="false") == (200, "")
    assert await contents(fs) == []
    body = '{"operations": [{"operation": "rm", "path": "a"}]}'
    assert await fs.told("PATCH", "files", body) == (200, "")
    assert [one["path"] for one in await contents(fs)] == ["/a"]


async def test_what_is_too_old_goes(fs: FileHouse) -> None:
    await fs.told("DELETE", "file", path="two")
    parts = fs.house.parts
    upkeep = Upkeep(parts.files, Transfers(parts.files))
    config = parts.reloader.config
    await upkeep.configure(config)
    await upkeep.tend(str(fs.files))
    assert len(await contents(fs)) == 1
    text = fs.house.text().replace('"enabled": true', '"enabled": true, "days": 0')
    await upkeep.configure(parts.reloader.file.parse(text.encode()))
    await upkeep.tend(str(fs.files))
    assert await contents(fs) == []
