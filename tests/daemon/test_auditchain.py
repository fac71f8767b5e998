"""The chain of the audit log holds over all that happens to a log by right, and shows what was done to it."""

import gzip
import json
import os
import shutil
import sqlite3
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daemon import audit as module
from daemon import auditfile
from daemon.auditlines import GENESIS, hash_of, seal_of, sealed

from ..cuts import cut_at_each_step
from .auditlog import AuditLog, Lines, act


@pytest.fixture
def log(tmp_path: Path) -> AuditLog:
    return AuditLog(tmp_path)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of three lines or so."""
    monkeypatch.setattr(auditfile, "MAX_FILE", 1000)


# What happens by right.


def test_each_line_names_the_one_before_as_it_stands_there(log: AuditLog) -> None:
    log.write(5)
    before = GENESIS
    for number, line in enumerate(log.lines(), 1):
        seal = seal_of(line)
        assert seal is not None
        assert (seal.seq, seal.prev) == (number, before)
        before = hash_of(line)
    assert log.findings() == []


@pytest.mark.usefixtures("small")
def test_the_chain_goes_on_over_rotations_and_runs(log: AuditLog) -> None:
    for begin in range(0, 20, 5):
        log.write(5, begin=begin)
    assert len(list(log.folder.iterdir())) > 4
    assert log.numbers() == [*range(1, 21)]
    assert log.findings() == []


@pytest.mark.usefixtures("small")
def test_files_that_rotation_has_removed_are_not_missed(log: AuditLog) -> None:
    log.write(60)
    first = log.numbers()[0]
    assert first > 1
    assert log.wrong() == []
    assert [str(finding) for finding in log.findings()] == [
        f"octyne.log.10:1: entries 1 to {first - 1} are not in the files any more"
    ]


def test_the_chain_goes_on_in_another_folder_and_back_again(log: AuditLog, tmp_path: Path) -> None:
    log.write(3)
    log.write(3, tmp_path / "other")
    log.write(3)
    log.write(3, tmp_path / "other")
    assert log.numbers() == [1, 2, 3, 7, 8, 9]
    assert log.findings() == []


def test_the_chain_goes_on_when_the_folder_changes_within_a_run(log: AuditLog, tmp_path: Path) -> None:
    with log.run() as audit:
        act(audit)
        audit.configure(enabled=True, folder=str(tmp_path / "other"), actions={})
        act(audit)
        audit.configure(enabled=True, folder=str(log.folder), actions={})
        act(audit)
    assert log.findings() == []


@pytest.mark.parametrize("name", ["octyne.log.old", "octyne.log-20260101", "octyne.log-1.gz"])
def test_files_that_others_have_rotated_are_found(log: AuditLog, name: str) -> None:
    log.write(3)
    if name.endswith(".gz"):
        (log.folder / name).write_bytes(gzip.compress(log.file.read_bytes()))
        log.file.unlink()
    else:
        log.file.rename(log.folder / name)
    log.write(3)
    assert log.findings() == []


def test_who_has_taken_old_files_elsewhere_says_with_which_entry_the_log_begins(log: AuditLog) -> None:
    log.write(3)
    log.file.unlink()
    log.write(3)
    assert log.wrong() == [
        "octyne.log:1: entries 1 to 3 (the database has 3 of them) are missing before the first one"
    ]
    assert log.wrong(first=4) == []


def test_a_line_that_a_crash_has_cut_is_told_of_and_harmless(log: AuditLog) -> None:
    log.write(3)
    with open(log.file, "ab") as file:
        file.write(log.lines()[-1][:50])
    log.write(3)
    (finding,) = log.findings()
    assert str(finding) == "octyne.log:4: this line was cut off, and is no entry"
    assert finding.harmless


def test_a_whole_line_of_which_only_the_newline_is_missing_counts(log: AuditLog) -> None:
    log.write(3)
    os.truncate(log.file, log.file.stat().st_size - 1)
    log.write(3)
    assert len(log.lines()) == 6
    assert log.findings() == []


def test_lines_from_before_the_chain_are_believed_and_held_fast(log: AuditLog) -> None:
    log.folder.mkdir()
    log.file.write_bytes(b'{"level":"info","msg":"old"}\n{"level":"info","msg":"older"}\n')
    log.write(2)
    assert log.findings() == []
    log.rewrite(lambda lines: [lines[0], b'{"level":"info","msg":"forged"}', *lines[2:]])
    assert log.wrong() == ["octyne.log:2: what stands before the chain was changed"]


def test_what_the_disk_refused_leaves_a_hole_in_the_numbers_and_the_chain_whole(
    log: AuditLog, full_disk: Callable[[], AbstractContextManager[None]]
) -> None:
    with log.run() as audit:
        act(audit)
        audit.flush()
        with full_disk():
            act(audit)
            act(audit)
            audit.flush()
        act(audit)
        audit.flush()
    assert log.numbers() == [1, 4]
    assert log.wrong() == [
        "octyne.log:2: entries 2 to 3 are missing: the disk did not take what was recorded",
    ]


def test_what_was_lost_since_the_disk_was_too_slow_leaves_a_hole_too(
    log: AuditLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    hang, entered = threading.Event(), threading.Event()
    with log.run() as audit:
        act(audit)
        audit.flush()
        write = auditfile.AuditFile.write

        def hanging(self: auditfile.AuditFile, line: bytes) -> bool:
            entered.set()
            hang.wait(10)
            return write(self, line)

        monkeypatch.setattr(auditfile.AuditFile, "write", hanging)
        act(audit)
        assert entered.wait(10)
        monkeypatch.setattr(module, "MAX_WAITING", 0)
        act(audit)
        monkeypatch.undo()
        hang.set()
        audit.flush()
        act(audit)
    assert log.numbers() == [1, 2, 4]
    assert log.wrong() == ["octyne.log:3: entry 3 is missing: the disk did not take what was recorded"]


def three(folder: str) -> None:
    AuditLog(Path(folder)).write(3)


def test_the_chain_goes_on_after_a_kill_at_any_step(tmp_path: Path) -> None:
    cuts = cut_at_each_step(str(tmp_path), "killed", three, three)
    assert len(cuts) > 4
    for cut in cuts:
        log = AuditLog(Path(cut.folder))
        log.write(2)
        assert log.wrong() == [], cut
        numbers = log.numbers()
        assert numbers == [*range(1, len(numbers) + 1)], cut
        assert len(numbers) >= 5, cut


def test_without_a_database_the_chain_is_in_the_files_alone(log: AuditLog) -> None:
    log.write(3)
    log.database.unlink()
    assert log.findings() == []
    log.write(3)
    assert log.numbers() == [1, 2, 3, 4, 5, 6]
    assert log.findings() == []


# What somebody has done to it.


def changed(line: bytes) -> bytes:
    return line.replace(b'"ada"', b'"bob"')


def forged(line: bytes) -> bytes:
    """A line in place of another that fits to the one before it."""
    seal = seal_of(line)
    assert seal is not None
    return sealed('{"level":"info","msg":"nothing happened"}', seal.seq, seal.prev).encode()


TAMPERED: dict[str, tuple[Callable[[Lines], Lines], str]] = {
    "a line changed": (lambda ls: [*ls[:4], changed(ls[4]), *ls[5:]], ":5: this line is not"),
    "a line forged": (lambda ls: [*ls[:4], forged(ls[4]), *ls[5:]], ":5: this line is not"),
    "the last line changed": (lambda ls: [*ls[:-1], changed(ls[-1])], ":10: this line is not"),
    "a line removed": (lambda ls: [*ls[:4], *ls[5:]], ":5: entry 5 (the database has it) is missing"),
    "lines removed": (
        lambda ls: [*ls[:4], *ls[7:]],
        ":5: entries 5 to 7 (the database has 3 of them) are missing",
    ),
    "the first removed": (
        lambda ls: ls[1:],
        ":1: entry 1 (the database has it) is missing before the first one",
    ),
    "a line inserted": (
        lambda ls: [*ls[:4], b'{"msg":"x"}', *ls[4:]],
        ":5: this line is no part of the chain",
    ),
    "a line doubled": (lambda ls: [*ls[:5], ls[4], *ls[5:]], ":6: entry 5 does not belong here"),
    "two lines swapped": (lambda ls: [*ls[:4], ls[5], ls[4], *ls[6:]], ":6: entry 5 does not belong here"),
    "a line moved to the end": (lambda ls: [*ls[:4], *ls[5:], ls[4]], ":10: entry 5 does not belong here"),
    "the tail cut off": (
        lambda ls: ls[:7],
        ":7: entries 8 to 10 (the database has 3 of them) are missing at the end",
    ),
    "all cut off": (
        lambda _: [],
        "octyne.log: entries 1 to 10 (the database has 10 of them) are missing at the end",
    ),
}


@pytest.mark.parametrize("how", TAMPERED)
def test_what_was_done_to_a_file_is_found(log: AuditLog, how: str) -> None:
    log.write(10)
    change, said = TAMPERED[how]
    log.rewrite(change)
    wrong = log.wrong()
    assert any(said in text for text in wrong), wrong
    assert len(wrong) <= 2, "one change is not told of in each line"


@pytest.mark.parametrize("how", TAMPERED)
def test_it_is_found_also_when_the_daemon_has_gone_on(log: AuditLog, how: str) -> None:
    log.write(10)
    log.rewrite(TAMPERED[how][0])
    log.write(5)
    assert log.numbers()[-1] == 15 if how != "a line inserted" else True
    assert 1 <= len(log.wrong()) <= 3


@pytest.mark.parametrize(
    "how", sorted(set(TAMPERED) - {"the last line changed", "the tail cut off", "all cut off"})
)
def test_all_but_the_end_is_found_without_a_database(log: AuditLog, how: str) -> None:
    log.write(10)
    log.database.unlink()
    log.rewrite(TAMPERED[how][0])
    assert log.wrong()


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("name", ["octyne.log", "octyne.log.2", "octyne.log.4"])
def test_a_file_that_was_removed_is_found(log: AuditLog, name: str) -> None:
    log.write(20)
    gone = [json.loads(line)["seq"] for line in log.lines(name)]
    assert log.wrong() == []
    (log.folder / name).unlink()
    (wrong,) = log.wrong()
    assert f"entries {gone[0]} to {gone[-1]} " in wrong


def test_an_end_that_was_cut_off_before_the_next_start_is_found_without_the_database(log: AuditLog) -> None:
    log.write(10)
    log.rewrite(lambda lines: lines[:7])
    log.write(2)
    log.database.unlink()
    assert log.wrong() == ["octyne.log:8: entries 8 to 10 are missing"]


def test_a_database_that_was_changed_is_found(log: AuditLog) -> None:
    log.write(10)
    with sqlite3.connect(log.database) as database:
        database.execute("UPDATE entries SET hash = ? WHERE seq = 4", ("0" * 64,))
    database.close()
    assert log.wrong() == [
        "octyne.log:4: this line is not the one that was recorded",
        "audit.db: entry 4 is not as recorded",
    ]


FORGED = sealed('{"level":"info"}', 5, "0" * 64)
CHANGES = {
    "UPDATE entries SET user = 'bob' WHERE seq IN (4, 6, 7)": [
        "entry 4 is not as recorded",
        "entries 6 to 7 are not as recorded",
    ],
    "UPDATE entries SET server = NULL WHERE seq = 10": ["entry 10 is not as recorded"],
    "UPDATE entries SET ts = ts + 1 WHERE seq = 1": ["entry 1 is not as recorded"],
    "UPDATE entries SET line = replace(line, 'ada', 'bob')": ["entries 1 to 10 are not as recorded"],
    "UPDATE entries SET line = NULL WHERE seq = 5": ["entry 5 is not as recorded"],
    "UPDATE entries SET hash = 7 WHERE seq = 5": ["entry 5 is not as recorded"],
    "DELETE FROM entries WHERE seq BETWEEN 3 AND 9": ["entries 3 to 9 are missing"],
    "DELETE FROM entries WHERE seq IN (2, 9)": ["entry 2 is missing", "entry 9 is missing"],
    "DELETE FROM entries WHERE seq < 6": [],  # as it forgets by itself
    "DELETE FROM entries WHERE seq > 6": ["entries 7 to 10 are in the files alone so far"],
    "DELETE FROM entries": ["it is empty"],
    f"UPDATE entries SET (ts, action, user, address, server, result, cause, line, hash) = "
    f"(0.0, '', '', '', NULL, '', '', '{FORGED}', '{hash_of(FORGED.encode())}') WHERE seq = 5": [
        "entry 5 does not follow the one before it",
        "entry 6 does not follow the one before it",
    ],
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_was_done_to_the_rows_is_found_with_the_files_and_without(log: AuditLog, change: str) -> None:
    log.write(10)
    with closing(sqlite3.connect(log.database)) as database, database:
        database.execute(change)
    told = [str(finding) for finding in log.findings() if finding.place == "audit.db"]
    assert told == [f"audit.db: {text}" for text in CHANGES[change]]
    log.file.unlink()
    told = [str(finding) for finding in log.findings() if finding.place == "audit.db"]
    alone = [text for text in CHANGES[change] if "empty" not in text and "files" not in text]
    assert told == [f"audit.db: {text}" for text in alone]


def test_a_row_that_denies_a_line_of_the_file_is_found(log: AuditLog) -> None:
    log.write(10)
    with closing(sqlite3.connect(log.database)) as database, database:
        database.execute("UPDATE entries SET hash = '' WHERE seq = 10")
    assert log.wrong() == ["octyne.log:10: the database says that this line was not written"]


def test_rows_that_the_daemon_forgets_by_itself_are_not_missed(log: AuditLog) -> None:
    with log.run(keep=100) as audit:
        for number in range(1000):
            act(audit, number)
            if number % 50 == 0:
                audit.flush()
    assert log.findings() == []


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_byte_of_a_log_can_be_changed_unseen(log: AuditLog, data: st.DataObject) -> None:
    if not (log.folder / "whole").exists():
        log.write(6)
        shutil.copy(log.file, log.folder / "whole")
    text = bytearray((log.folder / "whole").read_bytes())
    at = data.draw(st.integers(0, len(text) - 2))  # but the last newline, which says nothing
    text[at] = data.draw(st.integers(0, 255).filter(lambda byte: byte != text[at]))
    log.file.write_bytes(text)
    assert log.findings(), at
