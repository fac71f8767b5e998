"""The console against the plainest model of it: all bytes that were ever fed."""

import base64
import contextlib
import math
import os
import re
import tracemalloc
from collections.abc import Iterator

import anyio
import anyio.lowlevel
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supervisor import scrollback as scrollbacks
from supervisor.console import Console, Follower
from supervisor.record import InvalidRecord, Record
from supervisor.scrollback import Scrollback

PIECES = st.lists(
    st.binary(max_size=12) | st.sampled_from([b"\n", b"\n\n", b"line\n", b"\0\xff\r"]), max_size=30
)

LIMITS = st.sampled_from([0, 1, 2, 7, 20, 1000])


@pytest.fixture(autouse=True, scope="module")
def _small_blocks() -> Iterator[None]:
    """Blocks of eight bytes: their edges are where faults would be."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scrollbacks, "BLOCK", 8)
        yield


def filled(pieces: list[bytes], limit: int) -> tuple[Scrollback, bytes]:
    """A scrollback, and everything that it was fed."""
    scrollback = Scrollback(limit)
    for piece in pieces:
        scrollback.feed(piece)
    return scrollback, b"".join(pieces)


@given(PIECES, LIMITS)
def test_the_latest_bytes_are_kept_and_never_many_more(pieces: list[bytes], limit: int) -> None:
    scrollback, everything = filled(pieces, limit)
    assert scrollback.end == len(everything)
    assert scrollback.everything() == everything[scrollback.begin :]
    kept = scrollback.end - scrollback.begin
    assert kept >= min(limit, len(everything))
    assert kept <= limit + max([8, *map(len, pieces)])


@given(PIECES, LIMITS, st.integers(-5, 400), st.integers(1, 30))
def test_reading_from_an_offset_gives_what_was_fed_there(
    pieces: list[bytes], limit: int, asked: int, most: int
) -> None:
    scrollback, everything = filled(pieces, limit)
    offset, data = scrollback.since(asked, most)
    assert len(data) <= most
    assert everything[offset : offset + len(data)] == data
    if max(asked, 0) >= scrollback.end:
        assert (offset, data) == (scrollback.end, b"")
    else:
        assert data
        assert offset == max(asked, scrollback.begin), "later only if bytes were lost"


def test_all_that_is_there_is_read_at_once_and_what_ends_it_is_told_the_next_time() -> None:
    scrollback = Scrollback(1000)
    reading, writing = os.pipe2(os.O_NONBLOCK)
    os.write(writing, b"one")
    assert scrollback.read_from(reading) == 3
    with pytest.raises(BlockingIOError):
        scrollback.read_from(reading)
    os.write(writing, b"two")
    os.close(writing)
    assert (scrollback.read_from(reading), scrollback.read_from(reading)) == (3, 0)
    os.close(reading)
    assert scrollback.everything() == b"onetwo"


def test_a_program_that_writes_byte_by_byte_is_read_no_longer_than_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = os.readv
    monkeypatch.setattr(scrollbacks, "BLOCK", 1 << 16)
    monkeypatch.setattr(os, "readv", lambda fd, rooms: whole(fd, (rooms[0][:1],)))
    scrollback = Scrollback(1000)
    reading, writing = os.pipe2(os.O_NONBLOCK)
    os.write(writing, bytes(range(200)))
    sizes = [scrollback.read_from(reading) for _ in range(4)]
    assert sizes == [64, 64, 64, 8]
    assert scrollback.everything() == bytes(range(200))
    os.close(reading)
    os.close(writing)


def test_who_skips_forgets_what_was_before() -> None:
    scrollback = Scrollback(100)
    scrollback.feed(b"before")
    scrollback.skip_to(1_000_003)
    assert (scrollback.begin, scrollback.end) == (1_000_003, 1_000_003)
    scrollback.feed(b"after")
    assert scrollback.since(0) == (1_000_003, b"after")
    again = Scrollback.of(os.dup(scrollback.fd))
    assert again.everything() == b"after"


@given(PIECES, LIMITS, st.integers(0, 12))
def test_the_tail_is_the_last_lines_within_the_limit(pieces: list[bytes], limit: int, lines: int) -> None:
    scrollback, everything = filled(pieces, limit)
    kept = everything[scrollback.begin :]
    last = _last_lines(kept, lines)
    assert scrollback.tail(lines) == max(scrollback.end - len(last), scrollback.end - limit)


def _last_lines(text: bytes, lines: int) -> bytes:
    ended = [line + b"\n" for line in text.split(b"\n")]
    ended[-1] = ended[-1][:-1]
    return b"".join([line for line in ended if line][-lines:]) if lines else b""


@settings(deadline=None)
@given(PIECES, LIMITS, st.integers(0, 1 << 60))
def test_freeze_thaw_freeze_is_the_identity(pieces: list[bytes], limit: int, before: int) -> None:
    original = Console(limit)
    original.scrollback = Scrollback(limit, before)
    for piece in pieces:
        original.feed(piece)
    frozen = original.freeze()
    other = Console.thaw(Record(frozen), lambda: Scrollback.of(os.dup(original.scrollback.fd)))
    assert other.scrollback.limit == limit
    assert other.scrollback.end == original.scrollback.end
    assert other.scrollback.begin == original.scrollback.begin
    assert other.scrollback.everything() == original.scrollback.everything()
    assert other.scrollback.stream == original.scrollback.stream


@given(PIECES, LIMITS, LIMITS)
def test_another_limit_keeps_the_latest_bytes(pieces: list[bytes], limit: int, other: int) -> None:
    scrollback, everything = filled(pieces, limit)
    stream = scrollback.stream
    resized = scrollback.resized(other)
    assert resized.stream == stream
    assert (resized.limit, resized.end) == (other, len(everything))
    assert resized.everything() == everything[resized.begin :]
    assert resized.end - resized.begin >= min(limit, other, len(everything))


@given(PIECES, LIMITS, st.integers(0, 1 << 60))
def test_the_first_version_of_the_record_is_read(pieces: list[bytes], limit: int, before: int) -> None:
    kept = b"".join(pieces)[-limit:] if limit else b""
    text = base64.b64encode(kept).decode()
    record = Record({"limit": limit, "end": before + len(kept), "bytes": text})
    console = Console.thaw(record, nothing)
    assert console.scrollback.everything() == kept
    assert (console.scrollback.limit, console.scrollback.end) == (limit, before + len(kept))
    assert console.scrollback.stream != Console.thaw(record, nothing).scrollback.stream


def nothing() -> Scrollback:
    """No memory file is asked for."""
    raise AssertionError


def test_a_record_that_holds_no_bytes_is_refused() -> None:
    with pytest.raises(InvalidRecord, match="bytes"):
        Console.thaw(Record({"limit": 1, "end": 3, "bytes": "€"}), nothing)
    with pytest.raises(InvalidRecord, match="end"):
        Console.thaw(Record({"limit": 1, "end": 1, "bytes": "YWJj"}), nothing)


@pytest.mark.parametrize("piece", [1 << 20, 256 * 1024 + 1, 1000])
def test_a_gigabyte_without_a_newline_keeps_memory_flat(piece: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scrollbacks, "BLOCK", 64 * 1024)
    total = 1 << 30 if piece >= 1 << 18 else 1 << 26
    scrollback = Scrollback(1 << 20)
    tracemalloc.start()
    try:
        for _ in range(math.ceil(total / piece)):
            scrollback.feed(b"x" * piece)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert scrollback.end >= total
    assert peak < 8 << 20
    assert scrollback.tail(2500) == scrollback.end - (1 << 20)


def test_a_line_of_ours_stands_on_a_line_of_its_own() -> None:
    said = Console(1000)
    said.say("one")
    said.feed(b"half a line")
    said.say("two")
    said.feed(b"whole\n")
    said.say("three")
    assert said.scrollback.everything() == b"one\nhalf a line\ntwo\nwhole\nthree\n"


def test_a_line_of_ours_may_name_any_file() -> None:
    said = Console(1000)
    said.say("there is no program \udcff \ud800")
    assert said.scrollback.everything().startswith(b"there is no program ")


async def test_followers_at_different_pace_get_the_same_bytes() -> None:
    source = Console(1 << 16)
    heard: list[bytes] = [b"", b"", b""]

    async def follow(index: int) -> None:
        follower = Follower(source, 0)
        with contextlib.suppress(anyio.EndOfStream):
            while True:
                offset, data = await follower.receive()
                assert offset == len(heard[index])
                heard[index] += data
                for _ in range(index * 3):
                    await anyio.lowlevel.checkpoint()

    async with anyio.create_task_group() as tasks:
        for index in range(3):
            tasks.start_soon(follow, index)
        for number in range(200):
            source.feed(b"%d\n" % number)
            await anyio.lowlevel.checkpoint()
        source.close()
    assert heard == [b"".join(b"%d\n" % number for number in range(200))] * 3


async def test_a_slow_follower_is_told_by_the_offset_how_much_it_missed() -> None:
    source = Console(16)
    follower = Follower(source, 0)
    source.feed(b"begin")
    assert await follower.receive() == (0, b"begin")
    for number in range(100):
        source.feed(b"%07d\n" % number)
    offset, data = await follower.receive()
    assert offset == source.scrollback.begin
    assert offset > 5
    assert data.startswith(b"%07d\n" % ((offset - 5) // 8))


async def test_a_follower_reads_to_the_end_before_it_hears_of_it() -> None:
    source = Console(16)
    follower = Follower(source, 0)
    source.feed(b"last words")
    source.close()
    assert await follower.receive() == (0, b"last words")
    with pytest.raises(anyio.EndOfStream):
        await follower.receive()


async def test_a_waiting_follower_hears_of_the_end() -> None:
    source = Console(16)

    async def follow() -> None:
        with pytest.raises(anyio.EndOfStream):
            await Follower(source, 0).receive()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(follow)
        await anyio.wait_all_tasks_blocked()
        source.close()


async def test_an_offset_of_another_stream_begins_with_what_is_kept() -> None:
    source = Console(1000)
    source.feed(b"hello")
    assert await Follower(source, 10_000).receive() == (0, b"hello")
    assert await Follower(source, 10_000, source.scrollback.stream).receive() == (0, b"hello")
    for offset in (0, 3, 5):
        assert await Follower(source, offset, "0123456789abcdef").receive() == (0, b"hello")
    for stream in (source.scrollback.stream, None, ""):
        assert await Follower(source, 3, stream).receive() == (3, b"lo")


async def test_an_offset_of_another_stream_begins_with_the_oldest_byte() -> None:
    source = Console(8)
    for number in range(100):
        source.feed(b"%07d\n" % number)
    follower = Follower(source, 790, "0123456789abcdef")
    assert 0 < follower.offset == source.scrollback.begin < 790


def test_no_two_streams_have_the_same_name() -> None:
    names = [Scrollback(0).stream for _ in range(100)]
    assert len(set(names)) == 100
    assert all(re.fullmatch("[0-9a-f]{16}", name) for name in names)


async def test_a_follower_tells_the_name_of_the_stream_whatever_becomes_of_its_memory() -> None:
    source = Console(100)
    follower = Follower(source, 0)
    name = follower.stream
    source.resize(10)
    assert follower.stream == source.scrollback.stream == name


async def test_an_offset_before_the_beginning_is_the_beginning() -> None:
    source = Console(1000)
    source.feed(b"hello")
    follower = Follower(source, -7)
    assert follower.offset == 0
    assert await follower.receive() == (0, b"hello")
