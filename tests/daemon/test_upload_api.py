"""POST and PUT `/server/{id}/file`: files brought in."""

import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager

import anyio
import anyio.to_thread
import pytest
import requests

from daemon import receiving, unread
from daemon.multipart import MOST_FILES

from .house import eventually
from .passage import WAYS, go_by
from .shelf import Shelf, shelved
from .test_download_api import HOSTILE

FILE = "/server/app/file"
SUCCESS = {"success": True}


@pytest.fixture(autouse=True, params=WAYS)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    go_by(request.param, monkeypatch)


@pytest.fixture
async def shelf(folder: str) -> AsyncIterator[Shelf]:
    async with shelved(folder) as shelf:
        yield shelf


def form(*parts: tuple[str, bytes], end: bytes = b"--B--\r\n") -> bytes:
    """Return a form: the values of Content-Disposition, and the contents."""
    made = b""
    for said, data in parts:
        made += b"--B\r\nContent-Disposition: form-data; " + said.encode() + b"\r\n\r\n" + data + b"\r\n"
    return made + end


async def post(
    shelf: Shelf, body: bytes, path: str = "", kind: str = "multipart/form-data; boundary=B"
) -> str:
    headers = {"Content-Type": kind}
    answer = await shelf.client.post(f"{FILE}?path={path}", content=body, headers=headers)
    return f"{answer.status_code} {answer.json().get('error', '')}".strip()


async def test_a_form_becomes_files(shelf: Shelf) -> None:
    (shelf.folder / "dir").mkdir()
    (shelf.folder / "dir" / "b").write_text("old")
    data = os.urandom(3 << 20) + b"\r\n--" * 1000
    parts = [("name=note", b"x" * 1000), ('name="upload"; filename="größe 1.bin"', data)]
    parts += [('name=upload; filename="b"', b""), ("name=other; filename=c", b"c")]
    assert await post(shelf, form(*parts), "/dir/") == "200"
    assert shelf.names() == ["dir", "dir/b", "dir/größe 1.bin"]
    assert (shelf.folder / "dir" / "größe 1.bin").read_bytes() == data
    assert (shelf.folder / "dir" / "b").read_bytes() == b""
    assert [row["path"] for row in shelf.audited("server.files.upload")] == ["/dir/größe 1.bin", "/dir/b"]


async def test_clients_of_all_kinds_are_understood(shelf: Shelf) -> None:
    answer = await shelf.client.post(FILE, files={"upload": ("ä.txt", b"httpx")})
    assert answer.json() == SUCCESS
    url, token = f"http://127.0.0.1:{shelf.house.port}{FILE}", {"Authorization": shelf.house.token}

    def ask() -> int:
        with requests.post(url, files={"upload": ("ö.txt", b"requests")}, headers=token, timeout=10) as told:
            return told.status_code

    assert await anyio.to_thread.run_sync(ask) == 200
    body = form(("name=upload; filename*=utf-8''%C3%BC.txt", b"old urllib3"))
    assert await post(shelf, body) == "200"
    assert shelf.names() == ["ä.txt", "ö.txt", "ü.txt"]


async def test_the_last_element_is_the_name(shelf: Shelf) -> None:
    names = {
        "../../x": "x",
        "/etc/y": "y",
        "C:\\Users\\me\\z": "z",
        "a/b\\v": "v",
        "x;y": "x;y",
        "-rf": "-rf",
    }
    for filename in names:
        assert await post(shelf, form((f'name="upload"; filename="{filename}"', b"x"))) == "200"
    assert shelf.names() == sorted(names.values())


async def test_a_hostile_name_is_refused(shelf: Shelf) -> None:
    said = b'--B\r\nContent-Disposition: form-data; name="upload"; filename="'
    for name in (b"..", b".", b"a/..", b"x\0", b"x" * 256, b".holdfast", b".holdfast-1", b"\xff"):
        body = said + name + b'"\r\n\r\nx\r\n--B--\r\n'
        assert (await post(shelf, body)).startswith("400 Invalid file path: "), name
    assert shelf.names() == []


async def test_a_hostile_path_is_refused(shelf: Shelf) -> None:
    for path in HOSTILE:
        told = await post(shelf, form(("name=upload; filename=x", b"x")), path)
        assert told.startswith("400 Invalid folder path: "), path
        answer = await shelf.client.put(f"{FILE}?path={path}", content=b"x")
        assert (answer.status_code, answer.json()["kind"]) == (400, "invalid-path"), path
    assert shelf.names() == []


async def test_what_is_not_the_expected_form_is_refused(shelf: Shelf) -> None:
    good = form(("name=upload; filename=x", b"x"))
    wrong = [b"", b"garbage", form(), form(("name=upload; filename=x", b"x"), end=b"")]
    for said in (
        "name=file; filename=x",
        "name=upload; filename=",
        "name=upload; filename=a/",
        "name=upload",
    ):
        wrong.append(form((said, b"x")))
    wrong.append(form(("name=upload; filename=x" + "x" * 9000, b"x")))
    for body in wrong:
        assert await post(shelf, body) == "400 Invalid form sent!", body
    multipart = "multipart/form-data"
    for kind in (
        "",
        "text/plain",
        multipart,
        f"{multipart}; boundary=C",
        f"{multipart}; boundary={'B' * 999}",
    ):
        assert await post(shelf, good, kind=kind) == "400 Invalid form sent!", kind
    assert shelf.names() == []


async def test_there_must_be_a_place(shelf: Shelf) -> None:
    (shelf.folder / "dir").mkdir()
    (shelf.folder / "file").write_text("")
    (shelf.folder / "out").symlink_to("/tmp")
    body = form(("name=upload; filename=dir", b"x"))
    assert await post(shelf, body) == "400 This is a folder!"
    assert await post(shelf, body, "none") == "404 This folder does not exist!"
    assert await post(shelf, body, "file") == "400 This is not a folder!"
    assert (await post(shelf, body, "out")).startswith("400 ")
    for path, status in (("/", 403), ("dir", 400), ("none/x", 404), ("out/x", 400), ("file/x", 404)):
        answer = await shelf.client.put(FILE, params={"path": path}, content=b"x")
        assert answer.status_code == status, path
    assert shelf.names() == ["dir", "file", "out"]


async def test_a_form_has_not_too_many_files(shelf: Shelf) -> None:
    parts = [(f"name=upload; filename={number}", b"") for number in range(MOST_FILES + 1)]
    assert (await post(shelf, form(*parts))).startswith("413 ")
    assert shelf.names() == []
    assert await post(shelf, form(*parts[1:])) == "200"


def raw(shelf: Shelf, method: str, path: str, *headers: str) -> socket.socket:
    """Begin a request."""
    connection = socket.create_connection(("127.0.0.1", shelf.house.port))
    connection.settimeout(10)
    lines = [f"{method} {path} HTTP/1.1", "Host: x", f"Authorization: {shelf.house.token}", *headers, "", ""]
    connection.sendall("\r\n".join(lines).encode())
    return connection


def answer_of(connection: socket.socket, rest: bytes = b"") -> bytes:
    """Send what is left and return all that is answered."""
    connection.sendall(rest)
    answer = b""
    while block := connection.recv(65536):
        answer += block
    return answer


MULTIPART = "Content-Type: multipart/form-data; boundary=B"


async def test_an_upload_that_is_cut_off_anywhere_leaves_nothing(shelf: Shelf) -> None:
    (shelf.folder / "x").write_text("old")
    body = form(("name=note", b"1"), ("name=upload; filename=x", b"new"))
    for method, data in (("POST", body), ("PUT", b"0123456789")):
        query = "?path=x" if method == "PUT" else ""
        for end in range(0, len(data), 7):
            with raw(shelf, method, FILE + query, MULTIPART, f"Content-Length: {len(data)}") as connection:
                connection.sendall(data[:end])

    async def left() -> list[str]:
        return shelf.held()

    await eventually(left, lambda found: not found)
    assert shelf.names() == ["x"]
    assert (shelf.folder / "x").read_text() == "old"


async def test_the_limit_is_that_of_the_config(shelf: Shelf) -> None:
    await shelf.limit(uploadLimit=1000)
    (shelf.folder / "x").write_text("old")

    async def chunks() -> AsyncIterator[bytes]:
        yield b"y" * 500
        yield b"y" * 501

    for size, status in ((1001, 413), (1000, 200)):
        answer = await shelf.client.put(FILE, params={"path": "y"}, content=b"y" * size)
        assert answer.status_code == status
        assert (await post(shelf, form(("name=upload; filename=z", b"z" * size)))).startswith(str(status))
    assert (await shelf.client.put(FILE, params={"path": "x"}, content=chunks())).status_code == 413
    assert (shelf.folder / "x").read_text() == "old"
    assert shelf.names() == ["x", "y", "z"]


async def test_what_cannot_be_had_is_refused_before_it_is_sent(shelf: Shelf) -> None:
    await shelf.limit(uploadLimit=1 << 50)
    for size, status in ((1 << 49, 507), (1 << 51, 413)):
        for method, query in (("POST", ""), ("PUT", "?path=x")):
            headers = [MULTIPART, f"Content-Length: {size}", "Expect: 100-continue"]
            with raw(shelf, method, FILE + query, *headers) as connection:
                answer = await anyio.to_thread.run_sync(connection.recv, 65536)
            assert answer.startswith(b"HTTP/1.1 %d " % status)
            assert b"connection: close" in answer.lower()
    assert shelf.names() == []


async def test_who_sends_all_before_it_listens_hears_why_it_was_refused(shelf: Shelf) -> None:
    url = f"http://127.0.0.1:{shelf.house.port}{FILE}?path=no/x"

    def ask(token: str) -> int:
        body = b"x" * (32 << 20)
        with requests.put(url, data=body, headers={"Authorization": token}, timeout=10) as told:
            return told.status_code

    for token, status in ((shelf.house.token, 404), ("wrong", 401)):
        assert await anyio.to_thread.run_sync(ask, token) == status


async def test_who_never_ends_is_heard_out_for_a_while_only(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unread, "SILENCE", 0.0)
    with raw(shelf, "PUT", f"{FILE}?path=no/x", "Content-Length: 1000000") as connection:
        answer = await anyio.to_thread.run_sync(answer_of, connection, b"a little")
    assert answer.startswith(b"HTTP/1.1 404 ")


async def test_who_says_nothing_is_not_waited_for(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiving, "PATIENCE", 0.05)
    monkeypatch.setattr(unread, "SILENCE", 0.0)
    with raw(shelf, "PUT", f"{FILE}?path=x", "Content-Length: 1000000") as connection:
        answer = await anyio.to_thread.run_sync(answer_of, connection, b"a little")
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert shelf.names() == []


async def test_an_upload_ends_with_its_token(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unread, "SILENCE", 0.0)
    with raw(shelf, "PUT", f"{FILE}?path=x", "Content-Length: 1000000", "Expect: 100-continue") as connection:
        assert b"100 Continue" in await anyio.to_thread.run_sync(connection.recv, 1000)
        await shelf.client.get("/logout")
        assert (await anyio.to_thread.run_sync(answer_of, connection)).startswith(b"HTTP/1.1 401 ")
    assert shelf.names() == []


async def test_a_full_disk_leaves_the_old_file(
    shelf: Shelf, full_disk: Callable[[], AbstractContextManager[None]]
) -> None:
    (shelf.folder / "x").write_text("old")
    await shelf.house.until("app", status=1)  # the supervisor has written all that it has to
    with full_disk():
        answer = await shelf.client.put(FILE, params={"path": "x"}, content=b"new")
        assert (answer.status_code, answer.json()["kind"]) == (507, "no-space")
        assert (await post(shelf, form(("name=upload; filename=x", b"new")))).startswith("507 ")
    assert (shelf.folder / "x").read_text() == "old"
    assert shelf.names() == ["x"]


async def test_a_file_is_replaced_by_who_knows_it(shelf: Shelf) -> None:
    async def put(data: bytes, **headers: str) -> int:
        asked = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = await shelf.client.put(FILE, params={"path": "x"}, content=data, headers=asked)
        if answer.status_code == 200:
            told = answer.headers["etag"]
            assert answer.json() == {"success": True, "etag": told}
            assert (await shelf.client.head(FILE, params={"path": "x"})).headers["etag"] == told
            tags.append(told)
        return answer.status_code

    tags: list[str] = []
    assert await put(b"0", if_match="*") == 412
    assert await put(b"1", if_none_match="*") == 200
    assert await put(b"2", if_none_match="*") == 412
    assert await put(b"3", if_match=tags[0]) == 200
    assert await put(b"4", if_match=tags[0]) == 412
    assert await put(b"5", if_match=f'"a", {tags[1]}') == 200
    assert await put(b"6") == 200
    assert await put(b"7", content_range="bytes 0-0/2") == 400
    assert (shelf.folder / "x").read_bytes() == b"6"
    assert shelf.audited("server.files.upload") == [{"user": "admin", "server": "app", "path": "/x"}] * 4


async def test_of_many_who_replace_the_same_content_one_wins(shelf: Shelf) -> None:
    (shelf.folder / "x").write_text("old")
    tag = (await shelf.client.head(FILE, params={"path": "x"})).headers["etag"]
    told: list[int] = []

    async def put(number: int) -> None:
        answer = await shelf.client.put(
            FILE, params={"path": "x"}, content=b"%d" % number, headers={"If-Match": tag}
        )
        told.append(answer.status_code)

    async with anyio.create_task_group() as tasks:
        for number in range(10):
            tasks.start_soon(put, number)
    assert sorted(told) == [200] + [412] * 9
    assert shelf.names() == ["x"]
