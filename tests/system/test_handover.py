"""`holdfast upgrade` and SIGHUP with everything running: clients notice a short wait, and nobody else."""

import os
import random
import re
import shutil
import signal
import subprocess
import threading
from contextlib import suppress
from functools import partial

import pytest

from . import processes
from .asker import Asker, Moments
from .house import ROOT, Holdfast, holdfast, program, sleeper
from .people import People
from .rawconsole import RawConsole

UPGRADED = re.compile(
    r"Holdfast 2\.\d+\.\d+ took over from 2\.\d+\.\d+: [23] programs run on, pause \d+ ms;"
    r" the API is renewed\nThe API answers at \S+, as version 2\.\d+\.\d+\n"
)
"""The flood may be over by then."""

LINES = 300_000


def upgrading(house: Holdfast) -> "subprocess.Popen[str]":
    """Type `holdfast upgrade` in another terminal."""
    command, environment = holdfast("upgrade", "--config", house.path("config.hjson"))
    return subprocess.Popen(
        command,
        cwd=house.folder,
        env={**environment, **house.environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def upgrade(house: Holdfast) -> tuple[int, str, str]:
    """Type it, and wait for its end; return exit code, output and errors."""
    with upgrading(house) as one:
        output, errors = one.communicate(timeout=processes.DEADLINE)
        return one.returncode, output, errors


@pytest.mark.parametrize("way", ["upgrade", "SIGHUP"])
def test_three_handovers_under_a_ticker_and_a_flood_lose_nothing(house: Holdfast, way: str) -> None:
    flood = program("flood", str(LINES), scrollbackBytes=64 << 20, enabled=False)
    house.configure(flood=flood, ticker=program("ticker"), echo=program("echo"))
    house.start()
    token = house.log_in()
    consoles = [RawConsole(house.path("api.sock"), name) for name in ("flood", "ticker")]
    old = house.console("ticker")
    old.until_number("tick", 5)
    supervisor, daemon = house.supervisor, house.daemon
    people = People()
    pids: set[object] = set()

    def ask(asker: Asker) -> None:
        assert asker.post("/server/echo", "START") == (200, {"success": True})
        pids.add(asker.get("/server/echo")["pid"])

    askers = (Asker(house, Moments()), Asker(house, Moments(), token))
    viewer = threading.Thread(target=consoles[0].follow, args=(b"Server flood has stopped.\n",))
    viewer.start()
    with people.at_work():
        for asker in askers:
            people.go_on(partial(ask, asker))
        assert house.order("flood", "START")
        for times in range(1, 4):
            if way == "SIGHUP":
                house.signal(signal.SIGHUP)
                house.output.until("took over from", times=times)
            else:
                code, output, errors = upgrade(house)
                assert (code, errors) == (0, "")
                assert UPGRADED.fullmatch(output)
            consoles[1].follow(b"\n")
        viewer.join(processes.DEADLINE)
    assert not viewer.is_alive()
    assert len(pids) == 1
    assert house.supervisor == supervisor
    if way == "SIGHUP":
        assert house.daemon == daemon
        assert [asker.cuts for asker in askers] == [0, 0]
        numbers = old.until_number("tick", old.numbers("tick")[-1] + 50)
        assert numbers == list(range(len(numbers)))
    else:
        assert house.daemon not in (None, daemon)
    lines = "".join(f"{line:099d}\n" for line in range(LINES))
    said = f"[Octyne] Started server flood\n{lines}[Octyne] Server flood has stopped.\n"
    assert consoles[0].data == said.encode()
    ticks = consoles[1].data[: consoles[1].data.rindex(b"\n")].decode().split("\n")
    assert ticks == [
        "[Octyne] Started server ticker",
        *(f"tick {number}" for number in range(len(ticks) - 1)),
    ]
    for console in consoles:
        assert (console.gaps, console.resets) == (0, 0)


@pytest.mark.parametrize("module", ["supervisor/version.py", "supervisor/upgrade.py"])
def test_a_broken_version_leaves_everything_as_it_is_and_says_why(house: Holdfast, module: str) -> None:
    for name in ("supervisor", "daemon", "filemgr", "client"):
        shutil.copytree(os.path.join(ROOT, name), house.path("installed", name))
    house.environment["PYTHONPATH"] = house.path("installed")
    house.configure(sleeper=sleeper(), echo=program("echo"))
    house.start()
    console = house.console("echo")
    console.until("ready")
    pids = {name: house.pid(name) for name in ("sleeper", "echo")}
    supervisor, daemon = house.supervisor, house.daemon
    with open(house.path("installed", module), "r+", encoding="utf-8") as file:
        good = file.read()
        file.seek(0)
        file.write(f"raise ImportError('half an upgrade')\n{good}")

    code, output, errors = upgrade(house)

    assert (code, output) == (1, "")
    assert errors.startswith("holdfast: ")
    assert errors.endswith("ImportError: half an upgrade\n")
    assert errors.count("\n") == 1
    assert {name: house.pid(name) for name in pids} == pids
    assert (house.supervisor, house.daemon) == (supervisor, daemon)
    console.type("still here?")
    console.until("echo: still here?")


def test_where_nothing_runs_it_says_so(house: Holdfast) -> None:
    house.configure(sleeper=sleeper())
    code, output, errors = upgrade(house)
    assert (code, output) == (5, "")
    assert (
        errors
        == f"holdfast: no supervisor can be reached at {house.path('state', 'run', 'supervisor.sock')}\n"
    )


@pytest.mark.parametrize("seed", range(20))
def test_sigterm_at_any_moment_of_an_upgrade_ends_everything(house: Holdfast, seed: int) -> None:
    house.configure(farewell=program("farewell"), ticker=program("ticker"))
    house.start()
    house.console("farewell").until("ready")
    with upgrading(house) as one:
        # It takes some half a second with all that follows: the moments are spread over it and beyond.
        with suppress(subprocess.TimeoutExpired):
            one.communicate(timeout=random.Random(seed).uniform(0, 1))
        assert house.stop() == 0
        one.communicate(timeout=processes.DEADLINE)
        assert one.returncode in (0, 1, 5)
    assert processes.below(house.folder) == {}
    assert os.path.exists(house.path("programs", "farewell", "farewell"))
    assert "Traceback" not in house.output.until_end()
