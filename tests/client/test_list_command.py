"""`holdfast list`, in a pipe and in a terminal."""

import json
import os
import signal
from functools import partial

from client.command.output import plain

from ..system.house import Holdfast, program, sleeper
from .typed import Typist, bare, stable


def test_a_list_for_programs_is_what_the_api_says(shell: Typist) -> None:
    told = json.loads(shell("list", "--json").out)
    assert list(told) == ["chat", "off", "web"]
    assert told["off"]["state"] == "stopped"
    assert told["web"]["pid"] > 1
    assert json.loads(shell("--json", "list").out).keys() == told.keys(), "before the command, too"


def test_in_a_pipe_it_is_a_plain_table(shell: Typist) -> None:
    assert shell("list").stable.splitlines() == [
        "NAME  STATUS  UPTIME  CPU  MEMORY  RESTARTS  HEALTH  WHY",
        "chat  running  TIME  N%  SIZE  ready  running",
        "off  stopped  never started",
        "web  running  TIME  N%  SIZE  ready  running",
    ]
    assert shell("list").err == ""


def test_octynes_client_knows_the_same_list_by_other_names(shell: Typist) -> None:
    csv = "name,status,toDelete\nchat,online,false\noff,offline,false\nweb,online,false\n"
    for name in ("list", "list-apps", "apps", "ls", "ps"):
        assert shell(name, "--format=csv").out == csv
    assert json.loads(shell("apps", "--format=json").out)["off"]["status"] == 0


def test_where_there_is_no_csv_that_is_told(shell: Typist) -> None:
    assert shell("status", "web", "--format", "csv").err == "There is no CSV of this: ask for --json\n"
    assert shell("list", "--format", "csv").err == ""


def test_only_those_that_were_named(shell: Typist) -> None:
    assert list(json.loads(shell("list", "w*", "off", "--json").out)) == ["web", "off"]
    missing = shell("list", "wep", code=3)
    assert missing.err == "holdfast: there is no server wep; did you mean web?\n"
    assert shell("list", "x*", code=3).err == "holdfast: no server fits x*\n"


def test_in_a_terminal_states_have_colours_unless_nobody_wants_them(shell: Typist) -> None:
    with shell.terminal("list") as seen:
        seen.expect_exact("\x1b[32mrunning\x1b[0m")
        seen.expect(".*\r\n$")
    with shell.terminal("list", NO_COLOR="1") as seen:
        seen.expect("WHY")
        seen.expect("web .*\r\n")
        assert "\x1b[32m" not in seen.before + seen.after


def test_a_list_that_is_watched_is_shown_again_and_ends_by_ctrl_c(shell: Typist) -> None:
    with shell.terminal("list", "--watch", "--interval", "0.1") as seen:
        for _ in range(3):
            seen.expect("web .*running")
        seen.sendintr()
        seen.expect_exact("\x1b[?1049l")
        seen.wait()
        assert seen.exitstatus == 130


def test_in_a_pipe_a_watched_list_is_a_line_of_json_each_time(shell: Typist) -> None:
    with shell.terminal("list", "--watch", "--json", "--interval", "0.1") as seen:
        first, second = (json.loads(bare(seen.readline())) for _ in range(2))
        assert list(first) == list(second) == ["chat", "off", "web"]


def test_what_has_crashed_says_why(house: Holdfast, typist: Typist) -> None:
    house.configure(bad=program("crash", restart="never"), ok=sleeper())
    house.start()
    house.until_status("bad", 2)
    _, bad, _ = typist("list").stable.splitlines()
    assert bad.startswith("bad  failed")
    assert "exited with code" in bad


def _runs(house: Holdfast, name: str) -> bool:
    return house.about(name)["state"] == "running"


def test_a_narrow_terminal_is_shown_fewer_columns_and_no_half_numbers(
    house: Holdfast, typist: Typist
) -> None:
    name = "n" * 50
    house.configure(**{name: sleeper(), "ok": sleeper()})
    house.start()
    for one in (name, "ok"):
        house.until(partial(_runs, house, one), "it runs")
    with typist.terminal("list", size=(24, 80)) as seen:
        seen.expect("ok .*\r\n$")
        lines = stable(bare(seen.before + seen.after)).splitlines()
    assert lines == [
        "NAME  STATUS  UPTIME  CPU",
        f"{name}  running  TIME  N%",
        "ok  running  TIME  N%",
    ]
    with typist.terminal("list", size=(10, 40)) as seen:
        seen.expect("ok .*\r\n$")
        lines = stable(bare(seen.before + seen.after)).splitlines()
    assert lines == ["NAME  STATUS", f"{'n' * 31}  running", "n" * 19, "ok  running"]


def test_a_watched_list_that_is_too_long_says_how_many_there_are(shell: Typist) -> None:
    with shell.terminal("list", "--watch", size=(3, 80)) as seen:
        seen.expect_exact("3 servers in all; holdfast top scrolls")
        assert "off" not in bare(seen.before)


def test_ctrl_z_gives_the_shell_its_own_screen_and_the_list_goes_on_afterwards(shell: Typist) -> None:
    with shell.terminal("list", "--watch", "--interval", "0.1") as seen:
        seen.expect("web .*running")
        seen.send("\x1a")
        seen.expect_exact("\x1b[?1049l\x1b[?25h")
        os.waitid(os.P_PID, seen.pid, os.WSTOPPED | os.WNOWAIT)
        seen.kill(signal.SIGCONT)
        seen.expect_exact("\x1b[?1049h")
        seen.expect("web .*running")
        seen.sendintr()
        seen.expect_exact("\x1b[?1049l")


def test_wide_characters_take_two_places() -> None:
    rows = [("日本", "x"), ("ab", "y"), ("e\u0301", "z")]
    assert plain(("N", "W"), rows) == "N     W\n日本  x\nab    y\ne\u0301     z\n"


def test_names_cannot_steer_the_terminal() -> None:
    assert plain(("NAME",), [("a\x1b[2Jb",)]) == "NAME\na\\x1b[2Jb\n"
    assert stable("x  1.5s") == "x  TIME"
