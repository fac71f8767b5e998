"""`console-v3`: what the client says, who gets in, and what ends it."""

import json
from contextlib import suppress

import anyio
import pytest
from websockets.exceptions import ConnectionClosed

from daemon import conversation, rawprotocol
from daemon.access import Identity

from .house import House, program, python
from .rawviewer import V3, watch

READS = "import os\nwhile data := os.read(0, 65536): os.write(1, ascii(data).encode() + b'\\n')"
"""Says what it read, in one piece for each write."""

MALFORMED = {"type": "error", "message": "Invalid message format"}


# What the client says.


async def test_a_line_gets_its_newline_and_bytes_are_given_as_they_are(either: House) -> None:
    await either.configure(reads=python(READS))
    async with watch(either, "reads") as viewer:
        for line, read in (("two\nlines\r\nü", rb"b'two\nlines\r\n\xc3\xbc\n'"), ("", rb"b'\n'")):
            await viewer.type(line)
            await viewer.until(b"\n" + read + b"\n")
        await viewer.connection.send(b"")
        for data in (b"no newline", b"\x00\xff\xfe\x03", b"x" * 1000):
            await viewer.connection.send(data)
            await viewer.until(f"\n{data!r}\n".encode())
        assert len(viewer.said) == 1


async def test_input_is_in_the_audit_log(house: House) -> None:
    async with watch(house, local=False) as viewer:
        await viewer.type("größe")
        await viewer.connection.send(b"raw\xff\n")
        await viewer.until("echo: größe\necho: raw".encode())
        await viewer.type("end")
        await viewer.until(b"echo: end\n")
    actions = [line["action"] for line in house.audit()]
    assert actions == ["server.console.access"] + ["server.console.input"] * 3
    assert [line["input"] for line in house.audit()[1:]] == ["größe", "raw\ufffd\n", "end"]
    assert {line["user"] for line in house.audit()} == {"admin"}


async def test_a_ping_is_answered_and_other_messages_are_told(house: House) -> None:
    async with watch(house) as viewer:
        await viewer.until(b"ready\n")
        for message, answer in (
            ({"type": "ping", "id": "ü"}, {"type": "pong", "id": "ü"}),
            ({"type": "ping"}, {"type": "pong", "id": ""}),
            ({"type": "ping", "id": 1}, MALFORMED),
            ({"type": "input"}, MALFORMED),
            ({"type": "input", "data": None}, MALFORMED),
            ({"type": "dance"}, {"type": "error", "message": "Invalid message type: dance"}),
            ({}, {"type": "error", "message": "Invalid message type: "}),
            ({"type": []}, MALFORMED),
        ):
            await viewer.say(**message)
            assert await viewer.answer() == answer
        for text in ("", "null", "[]", "{", "[" * 100_000, "\x00", '"ping"', "0" * 5000):
            await viewer.connection.send(text)
            assert await viewer.answer() == MALFORMED
        await viewer.type("still here")
        await viewer.until(b"echo: still here\n")


async def test_input_that_is_not_taken_is_told_and_no_output(either: House) -> None:
    await either.configure(deaf=program("deaf"))
    async with watch(either, "deaf") as viewer:
        await viewer.until(b"ready\n")
        await viewer.type("x" * 500_000)
        await viewer.connection.send(b"lost")
        await viewer.say(type="ping", id="0")
        assert (await viewer.answer())["type"] == "pong", "nothing else waits for a deaf program"
        notice = await viewer.answer()
        assert notice["type"] == "notice"
        assert str(notice["message"]).startswith("The input was not taken: deaf: it does not read its input")
        end = viewer.position
    async with watch(either, "deaf") as viewer:
        assert viewer.settings["end"] == end, "the offsets count nothing of ours"


async def test_who_names_a_line_hears_what_became_of_it(either: House) -> None:
    await either.configure(echo=program("echo"), deaf=program("deaf"))
    async with watch(either, "echo") as viewer:
        await viewer.say(type="input", data="hello", id="ü 1")
        assert await viewer.answer() == {"type": "taken", "id": "ü 1"}
        await viewer.type("nobody asks")
        await viewer.until(b"echo: hello\necho: nobody asks\n")
        await viewer.say(type="input", data="x", id=1)
        assert await viewer.answer() == MALFORMED, "and nothing was said of the line without a name"
    async with watch(either, "deaf") as viewer:
        await viewer.until(b"ready\n")
        for number in range(10):
            await viewer.say(type="input", data="x" * 500_000, id=str(number))
            said = await viewer.answer()
            assert said["id"] == str(number)
            if said["type"] == "notice":
                break  # the kernel keeps no more
        assert said["kind"] == "input-refused"


async def test_a_mark_is_answered_when_all_before_it_was_given(either: House) -> None:
    await either.configure(reads=python(READS))
    async with watch(either, "reads") as viewer:
        for number in range(30):
            await viewer.connection.send(b"x" * 5000)
            if number % 10 == 9:
                await viewer.say(type="mark", id=str(number))
                assert await viewer.answer() == {"type": "taken", "id": str(number)}
        await viewer.say(type="mark", id=None)
        assert await viewer.answer() == MALFORMED
    assert len([line for line in either.audit() if line["action"] == "server.console.input"]) == 30


async def test_who_may_not_write_is_told_and_not_heard(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        Identity, "may", lambda _, permission, server=None: permission != "server.console.write"
    )
    async with watch(house) as viewer:
        assert viewer.settings["readOnly"] is True
        await viewer.type("not heard")
        await viewer.connection.send(b"nor this\n")
        for _ in range(2):
            assert await viewer.answer() == {
                "type": "notice",
                "message": "The input was not taken: this console is read-only",
            }
        await viewer.say(type="input", data="named", id="1")
        assert await viewer.answer() == {
            "type": "notice",
            "message": "The input was not taken: this console is read-only",
            "id": "1",
            "kind": "not-permitted",
        }
        await viewer.say(type="resize", rows=10, columns=10)
        assert await viewer.answer() == {
            "type": "notice",
            "message": "The size was not taken: this console is read-only",
        }
    monkeypatch.undo()
    async with watch(house) as viewer:
        await viewer.type("after")
        assert b"hear" not in await viewer.until(b"echo: after\n")
    assert len([line for line in house.audit() if line["action"] == "server.console.input"]) == 1


async def test_a_command_is_executed_though_the_socket_closes_in_the_same_instant(either: House) -> None:
    async with watch(either) as witness:
        for number in range(10):
            async with either.view(protocol=V3) as viewer:
                if number % 2:
                    await viewer.connection.send(b"command %d\n" % number)
                else:
                    await viewer.type(f"command {number}")
            await witness.until(b"echo: command %d\n" % number)
        assert witness.data.count(b"echo:") == 10


# Who gets in, and what ends it.


async def test_who_is_refused_is_told_and_closed(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refused(name: str, token: str | None) -> tuple[str, int | None]:
        async with house.view(name, protocol=V3, token=token, query="?since=x", local=False) as viewer:
            assert viewer.connection.subprotocol == V3
            error = await viewer.message()
            assert error["type"] == "error"
            return str(error["message"]), await viewer.close_code()

    assert await refused("app", None) == ("You are not authenticated to access this resource!", 4401)
    assert await refused("other", None) == ("You are not authenticated to access this resource!", 4401)
    assert await refused("other", house.token) == ("This server does not exist!", 4404)
    monkeypatch.setattr(Identity, "may", lambda *_: False)
    assert await refused("app", house.token) == ("You are not allowed to access this resource!", 4403)


async def test_the_end_of_the_session_ends_the_console(house: House) -> None:
    async with watch(house) as witness, watch(house, local=False) as viewer:
        await house.parts.people.sessions.end([house.session])
        with suppress(ConnectionClosed):
            while True:
                await viewer.connection.send(b"too late\n")
        assert await viewer.close_code() == 4401
        await witness.type("the end")
        assert b"too late" not in await witness.until(b"echo: the end\n")


async def test_the_removal_of_the_server_ends_the_console_after_the_last_words(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversation, "FAREWELL", 0.05)
    async with watch(house) as viewer:
        await viewer.until(b"ready\n")
        await house.configure()
        await house.operate("app", "TERM")
        assert await viewer.close_code() == 4404
        assert b"Server app was marked for deletion, stopped/crashed, and has now been" in viewer.data


async def test_messages_that_no_client_should_send_end_one_connection_and_no_other(house: House) -> None:
    async with watch(house) as other:
        for too_large in ("x" * ((1 << 20) + 1), b"x" * ((1 << 20) + 1), [b"x" * (1 << 19)] * 3):
            async with watch(house) as viewer:
                with suppress(ConnectionClosed):
                    await viewer.connection.send(too_large)
                assert await viewer.close_code() == 1009
        async with watch(house) as viewer:
            viewer.connection.transport.write(b"\xff\xff\xff\xff no frame")
            assert await viewer.close_code() == 1002
        await other.type("still here")
        assert b"x" not in (await other.until(b"echo: still here\n")).replace(b"Octyne", b"")


async def test_a_client_that_says_nothing_is_closed(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    assert rawprotocol.ThirdProtocol.silence == 30
    monkeypatch.setattr(rawprotocol.ThirdProtocol, "silence", 0.3)
    async with watch(house) as viewer:
        assert await viewer.close_code() == 1000


async def test_a_client_that_vanishes_leaves_nothing_behind(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(20):
        async with house.view(protocol=V3) as gone:
            gone.connection.transport.abort()
    async with watch(house) as viewer:
        await viewer.type("still here")
        await viewer.until(b"echo: still here\n")
        assert len(house.parts.raw_consoles.watched.relays["app"].viewers) == 1
    assert all(record.exc_info is None for record in caplog.records)


async def test_many_come_and_go(either: House) -> None:
    async def visit(since: int | None) -> None:
        async with watch(either, since=since) as viewer:
            await viewer.until(b"ready\n")

    for _ in range(3):
        async with anyio.create_task_group() as tasks:
            for number in range(40):
                tasks.start_soon(visit, 3 if number % 2 else None)
    assert json.loads((await either.local.get("/servers")).text) == {"servers": {"app": 1}}
