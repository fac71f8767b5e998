"""`console-v3`: bytes by their offset, for who comes and for who comes back."""

import re

import pytest

from .house import House, program, python
from .rawviewer import V3, watch
from .viewer import V2

LATEST = (1 << 53) - 1
STARTED = b"[Octyne] Started server app\n"
SPEAKER = "import os, sys\nfor line in sys.stdin: os.write(1, eval(line))"
"""Writes the bytes that it is told, as a Python expression."""


# What is shown.


async def test_settings_come_first_then_the_replay_then_what_is_new(either: House) -> None:
    async with watch(either) as viewer:
        said = STARTED + b"ready\n"
        assert await viewer.until(b"ready\n") == said
    async with watch(either) as viewer:
        assert re.fullmatch("[0-9a-f]{16}", viewer.stream)
        mine = {"readOnly": False, "stream": viewer.stream, "offset": 0, "end": len(said), "terminal": None}
        assert viewer.settings == (settings := {"type": "settings", **mine})
        assert await viewer.until(b"ready\n") == said
        await viewer.type("one")
        assert await viewer.until(b"one\n") == said + b"echo: one\n"
        assert viewer.said == [settings]


async def test_the_replay_has_as_many_lines_as_the_config_says(either: House) -> None:
    prints = python("print(*range(100), sep='\\n'); import signal; signal.pause()")
    await either.configure(few={**prints, "scrollbackLines": 3}, none={**prints, "scrollbackLines": 0})
    for name, shown in (("few", b"97\n98\n99\n"), ("none", b"")):
        async with watch(either, name, since=0) as whole:
            end = whole.begin + len(await whole.until(b"\n99\n"))
        async with watch(either, name) as viewer:
            assert (viewer.begin, viewer.settings["end"]) == (end - len(shown), end)
            await either.operate(name, "KILL")
            assert (await viewer.until(b"has stopped.\n")).startswith(shown + b"[Octyne] Killing")


async def test_bytes_come_as_they_are_and_at_once(either: House) -> None:
    await either.configure(raw={**python(SPEAKER), "scrollbackBytes": 8 << 20})
    async with watch(either, "raw") as viewer:
        await viewer.until(b"[Octyne] Started server raw\n")
        said = bytes(viewer.data)
        for part in (b"\xff\xfe", b"\xc3", b"\xbc", b"\x00", b"\r", b"\r\n", b"\x1b[3", b"1m", b"no end"):
            await viewer.type(ascii(part))
            said += part
            await viewer.until_offset(viewer.begin + len(said))
            assert viewer.data == said
        await viewer.type("b'x' * (3 << 20)")
        await viewer.until_offset(len(said) + (3 << 20))
        assert viewer.data == said + b"x" * (3 << 20)


async def test_who_comes_back_gets_exactly_the_rest(either: House) -> None:
    async with watch(either) as viewer:
        await viewer.until(b"ready\n")
        await viewer.type("one")
        said = await viewer.until(b"one\n")
        async with watch(either, since=len(said)) as other:
            await viewer.type("two")
            assert await other.until(b"two\n") == b"echo: two\n"
            said = await viewer.until(b"two\n")
    stream = viewer.stream
    for since in (0, 1, len(STARTED), len(said) - 1, len(said)):
        async with watch(either, since=since, stream=stream) as viewer:
            assert (viewer.begin, viewer.settings["end"]) == (since, len(said))
            await viewer.until_offset(len(said))
            assert viewer.data == said[since:]
            assert len(viewer.said) == 1


async def test_an_offset_of_which_nothing_is_kept_begins_with_a_gap(either: House) -> None:
    count = 20_000
    await either.configure(flood={**program("flood", str(count)), "scrollbackBytes": 4096})
    async with watch(either, "flood", since=0) as all_:
        await all_.until(b"has stopped.\n")
        end = all_.position
    async with watch(either, "flood", since=5) as viewer:
        assert viewer.begin == 5
        gap = await viewer.message()
        assert gap == {"type": "gap", "from": 5, "to": viewer.begin}
        assert end - 200_000 < viewer.begin <= end - 4096
        said = await viewer.until(b"has stopped.\n")
        assert viewer.position == end
        assert said == bytes(all_.data)[-len(said) :]


@pytest.mark.parametrize(
    "asked",
    [{"since": 1000}, {"since": LATEST}, {"since": 3, "stream": "other"}, {"since": 0, "stream": "other"}],
)
async def test_an_offset_of_another_stream_begins_at_the_beginning_and_says_so(
    either: House, asked: dict[str, int | str]
) -> None:
    async with watch(either) as viewer:
        said = await viewer.until(b"ready\n")
        stream = viewer.stream
    async with watch(either, **asked) as viewer:  # type: ignore[arg-type]
        assert (viewer.begin, viewer.settings["end"]) == (0, len(said))
        assert await viewer.message() == {"type": "reset", "stream": stream, "offset": 0}
        assert await viewer.until(b"ready\n") == said


async def test_a_stream_without_a_name_is_known_by_its_end_alone(either: House) -> None:
    """A supervisor that gave it none may have been handed over meanwhile."""
    async with watch(either) as viewer:
        said = await viewer.until(b"ready\n")
    async with watch(either, since=3, stream="") as viewer:
        assert viewer.begin == 3
        assert await viewer.until(b"ready\n") == said[3:]
        assert len(viewer.said) == 1


async def test_a_server_that_is_added_again_has_another_stream(either: House) -> None:
    """Its console soon is longer than the one before was, and has other bytes at the same offsets."""
    async with watch(either) as viewer:
        await viewer.type("old")
        await viewer.until(b"echo: old\n")
        old, position = viewer.stream, viewer.position
        await either.configure()
        await either.operate("app", "KILL")
        assert await viewer.close_code() == 4404
    await either.configure(app=program("echo"))
    async with watch(either) as viewer:
        await viewer.type("new" * 999)
        said = await viewer.until(b"new\n")
        assert viewer.position > position
        assert viewer.stream != old
    async with watch(either, since=position, stream=old) as other:
        assert await other.message() == {"type": "reset", "stream": viewer.stream, "offset": 0}
        assert (other.settings["stream"], other.settings["offset"]) == (viewer.stream, 0)
        assert await other.until(b"new\n") == said


async def test_a_stream_without_an_offset_does_not_matter(house: House) -> None:
    async with watch(house, stream="other") as viewer:
        await viewer.until(b"ready\n")
        assert len(viewer.said) == 1


@pytest.mark.parametrize(
    "since",
    ["-1", "", "x", "1.5", "1e3", "0x10", "+1", "%201", "1_0", "%D9%A1", str(LATEST + 1), "9" * 5000, "null"],
)
async def test_an_offset_that_is_none_is_refused(house: House, since: str) -> None:
    async with house.view(protocol=V3, query=f"?since={since}", token=house.token) as viewer:
        assert viewer.connection.subprotocol == V3
        error = await viewer.message()
        assert error == {
            "type": "error",
            "message": f"since must be a whole number from 0 to {LATEST}",
        }
        assert await viewer.close_code() == 4400
    async with house.view(query=f"?since={since}", token=house.token) as second:
        await second.until("ready")
    assert len([line for line in house.audit() if line["action"] == "server.console.access"]) == 1


async def test_the_newest_protocol_that_is_offered_is_chosen(house: House) -> None:
    for offered, chosen in (
        ([V2, V3], V3),
        ([V3, V2], V3),
        (["foo", V3], V3),
        ([V2, "console-v4"], V2),
        ([V2], V2),
        (["console-v33"], None),
    ):
        async with house.view(protocol=offered) as viewer:
            assert viewer.connection.subprotocol == chosen
            first = await viewer.receive()
            assert ("stream" in first) == (chosen == V3)


async def test_viewers_of_all_protocols_see_the_same(either: House) -> None:
    async with watch(either) as third, either.view() as second, either.view(protocol=None) as first:
        for number in range(20):
            await third.type(f"third {number}")
            await second.type(f"second {number}")
            await first.connection.send(f"first {number}")
            for word in ("first", "second", "third"):
                await third.until(f"echo: {word} {number}\n".encode())
                await second.until(f"echo: {word} {number}")
                await first.until_raw(f"echo: {word} {number}")
        shown = third.data.decode().removesuffix("\n")
        assert second.text.removeprefix("\n") == first.text.removeprefix("\n") == shown
        assert len(third.said) == 1
