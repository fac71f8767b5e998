"""`holdfast start`, `stop`, `restart`, `kill`, `pause`, `resume`, `signal`: orders, and where they lead."""

import json

from ..system.house import Holdfast, program, sleeper
from .typed import Typist, bare

DEAF = {"command": ["sh", "-c", "trap '' TERM; while :; do sleep 1000; done"], "stopGrace": 600}


def test_orders_are_waited_for_and_what_was_so_already_is_told(house: Holdfast, typist: Typist) -> None:
    house.configure(chat=program("echo"), web=sleeper())
    house.start()
    house.until_status("web", 1)
    assert typist("stop", "web").stable == "web: stopped after TIME"
    assert house.about("web")["state"] == "stopped"
    assert typist("stop", "web").out == "web: stopped already\n"
    assert typist("start", "web").stable == "web: up after TIME, pid N"
    assert typist("start", "w*", "chat").stable == "web: up already, pid N\nchat: up already, pid N"
    before = house.pid("web")
    assert typist("restart", "web").stable == "web: up again after TIME, pid N"
    assert house.pid("web") != before
    before = house.pid("web")
    assert typist("restart", "-k", "web").stable == "web: up again after TIME, pid N"
    assert house.pid("web") != before
    assert typist("kill", "--all").stable == "chat: stopped after TIME\nweb: stopped after TIME"
    told = json.loads(typist("start", "--all", "--json").out)
    assert {name: one["state"] for name, one in told.items()} == {"chat": "running", "web": "running"}
    assert all(one["success"] for one in told.values())


def test_what_cannot_be_started_is_told_with_the_reason(house: Holdfast, typist: Typist) -> None:
    house.configure(
        bad=program("crash", enabled=False), gone={"command": "/no/such/thing"}, web=sleeper(enabled=False)
    )
    house.start()
    said = typist("start", "bad", "gone", "nix", "wep", "web", code=None)
    assert said.code == 1
    assert said.stable == "web: up after TIME, pid N"
    first, second, third, fourth = sorted(said.err.splitlines())
    assert first.startswith("holdfast: bad: backoff: exited with code")
    assert second.startswith("holdfast: gone: ")
    assert third == "holdfast: nix: there is no such server"
    assert fourth == "holdfast: wep: there is no such server; did you mean web?"
    assert typist("start", "nix", code=3).err == "holdfast: nix: there is no such server\n"


def test_who_does_not_stop_in_time_is_told_of(house: Holdfast, typist: Typist) -> None:
    house.configure(deaf=dict(DEAF))
    house.start()
    house.until_status("deaf", 1)
    late = typist("stop", "deaf", "--timeout", "0.5", code=7)
    assert late.err == "holdfast: deaf: still stopping after 0.5s: asked to stop\n"
    assert typist("stop", "deaf", "--no-wait").out == "deaf: asked for\n"
    assert typist("kill", "deaf").stable == "deaf: stopped after TIME"


def test_who_waits_for_others_is_waited_for(house: Holdfast, typist: Typist) -> None:
    house.configure(base=sleeper(enabled=False), top=sleeper(enabled=False, requires=["base"]))
    house.start()
    assert typist("start", "top").stable == "top: up after TIME, pid N"
    assert typist("list", "base", "--json", "--color", "never").code == 0
    assert house.about("base")["state"] == "running"


def test_pause_resume_and_signals(house: Holdfast, typist: Typist) -> None:
    hears = ["sh", "-c", "trap 'echo heard' HUP; echo ready; while :; do sleep 0.05; done"]
    house.configure(hears={"command": hears}, off=sleeper(enabled=False))
    house.start()
    console = house.console("hears")
    console.until("ready")
    assert typist("pause", "hears").out == "hears: paused\n"
    assert house.about("hears")["paused"] is True
    assert typist("resume", "hears").out == "hears: resumed\n"
    assert typist("resume", "hears", code=6).err.startswith("holdfast: hears: ")
    assert typist("signal", "HUP", "hears").out == "hears: was sent HUP\n"
    console.until("heard")
    wrong = typist("signal", "NOSUCH", "hears", code=1).err
    assert wrong.startswith("holdfast: hears: there is no signal 'NOSUCH'")
    assert typist("signal", "HUP", "off", code=6).err.startswith("holdfast: off: ")


def test_a_person_sees_whom_is_waited_for_and_may_stop_waiting(house: Holdfast, typist: Typist) -> None:
    house.configure(deaf=dict(DEAF))
    house.start()
    house.until_status("deaf", 1)
    with typist.terminal("stop", "deaf") as seen:
        seen.expect("waiting for deaf: stopping, asked to stop")
        seen.sendintr()
        seen.expect("not waited for any longer; what was asked for goes on")
        seen.wait()
        assert seen.exitstatus == 130
    assert house.about("deaf")["state"] == "stopping"
    assert "waiting" not in bare(typist("kill", "deaf").err)


def test_a_person_is_told_of_a_mistake_in_plain_words(house: Holdfast, typist: Typist) -> None:
    house.configure(web=sleeper())
    house.start()
    with typist.terminal("stop", "nobody") as seen:
        seen.expect_exact("holdfast: nobody: there is no such server")
        assert seen.read() == "\r\n"


def test_nobody_named_is_a_mistake(typist: Typist) -> None:
    said = typist("start", code=2)
    assert "name a server, or say --all" in said.err
    assert typist("signal", "HUP", code=2).err.splitlines()[-1].endswith("name a server, or say --all")


def test_who_mistypes_a_command_is_told_which_one_there_is(typist: Typist) -> None:
    for typed, meant in (("lst", "list"), ("rstart", "restart"), ("acount", "accounts")):
        assert f"'{meant}'" in typist(typed, "web", code=2).err.splitlines()[-1]
    assert "'unpack'" in typist("files", "unpak", code=2).err.splitlines()[-1]


def test_nobody_there_is_told_in_one_sentence(house: Holdfast, typist: Typist) -> None:
    said = typist("start", "web", code=5)
    where = house.path("api.sock")
    assert said.err == (
        f"holdfast: cannot connect to {where}: there is no such file; Holdfast is not running, or it listens "
        "elsewhere (holdfast doctor looks for it)\n"
    )
