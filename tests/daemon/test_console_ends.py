"""`WS /server/{id}/console`: who gets in, how it is told to who does not, and what ends it."""

import json
import os
from contextlib import suppress

import anyio
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import Frame, Opcode
from websockets.typing import Subprotocol

from daemon import conversation, textprotocols, watched
from daemon.access import Identity

from .door import DEADLINE
from .house import House, program

NOT_AUTHENTICATED = (401, "You are not authenticated to access this resource!")
NOT_PERMITTED = (403, "You are not allowed to access this resource!")
NO_SERVER = (404, "This server does not exist!")
KEY = "dGhlIHNhbXBsZSBub25jZQ=="


async def refusal(house: House, name: str, token: str | None, *, local: bool = False) -> tuple[int, str]:
    """Return how the first protocol is refused, having seen that the second is refused alike."""
    with pytest.raises(InvalidStatus) as refused:
        async with house.view(name, token=token, protocol=None, local=local):
            raise AssertionError("was let in")
    response = refused.value.response
    first = (response.status_code, json.loads(response.body or b"")["error"])
    assert response.headers["content-type"] == "application/json"
    async with house.view(name, token=token, local=local) as viewer:
        assert viewer.connection.subprotocol == "console-v2"
        assert await viewer.message() == {"type": "error", "message": first[1]}
        assert await viewer.close_code() == 4000 + first[0]
    return first


async def test_who_is_refused_is_told_in_his_own_protocol(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await refusal(house, "app", None) == NOT_AUTHENTICATED
    assert await refusal(house, "app", "x" * 128) == NOT_AUTHENTICATED
    assert await refusal(house, "other", None) == NOT_AUTHENTICATED
    assert await refusal(house, "other", house.token) == NO_SERVER
    assert await refusal(house, "other", None, local=True) == NO_SERVER
    monkeypatch.setattr(Identity, "may", lambda *_: False)
    assert await refusal(house, "app", house.token) == NOT_PERMITTED
    assert await refusal(house, "other", house.token) == NOT_PERMITTED


@pytest.mark.parametrize("protocol", ["console-v2", None])
async def test_every_way_of_showing_who_one_is_opens_a_console(either: House, protocol: str | None) -> None:
    cookie = f"X-Authentication={either.token}"
    ticket = either.parts.people.tickets.issue(either.session, "127.0.0.1")
    for way in (
        {"headers": {"Authorization": either.token}},
        {"headers": {"Authorization": f"Bearer {either.token}"}},
        {"headers": {"Cookie": cookie}},
        {"headers": {"Cookie": cookie, "Origin": f"http://127.0.0.1:{either.port}"}},
        {"headers": {"Authorization": either.token, "Origin": "http://elsewhere"}},
        {"query": f"?ticket={ticket}"},
        {"local": True},
    ):
        async with either.view(protocol=protocol, **way) as viewer:
            await (viewer.until("ready") if protocol else viewer.until_raw("ready"))


@pytest.mark.parametrize("origin", ["http://elsewhere", "http://127.0.0.1.elsewhere", "null", "http://[", ""])
async def test_a_cookie_that_a_foreign_page_sends_counts_for_nothing(house: House, origin: str) -> None:
    headers = {"Cookie": f"X-Authentication={house.token}", "Origin": origin}
    if not origin:
        headers["Authorization"] = "x"  # wins over the cookie
    with pytest.raises(InvalidStatus) as refused:
        async with house.view(protocol=None, headers=headers):
            raise AssertionError("was let in")
    assert refused.value.response.status_code == 401


async def test_the_handshake_says_upgrade_and_names_a_subprotocol_only_if_it_was_offered(
    house: House,
) -> None:
    for offered, chosen in (
        (None, None),
        ("console-v2", "console-v2"),
        ("foo, console-v2,bar", "console-v2"),
        ("console-v9", None),
    ):
        head = await handshake(house, offered)
        assert head[0].startswith("HTTP/1.1 101 ")
        assert "Connection: Upgrade" in head
        assert "Upgrade: websocket" in head
        named = [line for line in head if line.lower().startswith("sec-websocket-protocol")]
        assert named == ([f"Sec-WebSocket-Protocol: {chosen}"] if chosen else [])
        assert not any(line.lower().startswith("sec-websocket-extensions") for line in head)


async def handshake(house: House, offered: str | None) -> list[str]:
    lines = ["GET /server/app/console HTTP/1.1", "Host: x", "Connection: Upgrade", "Upgrade: websocket"]
    lines += ["Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {KEY}"]
    lines += ["Sec-WebSocket-Extensions: permessage-deflate"]
    if offered:
        lines.append(f"Sec-WebSocket-Protocol: {offered}")
    async with await anyio.connect_unix(house.socket) as stream:
        await stream.send("\r\n".join([*lines, "", ""]).encode())
        data = b""
        with anyio.fail_after(DEADLINE):
            while b"\r\n\r\n" not in data:
                data += await stream.receive()
    return data.partition(b"\r\n\r\n")[0].decode().split("\r\n")


async def test_a_message_over_a_mebibyte_ends_the_connection(house: House) -> None:
    for protocol in ("console-v2", None):
        async with house.view(protocol=protocol) as viewer:
            with suppress(ConnectionClosed):
                await viewer.connection.send("x" * ((1 << 20) + 1))
            assert await viewer.close_code() == 1009
        async with house.view(protocol=protocol) as viewer:
            with suppress(ConnectionClosed):
                await viewer.connection.send(["x" * (1 << 19)] * 3)  # in fragments
            assert await viewer.close_code() == 1009
    assert (await house.show("app"))["status"] == 1


async def test_a_text_message_of_bad_bytes_ends_the_connection_and_nothing_else(house: House) -> None:
    async with house.view() as viewer, house.view() as other:
        connection = viewer.connection
        await other.until("ready")
        connection.protocol.send_frame(Frame(Opcode.TEXT, b"\xff\xfe"))
        connection.send_data()
        assert await viewer.close_code() == 1007
        await other.type("still here")
        await other.until("echo: still here")


async def test_a_client_that_says_nothing_is_closed_in_the_second_protocol_only(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(textprotocols.SecondProtocol, "silence", 0.3)
    assert textprotocols.FirstProtocol.silence is None
    async with house.view(protocol=None) as first, house.view() as second:
        assert await second.close_code() == 1000
        await first.connection.send("still here")
        await first.until_raw("echo: still here")


async def test_a_client_that_pings_is_not_closed(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    assert conversation.SILENCE == 30
    monkeypatch.setattr(textprotocols.SecondProtocol, "silence", 2.0)
    async with house.view() as silent, house.view() as viewer:
        async with anyio.create_task_group() as tasks:

            async def ping() -> None:
                while True:
                    await viewer.say(type="ping", id="")
                    await viewer.answer()
                    await anyio.sleep(0.2)

            tasks.start_soon(ping)
            assert await silent.close_code() == 1000
            tasks.cancel_scope.cancel()
        await viewer.type("still here")
        await viewer.until("echo: still here")


async def test_the_server_sends_no_websocket_ping(house: House) -> None:
    assert all(
        listener.server.config.ws_ping_interval is None for listener in house.listeners._served.values()
    )


async def test_there_are_only_so_many_viewers(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watched, "MOST_VIEWERS", 2)
    name = "ü" * 200
    await house.configure(**{name: program("echo")})
    async with house.view(name) as one, house.view(name) as two:
        await one.until("ready")
        await two.until("ready")
        status, message = await refusal(house, name, None, local=True)
        assert (status, "2 viewers" in message) == (429, True)
        await one.type("not disturbed")
        await two.until("echo: not disturbed")
    async with house.view(name) as three:
        await three.until("ready")


@pytest.mark.parametrize("protocol", ["console-v2", None])
async def test_input_that_comes_with_the_end_of_the_session_is_not_heard(
    house: House, protocol: str | None
) -> None:
    async with house.view() as witness, house.view(token=house.token, protocol=protocol) as viewer:
        await witness.until("ready")
        await house.parts.people.sessions.end([house.session])
        with suppress(ConnectionClosed):
            while True:
                await (viewer.type("too late") if protocol else viewer.connection.send("too late"))
        assert await viewer.close_code() == 4401
        await witness.type("the end")
        assert "too late" not in await witness.until("echo: the end")


async def test_a_client_that_vanishes_in_the_middle_leaves_nothing_behind(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("app", "other"):
        for _ in range(20):
            async with house.view(name) as viewer:
                viewer.connection.transport.abort()
    async with house.view() as viewer:
        await viewer.until("ready")
        await viewer.type("still here")
        await viewer.until("echo: still here")
        assert len(house.parts.consoles.watched.relays["app"].viewers) == 1
    assert "Traceback" not in caplog.text
    assert all(record.exc_info is None for record in caplog.records)


async def test_a_console_can_be_closed_by_either_side_at_the_same_time(house: House) -> None:
    async with house.view(token=house.token) as viewer:
        await viewer.until("ready")
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(house.parts.people.sessions.end, [house.session])
            tasks.start_soon(viewer.connection.close)
    assert (await house.local.get("/servers")).status_code == 200


async def test_many_come_and_go(either: House) -> None:
    async def visit() -> None:
        async with either.view() as viewer:
            await viewer.until("ready")

    descriptors = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        async with anyio.create_task_group() as tasks:
            for _ in range(40):
                tasks.start_soon(visit)
    async with either.view(protocol=Subprotocol("console-v2")) as viewer:
        await viewer.until("ready")
        assert len(os.listdir("/proc/self/fd")) < descriptors + 40
