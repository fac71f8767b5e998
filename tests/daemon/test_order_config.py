"""`after` and `requires` in the config, and what `/servers` tells of those that wait."""

import subprocess
import sys

import pytest

from daemon.config import Config, ConfigError, parse_config
from daemon.configdiff import changes
from daemon.plan import compile_plan

from .house import House, Json, eventually, program

SERVER = 'directory: "/", command: "x"'


def parse(text: str) -> Config:
    return parse_config(text.encode(), "config.hjson", "/")


def servers(**orders: str) -> str:
    """A config of servers, each on a line of its own, which begins with its name."""
    lines = "\n".join(f"{name}: {{{SERVER}, {order}}}" for name, order in orders.items())
    return f"servers: {{\n{lines}\n}}"


def test_what_comes_first_is_a_name_or_a_list_of_names() -> None:
    config = parse(servers(app='requires: "db", after: ["cache", "db", "cache"]', db="", cache="after: null"))
    app = config.servers["app"].order
    assert (app.requires, app.after) == (("db",), ("cache", "db"))
    assert [(spec.requires, spec.after) for spec in compile_plan(config).services] == [
        (("db",), ("cache", "db")),
        ((), ()),
        ((), ()),
    ]
    assert config.warnings == ()


WRONG = {
    "no such server": (
        {"app": 'requires: "db"'},
        "config.hjson:2:47: servers.app.requires: there is no server 'db'",
    ),
    "none in a list": (
        {"app": 'after: ["db", "dc"]', "db": ""},
        "config.hjson:2:51: servers.app.after[1]: there is no server 'dc'",
    ),
    "a number": (
        {"a": "after: 7"},
        "config.hjson:2:42: servers.a.after: expected the name of a server or a list of names, got a number",
    ),
    "a number in a list": (
        {"app": "requires: [7]"},
        "config.hjson:2:48: servers.app.requires[0]: expected a string, got a number",
    ),
    "nothing": (
        {"app": 'requires: ""'},
        "config.hjson:2:47: servers.app.requires: expected the name of a server, got an empty string",
    ),
    "itself": (
        {"app": 'after: "app"'},
        "config.hjson:2:44: servers.app.after: these servers wait for each other: app → app",
    ),
    "a circle": (
        {
            "x": 'requires: "a"',
            "a": 'requires: "b"',
            "b": 'after: ["x1", "c"]',
            "x1": "",
            "c": 'requires: "a"',
        },
        "config.hjson:3:45: servers.a.requires: these servers wait for each other: a → b → c → a",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_is_told_with_its_place(case: str) -> None:
    orders, message = WRONG[case]
    with pytest.raises(ConfigError) as caught:
        parse(servers(**orders))
    assert str(caught.value) == message


def test_the_check_of_a_config_prints_the_circle(tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.mktemp("config") / "config.hjson"
    file.write_text(servers(a='requires: "b"', b='after: "a"'))
    command = [sys.executable, "-m", "daemon", "--check", "--config", str(file)]
    checked = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)
    assert checked.returncode != 0
    told = "servers.a.requires: these servers wait for each other: a → b → a"
    assert f"{file}:2:45: {told}" in checked.stderr


def test_the_log_shows_what_comes_first() -> None:
    old, new = servers(app='requires: "db"', db="", c=""), servers(app='requires: ["db", "c"]', db="", c="")
    assert changes(old.encode(), new.encode()) == ("servers.app.requires: changed",)
    newer = servers(app='requires: ["db", "c"], after: "db"', db="", c="")
    assert changes(new.encode(), newer.encode()) == ("servers.app.after: set to db",)


async def test_one_that_waits_is_on_and_says_for_whom(either: House) -> None:
    missing: Json = {"directory": "/", "command": ["/no/such/program"]}
    waiting: Json = {**program("echo"), "requires": ["db"]}
    await either.configure(db=missing, web=waiting)
    await either.operate("app", "KILL")
    await eventually(lambda: either.local.get("/servers"), lambda seen: "app" not in seen.json()["servers"])
    await either.until("db", status=2)
    shown = await either.until("web", reason="waits for db, which has failed")
    assert (shown["status"], shown["state"], shown["wanted"]) == (1, "stopped", "up")
    assert shown["waitsFor"] == ["db"]
    assert await either.operate("web", "START") == {"success": True, "reason": shown["reason"]}
    assert (await either.local.get("/servers")).json()["servers"] == {"db": 2, "web": 1}
    assert await either.operate("web", "TERM") == {"success": True}
    shown = await either.until("web", status=0)
    assert (shown["wanted"], shown["waitsFor"]) == ("down", [])
