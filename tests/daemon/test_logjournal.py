"""A server's lines in the journal: a record for each, by the journal's own protocol, and none is lost."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon import logjournal
from daemon.logjournal import JournalLog
from daemon.sink import Place

from .test_logfile import S, T, pieces


class Journal:
    """The journal's socket."""

    def __init__(self, path: str) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(path)
        self.socket.setblocking(False)

    def records(self) -> list[dict[str, str]]:
        found: list[dict[str, str]] = []
        while True:
            try:
                data = self.socket.recv(1 << 20)
            except BlockingIOError:
                return found
            found.append(dict(line.split("=", 1) for line in data.decode().splitlines()))

    def lines(self) -> list[str]:
        return [record["MESSAGE"] for record in self.records()]


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    made = Journal(str(tmp_path / "journal"))
    yield made
    made.socket.close()


@pytest.fixture
def log(tmp_path: Path, journal: Journal) -> Iterator[JournalLog]:
    made = JournalLog(str(tmp_path / "log"), "web", str(tmp_path / "journal"))
    assert made.open() is None
    yield made
    made.close()


def test_each_line_is_a_record_that_is_found_by_its_server(log: JournalLog, journal: Journal) -> None:
    log.write(pieces(b"one\r\ntwo\n\nthr", size=3, pace=0))
    first, second = journal.records()
    assert first == {
        "MESSAGE": "one",
        "PRIORITY": "6",
        "HOLDFAST_TIME": "1790000000000000",
        "SYSLOG_IDENTIFIER": "web",
        "HOLDFAST_SERVER": "web",
    }
    assert second["MESSAGE"] == "two"


def test_it_goes_on_with_the_line_that_was_not_whole(log: JournalLog, journal: Journal) -> None:
    data = b"one\ntwo\nthree\n"
    log.write(pieces(data[:10]))
    assert log.open() == Place(S, 8)
    log.write(pieces(data, 8))
    assert journal.lines() == ["one", "two", "three"]
    assert log.open() == Place(S, len(data))


def test_a_gap_is_told(log: JournalLog, journal: Journal) -> None:
    log.reason = "of a test"
    log.write(pieces(b"one\ntw"))
    log.write(pieces(b"xxxxxxxxxxo\nthree\n", 10))
    assert journal.lines() == [
        "one",
        "tw",
        "[Holdfast] 4 bytes of output are missing here: of a test",
        "o",
        "three",
    ]
    assert log.missed == 4


def test_another_stream_is_told(log: JournalLog, journal: Journal) -> None:
    log.write(pieces(b"one\n"))
    log.write(pieces(b"two\n", stream=T))
    lines = journal.lines()
    assert (lines[0], lines[2]) == ("one", "two")
    assert lines[1].startswith("[Holdfast] another stream")
    assert log.open() == Place(T, 4)


def test_a_long_line_is_several_records(log: JournalLog, journal: Journal) -> None:
    data = b"x" * (logjournal.LONGEST * 2 + 5) + b"\nnext\n"
    lines: list[str] = []
    for piece in pieces(data, size=10_000):
        log.write([piece])
        lines += journal.lines()  # it holds a few of this size only
    assert "".join(lines[:-1]) == "x" * (logjournal.LONGEST * 2 + 5)
    assert lines[-1] == "next"
    assert log.open() == Place(S, len(data))


def test_nobody_makes_a_field_of_his_own(log: JournalLog, journal: Journal) -> None:
    log.write(pieces(b"one\rPRIORITY=0\n"))
    data = journal.socket.recv(1 << 16)
    assert b"\nPRIORITY=0" not in data


def test_a_journal_that_takes_nothing_costs_no_line(
    log: JournalLog, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logjournal, "PATIENCE", 0.01)
    data = b"".join(b"line %d\n" % number for number in range(2000))
    place = log.open()
    offset, lines = 0, []
    with pytest.raises(OSError, match="timed out"):
        log.write(pieces(data))
    while offset < len(data):
        lines += journal.lines()
        place = log.open()
        assert place is not None
        offset = place.offset
        try:
            log.write(pieces(data, offset))
        except OSError:
            continue
        break
    lines += journal.lines()
    assert lines == data.decode().splitlines()


def test_where_there_is_no_journal_it_is_said(tmp_path: Path) -> None:
    log = JournalLog(str(tmp_path / "log"), "web", str(tmp_path / "nothing"))
    with pytest.raises(FileNotFoundError):
        log.open()
    log.close()


def test_what_is_remembered_is_believed_only_whole(log: JournalLog, tmp_path: Path) -> None:
    log.write(pieces(b"one\n"))
    place = tmp_path / "log" / logjournal.PLACE
    assert place.stat().st_mode & 0o777 == 0o600
    os.truncate(place, 5)
    assert log.open() is None
    place.write_bytes(b"x" * 20)
    assert log.open() is None
