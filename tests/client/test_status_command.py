"""`holdfast status`: all that is known of a server, for people, for programs and for scripts."""

import json
from collections.abc import Iterator

import pexpect
import pytest

from ..system.house import Holdfast, program, sleeper
from .typed import Said, Typist, stable

GIVEN_UP = "exited with code 3 after TIME; restarted 0 times already; not restarted until somebody starts it"


@pytest.fixture(scope="module")
def house_of_all_sorts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Holdfast]:
    """`web` runs, `ill` has a check that fails, `crash` has crashed, `off` is off."""
    house = Holdfast(str(tmp_path_factory.mktemp("sorts")))
    check = {"type": "tcp", "address": "127.0.0.1:9", "as": "liveness", "failures": 1, "interval": 1}
    try:
        house.configure(
            web=sleeper(terminal=True),
            ill=program("echo", checks={"words": check}),
            crash={"command": ["sh", "-c", "exit 3"], "budget": {"restarts": 0}},
            off=sleeper(enabled=False),
        )
        house.start()
        house.until(lambda: house.about("crash")["state"] == "failed", "it has crashed")
        house.until(lambda: house.about("web")["state"] == "running", "it runs")
        house.until(lambda: "'unhealthy'" in str(house.about("ill")["health"]), "it is ill")
        yield house
    finally:
        house.end()


@pytest.fixture(scope="module")
def ask(house_of_all_sorts: Holdfast) -> Typist:
    return Typist(house_of_all_sorts)


def rows(said: Said) -> list[str]:
    return [line.strip() for line in stable(said.out).splitlines()]


def test_it_tells_all_that_is_known_and_nothing_else(ask: Typist) -> None:
    assert rows(ask("status", "web")) == [
        "Server  web",
        "State  running, up TIME since WHEN",
        "Wanted  up",
        "Ready  yes",
        "Run  1, pid N",
        "CPU  N%",
        "Memory  SIZE of SIZE",
        "Terminal  24 rows, 80 columns",
    ]
    assert rows(ask("info", "crash", "off")) == [
        "Server  crash",
        "State  failed",
        f"Why  {GIVEN_UP}",
        "Wanted  up",
        "Run  1",
        "Last exit  code 3, after TIME",
        "",
        "Server  off",
        "State  stopped",
        "Why  never started",
        "Cause  since the config was changed",
        "Wanted  down",
    ]


def test_checks_are_told_with_the_reason(ask: Typist) -> None:
    said = ask("status", "ill").out
    assert "Ready  no\n" in said
    assert "Health  unhealthy\n" in said
    assert "words (tcp) is unhealthy: cannot connect: Connection refused" in said
    with ask.terminal("status", "ill") as child:
        child.expect_exact("\x1b[1mHealth\x1b[0m  \x1b[31munhealthy\x1b[0m\r\n")
        child.expect(pexpect.EOF)


def test_programs_get_what_the_api_says(ask: Typist, house_of_all_sorts: Holdfast) -> None:
    told = json.loads(ask("status", "off", "--json").out)
    assert told == house_of_all_sorts.about("off")
    several = json.loads(ask("status", "off", "w*", "--format=json").out)
    assert (list(several), several["off"]) == (["off", "web"], told)
    assert list(json.loads(ask("status", "*", "--json").out)) == sorted(house_of_all_sorts.servers())
    assert json.loads(ask("status", "of*", "--json").out) == told


def test_scripts_can_ask_whether_all_is_well(ask: Typist) -> None:
    assert ask("status", "crash").code == 0
    assert ask("status", "web", "--quiet").out == ""
    assert ask("status", "web", "off", "-q", code=1).out == ""
    assert ask("status", "ill", "--check", code=1).out != ""
    assert ask("status", "wep", code=3).err == "holdfast: there is no server wep; did you mean web?\n"
