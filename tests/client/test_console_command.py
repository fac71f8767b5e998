"""`holdfast console` in a pipe: lines go in, bytes come out, and it ends."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator

import pytest

from ..system.house import Holdfast, holdfast, program, sleeper
from ..system.processes import DEADLINE
from .typed import Typist

STREAM = {"stream": "S", "at": 0, "uptime": 0, "pid": 0, "offset": 0, "end": 0}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Holdfast]:
    house = Holdfast(str(tmp_path_factory.mktemp("scripts")))
    try:
        house.configure(
            chat=program("echo"), ticker=program("ticker"), off=sleeper(enabled=False), web=sleeper()
        )
        house.start()
        house.console("chat").until("ready")
        yield house
    finally:
        house.end()


def test_lines_go_in_and_what_comes_of_them_comes_out(shell: Typist) -> None:
    said = shell("console", "chat", typed="list\nsave all\n")
    assert said.out == "echo: list\necho: save all\n"
    assert said.err == ""


def test_more_lines_than_may_wait_are_all_given_in_order(shell: Typist) -> None:
    lines = [f"line {number}" for number in range(300)]
    said = shell("console", "chat", typed="\n".join(lines))
    assert said.out.splitlines() == [f"echo: {line}" for line in lines]


def test_lines_may_stand_on_the_command_line(shell: Typist) -> None:
    said = shell("console", "chat", "--send", "say hello", "-s", "list", "--linger", "0.3", typed="unread\n")
    assert said.out == "echo: say hello\necho: list\n"


def test_it_ends_when_the_server_has_said_what_was_waited_for(shell: Typist) -> None:
    said = shell("console", "chat", "--send", "save", "--until", "echo: save", "--timeout", "30")
    assert "echo: save\n" in said.out


def test_what_was_waited_for_and_not_said_is_code_7(shell: Typist) -> None:
    said = shell("console", "chat", "-s", "save", "--until", "Saved", "--timeout", "0.2", code=7)
    assert said.err == "holdfast: chat did not say 'Saved' in 0.2 s\n"


def test_what_was_said_before_is_no_answer(shell: Typist) -> None:
    shell("console", "chat", "-s", "once", "--until", "echo: once")
    again = shell("console", "chat", "-n", "50", "--until", "echo: once", "--timeout", "0.2", code=7)
    assert "echo: once\n" in again.out


def test_the_latest_lines_can_be_had(shell: Typist) -> None:
    shell("console", "chat", "-s", "one", "-s", "two", "-s", "three", "--until", "echo: three")
    assert shell("console", "chat", "--tail", "2", "--linger", "0").out == "echo: two\necho: three\n"
    assert shell("console", "chat", "--no-history", "--linger", "0").out == ""


def test_a_server_that_is_never_silent_does_not_keep_a_script(shell: Typist) -> None:
    said = shell("console", "ticker", "--linger", "0.05")
    numbers = [int(line.split()[1]) for line in said.out.splitlines() if line.startswith("tick ")]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def test_input_that_is_not_taken_is_code_6(shell: Typist) -> None:
    said = shell("console", "off", "--send", "hello", "--linger", "0", code=6)
    assert said.err == "The input was not taken: off is not running\n"


def test_a_server_that_there_is_not_is_code_3(shell: Typist) -> None:
    said = shell("console", "chatt", "--send", "hello", code=3)
    assert said.err.startswith("holdfast: This server does not exist!")


def test_a_pattern_must_mean_one_server(shell: Typist) -> None:
    assert shell("console", "w*", "--linger", "0").out == ""
    assert "fits several servers" in shell("console", "*", code=2).err


def test_each_event_is_an_object_for_programs(shell: Typist) -> None:
    said = shell("console", "chat", "--json", "--send", "for programs", "--until", "echo: for")
    events = [json.loads(line) for line in said.out.splitlines()]
    assert [event["type"] for event in events if event["type"] not in ("state", "taken")] == [
        "settings",
        "output",
    ]
    output = events[-1]
    assert output["data"] == "echo: for programs\n"
    assert output["end"] - output["offset"] == len(output["data"])


def test_who_may_only_look_is_code_4(running: Holdfast, shell: Typist) -> None:
    running.log_in()
    made = running.remote.post(
        "/keys", json={"name": "looker", "grants": ["server.view", "server.console.view"]}
    ).raise_for_status()
    url = f"http://127.0.0.1:{running.port}"
    said = shell(
        *("console", "chat", "--url", url, "-s", "hello", "--linger", "0"),
        code=4,
        HOLDFAST_SOCKET="",
        HOLDFAST_TOKEN=made.json()["key"],
    )
    assert said.err == "The input was not taken: this console is read-only\n"


def test_a_key_to_detach_by_that_is_none_is_code_2(shell: Typist) -> None:
    said = shell("console", "chat", "--detach-keys", "ctrl-p,shift", code=2)
    assert said.err.startswith("holdfast: 'shift' is no key to detach by")


def test_a_daemon_that_is_killed_costs_a_follower_no_line(running: Holdfast, shell: Typist) -> None:
    command, environment = holdfast("console", "ticker", "--follow")
    follower = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env={**environment, **shell.environment}
    )
    assert follower.stdout is not None
    try:
        numbers: list[int] = []
        for goal in (100, 200, 300):
            while len(numbers) < goal:
                numbers.append(int(follower.stdout.readline().split()[1]))
            if goal < 300:
                os.kill(running.daemon or 0, signal.SIGKILL)
    finally:
        follower.send_signal(signal.SIGINT)
        follower.stdout.close()
        code = follower.wait(DEADLINE)
    assert code in (130, 141)
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
