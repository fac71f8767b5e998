"""Making, moving, copying and deleting through the API."""

import json
import os
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from daemon.api import operations

from .filehouse import FileHouse, filing

HOSTILE = ["..", "../x", "a/../../x", "\0", "x" * 5000, "x" * 256, "..\\x", ".holdfast/x", "%2e%2e/../.."]


@pytest.fixture
async def fs(folder: str) -> AsyncIterator[FileHouse]:
    async with filing(folder) as fs:
        (fs.files / "a").mkdir()
        (fs.files / "a" / "one").write_text("1")
        (fs.files / "two").write_text("2")
        (fs.files / "out").symlink_to("../files_secret")
        yield fs


def order(operation: str, src: str, dest: str) -> str:
    return json.dumps({"operation": operation, "src": src, "dest": dest})


async def test_a_folder_is_made(fs: FileHouse) -> None:
    assert await fs.told("POST", "folder", path="/a//new/") == (200, "")
    assert fs.tree()["a/new"] == ""
    assert await fs.told("POST", "folder", path="a") == (400, "This folder already exists!")
    assert await fs.told("POST", "folder", path="two") == (400, "This folder already exists!")
    assert (await fs.told("POST", "folder", path="no/where"))[0] == 404
    assert (await fs.told("POST", "folder", path="/"))[0] == 400
    assert fs.actions() == ["server.files.createFolder"]


async def test_what_is_deleted_is_gone_with_all_that_is_in_it(fs: FileHouse) -> None:
    assert await fs.told("DELETE", "file", path="two") == (200, "")
    assert await fs.told("DELETE", "file", path="/a/") == (200, "")
    assert await fs.told("DELETE", "file", path="out") == (200, "")
    assert os.listdir(fs.files) == []
    assert await fs.told("DELETE", "file", path="two") == (404, "This file does not exist!")
    for root in ("", "/", "/..", "a/.."):
        assert await fs.told("DELETE", "file", path=root) == (
            403,
            "This operation is dangerous and has been forbidden!",
        )
    assert fs.actions() == ["server.files.delete"] * 3


@pytest.mark.parametrize("form", ["json", "lines"])
async def test_a_file_is_moved_and_copied_in_both_forms(fs: FileHouse, form: str) -> None:
    def told(operation: str, src: str, dest: str) -> str:
        return order(operation, src, dest) if form == "json" else f"{operation}\n{src}\n{dest}"

    assert await fs.told("PATCH", "file", told("mv", "/two", "/a")) == (200, "")
    assert fs.tree()["a/two"] == "2"
    assert await fs.told("PATCH", "file", told("cp", "a/two", "three")) == (200, "")
    assert await fs.told("PATCH", "file", told("cp", "a", "b")) == (200, "")
    assert fs.tree()["b/two"] == "2"
    assert await fs.told("PATCH", "file", told("mv", "b", "c")) == (200, "")
    assert {"three", "c", "c/two"} <= set(fs.tree())
    assert fs.actions() == [
        "server.files.move",
        "server.files.copy",
        "server.files.copy",
        "server.files.move",
    ]


@pytest.mark.parametrize("operation", ["mv", "cp"])
async def test_what_cannot_be_moved_or_copied_is_told_in_octynes_words(fs: FileHouse, operation: str) -> None:
    before = fs.tree()

    async def told(src: str, dest: str) -> tuple[int, str]:
        return await fs.told("PATCH", "file", order(operation, src, dest))

    assert await told("nothing", "x") == (400, "The file specified in src does not exist!")
    assert await told("two", "a/one") == (409, "This file already exists!")
    assert await told("two", "no/where") == (400, "Destination parent folder does not exist!")
    assert (await told("a", "a/b"))[0] == 400
    assert (await told("a", "a"))[0] in (400, 409)
    assert (await told("/", "x"))[0] in (400, 403)
    assert (await told("out/treasure", "x"))[0] == 400
    assert (await told("two", "out/x"))[0] == 400
    for bad in HOSTILE:
        status, sentence = await told(bad, "x")
        assert (status, sentence.startswith("Invalid source path: ")) == (400, True)
        status, sentence = await told("two", bad)
        assert (status, sentence.startswith("Invalid destination path: ")) == (400, True)
    assert fs.tree() == before


@pytest.mark.parametrize(
    ("body", "status", "sentence"),
    [
        ("{", 400, "Invalid JSON body!"),
        ('{"operation": "mv", "src": "two"}', 400, "Invalid JSON body!"),
        ('{"operation": "mv", "src": 1, "dest": "x"}', 400, "Invalid JSON body!"),
        (b"\xff\xfe", 400, "Invalid JSON body!"),
        ('{"operation": "rm", "src": "two"}', 405, "Invalid operation! Operations available: mv,cp"),
        ("rm\ntwo\nx", 405, "Invalid operation! Operations available: mv,cp"),
        ("", 405, "Invalid operation! Operations available: mv,cp"),
        ("mv\ntwo", 405, "mv operation requires two arguments!"),
        ("cp", 405, "cp operation requires two arguments!"),
    ],
)
async def test_nonsense_is_refused(fs: FileHouse, body: str | bytes, status: int, sentence: str) -> None:
    assert await fs.told("PATCH", "file", body) == (status, sentence)


async def test_modes_are_changed_but_never_outside(fs: FileHouse) -> None:
    assert await fs.told("PATCH", "file", '{"operation": "chmod", "path": "two", "mode": "750"}') == (200, "")
    assert stat.S_IMODE((fs.files / "two").stat().st_mode) == 0o750
    wrong = [
        ("two", mode)
        for mode in ("4755", "rwx", "-1", "0o755", "7_5", " 755", "\u0667\u0665\u0665", "+75", "99")
    ]
    for path, mode in (*wrong, ("out", "755"), ("out/treasure", "777")):
        body = json.dumps({"operation": "chmod", "path": path, "mode": mode})
        assert (await fs.told("PATCH", "file", body))[0] in (400, 403)
    assert fs.actions() == ["server.files.changeMode"]


def bulk(*operations: dict[str, str]) -> str:
    return json.dumps({"operations": operations})


async def test_several_operations_are_done_in_order(fs: FileHouse) -> None:
    body = bulk(
        {"operation": "rm", "path": "/two"},
        {"operation": "mv", "src": "a/one", "dest": "two"},
        {"operation": "cp", "src": "two", "dest": "a/one"},
    )
    assert await fs.told("PATCH", "files", body, path="..") == (200, "")
    assert fs.tree() == {"a": "", "a/one": "1", "out": "-> ../files_secret", "two": "1"}
    (line,) = fs.lines()
    assert line["action"] == "server.files.bulk"
    assert not (fs.files / ".holdfast").exists()


async def test_all_are_done_or_none(fs: FileHouse) -> None:
    before = fs.tree()
    body = bulk({"operation": "rm", "path": "a"}, {"operation": "mv", "src": "nothing", "dest": "x"})
    answer = await fs.ask("PATCH", "files", body)
    assert answer.status_code == 400
    data = answer.json()
    assert data["success"] is False
    assert data["errors"] == [{"index": 1, "message": "The file specified in src does not exist!"}]
    assert fs.tree() == before
    answer = await fs.ask("PATCH", "files", bulk({"operation": "mv", "src": "two", "dest": "a/one"}))
    assert (answer.status_code, answer.json()["errors"]) == (
        409,
        [{"index": 0, "message": "This file already exists!"}],
    )
    assert fs.actions() == []


async def test_all_mistakes_are_told_before_anything_is_done(fs: FileHouse) -> None:
    body = bulk(
        {"operation": "rm", "path": "two"},
        {"operation": "touch", "path": "x"},
        {"operation": "mv", "src": "../x", "dest": "y"},
        {"operation": "cp", "src": "two"},
    )
    answer = await fs.ask("PATCH", "files", body)
    assert answer.status_code == 400
    assert [error["index"] for error in answer.json()["errors"]] == [1, 2, 3]
    assert (fs.files / "two").exists()
    for nonsense in ("", "[]", "{}", '{"operations": {}}', "[" * 100_000):
        assert await fs.told("PATCH", "files", nonsense) == (400, "Invalid JSON body!")
    assert (await fs.ask("PATCH", "files", bulk())).status_code == 400
    words: tuple[object, ...] = ([], {}, None, 1, "chmod")
    for word in words:
        answer = await fs.ask("PATCH", "files", json.dumps({"operations": [{"operation": word}]}))
        assert (answer.status_code, answer.json()["kind"]) == (400, "operation-failed"), word


async def test_a_client_that_does_not_wait_gets_a_job(fs: FileHouse) -> None:
    answer = await fs.ask("DELETE", "file", path="a", **{"async": "true"})
    token = answer.json()["token"]
    await fs.house.parts.jobs.find(token).outcome()
    assert not (fs.files / "a").exists()
    assert fs.actions() == ["server.files.delete"]


async def test_a_large_deletion_is_answered_before_the_disk_is_free(
    fs: FileHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operations, "GONE_AFTER", 0.0)
    await fs.fill("a", 3000)
    assert await fs.told("DELETE", "file", path="a") == (200, "")
    assert not (fs.files / "a").exists()
    (job,) = fs.house.parts.jobs.all()
    await job.gone.wait()
    assert fs.actions() == ["server.files.delete"]


@pytest.mark.parametrize("path", HOSTILE)
async def test_hostile_paths_are_refused_and_nothing_is_touched(fs: FileHouse, path: str) -> None:
    before = fs.tree()
    for method, where in (("POST", "folder"), ("DELETE", "file"), ("GET", "folder"), ("GET", "search")):
        status, sentence = await fs.told(method, where, path=path, q="x")
        assert (status, sentence.startswith("Invalid ")) == (400, True)
    assert fs.tree() == before


async def test_a_missing_folder_of_the_server_is_told(fs: FileHouse) -> None:
    os.rename(fs.files, Path(fs.house.folder, "elsewhere"))
    status, sentence = await fs.told("POST", "folder", path="x")
    assert (status, sentence.startswith("The folder of this server is missing")) == (404, True)
    os.rename(Path(fs.house.folder, "elsewhere"), fs.files)
