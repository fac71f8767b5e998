"""Who runs after Holdfast was started again, however it had ended."""

import signal
from collections.abc import Callable

import pytest

from . import processes
from .house import Holdfast, program, sleeper

End = Callable[[Holdfast], None]

REASON = (
    "left behind by a supervisor that was killed; its console and input are lost until it is started anew"
)


def power_cut(house: Holdfast) -> None:
    """End everything at once: nobody is asked, nobody is left."""
    daemon = house.daemon
    processes.kill(house.supervisor)
    if daemon is not None:
        processes.kill(daemon)
    house.sweep()
    house.ended()


def kill_the_supervisor(house: Holdfast) -> None:
    """Leave the programs behind."""
    processes.kill(house.supervisor)
    house.ended()


def stop(house: Holdfast) -> None:
    """End it in good order."""
    assert house.stop() == 0


ENDS = pytest.mark.parametrize("end", [stop, power_cut, kill_the_supervisor])


@ENDS
def test_what_a_person_stopped_stays_stopped_and_the_rest_comes_back(house: Holdfast, end: End) -> None:
    house.configure(stopped=sleeper(boot="wanted"), running=sleeper(boot="wanted"))
    house.start()
    house.until_status("running", 1)
    assert house.order("stopped", "TERM")
    house.until_status("stopped", 0)
    for _ in range(2):
        end(house)
        house.start()
        house.until_status("running", 1)
        house.until_status("stopped", 0)
        assert house.about("stopped")["wanted"] == "down"
    assert house.order("stopped", "START")
    end(house)
    house.start()
    house.until_status("stopped", 1)


@ENDS
def test_always_starts_and_never_waits_for_a_person(house: Holdfast, end: End) -> None:
    house.configure(
        always=sleeper(boot="always", enabled=False),
        never=sleeper(boot="never"),
        enabled=sleeper(),
        disabled=sleeper(enabled=False),
    )
    house.start()
    for name, status in {"always": 1, "never": 0, "enabled": 1, "disabled": 0}.items():
        house.until_status(name, status)
    for name in ("always", "enabled"):
        assert house.order(name, "KILL")
    for name in ("never", "disabled"):
        assert house.order(name, "START")
    end(house)
    house.start()
    for name, status in {"always": 1, "never": 0, "enabled": 1, "disabled": 0}.items():
        house.until_status(name, status)


def test_what_is_new_in_the_config_starts_as_enabled_says(house: Holdfast) -> None:
    house.configure()
    house.start()
    house.configure(never=sleeper(boot="never"), always=sleeper(boot="always", enabled=False))
    house.until_status("never", 1)
    house.until_status("always", 0)


def test_what_is_kept_is_neither_stopped_nor_started_a_second_time(house: Holdfast) -> None:
    house.configure(
        kept=sleeper(leftovers="keep"), only=program("only_one", leftovers="keep"), stopped=sleeper()
    )
    house.start()
    house.console("only").until("ready")
    pids = {name: house.pid(name) for name in ("kept", "only", "stopped")}
    kill_the_supervisor(house)
    house.start()
    house.output.until("and kept: kept, only; its console")
    for name in ("kept", "only"):
        assert (house.pid(name), house.servers()[name]) == (pids[name], 1)
        assert house.about(name)["reason"] == REASON
        assert house.order(name, "START")
        assert house.pid(name) == pids[name]
        console = house.console(name)
        console.until(f"[Holdfast] {name} was left behind by a supervisor that was killed")
        console.type("hello")
        console.until("its input was lost with the supervisor that was killed")
    assert house.pid("stopped") != pids["stopped"]

    # A new run has all that a program has.
    assert house.order("only", "TERM")
    house.until_status("only", 0)
    assert house.order("only", "START")
    house.console("only").until("ready")
    assert house.pid("only") != pids["only"]

    # It is not our child: how it ends we may not be told. Either way that counts as a crash.
    processes.kill(pids["kept"])
    house.until(lambda: house.about("kept")["pid"] not in (None, pids["kept"]), "kept runs again")
    shown = house.console("kept").until("restarting in ")
    assert "kept ended, how is unknown, after " in shown or "kept was ended by SIGKILL after " in shown
    house.signal(signal.SIGTERM)
    assert house.ended() == 0
    assert processes.below(house.folder) == {}
