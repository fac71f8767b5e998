"""A server's output on its way into its log: nothing is lost that the supervisor has, the rest is counted."""

import os
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest

from daemon import serverlog
from daemon.logfile import LogFile
from daemon.logsettings import LogSettings
from daemon.mirror import Mirror
from daemon.serverlog import ServerLog, split
from daemon.sink import Piece
from supervisor import Plan, ServiceSpec, Supervisor

from ..fulldisk import full_disk
from .door import Door, supervising
from .house import eventually
from .test_logfile import S, joined, stretches, text

NAME = "app"


@pytest.fixture
async def door(folder: str) -> AsyncIterator[Door]:
    """A supervisor with a service that says nothing by itself."""
    async with supervising(folder, over_socket=True) as door:
        await door.api.apply(Plan((ServiceSpec(NAME, ("/bin/true",), "/", {}, False),)))
        yield door


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GATHER", "RETRY", "REATTACH", "ABSENT"):
        monkeypatch.setattr(serverlog, name, 0.01)


def feed(supervisor: Supervisor, data: bytes) -> None:
    supervisor._services[NAME].console.feed(data)


def end_of(supervisor: Supervisor) -> int:
    return supervisor._services[NAME].console.scrollback.end


class Slow(LogFile):
    """A log on a disk that answers when the test says so."""

    def __init__(self, path: str) -> None:
        super().__init__(path, LogSettings())
        self.go = threading.Event()

    def write(self, pieces: Sequence[Piece]) -> bool:
        self.go.wait(20)
        return super().write(pieces)


@asynccontextmanager
async def logging_to(door: Door, sink: LogFile) -> AsyncIterator[ServerLog]:
    """Carry the service's output."""
    async with anyio.create_task_group() as tasks:
        mirror = Mirror(door.api)
        one = ServerLog(NAME, mirror, sink, anyio.CapacityLimiter(2), lambda: None)
        tasks.start_soon(mirror.run, lambda: Plan((ServiceSpec(NAME, ("/bin/true",), "/", {}, False),)))
        tasks.start_soon(one.run)
        try:
            yield one
        finally:
            one.scope.cancel()
            await one.ended.wait()
            tasks.cancel_scope.cancel()


async def until(path: str, wanted: Callable[[bytes], bool]) -> bytes:
    async def look() -> bytes:
        return text(path) if os.path.isdir(path) else b""

    return await eventually(look, wanted)


async def test_lines_are_written_whole_and_an_unfinished_one_after_a_while(
    door: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = str(tmp_path / "log")
    monkeypatch.setattr(serverlog, "QUIET", 3600.0)
    async with logging_to(door, LogFile(path, LogSettings())):
        feed(door.supervisor, b"one\ntwo\nthr")
        await until(path, lambda said: said == b"one\ntwo\n")
        monkeypatch.setattr(serverlog, "QUIET", 0.01)
        feed(door.supervisor, b"ee\nname? ")
        await until(path, lambda said: said == b"one\ntwo\nthree\nname? ")


async def test_a_daemon_that_comes_back_goes_on_at_the_exact_byte(door: Door, tmp_path: Path) -> None:
    path = str(tmp_path / "log")
    everything = b""
    for number in range(5):
        line = b"line %d\n" % number + b"and a ha"
        everything += line
        async with logging_to(door, LogFile(path, LogSettings())):
            feed(door.supervisor, line)
            await until(path, lambda said, line=line: said.endswith(line.removesuffix(b"and a ha")))  # type: ignore[misc]
        line = b"lf %d, while nobody was there\n" % number
        everything += line
        feed(door.supervisor, line)
    async with logging_to(door, LogFile(path, LogSettings())):
        await until(path, lambda said: said == everything)
    assert joined(stretches(path)) == everything


async def test_a_flood_that_outruns_the_writer_is_counted(door: Door, tmp_path: Path) -> None:
    path = str(tmp_path / "log")
    sink = Slow(path)
    kept = 1 << 20
    sink.go.set()
    async with logging_to(door, sink) as one:
        feed(door.supervisor, b"before\n")
        await until(path, lambda said: said == b"before\n")
        sink.go.clear()
        for number in range(80):
            feed(door.supervisor, b"%07d " % number * 8191 + b"flood %d\n" % number)
            await anyio.lowlevel.checkpoint()
        assert end_of(door.supervisor) > 4 * kept
        sink.go.set()
        feed(door.supervisor, b"the end\n")
        said = await until(path, lambda said: said.endswith(b"the end\n"))
        assert one.sink.missed > 0
    found = stretches(path)
    lost = sum(int(one.data.split()[1]) for one in found if one.ours)
    assert lost == sink.missed
    assert sum(len(one.data) for one in found if not one.ours) + lost == end_of(door.supervisor)
    assert b"bytes of output are missing here: they came faster than they could be written" in said


async def test_a_full_disk_costs_lines_not_the_program(
    door: Door, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = str(tmp_path / "log")

    async def refused() -> bool:
        return "its output cannot be logged" in caplog.text

    async with logging_to(door, LogFile(path, LogSettings())) as one:
        feed(door.supervisor, b"before\n")
        await until(path, lambda said: said == b"before\n")
        with full_disk():
            feed(door.supervisor, b"x" * 3_000_000 + b"\n")
            await eventually(refused)
            feed(door.supervisor, b"still in the ring\n")
        said = await until(path, lambda said: said.endswith(b"still in the ring\n"))
        assert b"bytes of output are missing here: they could not be written (File too large)\n" in said
        assert one.sink.missed > 1_000_000
        assert caplog.text.count("cannot be logged") == 1
        assert "its output is logged again" in caplog.text


async def test_a_full_disk_costs_nothing_that_the_supervisor_still_has(
    door: Door, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = str(tmp_path / "log")

    async def refused() -> bool:
        return "its output cannot be logged" in caplog.text

    async with logging_to(door, LogFile(path, LogSettings())) as one:
        with full_disk(150):
            feed(door.supervisor, b"".join(b"line %d\n" % number for number in range(100)))
            await eventually(refused)
        said = await until(path, lambda said: said.endswith(b"line 99\n"))
        assert said == b"".join(b"line %d\n" % number for number in range(100))
        assert one.sink.missed == 0


async def test_what_came_while_nobody_was_there_has_the_time_when_it_came(door: Door, tmp_path: Path) -> None:
    path = str(tmp_path / "log")
    feed(door.supervisor, b"long ago\n")
    marks = door.supervisor._services[NAME].console.marks
    marks._times[0] -= 1000
    marks._latest -= 1000
    feed(door.supervisor, b"now\n")
    async with logging_to(door, LogFile(path, LogSettings())):
        await until(path, lambda said: said.endswith(b"now\n"))
    old, new = stretches(path)
    assert old.time is not None
    assert new.time is not None
    assert (old.data, new.data) == (b"long ago\n", b"now\n")
    assert 999 < new.time - old.time < 1100


async def test_it_ends_with_its_server(door: Door, tmp_path: Path) -> None:
    path = str(tmp_path / "log")
    async with logging_to(door, LogFile(path, LogSettings())) as one:
        feed(door.supervisor, b"a last word")
        await eventually(lambda: door.api.list())
        one.leaving = True
        await door.api.apply(Plan())
        with anyio.fail_after(20):
            await one.ended.wait()
    assert text(path).startswith(b"a last word\n")


def test_the_beginning_of_a_line_waits_for_its_end() -> None:
    pieces = [Piece(S, 0, 0, b"one\ntw"), Piece(S, 6, 1, b"o\nthr"), Piece(S, 11, 2, b"ee")]
    whole, rest = split(pieces)
    assert b"".join(one.data for one in whole) == b"one\ntwo\n"
    assert [(one.offset, one.time, one.data) for one in rest] == [(8, 1, b"thr"), (11, 2, b"ee")]
    assert split(rest) == ([], rest)
    assert split([]) == ([], [])


def test_a_long_line_does_not_wait() -> None:
    pieces = [Piece(S, 0, 0, b"one\n" + b"x" * 70_000)]
    assert split(pieces) == (pieces, [])
