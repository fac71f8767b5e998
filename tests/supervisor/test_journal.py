"""Records for the journal, and that our last words are written before we become another program."""

import fcntl
import logging
import os
import select
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from supervisor import leads_to_journal
from supervisor.journal import SEALS, Journal, fields, lines, native

from .real import ROOT
from .world import DEADLINE

MOST = 1 << 20


class FakeJournal:
    """The socket that journald has, and what it would read from a datagram."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(path)
        self._socket.settimeout(DEADLINE)

    def receive(self) -> dict[str, str]:
        """Return the next record's fields."""
        data, given, _, _ = socket.recv_fds(self._socket, MOST, 1)
        for fd in given:
            assert fcntl.fcntl(fd, fcntl.F_GET_SEALS) == SEALS
            with open(fd, "rb") as file:
                file.seek(0)
                data = file.read()
        return parse(data)

    def close(self) -> None:
        self._socket.close()


def parse(data: bytes) -> dict[str, str]:
    """Read a record by systemd.io/JOURNAL_NATIVE_PROTOCOL."""
    found = {}
    while data:
        line, _, data = data.partition(b"\n")
        name, equals, value = line.partition(b"=")
        if not equals:
            length = int.from_bytes(data[:8], "little")
            value, newline, data = data[8 : 8 + length], data[8 + length : 9 + length], data[9 + length :]
            assert newline == b"\n"
        found[name.decode()] = value.decode()
    return found


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[FakeJournal]:
    with closing(FakeJournal(str(tmp_path / "socket"))) as journal:
        yield journal


def record(text: str = "hello", level: int = logging.INFO, **extra: object) -> logging.LogRecord:
    return logging.makeLogRecord({"msg": text, "levelno": level, **extra})


def test_a_record_has_its_fields(journal: FakeJournal) -> None:
    said = record("web: crashed", logging.WARNING, server="web", action="service.crashed", program=4711)
    Journal(journal.path).write(fields(said, said.getMessage()))
    assert journal.receive() == {
        "MESSAGE": "web: crashed",
        "PRIORITY": "4",
        "SYSLOG_IDENTIFIER": "holdfast",
        "SERVER": "web",
        "ACTION": "service.crashed",
        "SERVER_PID": "4711",
    }


@pytest.mark.parametrize(
    ("level", "priority"),
    [(logging.CRITICAL, "2"), (logging.ERROR, "3"), (logging.WARNING, "4"), (logging.INFO, "6"), (5, "7")],
)
def test_a_level_is_a_priority(level: int, priority: str) -> None:
    assert fields(record(level=level), "")["PRIORITY"] == priority


@pytest.mark.parametrize("text", ["a\nPRIORITY=0\nb", "\n", "", "a=b\0c", "grüße 😀", "x" * 1_000_000])
def test_any_text_is_one_field_and_comes_back(journal: FakeJournal, text: str) -> None:
    Journal(journal.path).write(fields(record(server=text), text))
    found = journal.receive()
    assert found["MESSAGE"] == found["SERVER"] == text
    assert found["PRIORITY"] == "6"


def test_what_is_no_text_is_written_all_the_same() -> None:
    assert parse(native({"MESSAGE": "\ud800"})) == {"MESSAGE": "\\ud800"}


def test_without_the_journals_socket_each_line_has_its_priority(tmp_path: Path) -> None:
    read, write = os.pipe()
    with open(read, "rb") as reader, open(write, "wb") as writer:
        missing = Journal(str(tmp_path / "nobody"), writer.fileno())
        missing.write(fields(record(level=logging.ERROR), "one\n<0>two"))
        assert os.read(reader.fileno(), MOST) == b"<3>one\n<3><0>two\n"
    assert lines({"MESSAGE": "", "PRIORITY": "6"}) == b"<6>\n"


def test_the_journal_is_known_by_device_and_inode(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open(tmp_path / "stream", "wb") as stream, open(tmp_path / "other", "wb") as other:
        found = os.fstat(stream.fileno())
        right = f"{found.st_dev}:{found.st_ino}"
        monkeypatch.setenv("JOURNAL_STREAM", right)
        assert leads_to_journal(stream.fileno())
        assert not leads_to_journal(other.fileno())
        for wrong in (
            "",
            ":",
            "1",
            f"{found.st_dev}:",
            f"{found.st_dev}:x",
            f"{found.st_dev}:{found.st_ino}:1",
        ):
            monkeypatch.setenv("JOURNAL_STREAM", wrong)
            assert not leads_to_journal(stream.fileno())
        monkeypatch.delenv("JOURNAL_STREAM")
        assert not leads_to_journal(stream.fileno())
    assert not leads_to_journal(1 << 20)


LOG = """
import logging, os, sys
from supervisor import handover, journal, log_to_stderr
journal.SOCKET = sys.argv[1]
found = os.fstat(2)
os.environ["JOURNAL_STREAM"] = f"{found.st_dev}:{found.st_ino}" if sys.argv[1] else ""
log_to_stderr()
for number in range(int(sys.argv[2])):
    logging.info("line %d", number, extra={"server": "web"})
logging.warning("the last words")
if len(sys.argv) > 3:
    handover.become(lambda *options: [sys.executable, "-c", sys.argv[3]], {}, [])
"""


def start(*arguments: str, stderr: int = subprocess.PIPE) -> "subprocess.Popen[bytes]":
    """Start a program that logs so many lines and perhaps becomes another one."""
    return subprocess.Popen(
        [sys.executable, "-P", "-c", LOG, *arguments],
        env={"PYTHONPATH": ROOT, "PATH": os.environ["PATH"]},
        stdout=subprocess.PIPE,
        stderr=stderr,
    )


def test_a_program_whose_standard_error_is_the_journals_writes_records(journal: FakeJournal) -> None:
    process = start(journal.path, "1")
    assert journal.receive() == {
        "MESSAGE": "line 0",
        "PRIORITY": "6",
        "SYSLOG_IDENTIFIER": "holdfast",
        "SERVER": "web",
    }
    assert journal.receive()["PRIORITY"] == "4"
    assert process.communicate(timeout=DEADLINE) == (b"", b"")


def test_any_other_standard_error_gets_lines() -> None:
    assert start("", "2").communicate(timeout=DEADLINE)[1] == b"line 0\nline 1\nthe last words\n"


def test_what_was_logged_is_written_before_another_program_takes_the_place() -> None:
    output, errors = start("", "5000", "print('here')").communicate(timeout=DEADLINE)
    assert output == b"here\n"
    assert errors.splitlines()[-2:] == [b"line 4999", b"the last words"]
    assert len(errors.splitlines()) == 5001


def test_a_log_that_nobody_reads_does_not_keep_another_program_from_taking_the_place() -> None:
    read, write = os.pipe()
    with open(read, "rb") as unread:
        with open(write, "wb") as errors:
            process = start("", "5000", "print('here', flush=True)", stderr=errors.fileno())
        assert process.stdout is not None
        ready, _, _ = select.select([process.stdout], [], [], DEADLINE)
        assert ready
        assert process.communicate(timeout=DEADLINE)[0] == b"here\n"
        assert unread.readline() == b"line 0\n"
