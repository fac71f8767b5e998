"""Where the API is offered: who is local by the way in which he came, and what is no HTTP."""

import os
import socket
import struct
from collections.abc import Awaitable, Callable, Sized

import anyio
import httpx
import pytest

from daemon.access import Access, Identity
from daemon.head import Head

from .door import DEADLINE
from .house import House, eventually, program
from .loops import both_loops

anyio_backend = both_loops

APP = program("echo")


# Who is local.


async def test_a_tcp_client_that_is_gone_before_it_is_accepted_is_nobody(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid = (await house.until("app", status=1))["pid"]
    seen: list[tuple[object, Identity | None]] = []
    identify = Access.identify

    def witnessed(access: Access, head: Head, *, ticket: bool) -> Identity | None:
        seen.append((head.scope["client"], identify(access, head, ticket=ticket)))
        return seen[-1][1]

    with monkeypatch.context() as patch:
        patch.setattr(Access, "identify", witnessed)
        for _ in range(20):
            # Blocking on purpose: nobody accepts before this is gone.
            with socket.create_connection(("127.0.0.1", house.port)) as one:
                one.sendall(b"POST /server/app HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nKILL")
                one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        await eventually(lambda: count(seen), lambda number: number == 20)
    assert seen == [(None, None)] * 20  # it has no address, and is not local for that
    shown = await house.show("app")
    assert (shown["status"], shown["pid"], shown["wanted"]) == (1, pid, "up")
    assert house.audit() == []


async def count(things: Sized) -> int:
    return len(things)


async def test_no_header_makes_a_tcp_client_local(house: House) -> None:
    for headers in (
        {"X-Forwarded-For": "127.0.0.1", "X-Real-IP": "127.0.0.1", "Forwarded": "for=unix:"},
        {"X-Forwarded-For": "", "X-Forwarded-Proto": "unix", "Host": ""},
        {"X-Forwarded-User": "@local", "Remote-User": "@local", "Username": "@local", "Password": "x"},
        {"Authorization": "@local"},
        {"Cookie": "X-Authentication=@local"},
        {"peer": "0", "State": "peer"},
    ):
        answer = await house.nobody.get("/servers", headers=headers)
        assert answer.status_code == 401, headers


async def test_a_forwarded_address_is_not_believed(house: House) -> None:
    await house.remote.post("/server/app", content="KILL", headers={"X-Forwarded-For": "192.0.2.1"})
    assert house.audit()[-1]["ip"] == "127.0.0.1"


async def test_the_audit_log_names_the_process_at_the_other_end(house: House) -> None:
    await house.local.post("/server/app", content="KILL")
    line = house.audit()[-1]
    assert (line["user"], line["ip"]) == ("@local", "@")
    assert (line["uid"], line["pid"]) == (os.getuid(), os.getpid())
    await house.remote.post("/server/app", content="KILL")
    assert "uid" not in house.audit()[-1]


async def test_a_client_whose_own_socket_has_a_path_is_local_too(house: House) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(os.path.join(house.folder, "client.sock"))
        one.connect(house.socket)
        one.sendall(b"GET /servers HTTP/1.0\r\n\r\n")
        one.setblocking(False)
        with anyio.fail_after(DEADLINE):
            await anyio.wait_readable(one)
        assert one.recv(100).startswith(b"HTTP/1.1 200 ")


# What is no HTTP.


async def test_a_head_without_an_end_is_refused(house: House) -> None:
    async with await anyio.connect_tcp("127.0.0.1", house.port) as stream:
        await stream.send(b"GET / HTTP/1.1\r\n")
        answer = b""
        async with anyio.create_task_group() as tasks:

            async def flood() -> None:
                while True:
                    await stream.send(b"X: " + b"x" * 8000 + b"\r\n")

            async def read() -> None:
                nonlocal answer
                while b"}" not in answer:
                    answer += await stream.receive()
                tasks.cancel_scope.cancel()

            tasks.start_soon(_until_broken, flood)
            tasks.start_soon(read)
    assert answer.startswith(b"HTTP/1.1 431 ")
    assert b'"kind":"too-large"' in answer


async def _until_broken(send: Callable[[], Awaitable[None]]) -> None:
    try:
        await send()
    except anyio.BrokenResourceError:
        return


async def test_large_headers_and_bodies_that_are_not_too_large_are_served(house: House) -> None:
    answer = await house.remote.get("/servers", headers={"X-Long": "x" * 60_000})
    assert answer.status_code == 200
    base = f"http://127.0.0.1:{house.port}"
    async with httpx.AsyncClient(base_url=base, headers={"Authorization": house.token}) as client:
        for _ in range(3):  # on one connection
            answer = await client.post("/server/app", content=b" " * 1_000_000 + b"START")
            assert answer.json() == {"success": True}


async def test_what_is_no_http_is_answered_and_closed(house: House) -> None:
    for sent in (
        b"\x16\x03\x01\x02\x00",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\n\r\n",
    ):
        async with await anyio.connect_tcp("127.0.0.1", house.port) as stream:
            await stream.send(sent)
            answer = b""
            with anyio.fail_after(DEADLINE):
                while b"}" not in answer:
                    answer += await stream.receive()
        assert answer.startswith(b"HTTP/1.1 4"), (sent, answer)
        assert b'{"error":"' in answer
    assert (await house.remote.get("/servers")).status_code == 200
