"""The files of a log: every byte once, whoever is killed when; parts, stamps, gaps, a full disk."""

import json
import os
import stat
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daemon import logfile, logindex
from daemon.logfile import LogFile
from daemon.logfolder import folder_name
from daemon.logindex import STAMP
from daemon.logquery import LogQuery
from daemon.logreader import LogReader, Stretch
from daemon.logsettings import LogSettings
from daemon.logsieve import Sieve
from daemon.sink import ANEW, Piece, Place

S = "00000000000000aa"
T = "00000000000000bb"
NOW = 1_790_000_000.0

FullDisk = Callable[[], AbstractContextManager[None]]


class KilledError(Exception):
    """The writer is no more."""


@contextmanager
def killed_after(budget: int) -> Iterator[None]:
    """Let so many bytes be written, to whatever file, and then nothing."""
    left = budget

    def write(fd: int, data: bytes) -> None:
        nonlocal left
        os.write(fd, data[:left])
        if len(data) > left:
            raise KilledError
        left -= len(data)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(logfile, "_write", write)
        yield


def pieces(data: bytes, offset: int = 0, *, size: int = 7, stream: str = S, pace: float = 0.4) -> list[Piece]:
    """A stream's bytes from an offset on, in pieces that came one after the other."""
    return [Piece(stream, at, NOW + at * pace, data[at : at + size]) for at in range(offset, len(data), size)]


def stretches(path: str) -> list[Stretch]:
    reader = LogReader(path)
    try:
        return list(reader.stretches(reader.parts))
    finally:
        reader.close()


def text(path: str) -> bytes:
    """What stands in all parts, as it stands there."""
    names = sorted(name for name in os.listdir(path) if name.endswith(".log") and name[0] == "0")
    return b"".join(Path(path, name).read_bytes() for name in names)


def joined(found: Sequence[Stretch]) -> bytes:
    """The bytes of the stream, which must follow each other."""
    data = b""
    for stretch in found:
        if not stretch.ours:
            assert stretch.offset == len(data), "a byte is there twice, or not at all"
            data += stretch.data
    return data


def written(path: str, data: Sequence[Piece], told: LogSettings | None = None) -> LogFile:
    one = LogFile(path, told or LogSettings(), lambda: NOW)
    one.open()
    one.write(data)
    return one


@given(
    data=st.lists(st.sampled_from([b"a", b"line\n", b"\n", b"longer line than others\n"]), max_size=40),
    budgets=st.lists(st.integers(0, 400), max_size=12),
    stamps=st.booleans(),
    size=st.integers(10, 200),
    chunk=st.integers(1, 40),
)
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_whoever_is_killed_when_every_byte_is_there_once(
    data: list[bytes], budgets: list[int], stamps: bool, size: int, chunk: int
) -> None:
    everything = b"".join(data)
    told = LogSettings(size=size, timestamps=stamps)
    with tempfile.TemporaryDirectory() as root:
        path = os.path.join(root, "log")
        for budget in [*budgets, 1 << 30]:
            one = LogFile(path, told, lambda: NOW)
            try:
                with killed_after(budget):
                    place = one.open()
                    assert place is None or place.stream == S
                    one.write(pieces(everything, place.offset if place else 0, size=chunk))
            except KilledError:
                pass
            finally:
                one.close()
        if everything:
            found = stretches(path)
            assert joined(found) == everything
            assert not any(stretch.ours for stretch in found)
            if not stamps:
                assert text(path) == everything, "split as it may be, the files say the same"
            else:
                for line in text(path).splitlines():
                    assert line[:STAMP].startswith(b"2026-09-")
            last = one.open()
            one.close()
            assert last == Place(S, len(everything))


@given(
    budgets=st.lists(st.integers(0, 250), max_size=8),
    lost=st.integers(1, 50),
    stamps=st.booleans(),
    half=st.booleans(),
)
@settings(max_examples=100, deadline=None)
def test_a_gap_is_told_once_whoever_is_killed_when(
    budgets: list[int], lost: int, stamps: bool, half: bool
) -> None:
    before, behind = b"one\ntw" if half else b"one\ntwo\n", b"later\n"
    gone = len(before) + lost
    with tempfile.TemporaryDirectory() as root:
        path = os.path.join(root, "log")
        written(path, pieces(before), LogSettings(timestamps=stamps)).close()
        for budget in [*budgets, 1 << 30]:
            one = LogFile(path, LogSettings(timestamps=stamps), lambda: NOW)
            one.reason = "of a test"
            try:
                with killed_after(budget):
                    place = one.open()
                    assert place is not None
                    at = max(place.offset - gone, 0)
                    one.write([Piece(S, gone + at, NOW + 60, behind[at:])] if behind[at:] else [])
            except KilledError:
                pass
            finally:
                one.close()
        found = stretches(path)
        told = [stretch for stretch in found if stretch.ours]
        assert [one.data for one in told] == [
            b"[Holdfast] %d bytes of output are missing here: of a test\n" % lost
        ]
        assert b"".join(one.data for one in found if not one.ours) == before + behind


def test_another_stream_begins_with_a_line_that_says_so(tmp_path: Path) -> None:
    path = str(tmp_path / "log")
    one = written(path, pieces(b"first\n"))
    one.write([Piece(T, 100, NOW, b"second\n")])
    assert text(path) == b"first\n" + ANEW.encode() + b"\nsecond\n"
    assert one.open() == Place(T, 107)
    one.close()


def test_what_was_written_already_is_left_out(tmp_path: Path) -> None:
    path = str(tmp_path / "log")
    one = written(path, pieces(b"one\n"))
    one.write([Piece(S, 0, NOW, b"one\ntwo\n")])
    one.close()
    assert text(path) == b"one\ntwo\n"


def test_parts_end_with_a_line_when_they_are_full(tmp_path: Path) -> None:
    path = str(tmp_path / "log")
    data = b"".join(b"line %d\n" % number for number in range(100))
    written(path, pieces(data, size=100), LogSettings(size=64)).close()
    parts = sorted(tmp_path.glob("log/0*.log"))
    assert len(parts) > 10
    assert all(part.read_bytes().endswith(b"\n") and part.stat().st_size <= 64 for part in parts)
    assert text(path) == data
    assert os.readlink(tmp_path / "log" / "latest.log") == parts[-1].name


def test_a_line_without_an_end_does_not_fill_a_part_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logfile, "LONGEST", 100)
    data = b"x" * 1000
    path = str(tmp_path / "log")
    written(path, pieces(data, size=10), LogSettings(size=50)).close()
    parts = sorted(tmp_path.glob("log/0*.log"))
    assert all(part.stat().st_size <= 160 for part in parts)
    assert joined(stretches(path)) == data


def test_parts_end_with_the_days(tmp_path: Path) -> None:
    path = str(tmp_path / "log")
    told = LogSettings(days=1)
    one = written(path, [Piece(S, 0, NOW, b"one\n"), Piece(S, 4, NOW + 86_399, b"two\n")], told)
    one.write([Piece(S, 8, NOW + 86_400, b"three\n")])
    one.close()
    first, second = sorted(tmp_path.glob("log/0*.log"))
    assert (first.read_bytes(), second.read_bytes()) == (b"one\ntwo\n", b"three\n")


def test_lines_are_stamped_with_when_they_came(tmp_path: Path) -> None:
    path = str(tmp_path / "log")
    told = LogSettings(timestamps=True)
    lines = [Piece(S, 0, 1.25, b"one\ntw"), Piece(S, 6, 3.5, b"o\n"), Piece(S, 8, 4.0, b"three\n")]
    written(path, lines, told).close()
    assert text(path) == (
        b"1970-01-01T00:00:01.250Z one\n1970-01-01T00:00:01.250Z two\n1970-01-01T00:00:04.000Z three\n"
    )
    assert joined(stretches(path)) == b"one\ntwo\nthree\n"


def test_a_file_that_somebody_removes_is_followed_by_another(tmp_path: Path) -> None:
    path = str(tmp_path / "log")
    one = written(path, pieces(b"one\n"))
    (part,) = tmp_path.glob("log/0*.log")
    part.unlink()
    one.write([Piece(S, 4, NOW, b"two\n")])
    one.close()
    assert text(path) == b"two\n"
    assert one.open() == Place(S, 8)
    one.close()


@pytest.mark.parametrize("what", ["empty", "garbage", "torn"])
def test_a_damaged_index_costs_no_text(tmp_path: Path, what: str) -> None:
    path = str(tmp_path / "log")
    written(path, pieces(b"one\n")).close()
    (index,) = tmp_path.glob("log/*.index")
    data = index.read_bytes()
    index.write_bytes({"empty": b"", "garbage": b"x" * 300, "torn": data + b"half"}[what])
    one = LogFile(path, LogSettings(), lambda: NOW)
    place = one.open()
    assert place == (Place(S, 4) if what == "torn" else None)
    one.write([Piece(S, 4, NOW, b"two\n")])
    one.close()
    assert text(path) == b"one\ntwo\n"


def test_a_damaged_time_can_be_shown(tmp_path: Path) -> None:
    path = str(tmp_path / "log")
    written(path, pieces(b"one\n", pace=0)).close()
    (index,) = tmp_path.glob("log/*.index")
    damaged = logindex.Entry(0, float("nan"), 0, int(S, 16)).pack()
    index.write_bytes(logindex.HEAD + damaged)
    found = stretches(path)
    for form in ({"format": "json"}, {"timestamps": "true"}):
        sieve = Sieve(LogQuery.read(form))
        shown = b"".join(sieve.take(stretch) for stretch in found) + sieve.finish()
        assert b"one" in shown
        assert b"NaN" not in shown


def test_a_full_disk_is_told_and_the_log_goes_on_when_there_is_room(
    tmp_path: Path, full_disk: FullDisk
) -> None:
    path = str(tmp_path / "log")
    one = written(path, pieces(b"one\n"))
    with full_disk(), pytest.raises(OSError, match="File too large"):
        one.write([Piece(S, 4, NOW, b"two\n")])
    assert one.open() == Place(S, 4)
    one.write([Piece(S, 4, NOW, b"two\n")])
    one.close()
    assert text(path) == b"one\ntwo\n"


def test_two_do_not_write_the_same_log(tmp_path: Path) -> None:
    path = str(tmp_path / "log")
    one = written(path, pieces(b"one\n"))
    other = LogFile(path, LogSettings())
    with pytest.raises(BlockingIOError):
        other.open()
    other.close()
    one.close()


def test_others_cannot_read_it(tmp_path: Path, no_umask: None) -> None:
    path = tmp_path / "below" / "log"
    written(str(path), pieces(b"one\n")).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o700
    modes = {stat.S_IMODE(file.stat().st_mode) for file in path.iterdir() if not file.is_symlink()}
    assert modes == {0o600}


def test_no_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    os.symlink("elsewhere", tmp_path / "log")
    with pytest.raises(OSError, match="Not a directory"):
        LogFile(str(tmp_path / "log"), LogSettings()).open()
    assert os.listdir(tmp_path / "elsewhere") == []


@given(st.lists(st.text(min_size=1, max_size=255), min_size=2, max_size=2, unique=True))
def test_every_server_has_a_folder_of_its_own(names: list[str]) -> None:
    one, other = map(folder_name, names)
    assert one != other
    for name in (one, other):
        assert name not in (".", "..")
        assert "/" not in name
        assert len(name.encode()) <= 100


def test_plain_names_stay_what_they_are() -> None:
    assert folder_name("mc-1.survival") == "mc-1.survival"
    assert folder_name("Ünï cørn").startswith("_n_c_rn~")


def test_a_stamp_is_as_long_as_it_is_held_to_be() -> None:
    for moment in (-5.0, 0.0, NOW, 1e15):
        assert len(logindex.stamp(moment)) == STAMP


def told(path: str, **query: str) -> list[str]:
    sieve = Sieve(LogQuery.read(query, NOW))
    found = b"".join(sieve.take(stretch) for stretch in stretches(path))
    return (found + sieve.finish()).decode().splitlines()


def test_lines_are_found_by_time_without_stamps(tmp_path: Path) -> None:
    path = str(tmp_path / "log")
    lines = [Piece(S, 8 * n, NOW - 100 + 10 * n, b"line %02d\n" % n) for n in range(10)]
    written(path, lines, LogSettings(size=20)).close()
    assert told(path, since="35s") == ["line 07", "line 08", "line 09"]
    assert told(path, until=str(NOW - 85)) == ["line 00", "line 01"]
    assert told(path, since=str(NOW - 90), until="80s") == ["line 01"]
    assert told(path, grep="0[3-5]", tail="2") == ["line 04", "line 05"]
    assert told(path, tail="0") == []
    assert [json.loads(line) for line in told(path, format="json", tail="1")] == [
        {"time": NOW - 10, "offset": 72, "line": "line 09", "stream": S, "end": 80}
    ]
