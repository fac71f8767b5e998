"""The section `schedules` of a server: what it may say, and where a mistake is pointed at."""

import json

import pytest

from daemon.config import Config, ConfigError, parse_config
from daemon.schedulesettings import Action, Notice, OnlyIf, Schedule
from filemgr import RelPath


def parse(schedules: object) -> Config:
    app = {"directory": "/srv/app", "command": "run", "schedules": schedules}
    return parse_config(json.dumps({"servers": {"app": app}}, indent=1).encode(), "config", "/")


def one(**keys: object) -> Schedule:
    told = {"cron": "0 4 * * *", "timeZone": "UTC", "action": "restart", **keys}
    return parse({"it": told}).servers["app"].schedules["it"]


def test_what_is_not_said_has_its_default() -> None:
    schedule = one()
    assert (schedule.cron.text, schedule.cron.zone_name) == ("0 4 * * *", "UTC")
    assert (schedule.action, schedule.only_if, schedule.enabled) == (Action.RESTART, OnlyIf.RUNNING, True)
    assert (schedule.jitter, schedule.catch_up, schedule.grace) == (0.0, True, 3600.0)
    assert schedule.warnings == ()
    assert one(action="start").only_if is OnlyIf.STOPPED
    archive = one(action="archive")
    assert archive.only_if is OnlyIf.ALWAYS
    assert (archive.archive.kind, archive.archive.to, archive.archive.keep) == (
        "tar.zst",
        RelPath(("backups",)),
        7,
    )
    assert parse({}).servers["app"].schedules == {}
    assert parse({"inherited": None}).servers["app"].schedules == {}


def test_the_zone_of_the_machine_counts_where_none_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Kathmandu")
    assert one(timeZone=None).cron.zone_name == "Asia/Kathmandu"
    monkeypatch.setenv("TZ", "ABC-1")
    with pytest.raises(ConfigError, match=r"schedules\.it\.timeZone: missing, and this machine's own"):
        one(timeZone=None)


def test_all_of_it_can_be_said() -> None:
    warn = [{"minutes": 1, "line": "now"}, {"minutes": 10.5, "line": "soon"}]
    schedule = one(warn=warn, jitter=5, missed="skip", grace=60, onlyIf="always", enabled=False)
    assert schedule.warnings == (Notice(10.5, "soon"), Notice(1.0, "now"))
    assert (schedule.jitter, schedule.catch_up, schedule.grace, schedule.enabled) == (5.0, False, 60.0, False)
    assert one(action="input", line="save-all").line == "save-all"
    command = one(action="command", command="backup --to 'my disk'", timeout=5)
    assert (command.command, command.timeout) == (("backup", "--to", "my disk"), 5.0)
    told = {"type": "zip", "compress": False, "path": "world", "to": "/old", "keep": 3}
    archive = one(action="archive", archive=told).archive
    assert (archive.kind, archive.keep) == ("zip-stored", 3)
    assert (str(archive.path), str(archive.to)) == ("/world", "/old")


@pytest.mark.parametrize(
    ("keys", "key", "why"),
    [
        ({"cron": "61 * * * *"}, "cron", "there is no minute '61'"),
        ({"cron": "0 0 31 2,4 *"}, "cron", "there is no day-of-month '31'"),
        ({"cron": 5}, "cron", "expected a string, got a number"),
        ({"cron": None}, "cron", "missing, expected a cron expression"),
        ({"timeZone": "Mars/Olympus"}, "timeZone", "there is no time zone 'Mars/Olympus'"),
        ({"action": "explode"}, "action", "expected start, stop, restart, kill, input, command or archive"),
        ({"action": None}, "action", "missing, expected start"),
        ({"jitter": -1}, "jitter", "expected seconds, 0 or more"),
        ({"jitter": 100_000}, "jitter", "expected at most 86400 seconds"),
        ({"grace": "1h"}, "grace", "expected seconds, 0 or more"),
        ({"missed": "maybe"}, "missed", "expected run or skip"),
        ({"onlyIf": "asleep"}, "onlyIf", "expected running, stopped or always"),
        ({"warn": {"10": "x"}}, "warn", "expected a list of objects"),
        ({"warn": [{"minutes": 0, "line": "x"}]}, "warn[0].minutes", "more than 0 and at most 1440"),
        ({"warn": [{"minutes": True, "line": "x"}]}, "warn[0].minutes", "expected minutes, got true"),
        ({"warn": [{"minutes": 1}]}, "warn[0].line", "missing"),
        ({"warn": [{"minutes": 1, "line": "x"}] * 2}, "warn[1].minutes", "there is a warning of 1 minutes"),
        ({"action": "input"}, "line", "missing"),
        ({"action": "input", "line": ""}, "line", "1 to 10000 characters"),
        ({"action": "command"}, "command", "missing"),
        ({"action": "command", "command": "'"}, "command", "cannot be split into words"),
        ({"action": "archive", "archive": {"to": "../out"}}, "archive.to", "leads out of the folder"),
        ({"action": "archive", "archive": {"path": ".holdfast"}}, "archive.path", "Holdfast's own"),
        ({"action": "archive", "archive": {"type": "rar"}}, "archive.type", "expected zip or tar"),
        ({"action": "archive", "archive": {"compress": "lz4"}}, "archive.compress", "expected true, gzip"),
        ({"action": "archive", "archive": {"keep": 0}}, "archive.keep", "from 1 to 1000"),
    ],
)
def test_a_mistake_is_pointed_at(keys: dict[str, object], key: str, why: str) -> None:
    with pytest.raises(ConfigError) as caught:
        one(**keys)
    assert caught.value.key == f"servers.app.schedules.it.{key}"
    assert caught.value.line > 1
    assert why in caught.value.reason


@pytest.mark.parametrize("name", ["", "a/b", "..", "-x", "a b", "ä", "x" * 65])
def test_the_name_of_a_schedule_goes_into_paths_and_files(name: str) -> None:
    with pytest.raises(ConfigError, match="expected a name of 1 to 64"):
        parse({name: {"cron": "0 4 * * *", "action": "stop"}})


def test_there_is_an_end_to_schedules() -> None:
    with pytest.raises(ConfigError, match="at most 100 schedules"):
        parse({f"s{n}": {"cron": "0 4 * * *", "action": "stop"} for n in range(101)})


def test_what_has_no_effect_is_warned_about() -> None:
    config = parse({"it": {"cron": "0 4 * * *", "action": "restart", "line": "x", "color": "red"}})
    assert [warning.partition(": servers")[2] for warning in config.warnings] == [
        ".app.schedules.it.line: has no effect with the action restart",
        ".app.schedules.it.color: is unknown and has no effect",
    ]
