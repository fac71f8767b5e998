"""The database of the audit log: it is bounded, and neither it nor the file needs the other."""

import itertools
import logging
import os
import sqlite3
import stat
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from pathlib import Path

import pytest

from daemon import auditstore, auditwriter
from daemon.auditlines import Row
from daemon.auditsearch import AuditSearch, Search
from daemon.auditstore import AuditStore, Head

from ..cuts import DAMAGES, Damage
from .auditlog import AuditLog, act, size_of


@pytest.fixture
def log(tmp_path: Path) -> AuditLog:
    return AuditLog(tmp_path)


@pytest.fixture(autouse=True)
def _tries_again_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auditwriter, "RETRY", 0.0)


def rows(log: AuditLog, columns: str = "seq") -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(log.database)) as database:
        return database.execute(f"SELECT {columns} FROM entries ORDER BY seq").fetchall()


def numbers(log: AuditLog) -> list[object]:
    return [seq for (seq,) in rows(log)]


def row(seq: int, line: str = "x") -> Row:
    return (seq, 0.0, "", "", "", None, "", "", "x", line)


def test_a_row_says_what_the_line_says_and_holds_it(log: AuditLog) -> None:
    with log.run() as audit:
        audit.record("auth.login", ip="192.0.2.1", user="ada", result="failed", cause="why")
        act(audit)
    assert rows(log, "action, user, address, server, result, cause") == [
        ("auth.login", "ada", "192.0.2.1", None, "failed", "why"),
        ("server.start", "ada", "192.0.2.1", "app", "success", ""),
    ]
    assert [str(line).encode() for (line,) in rows(log, "line")] == log.lines()


@pytest.mark.parametrize("value", ["a\nb", "\0", "\ud800", "grüße 😀", "x" * 1024])
def test_any_value_becomes_a_row(log: AuditLog, value: str) -> None:
    with log.run() as audit:
        audit.record("auth.login", {"server": value}, ip=value, user=value)
    ((user, line),) = rows(log, "user, line")
    assert str(line).encode() == log.lines()[0]
    assert user == value.encode("utf-8", "replace").decode()


@pytest.mark.usefixtures("no_umask")
def test_it_is_the_owners_alone(log: AuditLog) -> None:
    with log.run() as audit:
        act(audit)
        audit.flush()
        files = list(log.database.parent.glob("audit.db*"))
        assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_only_the_newest_rows_are_kept(log: AuditLog) -> None:
    with log.run(keep=100) as audit:
        for number in range(3000):
            act(audit, number)
    kept = numbers(log)
    assert 100 <= len(kept) <= 110 + auditwriter.AT_ONCE
    assert kept[-1] == 3000
    assert log.wrong() == []
    with log.run(keep=100) as audit:
        act(audit)
    assert len(numbers(log)) <= 110


def test_many_rows_are_removed_some_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auditstore, "AT_ONCE", 50)
    store = AuditStore(str(tmp_path / "audit.db"))
    store.open()
    store.add([row(seq) for seq in range(1, 1001)], "/", 1000)
    left = []
    for seq in range(1001, 1031):
        store.add([row(seq)], "/", 100)
        with closing(sqlite3.connect(tmp_path / "audit.db")) as database:
            left += database.execute("SELECT count(*) FROM entries").fetchone()
    store.close()
    assert all(before - after <= 50 for before, after in itertools.pairwise(left))
    assert left[-1] <= 110


def test_long_lines_do_not_make_it_larger_than_it_may_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auditstore, "SMALLEST", 1 << 20)
    monkeypatch.setattr(auditstore, "FEW", 10)
    store = AuditStore(str(tmp_path / "audit.db"))
    store.open()
    for seq in range(1, 500):
        store.add([row(seq, "x" * 50_000)], "/", 500)
    store.close()
    assert size_of(tmp_path / "audit.db") < 4 << 20


def test_it_does_not_outgrow_its_bytes_by_more_than_a_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auditstore, "SMALLEST", 1 << 20)
    store = AuditStore(str(tmp_path / "audit.db"))
    store.open()
    for begin in range(1, 2000, 100):  # of 800 KiB
        store.add([row(seq, "x" * 8000) for seq in range(begin, begin + 100)], "/", 1000)
        assert os.path.getsize(tmp_path / "audit.db") < 3 << 20
    store.add([row(seq, "x" * 8000) for seq in range(2001, 5001)], "/", 1000)
    store.close()
    with closing(sqlite3.connect(tmp_path / "audit.db")) as database:
        ((count, newest),) = database.execute("SELECT count(*), max(seq) FROM entries")
    assert (count < 140, newest) == (True, 5000)


def test_long_lines_are_searched_a_few_at_a_time(tmp_path: Path) -> None:
    store = AuditStore(str(tmp_path / "audit.db"))
    store.open()
    store.add([row(seq, "x" * (1 << 20)) for seq in range(1, 6)], "/", 100_000)
    with closing(AuditSearch(str(tmp_path / "audit.db"), Search())) as search:
        found = [[one.seq for one in search.next()] for _ in range(6)]
    store.close()
    assert found == [[5], [4], [3], [2], [1], []]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_one_is_set_aside_and_begun_anew(
    log: AuditLog, caplog: pytest.LogCaptureFixture, damage: str
) -> None:
    log.write(20)
    spoil: Damage = DAMAGES[damage]
    text = log.database.read_bytes()
    if damage == "garbage at the end":
        text += b"\xff" * 100  # where nothing is, SQLite does not look
    else:
        text = spoil(text) if damage != "zeros at the end" else text[:-5000] + b"\0" * 5000
    log.database.write_bytes(text)
    log.write(5)
    assert len(list(log.database.parent.glob("audit.db.damaged-*"))) == 1
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert "damaged" in caplog.text
    assert numbers(log) == [*range(1, 26)], "what the file has is known again"
    assert log.wrong() == []


def test_what_was_written_before_a_kill_and_not_committed_is_added(log: AuditLog) -> None:
    log.write(10)
    with closing(sqlite3.connect(log.database)) as database, database:
        database.execute("DELETE FROM entries WHERE seq > 7")
    log.write(2)
    assert numbers(log) == [*range(1, 13)]
    assert log.wrong() == []


def test_a_database_that_cannot_be_written_costs_nothing_but_rows(
    log: AuditLog, caplog: pytest.LogCaptureFixture
) -> None:
    log.database.mkdir()
    with log.run() as audit:
        for number in range(3):
            act(audit, number)
            audit.flush()
        assert len(log.lines()) == 3
        assert [record.levelno for record in caplog.records] == [logging.ERROR]
        log.database.rmdir()
        act(audit, 3)
    assert [record.levelno for record in caplog.records] == [logging.ERROR, logging.WARNING]
    assert numbers(log) == [1, 2, 3, 4]
    assert log.findings() == []


def test_a_full_disk_is_survived_by_both(
    log: AuditLog,
    caplog: pytest.LogCaptureFixture,
    full_disk: Callable[[], AbstractContextManager[None]],
) -> None:
    with log.run() as audit:
        act(audit)
        audit.flush()
        with full_disk():
            for _ in range(3):
                act(audit)
                audit.flush()
        for _ in range(2):
            act(audit)
            audit.flush()
    assert log.numbers() == [1, 5, 6]
    assert numbers(log)[-2:] == [5, 6]
    assert [record.levelno for record in caplog.records].count(logging.ERROR) == 2  # one for each
    assert len(caplog.records) == 4


def test_a_file_that_cannot_be_written_costs_nothing_but_lines(log: AuditLog) -> None:
    log.folder.write_text("in the way")
    with log.run() as audit:
        act(audit, 1)
        act(audit, 2)
        audit.flush()
        log.folder.unlink()
        act(audit, 3)
    assert numbers(log) == [1, 2, 3]
    assert log.numbers() == [3]
    assert log.wrong() == [
        "octyne.log:1: entries 1 to 2 (the database has 2 of them) are missing before the first one"
    ]


def test_it_knows_how_far_the_log_went(tmp_path: Path) -> None:
    store = AuditStore(str(tmp_path / "audit.db"))
    assert store.open() == Head()
    store.add([row(1), (*row(2)[:8], "abc", ""), (*row(3)[:8], "", "")], "/", 100)
    store.close()
    assert store.open() == Head(3, 2, "abc")
    store.close()
