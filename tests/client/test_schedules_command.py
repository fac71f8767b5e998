"""`holdfast schedules` and `notifications`: what happens by itself, and who is told."""

import json
import re

from ..system.house import Holdfast, sleeper
from .typed import Typist


def test_schedules_are_listed_and_run(house: Holdfast, typist: Typist) -> None:
    night = {"cron": "0 4 1 1 *", "action": "command", "command": "echo hello"}
    off = {"cron": "@daily", "action": "stop", "enabled": False}
    house.configure(web=sleeper(schedules={"night": night, "off": off}))
    house.start()
    header, first, second = typist("schedules", "list").stable.splitlines()
    assert header == "SERVER  NAME  CRON  ACTION  NEXT  LAST  OUTCOME"
    assert re.fullmatch(r"web  night  0 4 1 1 \*  command  WHEN \(in \d+d( \d+h)?\)", first)
    assert second == "web  off  @daily  stop  off"
    assert typist("schedules", "run", "web", "night").out == "night of web runs\n"

    def outcome() -> str:
        told = json.loads(typist("schedules", "list", "web", "--json").out)
        last = told[0]["last"]
        return last["outcome"] if last is not None and last["outcome"] != "running" else ""

    assert house.until(outcome, "the run is over") == "done"
    assert "TIME ago  done" in typist("schedules", "list", "w*").stable
    assert typist("schedules", "run", "web", "none", code=3).err.count("\n") == 1


def test_targets_are_listed_and_tested(house: Holdfast, typist: Typist) -> None:
    targets = {
        "good": {"type": "command", "command": ["true"], "on": ["crashed"], "servers": ["w*"]},
        "bad": {"type": "command", "command": ["false"], "retries": 0},
    }
    house.settings["notifications"] = {"targets": targets}
    house.configure(web=sleeper())
    house.start()
    assert typist("notifications", "test", "good").out == "good was told\n"
    said = typist("notifications", "test", "bad", code=1)
    assert said.err.startswith("holdfast: bad was not reached: ")
    assert json.loads(typist("notifications", "test", "bad", "--json", code=1).out)["delivered"] is False
    assert typist("notifications", "test", "none", code=3).err == "holdfast: This target does not exist!\n"
    lines = typist("notifications", "list").stable.splitlines()
    assert lines[0] == "NAME  TYPE  SENT  FAILED  WAITING  HELD BACK  ON  SERVERS  LAST ERROR"
    assert [line.split()[:2] for line in lines[1:]] == [["good", "command"], ["bad", "command"]]
    assert json.loads(typist("notifications", "list", "--json").out)["targets"].keys() == targets.keys()


def test_where_there_are_none_it_is_said(shell: Typist) -> None:
    assert shell("schedules", "list").err == (
        "there are no schedules: add some to a server in the config (docs/schedules.md)\n"
    )
    assert shell("notifications", "list").err == (
        "nobody is told: name targets in the config (docs/notifications.md)\n"
    )
