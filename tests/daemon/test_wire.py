"""Large bodies, between file and socket: whole, in order with all else on the connection, and no further."""

import errno
import os
import re
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace

import anyio
import anyio.to_thread
import httpx
import pytest
import requests

from daemon import wire
from daemon.wire import Inlet, Outlet
from filemgr import Incoming, NoSpace

from .house import eventually, living
from .loops import both_loops
from .pki import anybody, make_pair
from .shelf import Shelf, server, shelved

anyio_backend = both_loops

FILE = "/server/app/file"
SIZE = 3 << 20
LINES = b"a line\r\n\r\nand another\n\r\n" * (SIZE // 24)
"""What looks like the ends of many heads."""


@pytest.fixture
async def shelf(folder: str) -> AsyncIterator[Shelf]:
    async with shelved(folder) as shelf:
        yield shelf


@pytest.fixture
def used(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Which ends of the wire were given back."""
    seen: list[str] = []
    for kind in (Inlet, Outlet):
        close = kind.close

        def closing(self: Inlet | Outlet, close: object = close) -> None:
            assert callable(close)
            close(self)
            seen.append(type(self).__name__)

        monkeypatch.setattr(kind, "close", closing)
    return seen


def head(shelf: Shelf, line: str, *headers: str) -> bytes:
    token = f"Authorization: {shelf.house.token}"
    return "\r\n".join([f"{line} HTTP/1.1", "Host: x", token, *headers, "", ""]).encode()


def talk(shelf: Shelf, *sent: bytes) -> bytes:
    """Send these one after the other, and return all that is answered; the last asks for the end."""
    said = b""
    with socket.create_connection(("127.0.0.1", shelf.house.port)) as one:
        one.settimeout(10)
        for piece in sent:
            one.sendall(piece)
        while block := one.recv(1 << 16):
            said += block
    return said


def statuses(said: bytes) -> list[bytes]:
    return re.findall(rb"HTTP/1.1 (\d+) ", said)


async def test_what_is_behind_a_large_body_is_the_next_request(shelf: Shelf, used: list[str]) -> None:
    body = LINES + os.urandom(12345)
    put = head(shelf, f"PUT {FILE}?path=x", f"Content-Length: {len(body)}")
    last = head(shelf, "GET /servers", "Connection: close")
    whole = put + body + put + body + last
    for edges in (
        (),
        (len(put),),
        (len(put) + 100, len(put) + len(body)),
        (len(whole) - 5,),
        (1 << 20, 4 << 20),
    ):
        pieces = [whole[begin:end] for begin, end in zip((0, *edges), (*edges, None), strict=True)]
        said = await anyio.to_thread.run_sync(talk, shelf, *pieces)
        assert statuses(said) == [b"200"] * 3, edges
        assert (shelf.folder / "x").read_bytes() == body
        assert said.endswith(b"}}") or b'"servers"' in said
    assert used == ["Inlet"] * len(used)
    assert used


async def test_a_form_goes_the_same_way(shelf: Shelf, used: list[str]) -> None:
    begin = b"--B\r\nContent-Disposition: form-data; name=upload; filename=x\r\n\r\n"
    body = begin + LINES + b"\r\n--B--\r\n"
    said = [
        f"Content-Length: {len(body)}",
        "Content-Type: multipart/form-data; boundary=B",
        "Connection: close",
    ]
    answer = await anyio.to_thread.run_sync(talk, shelf, head(shelf, f"POST {FILE}", *said), body)
    assert statuses(answer) == [b"200"]
    assert (shelf.folder / "x").read_bytes() == LINES
    assert used == ["Inlet"]


async def test_chunks_go_by_the_parser(shelf: Shelf, used: list[str]) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield LINES

    assert (await shelf.client.put(FILE, params={"path": "x"}, content=chunks())).status_code == 200
    assert (shelf.folder / "x").read_bytes() == LINES * 3
    assert used == []


async def test_who_is_refused_in_the_middle_hears_it(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Incoming, data: bytes) -> None:
        raise NoSpace(f"{self.path}: {len(data)} bytes do not fit")

    monkeypatch.setattr(Incoming, "write", full)
    url = f"http://127.0.0.1:{shelf.house.port}{FILE}?path=x"

    def ask() -> int:
        body, token = b"x" * (32 << 20), {"Authorization": shelf.house.token}
        with requests.put(url, data=body, headers=token, timeout=10) as told:
            return told.status_code

    assert await anyio.to_thread.run_sync(ask) == 507
    assert shelf.names() == []


async def test_who_goes_in_the_middle_leaves_nothing(shelf: Shelf, used: list[str]) -> None:
    with socket.create_connection(("127.0.0.1", shelf.house.port)) as one:
        one.sendall(head(shelf, f"PUT {FILE}?path=x", f"Content-Length: {SIZE}") + b"x" * (SIZE // 2))

        async def begun() -> list[str]:
            return shelf.held()

        await eventually(begun, bool)

    async def left() -> tuple[list[str], list[str]]:
        return shelf.held(), used

    await eventually(left, lambda found: found == ([], ["Inlet"]))
    assert shelf.names() == []


async def test_several_large_ranges_and_then_another_answer(shelf: Shelf, used: list[str]) -> None:
    data = os.urandom(SIZE)
    (shelf.folder / "x").write_bytes(data)
    ranges = head(shelf, f"GET {FILE}?path=x", f"Range: bytes=0-{1 << 20},{2 << 20}-")
    said = await anyio.to_thread.run_sync(
        talk, shelf, ranges + head(shelf, "GET /servers", "Connection: close")
    )
    assert statuses(said) == [b"206", b"200"]
    assert data[: (1 << 20) + 1] in said
    assert data[2 << 20 :] in said
    assert used == ["Outlet"]


async def test_a_file_system_without_sendfile(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(to: int, file: int, offset: int, size: int) -> int:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))

    monkeypatch.setattr(os, "sendfile", refused)
    (shelf.folder / "x").write_bytes(LINES)
    assert (await shelf.client.get(FILE, params={"path": "x"})).content == LINES


async def test_without_a_descriptor_to_spare_bytes_take_the_transport(
    shelf: Shelf, used: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(fd: int) -> int:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE), fd)

    monkeypatch.setattr(wire, "os", SimpleNamespace(dup=refused))
    put = head(shelf, f"PUT {FILE}?path=x", f"Content-Length: {len(LINES)}")
    get = head(shelf, f"GET {FILE}?path=x", "Connection: close")
    said = await anyio.to_thread.run_sync(talk, shelf, put + LINES + get)
    assert statuses(said) == [b"200", b"200"]
    assert said.endswith(LINES)
    assert used == []


async def test_with_tls_bytes_take_the_transport(folder: str, used: list[str]) -> None:
    os.mkdir(f"{folder}/tls")
    pair = await make_pair(f"{folder}/tls", "one")
    place = Path(folder, "app")
    place.mkdir()
    async with living(folder, servers={"app": server(place)}, https=pair.settings) as house:
        token = {"Authorization": house.token}
        url = f"https://127.0.0.1:{house.port}"
        async with httpx.AsyncClient(base_url=url, headers=token, verify=anybody()) as client:
            answer = await client.put(FILE, params={"path": "x"}, content=LINES)
            assert answer.status_code == 200
            assert (await client.get(FILE, params={"path": "x"})).content == LINES
    assert used == []
