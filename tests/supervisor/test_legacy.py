"""Output that outlives an orderly end, as files; damaged ones, a full disk, and no file is used twice."""

import os
import stat
import tempfile
from pathlib import Path

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor import NoSuchService, legacy
from supervisor.console import Console
from supervisor.legacy import FOLDER, Legacy

from .. import fulldisk
from ..cuts import DAMAGES
from .real import started
from .world import plan, program, spec


def console(text: bytes = b"one\ntwo\n", limit: int = 1000) -> Console:
    made = Console(limit)
    made.feed(text)
    return made


def left(folder: Path, **consoles: Console) -> Legacy:
    one = Legacy(str(folder))
    one.leave(consoles)
    return one


def files(folder: Path) -> list[Path]:
    return sorted((folder / FOLDER).iterdir())


def test_a_stream_goes_on_where_it_ended(tmp_path: Path) -> None:
    before = console(b"x" * 100_000 + b"the end")
    back = left(tmp_path, a=before).take({"a": 1000})["a"]
    assert back.scrollback.stream == before.scrollback.stream
    assert back.scrollback.end == before.scrollback.end
    assert back.scrollback.everything() == before.scrollback.everything()
    assert [mark.offset for mark in back.marks.known(0)] == [0]


@given(st.binary(min_size=1, max_size=300), st.integers(0, 400), st.integers(0, 400))
def test_it_fits_into_a_ring_of_another_size(text: bytes, old: int, new: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        back = left(Path(folder), a=console(text, old)).take({"a": new})["a"].scrollback
    assert (back.limit, back.end) == (new, len(text))
    assert text[back.begin :] == back.everything()


def test_no_file_is_used_twice(tmp_path: Path) -> None:
    one = left(tmp_path, a=console(), b=console())
    assert [*one.take({"a": 1000})] == ["a"]
    assert one.take({"a": 1000, "b": 1000}) == {}
    assert os.listdir(tmp_path) == []


def test_a_stream_has_a_new_name_where_a_power_cut_could_bring_its_file_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = console()
    one = left(tmp_path, a=before)

    def refuse(path: str) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(legacy, "sync_folder", refuse)
    back = one.take({"a": 1000})["a"].scrollback
    assert back.everything() == b"one\ntwo\n"
    assert back.stream != before.scrollback.stream


def test_who_said_nothing_leaves_nothing(tmp_path: Path) -> None:
    assert left(tmp_path, a=Console(1000)).take({"a": 1000}) == {}
    assert os.listdir(tmp_path) == []


def test_others_cannot_read_it(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        left(tmp_path, a=console())
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / FOLDER).stat().st_mode) == 0o700
    assert [stat.S_IMODE(file.stat().st_mode) for file in files(tmp_path)] == [0o600]


@pytest.mark.parametrize("damage", sorted(DAMAGES))
def test_a_damaged_file_is_told_of_and_the_others_come_back(
    tmp_path: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    one = left(tmp_path, a=console(b"some lines\n" * 50))
    (file,) = files(tmp_path)
    file.write_bytes(DAMAGES[damage](file.read_bytes()))
    one.leave({"b": console()})
    assert [*one.take({"a": 1000, "b": 1000})] == ["b"]
    assert "is damaged, the latest output of a is lost" in caplog.text


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    one = left(tmp_path, a=console())
    (file,) = files(tmp_path)
    file.unlink()
    os.mkfifo(file)
    assert one.take({"a": 1000}) == {}


@pytest.mark.parametrize("after", [0, 500])
def test_a_full_disk_costs_the_output_only(
    tmp_path: Path, after: int, caplog: pytest.LogCaptureFixture
) -> None:
    one = Legacy(str(tmp_path))
    with fulldisk.full_disk(after):
        one.leave({"a": console(b"x" * 1000)})
    assert "the output of a is not kept for the next start: File too large" in caplog.text
    assert one.take({"a": 1000}) == {}


def test_a_slow_disk_keeps_the_end_waiting_for_so_long_only(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(legacy, "PATIENCE", -1.0)
    assert left(tmp_path, a=console(), b=console()).take({"a": 1000, "b": 1000}) == {}
    assert "the output of a, b is not kept for the next start: the disk is too slow" in caplog.text


async def test_viewers_see_after_a_restart_what_was_there_before(tmp_path: Path) -> None:
    first_words = b""
    with started(str(tmp_path)) as one:
        api = await one.ready()
        await api.apply(plan(spec("a", program("echo"))))
        follow = await api.attach("a", 0)
        while b"ready\n" not in first_words:
            first_words += (await follow.receive()).data
        one.process.terminate()
        try:
            while True:
                first_words += (await follow.receive()).data
        except anyio.EndOfStream:
            await follow.aclose()
        assert await one.ended() == 0
    with started(str(tmp_path)) as one:
        api = await one.ready()
        with anyio.fail_after(20):
            while True:
                try:
                    again = await api.attach("a", follow.offset, follow.stream)
                    break
                except NoSuchService:  # the plan comes in a moment
                    await anyio.sleep(0.01)
        assert (again.stream, again.offset) == (follow.stream, follow.offset)
        assert (await again.receive()).offset == follow.offset
        await again.aclose()
        everything = await api.attach("a", 0, follow.stream)
        assert (await everything.receive()).data.startswith(first_words)
        await everything.aclose()
        assert (await api.marks("a")).marks[0].offset == 0


async def test_after_a_kill_nobody_pretends_that_bytes_are_there(tmp_path: Path) -> None:
    with started(str(tmp_path)) as one:
        api = await one.ready()
        await api.apply(plan(spec("a", program("echo"))))
        one.process.terminate()
        assert await one.ended() == 0
    with started(str(tmp_path)) as one:
        api = await one.ready()
        await api.apply(plan(spec("a", program("echo"))))
        old = await api.attach("a", 0)
        await old.aclose()
        one.process.kill()
        await one.ended()
    assert not (tmp_path / "state" / FOLDER).exists()
    with started(str(tmp_path)) as one:
        api = await one.ready()
        await api.apply(plan(spec("a", program("echo"))))
        new = await api.attach("a", old.offset, old.stream)
        assert new.stream != old.stream
        await new.aclose()
