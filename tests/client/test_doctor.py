"""`holdfast doctor`: what is missing, what that costs, and how to mend it."""

import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from typing import cast

import pytest

from client.doctor.software import version
from client.doctor.subject import find_subject
from client.place import started_place
from client.target import Target

from ..system import processes
from ..system.house import ROOT, Holdfast, free_port, sleeper
from ..system.processes import DEADLINE
from .typed import Typist, bare

CHECKS = (
    "python",
    "version",
    "config",
    "users",
    "supervisor",
    "api",
    "socket",
    "port",
    "exposure",
    "page",
    "state",
    "logs",
    "disk",
    "tmpdir",
    "descriptors",
    "cores",
    "cgroups",
    "kernel",
    "openat2",
    "pidfd",
    "memfd",
    "pidfd-exit",
    "subreaper",
    "processes",
    "systemd",
    "journal",
    "clock",
    "locale",
)

NOBODY = 65534

Finding = Mapping[str, str]


def findings(text: str) -> dict[str, Finding]:
    """Return the worst finding of each check."""
    order = ("ok", "unknown", "warn", "bad")
    found: dict[str, Finding] = {}
    for one in cast("list[Finding]", json.loads(text)["findings"]):
        assert set(one) == {"check", "level", "found", "cost", "remedy"}
        if one["check"] not in found or order.index(one["level"]) > order.index(found[one["check"]]["level"]):
            found[one["check"]] = one
    return found


def look(typist: Typist, *options: str, code: int = 0, **more: str) -> dict[str, Finding]:
    """Type `holdfast doctor --json`."""
    return findings(typist("doctor", "--json", *options, code=code, **more).out)


def test_of_a_holdfast_that_runs_all_is_looked_at(typist: Typist, house: Holdfast) -> None:
    house.configure(web=sleeper(), off=sleeper(enabled=False))
    house.start()
    told = look(typist)
    assert set(told) == set(CHECKS)
    assert told["supervisor"]["found"] == f"answers as process {house.supervisor}"
    assert told["api"]["found"] == f"answers at {house.path('api.sock')}, knows 2 servers"
    assert told["socket"]["level"] == "ok"
    assert told["socket"]["found"].startswith(f"{house.path('api.sock')} lets in ")
    assert told["port"]["found"].startswith(f"{house.port} is served by process ")
    assert told["users"]["found"] == f"1 account in {house.path('users.json')}, mode 0600"
    assert "(of the supervisor); 2 servers need up to 76" in told["descriptors"]["found"]
    assert not [one for one in told.values() if one["level"] in ("bad", "unknown")]


def test_of_a_holdfast_that_is_down_the_rest_is_looked_at(typist: Typist, house: Holdfast) -> None:
    house.configure(web=sleeper())
    told = look(typist)
    assert set(told) == set(CHECKS)
    assert (told["supervisor"]["level"], told["supervisor"]["found"]) == ("warn", "does not run")
    socket_path = house.path("api.sock")
    assert told["api"]["found"] == (f"does not run: cannot connect to {socket_path}: there is no such file")
    assert told["socket"]["found"] == f"{socket_path} is made at the start"
    assert told["port"]["found"] == f"{house.port} is free"
    assert told["state"]["found"] == f"{house.path('state')} is made at the start"


def test_a_supervisor_that_was_killed_is_down_though_its_socket_is_left(
    typist: Typist, house: Holdfast
) -> None:
    house.configure(web=sleeper())
    house.start()
    processes.kill(house.supervisor)
    assert os.path.exists(house.path("state", "run", "supervisor.sock"))
    assert look(typist)["supervisor"]["found"] == "does not run"
    house.sweep()


def test_a_socket_that_somebody_has_removed_is_bad_though_the_supervisor_is_well(
    typist: Typist, house: Holdfast
) -> None:
    house.configure(web=sleeper())
    house.start()
    os.unlink(house.path("api.sock"))
    told = look(typist, code=1)
    assert told["supervisor"]["level"] == "ok"
    assert told["api"]["level"] == "bad"
    assert told["api"]["cost"] == "programs run on, but nobody can use the API"
    assert told["socket"]["found"] == f"there is no {house.path('api.sock')}"


def test_without_a_config_it_says_how_to_make_one(typist: Typist) -> None:
    told = look(typist)
    assert told["config"]["found"] == "there is none here"
    assert told["config"]["remedy"] == "holdfast init, or name one with --config"
    assert told["kernel"]["level"] == "ok"


def test_a_mistake_in_the_config_is_bad(typist: Typist, house: Holdfast) -> None:
    house.write("{\n  port: nowhere\n}\n")
    told = look(typist, code=1)
    config = house.path("config.hjson")
    assert told["config"] == {
        "check": "config",
        "level": "bad",
        "found": f"{config}:2:9: port: expected a whole number, got a string",
        "cost": "Holdfast does not start by it",
        "remedy": "mend it; holdfast check says when it is good",
    }


def test_a_port_that_somebody_else_holds_is_bad_and_he_is_named(typist: Typist, house: Holdfast) -> None:
    house.configure(web=sleeper())
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", house.port))
        other.listen()
        told = look(typist, code=1)
    assert told["port"]["level"] == "bad"
    assert told["port"]["found"].startswith(f"{house.port} is held by process {os.getpid()}: ")
    assert told["port"]["remedy"] == (
        f"stop that, or give Holdfast another port (port in {house.path('config.hjson')})"
    )


def test_of_the_web_page_it_tells_who_holds_its_port_and_where_it_is(typist: Typist, house: Holdfast) -> None:
    web = free_port()
    house.settings["webUI"] = {"port": web}
    house.configure(web=sleeper())
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", web))
        other.listen()
        told = look(typist, code=1)
        assert told["port"]["level"] == "ok"
        assert told["page"]["level"] == "bad"
        assert told["page"]["found"].startswith(f"{web} is held by process {os.getpid()}: ")
        assert told["page"]["remedy"].startswith("stop that, or give Holdfast another port (webUI.port in ")
    house.start()
    house.until(lambda: pages(typist)[-1].startswith(f"{web} is served by process "), "the page has its port")
    house.stop()
    for section, found in (
        ({"port": 0}, "the kernel chooses its port; Holdfast says at its start which"),
        ({"port": house.port}, f"its port {house.port} is that of the API"),
        ({"enabled": False, "onApiPort": True}, "on the port of the API only, at /ui/"),
        ({"enabled": False}, "switched off (webUI.enabled)"),
    ):
        house.settings["webUI"] = section
        house.configure(web=sleeper())
        assert pages(typist)[-1] == found


def pages(typist: Typist) -> list[str]:
    """Return what is told of the web page; whether it was built comes first."""
    told = cast("list[Finding]", json.loads(typist("doctor", "--json", code=None).out)["findings"])
    return [one["found"] for one in told if one["check"] == "page"]


def test_what_everybody_may_write_is_bad(typist: Typist, house: Holdfast) -> None:
    house.configure(web=sleeper())
    house.start()
    house.stop()
    for name, check in (("config.hjson", "config"), ("users.json", "users"), ("state", "state")):
        before = os.stat(house.path(name)).st_mode
        os.chmod(house.path(name), 0o777)
        told = look(typist, code=1)[check]
        assert told["level"] == "bad"
        assert told["found"].startswith("everybody may write ")
        assert told["remedy"].startswith("chmod ")
        os.chmod(house.path(name), before & 0o7777)
    os.chmod(house.path("users.json"), 0o644)
    told = look(typist)["users"]
    assert (told["level"], told["remedy"]) == ("warn", f"chmod 600 {house.path('users.json')}")


def test_all_addresses_without_https_and_a_group_that_is_kept_out_are_told_of(
    typist: Typist, house: Holdfast
) -> None:
    house.settings["listen"] = ""
    # Our folder lets nobody else through; nobody's own group cannot pass.
    house.settings["unixSocket"] = {"location": "state/api.sock", "group": "daemon"}
    house.configure(web=sleeper())
    os.mkdir(house.path("state"), 0o700)
    told = look(typist)
    assert told["exposure"]["found"] == "listens on all addresses, without https"
    assert told["group"]["level"] == "warn"
    assert told["group"]["found"].endswith("keeps the group daemon out")
    house.settings["unixSocket"] = {"location": "api.sock", "group": "nosuchgroup"}
    house.configure(web=sleeper())
    assert look(typist, code=1)["group"]["found"] == "there is no group nosuchgroup"


def test_few_descriptors_for_many_servers_are_bad(typist: Typist, house: Holdfast) -> None:
    house.configure(**{f"s{number}": sleeper() for number in range(100)})
    command = f"ulimit -n 300; exec {sys.executable} -m client doctor --json"
    environment = {**typist.environment, "PYTHONPATH": ROOT}
    done = subprocess.run(
        ["/bin/sh", "-c", command], cwd=house.folder, env=environment, capture_output=True, timeout=DEADLINE
    )
    told = findings(done.stdout.decode())["descriptors"]
    assert (done.returncode, told["level"]) == (1, "bad")
    assert told["found"] == "300, at most 300 (here); 100 servers need up to 664"
    assert told["cost"] == "not all programs can be started"


def test_a_terminal_without_utf8_is_told_of(typist: Typist, house: Holdfast) -> None:
    house.configure(web=sleeper())
    told = look(typist, LANG="C", LC_ALL="POSIX", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    assert told["locale"]["level"] == "warn"


def test_an_installed_version_that_does_not_run_yet_is_told_of(typist: Typist, house: Holdfast) -> None:
    house.configure(web=sleeper())
    house.start()
    state = house.path("state")
    target = Target(socket=house.path("api.sock"))
    subject = find_subject(house.path("config.hjson"), started_place("", state), target)
    (found,) = version(subject, "2.0.1")
    assert found.to_dict() == {
        "check": "version",
        "level": "warn",
        "found": "2.0.1 is installed, but the supervisor is 2.0.0 and the API is 2.0.0",
        "cost": "what is new in it is not there yet",
        "remedy": "holdfast upgrade: programs run on",
    }


def test_people_read_lines_that_end_with_a_sum(typist: Typist, house: Holdfast) -> None:
    house.configure(web=sleeper())
    said = typist("doctor")
    assert f"ok       config       {house.path('config.hjson')} is valid\n" in said.out
    assert (
        "warn     supervisor   does not run\n"
        "                      costs: no program runs under supervision\n"
        "                      mend:  holdfast run, or systemctl start holdfast-supervisor holdfast\n"
    ) in said.out
    assert "28 looked at: " in said.out.splitlines()[-1]
    with typist.terminal("doctor") as terminal:
        seen = terminal.read()
        terminal.wait()
    assert "\x1b[33mwarn   \x1b[0m  \x1b[1msupervisor \x1b[0m  does not run" in seen
    assert bare(seen).rstrip().splitlines()[-1] == said.out.splitlines()[-1]
    header, *rows = typist("doctor", "--format", "csv").out.splitlines()
    assert header == "check,level,found,cost,remedy"
    assert len(rows) == len(CHECKS)


@pytest.fixture
def open_house() -> Iterator[Holdfast]:
    """A Holdfast in a folder that everybody may enter."""
    with tempfile.TemporaryDirectory(prefix="holdfast-") as folder:
        os.chmod(folder, 0o755)
        house = Holdfast(folder)
        try:
            yield house
        finally:
            house.end()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_an_ordinary_user_is_told_what_he_cannot_see(open_house: Holdfast) -> None:
    open_house.configure(web=sleeper())
    open_house.start()
    command = [sys.executable, "-m", "tests.client.ordinary", str(NOBODY), "doctor", "--json"]
    command += ["--config", open_house.path("config.hjson")]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": ROOT, "LANG": "C.UTF-8", "TMPDIR": "/tmp"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, timeout=DEADLINE)
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    told = findings(done.stdout.decode())
    assert done.returncode == 1
    assert (told["supervisor"]["level"], told["supervisor"]["found"]) == (
        "unknown",
        "only root can see whether it runs",
    )
    assert told["users"] == {
        "check": "users",
        "level": "unknown",
        "found": f"only root can read {open_house.path('users.json')}",
        "cost": "",
        "remedy": "",
    }
    assert told["api"]["level"] == "bad"
    assert told["api"]["found"] == f"cannot connect to {open_house.path('api.sock')}: permission denied"
    assert told["socket"]["level"] == "bad"
    assert told["socket"]["found"].endswith(", but not nobody")
    assert told["socket"]["remedy"] == "sudo usermod -aG root nobody, and log in anew"
    assert {told[check]["level"] for check in ("port", "descriptors", "cores", "cgroups")} == {"unknown"}
