"""What commands tell while the API does not answer: by the supervisor, or by what was written last."""

import json
import os
import signal
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from ..system.house import Holdfast, program, sleeper
from .test_logs_command import ticks
from .typed import Said, Typist

SUPERVISOR = "holdfast: the API does not answer; this is what the supervisor says\n"
REMAINS = "holdfast: Holdfast does not run here; this is what was written last\n"


@pytest.fixture
def furnished(house: Holdfast) -> Holdfast:
    """`tick` counts, with log files; `chat` echoes; `off` is off; `crash` has crashed."""
    logs = {"to": "file", "size": 4096, "keep": 10_000}
    house.configure(
        tick=program("ticker", logs=logs),
        chat=program("echo"),
        off=sleeper(enabled=False),
        crash={"command": ["sh", "-c", "echo out of ideas; exit 3"], "budget": {"restarts": 0}},
    )
    house.start()
    house.until(lambda: house.about("crash")["state"] == "failed", "it has crashed")
    house.until(lambda: house.about("chat")["state"] == "running", "it runs")
    house.until(lambda: house.about("tick")["state"] == "running", "it runs")
    house.until(lambda: "tick 150" in house.local.get("/server/tick/logs").text, "it has said something")
    return house


@contextmanager
def stuck(house: Holdfast) -> Iterator[None]:
    """Stop the daemon: its socket takes connections, and nobody answers. It is replaced if that lasts."""
    daemon = house.daemon
    assert daemon is not None
    os.kill(daemon, signal.SIGSTOP)
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            os.kill(daemon, signal.SIGCONT)
        house.until_it_answers()


def while_stuck(house: Holdfast, *commands: str) -> list[Said]:
    """Return what commands say while the daemon is stuck; all at once, since each waits for it a while."""
    with stuck(house), ThreadPoolExecutor() as threads:
        return list(threads.map(lambda one: Typist(house)(*one.split(), code=None), commands))


def told(said: Said) -> dict[str, Any]:
    answer = json.loads(said.out)
    assert isinstance(answer, dict)
    return answer


def test_the_supervisor_tells_what_the_stuck_daemon_does_not(furnished: Holdfast) -> None:
    listed, status_said, quiet, history_said, unknown = while_stuck(
        furnished,
        "list",
        "status chat crash --json",
        "status crash --quiet",
        "history crash --json",
        "status crsh",
    )
    assert listed.err == SUPERVISOR
    assert [line.split()[:2] for line in listed.out.splitlines()[1:]] == [
        ["chat", "running"],
        ["crash", "failed"],
        ["off", "stopped"],
        ["tick", "running"],
    ]
    status = told(status_said)
    chat = status["chat"]
    assert (chat["state"], chat["status"], chat["ready"]) == ("running", 1, True)
    assert status["crash"]["lastExit"]["code"] == 3
    assert (quiet.code, quiet.err) == (1, SUPERVISOR)
    history = told(history_said)
    assert [one["to"] for one in history["history"]] == ["failed", "starting"]
    assert history["history"][0]["lines"] == ["out of ideas"]
    assert unknown.code == 3
    assert "holdfast: there is no server crsh; did you mean crash?" in unknown.err


def test_logs_are_read_from_the_files_and_from_the_supervisors_memory(furnished: Holdfast) -> None:
    said, found = while_stuck(furnished, "logs tick", "logs crash -g IDEAS -i")
    numbers = ticks(said.out)
    assert numbers == list(range(numbers[-1] + 1))
    assert said.err == SUPERVISOR
    assert found.out == "out of ideas\n"
    with stuck(furnished), Typist(furnished).running("logs", "-f", "tick", "-n", "3") as following:
        following.until(lambda text: len(ticks(text)) > 30)
        following.signal(signal.SIGINT)
        assert following.code() == 130
        numbers = ticks(following.until(lambda text: True))
    assert numbers == list(range(numbers[0], numbers[-1] + 1))


def test_what_is_left_is_told_when_nothing_runs(furnished: Holdfast, typist: Typist) -> None:
    before = set(os.listdir(furnished.path("state")))
    assert furnished.stop() == 0
    left = set(os.listdir(furnished.path("state")))
    listed = typist("list")
    assert listed.err == REMAINS
    assert [line.split()[:2] for line in listed.out.splitlines()[1:]] == [
        [name, "unknown"] for name in ("chat", "crash", "off", "tick")
    ]
    history = told(typist("history", "crash", "--json"))
    assert [one["to"] for one in history["history"]][-2:] == ["failed", "starting"]
    assert "out of ideas" in typist("logs", "crash").out
    numbers = ticks(typist("logs", "tick").out)
    assert numbers == list(range(numbers[-1] + 1))
    assert typist("logs", "chat", "-n", "1", "-f").err.startswith(REMAINS)
    assert set(os.listdir(furnished.path("state"))) == left, "it leaves no trace"
    assert left <= before | {"scrollback", "wanted.json", "usage.history"}


def test_a_killed_holdfast_is_read_without_a_trace(furnished: Holdfast, typist: Typist) -> None:
    daemon = furnished.daemon
    assert daemon is not None
    os.kill(daemon, signal.SIGSTOP)
    furnished.signal(signal.SIGKILL)
    furnished.ended()
    os.kill(daemon, signal.SIGKILL)
    state = Path(furnished.path("state"))
    before = {one.name: one.stat().st_mtime_ns for one in state.iterdir()}
    assert (state / "history.db-wal").stat().st_size
    history = told(typist("history", "crash", "--json"))
    assert [one["to"] for one in history["history"]] == ["failed", "starting"]
    assert typist("logs", "tick", "-n", "1").err == REMAINS
    assert typist("list", "tick").out.endswith("  running when it was written last\n")
    assert {one.name: one.stat().st_mtime_ns for one in state.iterdir()} == before
    furnished.sweep()


def test_who_may_read_nothing_is_told_so(house: Holdfast, typist: Typist) -> None:
    missing = typist("list", code=5, HOLDFAST_SOCKET=house.path("no.sock"))
    assert missing.err.startswith(
        f"holdfast: cannot connect to {house.path('no.sock')}: there is no such file"
    )
    state = Path(house.path("state"))
    state.mkdir()
    (state / "plan.json").write_text("{")
    (state / "api.json").write_text(json.dumps({"socket": house.path("api.sock"), "config": house.path("c")}))
    house.configure()
    damaged = typist("list", code=5)
    assert damaged.err.endswith(f"; {state}/plan.json is damaged\n")


def test_another_program_at_the_supervisors_socket_is_told(house: Holdfast, typist: Typist) -> None:
    state = Path(house.path("state"))
    (state / "run").mkdir(parents=True)
    (state / "api.json").write_text(json.dumps({"socket": house.path("api.sock"), "config": house.path("c")}))
    house.configure()
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(state / "run" / "supervisor.sock"))
        assert typist("status", "web", code=5).err.startswith("holdfast: cannot connect to ")
