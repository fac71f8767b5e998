"""Archives through the API."""

import io
import json
import os
import tarfile
import zipfile
from collections.abc import AsyncIterator
from contextlib import suppress

import anyio
import httpx
import pytest

from daemon.api import archives

from .filehouse import FileHouse, filing
from .house import eventually
from .test_operations_api import HOSTILE


@pytest.fixture
async def fs(folder: str) -> AsyncIterator[FileHouse]:
    async with filing(folder, extract={"size": 1 << 20}) as fs:
        (fs.files / "world" / "region").mkdir(parents=True)
        (fs.files / "world" / "level").write_text("level" * 100)
        (fs.files / "world" / "region" / "r.0").write_text("region")
        (fs.files / "world" / "link").symlink_to("level")
        (fs.files / "out").symlink_to("../files_secret")
        yield fs


def names(data: bytes) -> list[str]:
    with suppress(tarfile.ReadError), tarfile.open(fileobj=io.BytesIO(data)) as archive:
        return sorted(name.rstrip("/") for name in archive.getnames())
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return sorted(name.rstrip("/") for name in archive.namelist())


@pytest.mark.parametrize("route", ["compress", "compress/v2"])
@pytest.mark.parametrize(
    ("query", "name"),
    [
        ({}, "a.zip"),
        ({"compress": "false"}, "a.zip"),
        ({"compress": "zstd"}, "a.zip"),
        ({"archiveType": "tar"}, "a.tar.gz"),
        ({"archiveType": "tar", "compress": "false"}, "a.tar"),
        ({"archiveType": "tar", "compress": "xz"}, "a.tar.xz"),
        ({"archiveType": "tar", "compress": "bzip2"}, "a.tar.bz2"),
    ],
)
async def test_an_archive_is_made_with_names_from_the_base_on(
    fs: FileHouse, route: str, query: dict[str, str], name: str
) -> None:
    body = '["/level", "region"]'
    assert await fs.told("POST", route, body, path=name, basePath="/world/", **query) == (200, "")
    assert names((fs.files / name).read_bytes()) == ["level", "region", "region/r.0"]
    (line,) = fs.lines()
    assert line["action"] == "server.files.compress"


async def test_without_a_base_names_begin_at_the_top(fs: FileHouse) -> None:
    assert await fs.told("POST", "compress", '["/world"]', path="/a.zip") == (200, "")
    found = names((fs.files / "a.zip").read_bytes())
    assert found == ["world", "world/level", "world/link", "world/region", "world/region/r.0"]


async def test_a_token_is_a_view_of_the_job(fs: FileHouse) -> None:
    answer = await fs.ask("POST", "compress", '["world"]', path="a.zip", **{"async": "true"})
    token = answer.json()["token"]
    assert len(token) == 32

    async def look() -> httpx.Response:
        return await fs.ask("GET", "compress/v2", token=token)

    done = await eventually(look, lambda answer: answer.json() != {"finished": False})
    assert done.json() == {"finished": True}
    answer = await fs.house.local.get(f"/jobs/{token}")
    assert (answer.json()["state"], answer.json()["kind"]) == ("done", "compress")
    assert await fs.told("GET", "compress") == (400, "No token provided!")
    assert await fs.told("GET", "compress", token="0" * 32) == (400, "Invalid token!")


async def test_what_cannot_be_archived_is_told_in_octynes_words(fs: FileHouse) -> None:
    (fs.files / "old").write_text("")
    before = fs.tree()
    cases = [
        ({"archiveType": "rar"}, "[]", 400, "Invalid archive type!"),
        ({"compress": "lzma"}, "[]", 400, "Invalid compression type!"),
        ({}, "{}", 400, "Invalid JSON body!"),
        ({}, "[1]", 400, "Invalid JSON body!"),
        ({}, "", 400, "Invalid JSON body!"),
        ({}, '["nothing"]', 400, "The file nothing does not exist!"),
        ({"basePath": "nowhere"}, '["x"]', 400, "The file x does not exist!"),
        ({"path": "old"}, '["world"]', 400, "A file/folder already exists at the path of requested archive!"),
        ({"path": "/"}, '["world"]', 400, "A file/folder already exists at the path of requested archive!"),
    ]
    for query, body, status, sentence in cases:
        assert await fs.told("POST", "compress", body, **{"path": "new.zip", **query}) == (status, sentence)
    for bad in HOSTILE:
        assert (await fs.told("POST", "compress", '["world"]', path=bad))[0] == 400
        assert (await fs.told("POST", "compress", '["world"]', path="a.zip", basePath=bad))[0] == 400
        status, sentence = await fs.told("POST", "compress", json.dumps([bad]), path="a.zip")
        assert (status, sentence.startswith(f"Invalid file path {bad}: ")) == (400, True)
        assert (await fs.told("POST", "decompress", "x", path=bad))[0] == 400
        assert (await fs.told("POST", "decompress", bad, path="a.zip"))[0] == 400
    assert (await fs.told("POST", "compress", '["out/treasure"]', path="a.zip"))[0] == 400
    assert (await fs.told("POST", "compress", '["world"]', path="out/a.zip"))[0] == 400
    assert fs.tree() == before
    assert fs.actions() == []


async def test_an_archive_is_taken_apart(fs: FileHouse) -> None:
    for name, query in (("a.zip", {}), ("a.TAR.ZST", {"archiveType": "tar", "compress": "zstd"})):
        await fs.told("POST", "compress", '["world"]', path=name, **query)
        answer = await fs.ask("POST", "decompress", f"/from-{name}", path=name)
        data = answer.json()
        assert (answer.status_code, data["success"], data["error"]) == (200, True, "")
        assert data["entries"] == 5
        made = fs.files / f"from-{name}" / "world"
        assert (made / "level").read_text() == "level" * 100
        assert (made / "link").is_symlink()


async def test_what_cannot_be_taken_apart_is_told_in_octynes_words(fs: FileHouse) -> None:
    await fs.told("POST", "compress", '["world"]', path="a.zip")
    (fs.files / "broken.zip").write_bytes((fs.files / "a.zip").read_bytes()[:300])
    (fs.files / "a.txt").write_text("text")
    with zipfile.ZipFile(fs.files / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb", bytes(2 << 20))
    before = fs.tree()
    cases = [
        ("nothing.zip", "x", 400, "The requested archive does not exist!"),
        ("world", "x", 400, "The requested archive is a folder!"),
        ("/", "x", 400, "The requested archive is a folder!"),
        ("a.zip", "a.txt", 400, "There is a file at the requested unpack destination!"),
        ("a.txt", "x", 400, "Unsupported archive file!"),
        ("broken.zip", "x", 500, "An error occurred while decompressing archive!"),
    ]
    for path, dest, status, sentence in cases:
        assert await fs.told("POST", "decompress", dest, path=path) == (status, sentence)
    assert (await fs.told("POST", "decompress", "x", path="bomb.zip"))[0] == 413
    assert (await fs.told("POST", "decompress", "no/where", path="a.zip"))[0] == 404
    assert (await fs.told("POST", "decompress", "out", path="a.zip"))[0] == 400
    assert fs.tree() == before


async def test_the_head_of_an_answer_does_not_wait_for_the_end(
    fs: FileHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "HEAD_AFTER", 0.0)
    await fs.told("POST", "compress", '["world"]', path="a.zip")
    answer = await fs.ask("POST", "decompress", "x", path="a.zip")
    assert answer.content.startswith(b" {")
    assert answer.json()["success"] is True
    (fs.files / "broken.zip").write_bytes((fs.files / "a.zip").read_bytes()[:300])
    answer = await fs.ask("POST", "decompress", "y", path="broken.zip")
    assert answer.json()["success"] is False
    assert answer.json()["error"] == "An error occurred while decompressing archive!"


@pytest.mark.parametrize("kind", ["zip", "tar.zst"])
async def test_a_folder_is_downloaded_as_an_archive_that_never_lies_on_the_disk(
    fs: FileHouse, kind: str
) -> None:
    answer = await fs.ask("GET", "file", path="/world", archive=kind)
    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == f"attachment; filename=world.{kind}"
    assert answer.headers["x-content-type-options"] == "nosniff"
    data = answer.content
    if kind == "tar.zst":
        zstd = pytest.importorskip("backports.zstd")
        data = zstd.decompress(data)
    assert names(data)[0] == "world"
    assert "world/region/r.0" in names(data)
    assert sorted(os.listdir(fs.files)) == ["out", "world"]
    answer = await fs.ask("GET", "file", path="/", archive=kind)
    assert answer.headers["content-disposition"] == f"attachment; filename=app.{kind}"
    assert fs.actions() == ["server.files.download"] * 2


async def test_some_of_a_folder_are_downloaded_as_one_archive(fs: FileHouse) -> None:
    (fs.files / "world" / "a b&c.txt").write_text("x")
    (fs.files / "world" / "left out").write_text("x")
    query = "path=world&archive=zip&name=region&name=a+b%26c.txt"
    answer = await fs.house.remote.get(f"/server/app/file?{query}")
    assert answer.headers["content-disposition"] == "attachment; filename=world.zip"
    found = names(answer.content)
    assert {"region/r.0", "a b&c.txt"} <= set(found)
    assert not [name for name in found if name.split("/")[0] not in {"region", "a b&c.txt"}]
    assert (await fs.house.remote.get("/server/app/file?path=world&archive=zip&name=no")).status_code == 404
    for out in ("../out", "%ff"):
        answer = await fs.house.remote.get(f"/server/app/file?path=world&archive=zip&name={out}")
        assert (answer.status_code, answer.json()["kind"]) == (400, "invalid-path")


async def test_what_cannot_be_downloaded_as_an_archive_is_an_ordinary_error(fs: FileHouse) -> None:
    assert await fs.told("GET", "file", path="world", archive="rar") == (400, "Invalid archive type!")
    assert (await fs.told("GET", "file", path="nothing", archive="zip"))[0] == 404
    assert (await fs.told("GET", "file", path="out/treasure", archive="zip"))[0] == 400


async def test_a_download_that_nobody_reads_any_more_ends(fs: FileHouse) -> None:
    (fs.files / "world" / "large").write_bytes(os.urandom(32 << 20))

    async def phases() -> list[str]:
        return [str(job.phase) for job in fs.house.parts.jobs.all()]

    with anyio.fail_after(30):
        way = fs.house.remote.stream("GET", "/server/app/file?path=world&archive=zip")
        async with way as answer:
            assert answer.status_code == 200
        await eventually(phases, lambda seen: seen == ["cancelled"])
