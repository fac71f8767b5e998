"""`WS /server/{id}/console`: what a viewer sees, in both protocols."""

import json
from collections.abc import AsyncIterator

import pytest

from daemon.access import Identity
from daemon.consoles import QUIET

from .house import House, Json, living, program, python

SPEAKER = "import os, sys\nfor line in sys.stdin: os.write(1, eval(line))"
"""Writes the bytes that it is told, as a Python expression."""

READS = "import os\nwhile data := os.read(0, 65536): os.write(1, ascii(data).encode() + b'\\n')"
"""Says what it read, in one piece for each write."""


@pytest.fixture
async def speaker(folder: str) -> AsyncIterator[House]:
    async with living(folder, servers={"app": python(SPEAKER)}) as house:
        yield house


async def test_settings_come_first_then_the_scrollback_then_what_is_new(either: House) -> None:
    async with either.view() as viewer:
        await viewer.until("ready")
        for word in ("one", "two"):
            await viewer.type(word)
            await viewer.until(f"echo: {word}")
    async with either.view() as viewer:
        assert await viewer.message() == {"type": "settings", "readOnly": False}
        scrollback = "[Octyne] Started server app\nready\necho: one\necho: two"
        assert await viewer.message() == {"type": "output", "data": scrollback}
        await viewer.type("three")
        assert await viewer.message() == {"type": "output", "data": "echo: three"}


async def test_the_first_protocol_is_plain_text(either: House) -> None:
    async with either.view(protocol=None) as viewer:
        assert viewer.connection.subprotocol is None
        await viewer.until_raw("ready")
        await viewer.connection.send("one")
        await viewer.until_raw("echo: one")
        await viewer.connection.send(b"two")
        await viewer.until_raw("echo: two")
    async with either.view(protocol=None) as viewer:
        assert await viewer.receive() == "[Octyne] Started server app\nready\necho: one\necho: two"


async def test_an_empty_scrollback_is_sent_too(either: House) -> None:
    off: Json = {**program("echo"), "enabled": False}
    await either.configure(off=off)
    async with either.view("off") as second, either.view("off", protocol=None) as first:
        assert (await second.message())["type"] == "settings"
        assert await second.message() == {"type": "output", "data": ""}
        assert await first.receive() == ""
        await either.operate("off", "START")
        await second.until("ready")
        await first.until_raw("ready")


async def test_a_scrollback_has_as_many_lines_as_the_config_says(either: House) -> None:
    prints = python("print(*range(100), sep='\\n'); import signal; signal.pause()")
    await either.configure(few={**prints, "scrollbackLines": 3}, none={**prints, "scrollbackLines": 0})
    async with either.view("few", protocol=None) as long, either.view("none", protocol=None) as other:
        await long.until_raw("99")
        await other.receive()
        await either.operate("none", "KILL")
        await other.until_raw("has stopped.")
        async with either.view("few", protocol=None) as late, either.view("none", protocol=None) as nothing:
            assert await late.receive() == "97\n98\n99"
            assert await nothing.receive() == ""
    async with either.view("few", protocol=None) as alone:
        assert await alone.receive() == "97\n98\n99"


async def test_a_large_scrollback_is_replayed_as_a_whole(house: House) -> None:
    count = 20_000  # 2 MB, more than a relay keeps of itself
    big: Json = {**program("flood", str(count)), "scrollbackLines": 10 * count, "scrollbackBytes": 8 << 20}
    await house.configure(big=big)
    for _ in range(2):  # by the supervisor's scrollback
        async with house.view("big") as viewer:
            await viewer.until(f"{count - 1:099d}")
            # Not by lines: one whose end is late is shown in two.
            assert sum(char.isdigit() for char in viewer.text) == 99 * count
            async with house.view("big") as late:  # by the relay's memory
                await late.until(f"{count - 1:099d}")
                assert sum(char.isdigit() for char in late.text) == 99 * count


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (rb"a\nb\nc\n", "a\nb\nc"),
        (rb"a\r\nb\r\n", "a\nb"),
        (rb"\n\n\n", "\n\n"),
        (rb"10%\r20%\rdone\r\n", "10%\r20%\rdone"),
        (rb"\x1b[31mred\x1b[0m\n", "\x1b[31mred\x1b[0m"),
        (rb"\xff\xfe\x00x\n", "\ufffd\ufffd\x00x"),
        (rb"\xe2\x82\n", "\ufffd"),
        (rb"gr\xc3\xb6\xc3\x9fe \xe2\x9c\x93\n", "größe ✓"),
        (rb"\xed\xa0\x80\n", "\ufffd\ufffd\ufffd"),
        (rb"\"quoted\" \\ \t\n", '"quoted" \\ \t'),
    ],
)
async def test_lines_are_joined_and_shown_as_text(speaker: House, written: bytes, shown: str) -> None:
    async with speaker.view() as second, speaker.view(protocol=None) as first:
        await second.until("Started")
        await first.until_raw("Started")
        await second.type(f'b"{written.decode()}"')
        assert await second.message() == {"type": "output", "data": shown}
        assert await first.receive() == shown


async def test_a_character_that_comes_in_two_writes_stays_one(speaker: House) -> None:
    async with speaker.view() as viewer:
        await viewer.until("Started")
        await viewer.type(r"b'price: 3 \xe2'")
        await viewer.until("price: 3 ")  # the line has no end, and is shown after a while
        await viewer.type(r"b'\x82\xac, thanks\n'")
        assert "\ufffd" not in await viewer.until("€, thanks")


async def test_a_line_without_an_end_is_shown_after_a_while(speaker: House) -> None:
    assert QUIET < 1
    async with speaker.view() as viewer:
        await viewer.until("Started")
        await viewer.type("b'Your name? '")
        assert await viewer.message() == {"type": "output", "data": "Your name? "}
        await viewer.type(r"b'Ada\n'")
        assert await viewer.message() == {"type": "output", "data": "Ada"}


async def test_a_line_of_a_megabyte_is_shown(speaker: House) -> None:
    async with speaker.view() as viewer:
        await viewer.until("Started")
        await viewer.type(r"b'x' * (1 << 20) + b'end\n'")
        await viewer.until("end")
        assert viewer.text.count("x") == 1 << 20


async def test_the_last_words_of_a_program_are_shown(either: House) -> None:
    await either.configure(short=program("noisy_end", "0"))
    async with either.view("short") as viewer:
        text = await viewer.until("Server short has stopped.")
        assert "last words\n" in text
        assert text.count("x") == 64 * 1024


async def test_a_console_outlives_the_program(either: House) -> None:
    async with either.view() as viewer:
        await viewer.until("ready")
        await either.operate("app", "TERM")
        await viewer.until("[Octyne] Server app has stopped.")
        await viewer.type("nobody listens")
        await viewer.until("[Holdfast] The input was not taken: app is not running")
        await either.operate("app", "START")
        await viewer.type("again")
        await viewer.until("echo: again")


# What the client says.


async def test_a_ping_is_answered_with_its_id(house: House) -> None:
    async with house.view() as viewer:
        await viewer.until("ready")
        for sent, answered in (
            ({"id": "7"}, "7"),
            ({"id": ""}, ""),
            ({}, ""),
            ({"id": "ü\ud800"}, "ü\ud800"),
        ):
            await viewer.say(type="ping", **sent)
            assert await viewer.answer() == {"type": "pong", "id": answered}


@pytest.mark.parametrize(
    "message",
    [
        *("", "null", "[]", "1", '"ping"', "{", '{"type": 1}', '{"type": "input", "data": 1}'),
        *('{"type": "ping", "id": null}', '{"type": "input", "data": ["x"]}', "[" * 100_000, "\x00"),
    ],
)
async def test_a_message_of_the_wrong_shape_is_told_and_the_console_goes_on(
    house: House, message: str
) -> None:
    async with house.view() as viewer:
        await viewer.until("ready")
        for sent in (message, message.encode()):
            await viewer.connection.send(sent)
            assert await viewer.answer() == {"type": "error", "message": "Invalid message format"}
        await viewer.type("still here")
        await viewer.until("echo: still here")


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ({"type": "resize"}, "resize"),
        ({"type": "input"}, "input"),
        ({"type": "input", "data": ""}, "input"),
        ({}, ""),
    ],
)
async def test_an_unknown_type_is_told_by_its_name(house: House, message: dict[str, str], kind: str) -> None:
    async with house.view() as viewer:
        await viewer.until("ready")
        await viewer.say(**message)
        assert await viewer.answer() == {"type": "error", "message": f"Invalid message type: {kind}"}


async def test_input_is_written_as_it_is_with_a_newline(house: House) -> None:
    await house.configure(reads=python(READS))
    async with house.view("reads") as viewer:
        await viewer.until("Started")
        await viewer.type("two\nlines\r\nü")
        await viewer.until(r"b'two\nlines\r\n\xc3\xbc\n'")
        await viewer.connection.send(json.dumps({"type": "input", "data": "binary"}).encode())
        await viewer.until(r"b'binary\n'")
    async with house.view("reads", protocol=None) as viewer:
        await viewer.connection.send("")
        await viewer.until_raw(r"b'\n'")


async def test_a_command_is_executed_though_the_socket_closes_in_the_same_instant(either: House) -> None:
    async with either.view() as witness:
        await witness.until("ready")
        for number in range(10):
            async with either.view(protocol=None if number % 2 else "console-v2") as viewer:
                if number % 2:
                    await viewer.connection.send(f"command {number}")
                else:
                    await viewer.type(f"command {number}")
            await witness.until(f"echo: command {number}")
        assert witness.text.count("echo:") == 10


async def test_input_that_is_not_taken_is_told_to_the_typist(either: House) -> None:
    await either.configure(deaf=program("deaf"))
    async with either.view("deaf") as viewer, either.view("deaf", protocol=None) as first:
        await viewer.until("ready")
        await first.receive()
        await viewer.type("x" * 500_000)
        await viewer.type("lost")
        await viewer.say(type="ping", id="0")
        assert (await viewer.answer())["type"] == "pong", "nothing else waits for a deaf program"
        await viewer.until("[Holdfast] The input was not taken: deaf: it does not read its input")
        await viewer.say(type="ping", id="1")
        assert (await viewer.answer())["type"] == "pong"
        await first.connection.send("y" * 500_000)
        await first.until_raw("[Holdfast] The input was not taken")


async def test_a_scrollback_too_large_for_one_message_comes_in_parts(house: House) -> None:
    await house.configure(many=python("for n in range(2500): print(f'{n} ' + chr(27) * 400)"))
    async with house.view("many") as viewer:
        await viewer.until("2499 ")
        await viewer.until("has stopped")
    async with house.view("many") as late, house.view("many", protocol=None) as first:
        await late.until("has stopped")
        numbers = [int(line.split()[0]) for line in late.lines if "\x1b" in line]
        assert numbers == list(range(numbers[0], 2500))
        assert len(numbers) > 2400
        await first.until_raw("has stopped")


async def test_what_else_a_message_holds_does_not_matter(house: House) -> None:
    async with house.view() as viewer:
        await viewer.say(type="input", data="hello", x=1)
        await viewer.until("echo: hello")
        await viewer.say(type="resize", cols=80)
        assert (await viewer.answer())["message"] == "Invalid message type: resize"


async def test_input_is_in_the_audit_log(house: House) -> None:
    async with house.view(token=house.token) as viewer:
        await viewer.type("größe\n2")
        await viewer.until("echo: 2")
    told = [{k: line[k] for k in ("action", "user", "ip", "server")} for line in house.audit()]
    base = {"user": "admin", "ip": "127.0.0.1", "server": "app"}
    actions = ("server.console.access", "server.console.input")
    assert told == [{"action": action, **base} for action in actions]
    assert house.audit()[-1]["input"] == "größe\n2"


async def test_who_may_not_write_is_told_and_not_heard(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        Identity, "may", lambda _, permission, server=None: permission != "server.console.write"
    )
    async with house.view() as second, house.view(protocol=None) as first:
        assert await second.message() == {"type": "settings", "readOnly": True}
        await second.until("ready")
        await second.type("not heard")
        await first.connection.send("nor this")
        await first.until_raw("ready")
        await second.say(type="ping", id="after")
        assert (await second.answer())["id"] == "after"
    async with house.view() as viewer:
        monkeypatch.undo()
        await viewer.until("ready")
    await house.operate("app", "KILL")
    async with house.view() as viewer:
        assert "echo" not in await viewer.until("Server app has stopped.")
    inputs = [line for line in house.audit() if line["action"] == "server.console.input"]
    assert {line["result"] for line in inputs} <= {"denied"}


@pytest.mark.parametrize("protocol", ["console-v2", "console-v3"])
async def test_settings_come_before_all_else(house: House, protocol: str) -> None:
    await house.configure(app=program("echo"))
    async with house.view("app", protocol=protocol) as viewer:
        await viewer.connection.send('{"type":"ping","id":"1"}')
        await viewer.connection.send("no json")
        assert json.loads(await viewer.receive())["type"] == "settings"
