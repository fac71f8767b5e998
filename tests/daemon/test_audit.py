import json
import logging
import os
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import anyio
import pytest

from daemon import audit as module
from daemon import auditfile, auditrefusals
from daemon.audit import Audit, Result
from daemon.auditsentences import SENTENCES
from supervisor.journal import fields

from .house import eventually

Line = dict[str, str | int | float]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "logs"


@pytest.fixture
def audit(folder: Path) -> Iterator[Audit]:
    audit = Audit(clock=lambda: 1_700_000_000.1234)
    audit.configure(enabled=True, folder=str(folder), actions={})
    yield audit
    audit.close()


def lines(folder: Path, name: str = "octyne.log") -> list[Line]:
    return [json.loads(line) for line in (folder / name).read_text().splitlines()]


def unsealed(folder: Path) -> list[str]:
    """Return the lines without what makes them a chain."""
    return [line.partition(',"seq":')[0] for line in (folder / "octyne.log").read_text().splitlines()]


def actions(folder: Path, name: str = "octyne.log") -> list[str]:
    return [str(line.get("action", line["msg"])) for line in lines(folder, name)]


def act(audit: Audit, action: str = "server.start") -> None:
    audit.record(action, ip="192.0.2.1", user="ada")


def test_lines_are_octynes_byte_for_byte(audit: Audit, folder: Path) -> None:
    audit.started(42069)
    audit.record("server.start", {"server": "app"}, ip="192.0.2.1", user="ada")
    audit.record("server.kill", {"server": "app", "uid": 4_000_000_000, "pid": 4711}, ip="@", user="@local")
    audit.flush()
    action = '{"level":"info","ts":1700000000.123,"msg":"user performed action","action":"server.'
    assert unsealed(folder) == [
        '{"level":"info","ts":1700000000.123,"msg":"started octyne","port":42069',
        f'{action}start","ip":"192.0.2.1","user":"ada","server":"app","result":"success"',
        f'{action}kill","ip":"@","user":"@local","server":"app","uid":4000000000,"pid":4711,"result":"success"',
    ]


def test_what_was_not_done_has_another_message_and_a_cause(audit: Audit, folder: Path) -> None:
    audit.record(
        "auth.login", ip="192.0.2.1", user="ada", result="failed", cause="wrong-credentials: " + "x" * 999
    )
    audit.flush()
    (line,) = lines(folder)
    assert line["msg"] == "user failed to perform action"
    assert (line["result"], len(str(line["cause"]))) == ("failed", 300)


@pytest.mark.parametrize("value", ["a\nb", 'a"b\\', "\0\x1b[2J\x7f\x85", "\u2028", "grüße 😀", "\ud800", ""])
def test_any_value_is_one_line_and_comes_back(audit: Audit, folder: Path, value: str) -> None:
    audit.record("server.console.input", {"input": value}, ip="@", user=value)
    audit.flush()
    raw = (folder / "octyne.log").read_bytes()
    assert raw.count(b"\n") == 1
    assert all(0x20 <= byte < 0x7F for byte in raw[:-1])
    assert lines(folder)[0]["input"] == value


@pytest.mark.parametrize(
    ("switches", "written"),
    [
        ({}, ["auth.login", "server.files.upload", "server.files.move", "server.start"]),
        ({"auth.login": False}, ["server.files.upload", "server.files.move", "server.start"]),
        ({"auth": False, "nonsense": False}, ["server.files.upload", "server.files.move", "server.start"]),
        ({"server": False}, ["auth.login"]),
        ({"server": False, "server.files": True}, ["auth.login", "server.files.upload", "server.files.move"]),
        (
            {"server.files": False, "server.files.move": True},
            ["auth.login", "server.files.move", "server.start"],
        ),
        ({"auth.log": False}, ["auth.login", "server.files.upload", "server.files.move", "server.start"]),
    ],
)
def test_the_longest_switch_that_fits_decides(
    audit: Audit, folder: Path, switches: dict[str, bool], written: list[str]
) -> None:
    audit.configure(enabled=True, folder=str(folder), actions=switches)
    audit.started(1)
    for action in ["auth.login", "server.files.upload", "server.files.move", "server.start"]:
        act(audit, action)
    audit.flush()
    assert actions(folder) == ["started octyne", *written]


def test_what_is_off_writes_nothing_and_makes_no_folder(folder: Path) -> None:
    audit = Audit()
    act(audit)
    audit.configure(enabled=False, folder=str(folder), actions={})
    audit.started(1)
    act(audit)
    audit.close()
    assert not folder.exists()


def test_a_new_path_holds_from_the_next_line_on(audit: Audit, folder: Path, tmp_path: Path) -> None:
    act(audit, "auth.login")
    audit.configure(enabled=True, folder=str(tmp_path / "other"), actions={})
    act(audit, "auth.logout")
    audit.flush()
    assert actions(folder) == ["auth.login"]
    assert actions(tmp_path / "other") == ["auth.logout"]


@pytest.mark.usefixtures("no_umask")
def test_new_files_and_folders_are_the_owners_alone(
    audit: Audit, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auditfile, "MAX_FILE", 1)
    for _ in range(3):
        act(audit)
    audit.flush()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}


def test_the_mode_of_an_existing_file_is_kept(audit: Audit, folder: Path) -> None:
    folder.mkdir()
    (folder / "octyne.log").touch()
    (folder / "octyne.log").chmod(0o640)
    act(audit)
    audit.flush()
    assert stat.S_IMODE((folder / "octyne.log").stat().st_mode) == 0o640


def test_a_full_file_rotates_and_ten_old_ones_are_kept(
    audit: Audit, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auditfile, "MAX_FILE", 400)  # one line each
    for n in range(14):
        act(audit, f"action.{n}")
    audit.flush()
    names = ["octyne.log", *(f"octyne.log.{n}" for n in range(1, 11))]
    assert sorted(file.name for file in folder.iterdir()) == sorted(names)
    assert [actions(folder, name) for name in names] == [[f"action.{n}"] for n in range(13, 2, -1)]


def test_a_new_run_goes_on_where_the_last_one_stopped(audit: Audit, folder: Path) -> None:
    act(audit, "auth.login")
    audit.close()
    again = Audit()
    again.configure(enabled=True, folder=str(folder), actions={})
    act(again, "auth.logout")
    again.close()
    assert actions(folder) == ["auth.login", "auth.logout"]


def test_a_line_cut_by_a_power_loss_spoils_no_other(audit: Audit, folder: Path) -> None:
    folder.mkdir()
    (folder / "octyne.log").write_text('{"level":"info","ts":17000')
    act(audit)
    audit.flush()
    cut, whole = (folder / "octyne.log").read_text().splitlines()
    assert cut == '{"level":"info","ts":17000'
    assert json.loads(whole)["action"] == "server.start"


@pytest.mark.parametrize("how", ["renamed", "removed", "replaced", "folder removed"])
def test_a_file_taken_away_by_others_is_made_anew(audit: Audit, folder: Path, how: str) -> None:
    file = folder / "octyne.log"
    act(audit, "auth.login")
    audit.flush()
    match how:
        case "renamed":
            file.rename(folder / "octyne.log.old")
        case "removed":
            file.unlink()
        case "replaced":
            (folder / "new").touch()
            (folder / "new").replace(file)
        case _:
            file.unlink()
            folder.rmdir()
    act(audit, "auth.logout")
    audit.flush()
    assert actions(folder) == ["auth.logout"]


def test_a_file_emptied_by_others_is_written_on(audit: Audit, folder: Path) -> None:
    act(audit, "auth.login")
    audit.flush()
    os.truncate(folder / "octyne.log", 0)
    act(audit, "auth.logout")
    audit.flush()
    assert (folder / "octyne.log").read_bytes().startswith(b"{")
    assert actions(folder) == ["auth.logout"]


def test_a_full_disk_is_logged_once_and_recovers_by_itself(
    audit: Audit, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = folder / "octyne.log"
    folder.mkdir()
    file.symlink_to("/dev/full")
    for _ in range(3):
        act(audit, "auth.login")
    audit.flush()
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert "No space left" in caplog.text
    file.unlink()
    act(audit, "auth.logout")
    act(audit, "auth.logout")
    audit.flush()
    assert actions(folder) == ["auth.logout", "auth.logout"]
    assert "3 lines were lost" in caplog.records[1].getMessage()
    assert len(caplog.records) == 2


def test_a_disk_full_in_mid_file_keeps_what_is_there(
    audit: Audit, folder: Path, full_disk: Callable[[], AbstractContextManager[None]]
) -> None:
    act(audit, "auth.login")
    audit.flush()
    with full_disk():
        act(audit, "lost")
        audit.flush()
    act(audit, "auth.logout")
    audit.flush()
    assert actions(folder) == ["auth.login", "auth.logout"]


def test_a_folder_that_cannot_be_made_is_logged_and_recovers(
    audit: Audit, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder.write_text("a file in the way")
    act(audit)
    act(audit)
    audit.flush()
    assert len(caplog.records) == 1
    folder.unlink()
    act(audit)
    audit.flush()
    assert actions(folder) == ["server.start"]


def test_a_disk_that_hangs_holds_nobody_up_and_the_loss_is_counted(
    audit: Audit, folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    act(audit)
    audit.flush()
    line = len(unsealed(folder)[0]) + 1
    monkeypatch.setattr(module, "MAX_WAITING", 5 * line)
    hang, entered = threading.Event(), threading.Event()
    fstat = os.fstat

    def hanging(fd: int) -> os.stat_result:
        if threading.current_thread().name == "audit":
            entered.set()
            hang.wait(10)
        return fstat(fd)

    monkeypatch.setattr(os, "fstat", hanging)
    act(audit)
    assert entered.wait(10)
    for _ in range(7):
        act(audit)  # four more fit, three do not
    assert caplog.text == ""
    hang.set()
    audit.flush()
    act(audit)
    audit.flush()
    assert len(lines(folder)) == 1 + 5 + 1
    assert "3 lines of the audit log were lost" in caplog.text


def test_closing_writes_the_rest_and_later_lines_go_nowhere(audit: Audit, folder: Path) -> None:
    for _ in range(1000):
        act(audit)
    audit.close()
    assert len(lines(folder)) == 1000
    act(audit)
    audit.flush()
    audit.close()
    assert len(lines(folder)) == 1000


def test_where_the_journal_is_the_log_it_is_told_who_did_what(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    audit = Audit(journal=True)
    audit.configure(enabled=True, folder=str(folder), actions={"config": False})
    audit.record("server.start", {"server": "app"}, ip="192.0.2.1", user="ada")
    audit.record("server.kill", {"server": "app", "uid": 1000, "pid": 4711}, ip="@", user="@local")
    audit.record("config.view", ip="192.0.2.1", user="ada")
    typed = {"server": "app", "input": "/op 5ecret"}
    audit.record("server.console.input", typed, ip="192.0.2.1", user="ada")
    audit.record("something.new", {"of": "{0} %s"}, ip="192.0.2.1", user="{ada}")
    audit.close()
    assert [record.getMessage() for record in caplog.records] == [
        "ada started app",
        "@local killed app",
        "ada typed into the console of app",
        "{ada}: something.new",
    ]
    found = [fields(record, record.getMessage()) for record in caplog.records]
    common = {"PRIORITY": "6", "SYSLOG_IDENTIFIER": "holdfast"}
    assert found[:2] == [
        {
            "MESSAGE": "ada started app",
            **common,
            "SERVER": "app",
            "ACTION": "server.start",
            "USER_NAME": "ada",
            "USER_ADDRESS": "192.0.2.1",
        },
        {
            "MESSAGE": "@local killed app",
            **common,
            "SERVER": "app",
            "ACTION": "server.kill",
            "USER_NAME": "@local",
            "USER_ADDRESS": "@",
            "USER_UID": "1000",
            "USER_PID": "4711",
        },
    ]
    assert "5ecret" not in str([vars(record) for record in caplog.records])


def test_the_journal_is_told_what_was_not_done_and_why(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    audit = Audit(journal=True)
    audit.configure(enabled=True, folder=str(folder), actions={})
    audit.record(
        "server.start",
        {"server": "app"},
        ip="192.0.2.1",
        user="ada",
        result="failed",
        cause="cannot-start: it is stopping",
    )
    audit.record(
        "auth.login", ip="192.0.2.1", user="ada", result="failed", cause="wrong-credentials: Invalid!"
    )
    audit.refuse(
        "server.console.input",
        {"server": "app", "input": "/op 5ecret"},
        ip="192.0.2.1",
        user="ada",
        cause="not-permitted: No!",
    )
    audit.close()
    assert [(record.levelno, record.getMessage()) for record in caplog.records] == [
        (logging.WARNING, "ada: server.start of app failed: cannot-start: it is stopping"),
        (logging.WARNING, "ada: auth.login from 192.0.2.1 failed: wrong-credentials: Invalid!"),
        (logging.WARNING, "ada: server.console.input of app was denied: not-permitted: No!"),
    ]


def test_refusals_are_remembered_for_few_at_a_time(
    audit: Audit, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_REFUSALS", 10)
    for number in (*range(30), *range(20, 30), 0):
        audit.refuse("config.view", {}, ip="192.0.2.1", user=f"user{number}", cause="no")
    audit.flush()
    told = [(line["user"], line.get("repeated")) for line in lines(folder)]
    assert told == [*((f"user{number}", None) for number in range(30)), ("user20", 1), ("user0", None)]
    audit.close()
    told = [(line["user"], line.get("repeated")) for line in lines(folder)][32:]
    assert told == [(f"user{number}", 1) for number in range(21, 30)], "the counts are told at the end"


def test_a_refusal_is_the_same_only_of_the_same_caller_and_the_same_target(
    audit: Audit, folder: Path
) -> None:
    various: list[dict[str, str | int]] = [
        {},
        {"server": "app"},
        {"uid": 1000},
        {"uid": 1001},
        {"key": "bot"},
        {"share": "x1"},
        {"taggedUser": "eve"},
        {"path": "/a"},
        {"path": "/b"},
    ]
    for _ in range(3):
        for one in various:
            audit.refuse("config.view", one, ip="192.0.2.1", user="ada", cause="no")
        audit.refuse("config.view", {}, ip="192.0.2.2", user="ada", cause="no")
    audit.flush()
    assert len(lines(folder)) == len(various) + 1
    audit.configure(enabled=False, folder=str(folder), actions={})
    audit.flush()
    assert [line.get("repeated") for line in lines(folder)] == [None] * 10 + [2] * 10


async def test_a_count_is_told_when_its_minute_is_over(
    audit: Audit, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auditrefusals, "REPEATED", 0.5)

    async def look() -> bool:
        audit.flush()
        return len(lines(folder)) == 2

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(audit.run)
        await anyio.wait_all_tasks_blocked()
        for _ in range(3):
            audit.refuse("config.view", {}, ip="192.0.2.1", user="ada", cause="no")
        await eventually(look)
        tasks.cancel_scope.cancel()
    audit.flush()
    assert [line.get("repeated") for line in lines(folder)] == [None, 2]


# How long an entry may be.


@pytest.mark.parametrize("letter", ["x", "é", "😀", "\0", '"'])
@pytest.mark.parametrize("result", ["success", "failed"])
def test_no_entry_is_longer_than_a_line_may_be(
    audit: Audit, folder: Path, letter: str, result: Result
) -> None:
    long = letter * 100_000
    fields = dict.fromkeys(("server", "input", "path", "operations", "files", "basePath"), long)
    names = [long] * 5000
    audit.record("x", {**fields, "changes": names}, ip=long, user=long, result=result, cause=long)
    audit.record("x", {"input": long}, ip="@", user="ada", result=result)
    audit.flush()
    assert all(len(line) < 8 << 10 for line in (folder / "octyne.log").read_bytes().splitlines())
    much, little = lines(folder)
    assert str(much["input"]).startswith(letter)
    assert str(much["input"]).endswith("…")
    if letter == "x":
        assert little["input"] == "x" * 1024 + "…"


def test_a_list_is_told_as_far_as_a_hundred_items(audit: Audit, folder: Path) -> None:
    audit.record("x", {"all": ["a"] * 100, "more": ["a"] * 101}, ip="@", user="ada")
    audit.flush()
    (line,) = (folder / "octyne.log").read_text().splitlines()
    said = json.loads(line)
    assert (said["all"], said["more"]) == (["a"] * 100, ["a"] * 100 + ["…"])


def test_who_types_much_does_not_rotate_the_files(audit: Audit, folder: Path) -> None:
    for _ in range(125):
        audit.record("server.console.input", {"input": "x" * (1 << 20)}, ip="@", user="ada")
    audit.flush()
    assert [file.name for file in folder.iterdir()] == ["octyne.log"]
    assert (folder / "octyne.log").stat().st_size < 1 << 20


def test_on_a_terminal_the_audit_stays_in_its_file(audit: Audit, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    act(audit)
    audit.flush()
    assert caplog.records == []


@pytest.mark.parametrize("action", sorted(SENTENCES))
def test_every_sentence_is_whole(folder: Path, caplog: pytest.LogCaptureFixture, action: str) -> None:
    caplog.set_level(logging.INFO)
    audit = Audit(journal=True)
    audit.configure(enabled=True, folder=str(folder), actions={})
    files = dict.fromkeys(("path", "src", "dest", "archive", "destPath"), "/x")
    more = {"keyName": "bot", "kind": "console", "count": 2, "target": "ops", "schedule": "nightly"}
    more["signal"] = "SIGHUP"
    fields = {"server": "app", "taggedUser": "bob", **more, **files}
    audit.record(action, fields, ip="192.0.2.1", user="ada")
    audit.close()
    assert caplog.records[0].getMessage().startswith("ada ")
    assert "?" not in caplog.text
