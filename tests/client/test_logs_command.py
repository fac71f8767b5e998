"""`holdfast logs`: of one and of several servers, in a pipe and in a terminal, and through cuts."""

import json
import os
import re
import signal
from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from pathlib import Path

import pexpect
import pytest

from ..system.house import Holdfast, program
from ..system.processes import kill
from .typed import Typist, bare

STEERING = "caf\\351\\n\\033[31mred\\033[0m \\033]0;title\\007bare\\n10%%\\r20%%\\n"


def saying(text: str) -> dict[str, object]:
    return {"command": ["sh", "-c", f"printf '{text}'; exec sleep 1000"]}


@pytest.fixture(scope="module")
def talking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Holdfast]:
    """`say` has said some bytes, `list` five lines, and `tick` counts, with log files."""
    house = Holdfast(str(tmp_path_factory.mktemp("talking")))
    logs = {"to": "file", "size": 4096, "keep": 10_000}
    try:
        house.configure(
            say=saying(STEERING),
            list=saying("\\n".join(f"item {number}" for number in range(5)) + "\\n"),
            tick=program("ticker", logs=logs),
        )
        house.start()
        for name in ("say", "list", "tick"):
            house.until_status(name, 1)
        house.until(lambda: "item 4" in house.local.get("/server/list/logs").text, "all is said")
        house.until(lambda: "20%" in house.local.get("/server/say/logs").text, "all is said")
        yield house
    finally:
        house.end()


@pytest.fixture(scope="module")
def ask(talking: Holdfast) -> Typist:
    return Typist(talking)


def ticks(text: str) -> list[int]:
    return [int(number) for number in re.findall(r"\btick (\d+)$", text, re.MULTILINE)]


def more_than(count: int, text: str) -> bool:
    return len(ticks(text)) > count


def test_in_a_pipe_the_bytes_are_as_they_were_written(ask: Typist) -> None:
    for options in ((), ("--no-prefix", "list")):
        said = ask("logs", "say", *options, errors="surrogateescape").out
        assert "caf\udce9\n\x1b[31mred\x1b[0m \x1b]0;title\x07bare\n" in said


def test_a_terminal_gets_the_colours_and_nothing_else_that_steers_it(ask: Typist) -> None:
    with ask.terminal("logs", "say", "--no-pager") as child:
        child.expect(pexpect.EOF)
        assert "\x1b[31mred\x1b[0m bare" in child.before
        assert "title" not in child.before
        assert "\r\n20%\r\n" in child.before
        assert "10%" not in child.before
    with ask.terminal("logs", "say", "--no-pager", NO_COLOR="1") as child:
        child.expect(pexpect.EOF)
        assert "\x1b" not in child.before
        assert "red bare" in child.before


def test_only_what_was_asked_for(ask: Typist) -> None:
    assert ask("logs", "list", "--tail", "2").out == "item 3\nitem 4\n"
    assert ask("logs", "list", "-g", "ITEM [12]", "-i").out == "item 1\nitem 2\n"
    assert ask("logs", "list", "-g", "ITEM").out == ""
    assert ask("logs", "list", "-g", "item", "--until", "1h").out == ""
    assert ask("logs", "list", "-g", "item", "--since", "1h").out.count("\n") == 5
    stamped = ask("logs", "list", "-n1", "-t").out
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z item 4\n", stamped)
    assert ask("logs", "list", "--since", "yesterday", code=2).err.splitlines()[-1] == (
        "Error: Invalid value for '--since': 'yesterday' is no moment: say 2h (ago), 14:30, 2026-01-31 or"
        " '2026-01-31 12:00'"
    )


def test_lines_of_several_servers_come_in_the_order_of_their_time_and_say_whose_they_are(
    ask: Typist,
) -> None:
    said = ask("logs", "l*", "tick", "-n", "5").out.splitlines()
    assert [line for line in said if line.startswith("list")] == [f"list | item {n}" for n in range(5)]
    numbers = ticks("\n".join(line.removeprefix("tick | ") for line in said))
    assert numbers == list(range(numbers[0], numbers[0] + 5))
    told = [json.loads(line) for line in ask("logs", "--all", "--json", errors="replace").out.splitlines()]
    assert {one["server"] for one in told} == {"say", "list", "tick"}
    # Times are known to the second; the lines of one server keep their own order.
    assert all(one["time"] <= other["time"] + 1 for one, other in pairwise(told))
    assert "item 0" in ask("logs", "list", "say", "--no-prefix", errors="replace").out.splitlines()


def test_a_server_that_there_is_not_is_told_with_what_may_have_been_meant(ask: Typist) -> None:
    for options in ((), ("-f",), ("--json",)):
        missing = ask("logs", "lits", *options, code=3)
        assert missing.err == "holdfast: there is no server lits; did you mean list?\n"
    assert "name a server, or say --all" in ask("logs", code=2).err


def test_a_person_reads_it_in_a_pager(ask: Typist, talking: Holdfast) -> None:
    pager = Path(talking.path("pager"))
    pager.write_text("#!/bin/sh\necho paged: $1\nhead -n 2\n")
    pager.chmod(0o700)
    with ask.terminal("logs", "list", PAGER=f"{pager} option") as child:
        child.expect("paged: option\r\n")
        child.expect(pexpect.EOF)
        assert bare(child.before).splitlines() == ["[Octyne] Started server list", "item 0"]
    for options, off in ((("--no-pager",), ""), ((), "true")):
        with ask.terminal("logs", "list", *options, PAGER=str(pager), NOPAGER=off) as child:
            child.expect(pexpect.EOF)
            assert bare(child.before).splitlines()[-1] == "item 4"
    with ask.terminal("logs", "tick", "--use-builtin-pager", size=(10, 80)) as child:
        child.expect("-- more --")
        child.send("q")
        child.expect(pexpect.EOF)


def test_following_loses_no_line_and_repeats_none_though_daemons_are_killed(
    ask: Typist, talking: Holdfast
) -> None:
    with ask.running("logs", "-f", "tick", "list", "-n", "5") as following:
        said = following.until(lambda text: "tick | " in text)
        for _ in range(3):
            before = len(ticks(said))
            daemon = talking.daemon
            assert daemon is not None
            kill(daemon)
            talking.until_it_answers()
            said = following.until(partial(more_than, before + 100))
        following.signal(signal.SIGINT)
        assert following.code() == 130
    numbers = ticks(said)
    assert numbers == list(range(numbers[0], numbers[-1] + 1))
    assert said.count("item 4") == 1
    assert following.errors().splitlines()[:2] == [
        "holdfast: the API is away, going on when it answers again",
        "holdfast: the API answers again, going on",
    ]


def test_who_follows_sees_a_little_of_what_was_before(ask: Typist) -> None:
    with ask.running("logs", "-f", "tick", "--json") as following:
        said = following.until(lambda text: text.count("\n") > 20)
        following.signal(signal.SIGTERM)
    first = [json.loads(line) for line in said.splitlines()[:10]]
    assert [one["server"] for one in first] == ["tick"] * 10


def test_following_ends_with_the_last_of_its_servers(typist: Typist, house: Holdfast) -> None:
    house.configure(chat=program("echo"), other=program("echo"))
    house.start()
    house.until_status("chat", 1)
    with typist.running("logs", "-f", "chat") as following:
        following.until(lambda text: "ready" in text)
        house.order("chat", "KILL")
        house.until_status("chat", 0)
        house.configure(other=program("echo"))
        os.kill(house.daemon or 0, signal.SIGHUP)
        assert following.code() == 0
    assert "holdfast: nothing more comes from chat" in following.errors()
