"""A server that is not up yet, or not well, while Holdfast itself is killed or replaced."""

import signal
from typing import cast

from .house import Holdfast, Settings, free_port, program
from .test_daemon_killed import kill_the_daemon


def web(port: int, *more: str, **check: object) -> Settings:
    look = {"type": "http", "url": f"http://127.0.0.1:{port}/", "interval": 0.2, "failures": 2, **check}
    return program("web", str(port), *more, checks={"web": look})


def until(house: Holdfast, name: str, **wanted: object) -> None:
    """Wait until this is told about a server."""

    def seen() -> bool:
        about = house.about(name)
        return all(about.get(key) == value for key, value in wanted.items())

    house.until(seen, f"{name} is {wanted}")


def test_who_is_starting_when_the_daemon_dies_becomes_ready_under_the_next(house: Holdfast) -> None:
    house.configure(app=web(free_port(), "slow"), said=said("second"))
    house.start()
    pid = house.pid("app")
    for name in ("app", "said"):
        until(house, name, state="starting", ready=False)
    house.console("said").type("first")
    kill_the_daemon(house)
    assert house.pid("app") == pid
    for name in ("app", "said"):
        until(house, name, state="starting", ready=False)
    house.console("app").type("open")
    house.console("said").type("second")
    for name in ("app", "said"):
        until(house, name, state="running", ready=True)
    assert house.pid("app") == pid


def said(word: str) -> Settings:
    return program("echo", checks={"said": {"type": "output", "pattern": f"echo: {word}"}})


def test_who_falls_ill_after_the_daemon_died_is_restarted(house: Holdfast) -> None:
    house.configure(app=web(free_port(), action="restart"))
    house.start()
    until(house, "app", ready=True)
    kill_the_daemon(house)
    until(house, "app", ready=True, state="running")
    house.console("app").type("500")
    until(house, "app", restarts=1, state="running")


def test_a_handover_of_the_supervisor_changes_nothing(house: Holdfast) -> None:
    server = program("notifier", ready="notify", watchdog=3)
    house.configure(app=web(free_port(), "slow"), beat=server)
    house.start()
    until(house, "app", state="starting")
    console = house.console("beat")
    console.type("READY=1|STATUS=first")
    console.type("beat")
    until(house, "beat", ready=True)
    pids = house.pid("app"), house.pid("beat")
    house.signal(signal.SIGHUP)
    house.output.until("took over")
    house.until_it_answers()
    assert (house.pid("app"), house.pid("beat")) == pids
    house.console("app").type("open")
    house.console("beat").type("STATUS=second")
    until(house, "app", state="running", ready=True)

    def note() -> object:
        return cast("dict[str, object]", house.about("beat")["health"])["note"]

    house.until(lambda: note() == "second", "it is heard after the handover")
    house.console("beat").type("hush")
    until(house, "beat", restarts=1)
