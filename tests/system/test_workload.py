"""The daemon is killed at a hundred moments of a busy day; only its clients notice, and they only wait."""

import json
import os
import random
import sqlite3
from collections import Counter
from contextlib import closing
from functools import partial

import pytest
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from . import processes
from .asker import Asker, Moments
from .auditing import verify
from .console import V2, Console
from .house import Holdfast
from .people import People
from .rawconsole import RawConsole
from .workload import DRIVEN, LEFT_ALONE, Workload, servers

KILLS = 25
"""In each of four days."""

STORED = ("plan.json", "wanted.json", "last-good-config", "last-good-users")

FILES = {
    "": {"api.sock", "config.hjson", "config.hjson.edited", "logs", "programs", "state", "users.json"},
    "state": {
        *("api.json", "children", "lock", "run", "scrollback", "usage.history"),
        *(f"{name}.db{end}" for name in ("audit", "history", "sessions") for end in ("", "-shm", "-wal")),
        *(f"{name}{old}" for name in STORED for old in ("", ".old")),
    },
    "state/run": {"lock", "notify.sock", "supervisor.sock"},
}
"""What may lie in the folders; whatever else is there was forgotten."""


def view_old(house: Holdfast, token: str) -> None:
    """View the ticker's console in the old way until hung up on; nothing is missing between two lines."""
    try:
        with connect(
            f"ws://127.0.0.1:{house.port}/server/ticker/console",
            additional_headers={"Authorization": token},
            subprotocols=[V2],
            ping_interval=None,
            open_timeout=processes.DEADLINE,
            close_timeout=1,
            proxy=None,
        ) as connection:
            console = Console(connection)
            try:
                console.until_number("tick", console.until_number("tick", 0)[-1] + 50)
            finally:
                numbers = console.numbers("tick")
                assert numbers == list(range(numbers[0], numbers[0] + len(numbers))) if numbers else True
    except (ConnectionRefusedError, TimeoutError):
        raise
    except (OSError, EOFError, WebSocketException):
        return


def live_copies(folder: str) -> Counter[str]:
    """Return how many processes carry the mark of each service."""
    found: Counter[str] = Counter()
    for pid in processes.below(folder):
        try:
            variables = processes.read(pid, "environ").split(b"\0")
        except OSError:
            continue
        found.update(
            one.rpartition(b":")[2].decode() for one in variables if one.startswith(b"HOLDFAST_SERVICE=")
        )
    return found


@pytest.mark.parametrize("seed", range(4))
def test_a_daemon_that_dies_all_day_long_makes_people_wait_and_nothing_else(
    house: Holdfast, seed: int
) -> None:
    house.configure(**servers(0))
    house.start()
    token = house.log_in()
    alone = {name: house.pid(name) for name in LEFT_ALONE}
    supervisor = house.supervisor
    moments = Moments()
    local, remote = Asker(house, moments), Asker(house, moments, token)
    workload = Workload(house, seed, local, remote)
    ticker = RawConsole(house.path("api.sock"), "ticker")
    dice = random.Random(seed)
    people = People()

    def look(asker: Asker) -> None:
        for name, pid in alone.items():
            assert asker.get(f"/server/{name}")["pid"] == pid

    with people.at_work():
        people.go_on(workload.step)
        for asker in (Asker(house, Moments()), Asker(house, Moments(), token)):
            people.go_on(partial(look, asker))
        people.go_on(lambda: ticker.follow(b"tick"))
        people.go_on(lambda: view_old(house, token))
        last = 0
        for _ in range(KILLS):
            # Most of them have served for a while; some have not even begun.
            if dice.random() < 0.9:
                moments.wait(dice.randint(1, 30))
            last = next_daemon(house, last)
            processes.kill(last)
            people.complain()
            assert max(live_copies(house.folder).values()) == 1
    assert workload.steps > KILLS
    workload.check()
    look(local)
    assert house.supervisor == supervisor
    ticker.follow(b"tick %d\n" % (until_now(ticker) + 20))
    assert until_now(ticker) + 1 == ticker.data.count(b"\n") - 1
    assert (ticker.gaps, ticker.resets) == (0, 0)
    check_the_typed(workload)
    for name in DRIVEN:
        assert not os.path.exists(house.path("programs", name, "twice"))
    assert house.stop() == 0
    assert processes.below(house.folder) == {}
    assert "Traceback" not in house.output.until_end()
    check_the_files(house, workload)


def next_daemon(house: Holdfast, last: int) -> int:
    """Wait for a daemon that is another than the last one; return its pid."""

    def other() -> int | None:
        pid = house.daemon
        return None if pid == last else pid

    return house.until(other, "there is another daemon") or 0


def until_now(ticker: RawConsole) -> int:
    """Return the last number; raises `AssertionError` unless all are there, each once."""
    first, *lines = ticker.data[: ticker.data.rindex(b"\n")].decode().split("\n")
    assert first == "[Octyne] Started server ticker"
    assert lines == [f"tick {number}" for number in range(len(lines))]
    return len(lines) - 1


def check_the_typed(workload: Workload) -> None:
    """Each line was taken whole, in order; only those that were typed again come again."""
    first, ready, *lines = workload.echo.data.decode().splitlines()
    assert (first, ready) == ("[Octyne] Started server echo", "ready")
    assert list(dict.fromkeys(lines)) == [f"echo: line {number + 1}" for number in range(workload.typed)]


def check_the_files(house: Holdfast, workload: Workload) -> None:
    """What lies on the disk is whole, is what was confirmed, and is all that lies there."""
    for folder, known in FILES.items():
        assert set(os.listdir(house.path(folder))) <= known, folder
    assert os.listdir(house.path("state", "children")) == []
    with open(house.path("config.hjson"), encoding="utf-8") as file:
        assert json.load(file) == json.loads(house.text(**servers(workload.config)))
    with open(house.path("state", "last-good-config"), encoding="utf-8") as file:
        assert json.load(file) == json.loads(house.text(**servers(workload.config)))
    with open(house.path("users.json"), encoding="utf-8") as file:
        assert set(json.load(file)) == {"admin", *workload.accounts}
    with open(house.path("state", "plan.json"), encoding="utf-8") as file:
        assert isinstance(json.load(file), dict)
    with closing(sqlite3.connect(house.path("state", "sessions.db"))) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    code, said = verify(house)
    assert code == 0, said
