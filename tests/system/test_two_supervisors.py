"""Two of them on one state directory: the second ends with a sentence, at whatever moment it comes."""

import os
import select
import signal
import subprocess

from . import processes
from .house import Holdfast, holdfast, program
from .rawconsole import RawConsole


def run(house: Holdfast) -> "subprocess.Popen[str]":
    """Type `holdfast run` once more, in another terminal."""
    command, environment = holdfast("run", "--config", house.path("config.hjson"))
    return subprocess.Popen(
        command,
        cwd=house.folder,
        env={**environment, **house.environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_during_handovers_a_second_one_is_refused_and_touches_nothing(house: Holdfast) -> None:
    house.configure(ticker=program("ticker"), only=program("only_one"))
    house.start()
    daemon, pids = house.daemon, {name: house.pid(name) for name in ("ticker", "only")}
    refusal = f"Holdfast already runs on {house.path('state')} (process {house.supervisor})\n"
    for times in range(1, 6):
        house.signal(signal.SIGHUP)
        # As many moments of the handover as there are attempts while it lasts.
        while house.output.text.count("took over from") < times:
            with run(house) as second:
                assert second.communicate(timeout=processes.DEADLINE) == ("", refusal)
                assert second.returncode == 1
    house.until_it_answers()
    assert house.daemon == daemon
    assert {name: house.pid(name) for name in pids} == pids
    ticker = RawConsole(house.path("api.sock"), "ticker")
    ticker.visit(b"tick 100\n")
    assert ticker.data.startswith(b"[Octyne] Started server ticker\ntick 0\ntick 1\n")


def test_of_two_that_start_at_once_one_runs(house: Holdfast) -> None:
    house.configure(only=program("only_one"))
    both = [run(house), run(house)]
    try:
        pidfds = [os.pidfd_open(one.pid) for one in both]
        try:
            ended = select.select(pidfds, [], [], processes.DEADLINE)[0]
        finally:
            for pidfd in pidfds:
                os.close(pidfd)
        assert len(ended) == 1
        loser, winner = sorted(both, key=lambda one: one.poll() is None)
        output, errors = loser.communicate(timeout=processes.DEADLINE)
        assert (loser.returncode, output) == (1, "")
        assert errors.startswith(f"Holdfast already runs on {house.path('state')} (process ")
        assert errors.count("\n") == 1
        assert winner.stderr is not None
        assert any(" serves " in line for line in winner.stderr)
        assert house.answers()
        winner.terminate()
        winner.communicate(timeout=processes.DEADLINE)
        assert winner.returncode == 0
    finally:
        house.sweep()
        for one in both:
            one.communicate()
    assert not os.path.exists(house.path("programs", "only", "twice"))
