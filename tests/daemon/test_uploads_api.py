"""`/server/{id}/uploads`: uploads that can be interrupted, by the tus protocol and by a client of it."""

import base64
import hashlib
import os
import re
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager
from pathlib import Path
from urllib.parse import urljoin

import anyio
import anyio.to_thread
import httpx
import pytest
from tusclient.client import TusClient

from daemon.upkeep import Upkeep

from .house import eventually
from .passage import WAYS, go_by
from .shelf import Shelf, shelved
from .test_upload_api import answer_of, raw

UPLOADS = "/server/app/uploads"
TUS = {"Tus-Resumable": "1.0.0"}
CONTENT = {**TUS, "Content-Type": "application/offset+octet-stream"}


@pytest.fixture(autouse=True, params=WAYS[1:])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    go_by(request.param, monkeypatch)


@pytest.fixture
async def shelf(folder: str) -> AsyncIterator[Shelf]:
    async with shelved(folder) as shelf:
        yield shelf


def b64(data: bytes | str) -> str:
    return base64.b64encode(data.encode() if isinstance(data, str) else data).decode()


async def create(shelf: Shelf, length: int | None = 10, name: str = "x", **headers: str) -> httpx.Response:
    said = {"Upload-Length": str(length)} if length is not None else {"Upload-Defer-Length": "1"}
    said |= {"Upload-Metadata": f"filename {b64(name)},filetype {b64('text/plain')}"}
    said |= {key.replace("_", "-"): value for key, value in headers.items()}
    return await shelf.client.post(UPLOADS, headers={**TUS, **said})


async def begin(shelf: Shelf, length: int | None = 10, name: str = "x", **headers: str) -> str:
    answer = await create(shelf, length, name, **headers)
    assert answer.status_code == 201, answer.text
    return urljoin(UPLOADS, answer.headers["location"])


async def patch(shelf: Shelf, url: str, offset: int | str, data: bytes, **headers: str) -> httpx.Response:
    said = {key.replace("_", "-"): value for key, value in headers.items()}
    asked = {**CONTENT, "Upload-Offset": str(offset), **said}
    return await shelf.client.patch(url, content=data, headers=asked)


async def offset(shelf: Shelf, url: str) -> str:
    answer = await shelf.client.head(url, headers=TUS)
    return str(answer.headers.get("upload-offset", f"status {answer.status_code}"))


async def test_the_protocol_is_told(shelf: Shelf) -> None:
    answer = await shelf.client.options(UPLOADS)
    assert answer.status_code == 204
    assert answer.headers["tus-version"] == "1.0.0"
    assert answer.headers["tus-max-size"] == "5000000000"
    assert answer.headers["tus-checksum-algorithm"] == "sha1,sha256,md5,crc32"
    assert set(answer.headers["tus-extension"].split(",")) == {
        *("creation", "creation-with-upload", "creation-defer-length"),
        *("termination", "checksum", "expiration"),
    }
    assert (await shelf.house.nobody.options(UPLOADS)).status_code == 401


async def test_an_upload_in_pieces(shelf: Shelf) -> None:
    (shelf.folder / "dir").mkdir()
    said = f"filename {b64('größe.txt')},path {b64('/dir')},relativePath,filetype {b64('x')}"
    url = await begin(shelf, Upload_Metadata=said)
    head = await shelf.client.head(url, headers=TUS)
    assert head.status_code == 200
    assert head.headers["upload-metadata"] == said
    assert (head.headers["upload-offset"], head.headers["upload-length"]) == ("0", "10")
    assert (head.headers["cache-control"], head.headers["tus-resumable"]) == ("no-store", "1.0.0")
    assert head.headers["upload-expires"].endswith(" GMT")
    answer = await patch(shelf, url, 0, b"01234")
    assert (answer.status_code, answer.headers["upload-offset"]) == (204, "5")
    assert answer.headers["upload-expires"].endswith(" GMT")
    assert (await patch(shelf, url, 5, b"56789")).headers["upload-offset"] == "10"
    assert (shelf.folder / "dir" / "größe.txt").read_bytes() == b"0123456789"
    assert await offset(shelf, url) == "10"
    assert (await patch(shelf, url, 10, b"")).status_code == 204
    assert [row["path"] for row in shelf.audited("server.files.upload")] == ["/dir/größe.txt"]


async def test_the_place_of_an_upload_is_told_relative_to_the_request(shelf: Shelf) -> None:
    asked = {**TUS, "Upload-Length": "1", "Upload-Metadata": f"filename {b64('x')}"}
    for path in (UPLOADS, UPLOADS + "/", "//server//app//uploads//"):
        url = httpx.URL(f"http://127.0.0.1:{shelf.house.port}{path}")
        answer = await shelf.client.post(url, headers=asked)
        place = urljoin(f"http://host/api{path}", answer.headers["location"])
        assert re.fullmatch("http://host/api/+server/+app/+uploads/+[0-9a-f]{32}", place)
        assert await offset(shelf, place.removeprefix("http://host/api")) == "0"


async def test_content_can_come_with_the_creation(shelf: Shelf) -> None:
    asked = {**CONTENT, "Upload-Length": "10", "Upload-Metadata": f"filename {b64('x')}"}
    answer = await shelf.client.post(UPLOADS, headers=asked, content=b"01234")
    assert (answer.status_code, answer.headers["upload-offset"]) == (201, "5")
    url = urljoin(UPLOADS, answer.headers["location"])
    assert (await patch(shelf, url, 5, b"56789")).status_code == 204
    answer = await shelf.client.post(UPLOADS, headers={**asked, "Upload-Length": "3"}, content=b"new")
    assert (answer.status_code, answer.headers["upload-offset"]) == (201, "3")
    assert (shelf.folder / "x").read_bytes() == b"new"
    answer = await shelf.client.post(UPLOADS, headers={**asked, "Content-Type": "x/y"}, content=b"01234")
    assert answer.status_code == 415
    await begin(shelf, 0, "empty")
    assert (shelf.folder / "empty").read_bytes() == b""


async def test_the_length_can_come_later(shelf: Shelf) -> None:
    url = await begin(shelf, None)
    assert (await shelf.client.head(url, headers=TUS)).headers["upload-defer-length"] == "1"
    assert (await patch(shelf, url, 0, b"01234")).status_code == 204
    assert (await patch(shelf, url, 5, b"", Upload_Length="4")).status_code == 413
    assert (await patch(shelf, url, 5, b"5", Upload_Length="7")).status_code == 204
    assert (await patch(shelf, url, 6, b"6", Upload_Length="8")).status_code == 400
    assert (await patch(shelf, url, 6, b"6")).status_code == 204
    assert (shelf.folder / "x").read_bytes() == b"0123456"


async def test_what_is_not_the_protocol_is_refused(shelf: Shelf) -> None:
    url = await begin(shelf)
    for headers in ({}, {"Tus-Resumable": "0.2.2"}):
        answer = await shelf.client.head(url, headers=headers)
        assert (answer.status_code, answer.headers["tus-version"]) == (412, "1.0.0")
    for wrong in (1, "-1", "x", "", "1e1", "9" * 30):
        status = 409 if wrong == 1 else 400
        answer = await patch(shelf, url, wrong, b"x")
        assert (answer.status_code, answer.headers["tus-resumable"]) == (status, "1.0.0")
    assert (await patch(shelf, url, 0, b"x", Content_Type="text/plain")).status_code == 415
    assert (await patch(shelf, url, 0, b"x" * 11)).status_code == 413
    for headers in (
        {"Upload-Length": "x"},
        {"Upload-Length": "10", "Upload-Defer-Length": "1"},
        {"Upload-Defer-Length": "2"},
        {},
    ):
        metadata = {"Upload-Metadata": f"filename {b64('x')}"}
        assert (await shelf.client.post(UPLOADS, headers={**TUS, **metadata, **headers})).status_code == 400
    for said in ("", "filename", "filename !", f"filename {b64('x')},filename {b64('y')}"):
        answer = await create(shelf, Upload_Metadata=said)
        assert (answer.status_code, answer.json()["kind"]) == (400, "invalid-header"), said
    assert await offset(shelf, url) == "0"


async def test_a_hostile_place_is_refused(shelf: Shelf) -> None:
    (shelf.folder / "out").symlink_to("/tmp")
    names = ("..", "a/..", b"x\0", b"\xff", "x" * 256, ".holdfast-1")
    folders = ("..", "a/../../b", b"\xff", "x" * 5000, ".holdfast/uploads", "..\\b", "out")
    said = [f"filename {b64(name)}" for name in names]
    said += [f"filename {b64('x')},path {b64(folder)}" for folder in folders]
    for one in said:
        answer = await create(shelf, Upload_Metadata=one)
        assert (answer.status_code, answer.json()["kind"]) == (400, "invalid-path"), one
    assert shelf.names() == ["out"]


async def test_an_upload_needs_a_place_and_room(shelf: Shelf) -> None:
    (shelf.folder / "dir").mkdir()
    no = f"filename {b64('x')},path {b64('no')}"
    assert (await create(shelf, Upload_Metadata=no)).json()["error"] == "This folder does not exist!"
    assert (await create(shelf, name="dir")).json()["error"] == "This is a folder!"
    assert (await create(shelf, 5_000_000_001)).status_code == 413
    await shelf.limit(uploadLimit=1 << 50)
    assert (await create(shelf, 1 << 49)).status_code == 507
    assert shelf.names() == ["dir"]


async def test_an_upload_that_nobody_knows(shelf: Shelf) -> None:
    for upload in ("0" * 32, "...", "%00", "x", "%ff", "x" * 5000):
        url = f"{UPLOADS}/{upload}"
        assert (await patch(shelf, url, 0, b"x")).status_code == 404
        assert (await shelf.client.delete(url, headers=TUS)).status_code == 404
        assert await offset(shelf, url) == "status 404"


async def test_what_must_be_new_replaces_nothing(shelf: Shelf) -> None:
    url = await begin(shelf, If_None_Match="*")
    assert (await patch(shelf, url, 0, b"01234", If_None_Match="*")).status_code == 204
    (shelf.folder / "x").write_text("made meanwhile")
    answer = await patch(shelf, url, 5, b"56789", If_None_Match="*")
    assert (answer.status_code, answer.json()["kind"]) == (412, "modified")
    assert (shelf.folder / "x").read_text() == "made meanwhile"
    answer = await create(shelf, If_None_Match="*")
    assert (answer.status_code, answer.json()["kind"]) == (412, "modified")
    assert await offset(shelf, url) == "10"
    assert (await patch(shelf, url, 10, b"", If_None_Match="*")).status_code == 412
    assert (await patch(shelf, url, 10, b"")).status_code == 204
    assert (shelf.folder / "x").read_text() == "0123456789"
    assert (await patch(shelf, url, 10, b"", If_None_Match="*")).status_code == 204  # it is done


async def test_what_must_be_new_is_made_where_nothing_is(shelf: Shelf) -> None:
    url = await begin(shelf, If_None_Match="*")
    assert (await patch(shelf, url, 0, b"0123456789", If_None_Match="*")).status_code == 204
    assert (shelf.folder / "x").read_text() == "0123456789"


async def test_a_checksum_is_verified(shelf: Shelf) -> None:
    url = await begin(shelf)
    wrong = f"sha1 {b64(hashlib.sha1(b'other').digest())}"
    right = f"sha256 {b64(hashlib.sha256(b'0123456789').digest())}"
    assert (await patch(shelf, url, 0, b"0123456789", Upload_Checksum=wrong)).status_code == 460
    assert (await patch(shelf, url, 0, b"x", Upload_Checksum="sha3 eA==")).status_code == 400
    assert (await patch(shelf, url, 0, b"x", Upload_Checksum="sha1 !")).status_code == 400
    assert await offset(shelf, url) == "0"
    assert (await patch(shelf, url, 0, b"0123456789", Upload_Checksum=right)).status_code == 204
    assert (shelf.folder / "x").read_bytes() == b"0123456789"


async def test_the_newcomer_takes_over_and_what_came_before_counts(shelf: Shelf) -> None:
    url = await begin(shelf, 100)
    asked = [f"{key}: {value}" for key, value in CONTENT.items()]
    asked += ["Upload-Offset: 0", "Content-Length: 100", "Expect: 100-continue"]
    with raw(shelf, "PATCH", url, *asked) as connection:
        assert b"100 Continue" in await anyio.to_thread.run_sync(connection.recv, 1000)
        connection.sendall(b"a" * 60)
        # Its client has lost that connection, and nobody has noticed yet.
        assert await offset(shelf, url) == "60"
        assert (await patch(shelf, url, 60, b"b" * 40)).status_code == 204
        assert b"423" in await anyio.to_thread.run_sync(connection.recv, 1000)
    assert (shelf.folder / "x").read_bytes() == b"a" * 60 + b"b" * 40


async def test_an_upload_can_be_given_up(shelf: Shelf) -> None:
    url = await begin(shelf)
    await patch(shelf, url, 0, b"01234")
    assert (await shelf.client.delete(url, headers=TUS)).status_code == 204
    assert await offset(shelf, url) == "status 404"
    assert shelf.names() == []


async def test_a_client_that_can_only_post_says_what_it_means(shelf: Shelf) -> None:
    url = await begin(shelf)
    asked = {**CONTENT, "X-HTTP-Method-Override": "PATCH", "Upload-Offset": "0"}
    assert (await shelf.client.post(url, content=b"01234", headers=asked)).status_code == 204
    assert await offset(shelf, url) == "5"
    asked["X-HTTP-Method-Override"] = "GET"
    assert (await shelf.client.post(url, headers=asked)).status_code == 400


async def test_a_full_disk_keeps_what_came_before(
    shelf: Shelf, full_disk: Callable[[], AbstractContextManager[None]]
) -> None:
    url = await begin(shelf)
    await patch(shelf, url, 0, b"01234")
    await shelf.house.until("app", status=1)  # the supervisor has written all that it has to
    with full_disk():
        assert (await patch(shelf, url, 5, b"56789")).status_code == 507
        assert (await create(shelf)).status_code == 507
    assert await offset(shelf, url) == "5"
    assert (await patch(shelf, url, 5, b"56789")).status_code == 204


async def pieces() -> AsyncIterator[bytes]:
    for _ in range(64):
        yield bytes(1 << 18)


async def test_a_disk_that_is_full_in_the_middle_is_told_and_keeps_what_came_before(
    shelf: Shelf, full_disk: Callable[[int], AbstractContextManager[None]]
) -> None:
    url = await begin(shelf, None)
    await patch(shelf, url, 0, b"01234")
    await shelf.house.until("app", status=1)
    with full_disk(1000):
        # More than a thread is given at once: the rest waits to be taken when that fails.
        asked = {**CONTENT, "Upload-Offset": "5"}
        answer = await shelf.client.patch(url, content=pieces(), headers=asked)
    assert answer.status_code == 507, answer.text
    assert await offset(shelf, url) == "1000"


async def test_uploads_expire(shelf: Shelf) -> None:
    url = await begin(shelf)
    kept = [shelf.folder / name for name in shelf.names() if name.endswith((".part", ".json"))]
    for path in kept:
        os.utime(path, (1000, 1000))
    assert await offset(shelf, url) == "status 410"
    assert (await patch(shelf, url, 0, b"x")).status_code == 410

    upkeep = Upkeep(shelf.house.parts.files, shelf.house.parts.transfers)
    await upkeep.configure(shelf.house.parts.reloader.config)
    await upkeep.tend(str(shelf.folder))
    assert not shelf.names()
    assert await offset(shelf, url) == "status 404"


async def test_pages_of_other_origins_may_upload(shelf: Shelf) -> None:
    page = {"Origin": "http://elsewhere", "Access-Control-Request-Method": "PATCH"}
    answer = await shelf.house.nobody.options(f"{UPLOADS}/x", headers=page)
    allowed = answer.headers["access-control-allow-headers"].lower().split(", ")
    assert {"tus-resumable", "upload-offset", "upload-length", "upload-metadata", "upload-checksum"} <= {
        *allowed
    }
    answer = await create(shelf, Origin="http://elsewhere")
    exposed = answer.headers["access-control-expose-headers"].lower().split(", ")
    assert {"location", "upload-offset", "upload-length", "upload-expires", "etag"} <= {*exposed}


async def test_a_token_is_needed(shelf: Shelf) -> None:
    url = await begin(shelf)
    for method, path in (("POST", UPLOADS), ("HEAD", url), ("PATCH", url), ("DELETE", url)):
        assert (await shelf.house.nobody.request(method, path, headers=CONTENT)).status_code == 401


async def test_tuspy_uploads_is_interrupted_and_goes_on_in_a_new_client(shelf: Shelf, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(os.urandom((5 << 20) + 1))
    base = f"http://127.0.0.1:{shelf.house.port}{UPLOADS}"

    def send(url: str | None, end: int | None, checksum: bool) -> str:
        client = TusClient(base, headers={"Authorization": shelf.house.token})
        with source.open("rb") as file:
            uploader = client.uploader(
                file_stream=file,
                url=url,
                chunk_size=1 << 20,
                metadata={"filename": "größe.bin"},
                metadata_encoding="utf-8",
                upload_checksum=checksum,
            )
            uploader.upload(stop_at=end)
        return str(uploader.url)

    url = await anyio.to_thread.run_sync(send, None, 2 << 20, True)
    # In between it is cut off within a request.
    asked = [f"{key}: {value}" for key, value in CONTENT.items()]
    asked += [f"Upload-Offset: {2 << 20}", "Content-Length: 1000000", "Expect: 100-continue"]
    path = url.partition(str(shelf.house.port))[2]
    with raw(shelf, "PATCH", path, *asked) as connection:
        assert b"100 Continue" in await anyio.to_thread.run_sync(connection.recv, 1000)
        connection.sendall(source.read_bytes()[2 << 20 :][:1000])

    async def released() -> tuple[str, list[str]]:
        return await offset(shelf, path), shelf.held()

    await eventually(released, lambda found: found == (str((2 << 20) + 1000), []))
    await anyio.to_thread.run_sync(send, url, None, False)
    assert (shelf.folder / "größe.bin").read_bytes() == source.read_bytes()


async def test_an_answer_is_heard_by_who_sends_too_much(shelf: Shelf) -> None:
    url = await begin(shelf)
    asked = [f"{key}: {value}" for key, value in CONTENT.items()]
    with raw(shelf, "PATCH", url, *asked, "Upload-Offset: 0", "Content-Length: 11") as connection:
        connection.sendall(b"x" * 11)
        assert (await anyio.to_thread.run_sync(connection.recv, 65536)).startswith(b"HTTP/1.1 413 ")
    big = 1 << 20
    with raw(shelf, "PATCH", url, *asked, "Upload-Offset: 0", f"Content-Length: {big}") as connection:
        answer = await anyio.to_thread.run_sync(answer_of, connection, b"x" * big)
    assert answer.startswith(b"HTTP/1.1 413 ")
