"""`/server/{id}/files` and GET `/server/{id}/file`: listing, downloads, ranges."""

import json
import os
import re
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import anyio
import anyio.to_thread
import pytest

from daemon.wire import Wire
from filemgr import Download

from .house import eventually
from .shelf import Shelf, shelved

FILE, FILES = "/server/app/file", "/server/app/files"

HOSTILE = ["..", "%2e%2e", "a/../../b", "..%2f..%2fx", "a%00b", "%ff", "%ed%a0%80", "..\\x", "a\\..\\..\\b"]
HOSTILE += ["x" * 5000, ".holdfast", ".holdfast/uploads", "a/.holdfast-1234"]
"""As they stand in a query."""


@pytest.fixture
async def shelf(folder: str) -> AsyncIterator[Shelf]:
    async with shelved(folder) as shelf:
        yield shelf


async def test_a_folder_is_listed(shelf: Shelf) -> None:
    (shelf.folder / "größe.txt").write_text("hello")
    (shelf.folder / "dir").mkdir()
    os.utime(shelf.folder / "größe.txt", (1, 1_600_000_000))
    (shelf.folder / "größe.txt").chmod(0o4640)  # what is no permission is not told
    for path in ("", "?path=", "?path=/", "?path=//.//", "?path=/../"):
        answer = await shelf.client.get(FILES + path)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
        folder, file = answer.json()["contents"]
        assert (folder["name"], folder["folder"], folder["mimeType"]) == ("dir", True, "")
        assert file == {
            "name": "größe.txt",
            "size": 5,
            "mimeType": "text/plain; charset=utf-8",
            "folder": False,
            "lastModified": 1_600_000_000,
            "mode": "640",
        }
    assert (await shelf.client.get(f"{FILES}?path=dir")).json() == {"contents": []}


async def test_what_is_no_folder_is_not_listed(shelf: Shelf) -> None:
    (shelf.folder / "x").write_text("")
    for path, status, sentence in (
        ("no", 404, "This folder does not exist!"),
        ("x", 400, "This is not a folder!"),
    ):
        answer = await shelf.client.get(FILES, params={"path": path})
        assert (answer.status_code, answer.json()["error"]) == (status, sentence)


async def test_a_large_folder_is_listed_whole(shelf: Shelf) -> None:
    for number in range(1100):
        os.symlink("x", shelf.folder / f"{number:04}")
    found = (await shelf.client.get(FILES)).json()["contents"]
    assert [one["name"] for one in found] == [f"{number:04}" for number in range(1100)]


async def test_a_hostile_path_is_refused(shelf: Shelf) -> None:
    (shelf.folder / "a").mkdir()
    for path in HOSTILE:
        for url, what in ((FILE, "file"), (FILES, "folder")):
            answer = await shelf.client.get(f"{url}?path={path}")
            assert (answer.status_code, answer.json()["kind"]) == (400, "invalid-path"), path
            assert answer.json()["error"].startswith(f"Invalid {what} path: ")


async def test_a_link_that_leaves_is_refused(shelf: Shelf) -> None:
    (shelf.folder / "out").symlink_to("/etc")
    for path in ("out", "out/passwd"):
        for url in (FILE, FILES):
            assert (await shelf.client.get(url, params={"path": path})).status_code == 400


async def test_a_file_is_sent_with_what_is_known_of_it(shelf: Shelf) -> None:
    (shelf.folder / "a b.txt").write_text("hello")
    os.utime(shelf.folder / "a b.txt", (1, 1_600_000_000))
    answer = await shelf.client.get(FILE, params={"path": "/a b.txt"})
    assert (answer.status_code, answer.content) == (200, b"hello")
    assert answer.headers["content-length"] == "5"
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="a b.txt"'
    assert answer.headers["last-modified"] == "Sun, 13 Sep 2020 12:26:40 GMT"
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["x-content-type-options"] == "nosniff"
    head = await shelf.client.head(FILE, params={"path": "a b.txt"}, headers={"Range": "bytes=1-2"})
    assert (head.status_code, head.content) == (200, b"")
    assert {**head.headers, "date": ""} == {**answer.headers, "date": ""}
    assert shelf.audited("server.files.download") == [{"user": "admin", "server": "app", "path": "/a b.txt"}]


async def test_what_is_no_file_is_not_sent(shelf: Shelf) -> None:
    os.mkfifo(shelf.folder / "fifo")
    cases = [("no", 404, "This file does not exist!"), ("/", 400, "This is not a file!")]
    cases += [("fifo", 400, "This is not a file!"), ("fifo/x", 404, "This file does not exist!")]
    for path, status, sentence in cases:
        answer = await shelf.client.get(FILE, params={"path": path})
        assert (answer.status_code, answer.json()["error"]) == (status, sentence)


async def test_a_ticket_opens_one_download(shelf: Shelf) -> None:
    (shelf.folder / "x").write_text("hello")
    ticket = (await shelf.client.get("/ott")).json()["ticket"]
    answers = [await shelf.house.nobody.get(FILE, params={"path": "x", "ticket": ticket}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 401]


async def test_parts_of_a_file(shelf: Shelf) -> None:
    data = os.urandom(3 << 20)
    (shelf.folder / "x").write_bytes(data)

    async def get(**headers: str) -> tuple[int, bytes, dict[str, str]]:
        asked = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = await shelf.client.get(FILE, params={"path": "x"}, headers=asked)
        return answer.status_code, answer.content, dict(answer.headers)

    status, content, headers = await get()
    assert (status, content) == (200, data)
    tag = headers["etag"]
    status, content, headers = await get(range="bytes=100-2200000")
    assert (status, content) == (206, data[100:2200001])
    assert headers["content-range"] == f"bytes 100-2200000/{len(data)}"
    assert (await get(range="bytes=-5", if_range=tag))[:2] == (206, data[-5:])
    assert (await get(range="bytes=-5", if_range='"other"'))[0] == 200
    status, content, headers = await get(range=f"bytes={len(data)}-")
    assert (status, headers["content-range"]) == (416, f"bytes */{len(data)}")
    status, content, headers = await get(if_none_match=tag, range="bytes=0-1")
    assert (status, content, headers["etag"]) == (304, b"", tag)
    status, content, headers = await get(if_match='"other"')
    assert (status, json.loads(content)["kind"]) == (412, "modified")


async def test_several_parts_of_a_file_come_in_one_answer(shelf: Shelf) -> None:
    (shelf.folder / "x").write_bytes(b"0123456789")
    answer = await shelf.client.get(FILE, params={"path": "x"}, headers={"Range": "bytes=0-1,5-6"})
    assert answer.status_code == 206
    found = re.fullmatch("multipart/byteranges; boundary=([0-9a-f]{32})", answer.headers["content-type"])
    assert found is not None
    text = "Content-Type: text/plain; charset=utf-8\r\nContent-Range: bytes"
    wanted = f"\r\n--B\r\n{text} 0-1/10\r\n\r\n01\r\n--B\r\n{text} 5-6/10\r\n\r\n56\r\n--B--\r\n"
    assert answer.text.replace(found[1], "B") == wanted
    assert int(answer.headers["content-length"]) == len(answer.content)


async def test_an_empty_file_is_sent(shelf: Shelf) -> None:
    (shelf.folder / "x").write_text("")
    answer = await shelf.client.get(FILE, params={"path": "x"})
    assert (answer.status_code, answer.content, answer.headers["content-length"]) == (200, b"", "0")


def asking(shelf: Shelf, path: str) -> socket.socket:
    """Ask for a file and take nothing of it yet."""
    connection = socket.create_connection(("127.0.0.1", shelf.house.port))
    connection.settimeout(10)
    head = f"GET {FILE}?path={path} HTTP/1.1\r\nHost: x\r\nAuthorization: {shelf.house.token}\r\n"
    connection.sendall(f"{head}Connection: close\r\n\r\n".encode())
    return connection


def take(connection: socket.socket) -> tuple[int, bytes]:
    """Return how long the body should be, and what comes of it."""
    data = b""
    try:
        while block := connection.recv(1 << 20):
            data += block
    except ConnectionResetError:
        pass
    head, _, body = data.partition(b"\r\n\r\n")
    found = re.search(rb"(?i)content-length: (\d+)", head)
    assert found is not None
    return int(found[1]), body


async def sent(shelf: Shelf, path: str) -> tuple[int, bytes]:
    with asking(shelf, path) as connection:
        return await anyio.to_thread.run_sync(take, connection)


SIZE = 4 << 20


@pytest.fixture(params=["bare socket", "blocks"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """How long files are sent: past the event loop, or, as with TLS, in blocks."""

    async def none(wire: Wire) -> None:
        del wire

    if request.param == "blocks":
        monkeypatch.setattr(Wire, "outlet", none)
    return str(request.param)


def before_each(monkeypatch: pytest.MonkeyPatch, look: Callable[[int], None]) -> None:
    """Have something done before a piece of a file is read or sent, by its offset."""
    read, send = Download.read, Download.send

    def reading(self: Download, offset: int, size: int) -> bytes:
        look(offset)
        return read(self, offset, size)

    def sending(self: Download, to: int, offset: int, size: int) -> int:
        look(offset)
        return send(self, to, offset, min(size, SIZE // 16))

    monkeypatch.setattr(Download, "read", reading)
    monkeypatch.setattr(Download, "send", sending)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("change", [-1, 1])
async def test_what_was_announced_is_sent_or_the_connection_is_cut(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, change: int
) -> None:
    target = shelf.folder / "x"
    target.write_bytes(b"a" * SIZE)

    def changing(offset: int) -> None:
        if offset > SIZE // 2:
            os.truncate(target, SIZE + change * SIZE // 4)

    before_each(monkeypatch, changing)
    length, body = await sent(shelf, "x")
    assert length == SIZE
    assert len(body) < SIZE if change < 0 else body == b"a" * SIZE


@pytest.mark.usefixtures("way")
async def test_a_file_that_is_replaced_is_sent_as_it_was(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = shelf.folder / "x"
    target.write_bytes(b"a" * SIZE)

    def replacing(offset: int) -> None:
        if offset == 0:
            other = Path(shelf.folder, "y")
            other.write_bytes(b"b" * SIZE)
            other.rename(target)

    before_each(monkeypatch, replacing)
    assert await sent(shelf, "x") == (SIZE, b"a" * SIZE)


@pytest.mark.usefixtures("way")
async def test_a_client_that_takes_nothing_holds_no_thread_and_may_go(shelf: Shelf) -> None:
    target = shelf.folder / "x"
    with target.open("wb") as file:
        file.truncate(1 << 30)

    async def open_now() -> list[str]:
        return shelf.held()

    threads = shelf.house.parts.transfers._threads
    with asking(shelf, "x") as connection:
        await anyio.to_thread.run_sync(connection.recv, 100)

        async def idle() -> bool:
            return threads.borrowed_tokens == 0

        await eventually(idle)
        assert shelf.held() == [str(target)]
    await eventually(open_now, lambda found: not found)


@pytest.mark.usefixtures("way")
async def test_a_download_ends_with_its_token(shelf: Shelf) -> None:
    target = shelf.folder / "x"
    with target.open("wb") as file:
        file.truncate(1 << 30)
    with asking(shelf, "x") as connection:
        await anyio.to_thread.run_sync(connection.recv, 100)
        await shelf.client.get("/logout")
        taken = 0
        try:
            while block := await anyio.to_thread.run_sync(connection.recv, 1 << 20):
                taken += len(block)
        except ConnectionResetError:
            pass
        assert taken < 1 << 30
    assert not shelf.held()
