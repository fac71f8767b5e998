"""What is said of a config before it is used: its mistakes, its obstacles, and what it would change."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from daemon.config import ConfigFile
from daemon.configreport import ConfigReport, start_order
from daemon.main import BAD_CONFIG
from daemon.obstacles import obstacles_of
from daemon.plan import compile_plan
from supervisor import Plan, ServiceSpec

from .house import Json, living, program

CLEAN = {"listen": "127.0.0.1", "unixSocket": {"location": "api.sock"}}
TRUE: Json = {"directory": "/", "command": ["true"]}
CHECKED: Json = {
    **TRUE,
    "checks": {"said": {"type": "output", "pattern": "^up$"}},
    "schedules": {"night": {"cron": "0 4 * * *", "timeZone": "Europe/Berlin", "action": "restart"}},
}


def write(folder: Path, **servers: Json) -> str:
    """Write a config; return its path."""
    path = folder / "config.json"
    path.write_text(json.dumps({**CLEAN, "servers": servers}, indent=1))
    return str(path)


def store(folder: Path, **servers: Json) -> None:
    """Have a config be the one in force."""
    path = write(folder, **servers)
    state = folder / "state"
    state.mkdir(exist_ok=True)
    plan = compile_plan(ConfigFile(path).load())
    (state / "plan.json").write_text(json.dumps(plan.to_dict()))
    (state / "last-good-config").write_bytes(Path(path).read_bytes())


def report(folder: Path) -> ConfigReport:
    return ConfigReport.of(None, str(folder))


def changed(folder: Path) -> object:
    """Return what would change, as JSON data."""
    return json.loads(report(folder).to_json())["changes"]


def obstacles(folder: Path, **servers: Json) -> list[str]:
    config = ConfigFile(write(folder, **servers)).load()
    return list(obstacles_of(config, str(folder / "state")))


# What would change.


def test_without_a_stored_plan_nobody_knows_what_would_change(tmp_path: Path) -> None:
    path = write(tmp_path, b=TRUE, a=TRUE)
    assert json.loads(report(tmp_path).to_json()) == {
        "valid": True,
        "config": path,
        "warnings": [],
        "remarks": [],
        "error": None,
        "detail": None,
        "servers": ["b", "a"],
        "changes": None,
        "differences": None,
    }


def test_servers_are_told_as_added_changed_removed_or_as_they_were(tmp_path: Path) -> None:
    store(
        tmp_path, same=TRUE, checked=CHECKED, gone=TRUE, other=TRUE, off={**TRUE, "enabled": False}, soft=TRUE
    )
    other: Json = {**TRUE, "command": ["false"]}
    write(
        tmp_path,
        new=TRUE,
        same=TRUE,
        checked=CHECKED,
        other=other,
        off={**other, "enabled": False},
        soft={**TRUE, "restart": "never"},
    )
    assert changed(tmp_path) == {
        "added": ["new"],
        "changed": ["other", "off", "soft"],
        "removed": ["gone"],
        "restartNeeded": ["other"],
        "unchanged": 2,
    }
    (tmp_path / "state" / "wanted.json").write_text('{"wanted": {"off": "up", "other": "down"}}')
    found = report(tmp_path).changes
    assert found is not None
    assert found.restart_needed == ("off",)


def test_what_only_the_daemon_knows_changes_a_server_without_a_restart(tmp_path: Path) -> None:
    store(tmp_path, app=TRUE, same=TRUE)
    write(tmp_path, app={**TRUE, "logs": {"to": "journal"}}, same=TRUE)
    found = report(tmp_path)
    assert found.changes is not None
    assert (found.changes.changed, found.changes.restart_needed) == (("app",), ())
    assert found.differences == ("servers.app.logs: added",)
    (tmp_path / "state" / "last-good-config").unlink()
    found = report(tmp_path)
    assert found.changes is not None
    assert (found.changes.unchanged, found.differences) == (2, None)


def test_no_secret_is_told(tmp_path: Path) -> None:
    store(tmp_path, app={**TRUE, "environment": {"TOKEN": "s3cret-old"}})
    write(tmp_path, app={**TRUE, "environment": {"TOKEN": "s3cret-new"}})
    told = report(tmp_path).to_json()
    assert "s3cret" not in told
    assert json.loads(told)["changes"]["restartNeeded"] == ["app"]


def test_a_damaged_plan_is_read_from_the_one_before_and_nothing_is_mended(tmp_path: Path) -> None:
    store(tmp_path, app=TRUE)
    state = tmp_path / "state"
    (state / "plan.json").rename(state / "plan.json.old")
    (state / "plan.json").write_bytes(b"\0" * 10)
    (state / "wanted.json").write_text("{}")
    (state / "wanted.json.old").write_text('{"wanted": {}}')
    before = {path.name: path.read_bytes() for path in state.iterdir()}
    found = report(tmp_path)
    assert found.changes is not None
    assert (found.changes.unchanged, found.warnings) == (1, ())
    assert {path.name: path.read_bytes() for path in state.iterdir()} == before


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("plan.json", b"\0"),
        ("plan.json", b"[" * 100_000),
        ("plan.json", b'{"services": [{"name": 7}]}'),
        ("wanted.json", b'{"wanted": []}'),
        ("last-good-config", b"{"),
    ],
)
def test_what_is_stored_and_cannot_be_read_is_a_warning(tmp_path: Path, name: str, text: bytes) -> None:
    store(tmp_path, app=TRUE)
    (tmp_path / "state" / name).write_bytes(text)
    found = report(tmp_path)
    assert (found.error, found.changes) == (None, None)
    (warning,) = found.warnings
    assert warning.startswith(f"what would change is not known: {tmp_path}/state/{name} is damaged: ")
    assert len(warning) < 1000


def test_they_are_told_in_the_order_in_which_they_start(tmp_path: Path) -> None:
    write(
        tmp_path,
        web={**TRUE, "requires": ["db", "cache"]},
        alone=TRUE,
        cache={**TRUE, "after": "db"},
        db=TRUE,
    )
    assert report(tmp_path).servers == ("alone", "db", "cache", "web")
    many = tuple(ServiceSpec(f"s{at}", ("x",), "/", after=(f"s{at + 1}",)) for at in range(3000))
    assert start_order(Plan(many))[::2999] == ("s2999", "s0")


async def test_what_a_daemon_has_put_into_force_is_no_change(folder: str) -> None:
    servers = {"app": program("echo"), "checked": {**CHECKED, "enabled": False}}
    async with living(folder, over_socket=True, servers=servers) as house:
        await house.configure(**servers)
        here, state = Path(folder), Path(folder, "state")
        (state / "good").rename(state / "last-good-config")  # this house calls it otherwise
        found = report(here)
        assert found.changes is not None
        assert (found.changes.unchanged, found.differences) == (2, ())
        assert house.parts.mirror.applied


# What would be in the way.


def test_a_config_that_would_fail_at_a_start_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "plain").write_text("")
    (tmp_path / "script").write_text("#!/no/such/interpreter -x\n")
    (tmp_path / "script").chmod(0o755)
    (tmp_path / "good").write_text("#!/bin/sh\n")
    (tmp_path / "good").chmod(0o755)
    here = str(tmp_path)
    assert obstacles(
        tmp_path,
        fine=TRUE,
        own={"directory": here, "command": ["./good"]},
        mine={"directory": here, "command": ["good"], "environment": {"PATH": "/usr/bin:"}},
        nowhere={"directory": "/no/such/folder", "command": ["true"]},
        filed={"directory": f"{here}/file", "command": ["true"]},
        absent={"directory": "/", "command": ["no-such-program"], "environment": {"PATH": "/bin:/sbin"}},
        gone={"directory": "/", "command": ["/no/such/program"]},
        plain={"directory": here, "command": ["./plain"]},
        script={"directory": here, "command": ["./script"]},
        stranger={
            **TRUE,
            "user": "no-such-user",
            "group": "no-such-group",
            "supplementaryGroups": ["4294967"],
        },
        numbered={**TRUE, "user": "0", "group": "0"},
    ) == [
        "servers.nowhere: its directory /no/such/folder does not exist",
        f"servers.filed: its directory {here}/file is no directory",
        "servers.absent: there is no program no-such-program in its PATH (/bin:/sbin)",
        "servers.gone: there is no program /no/such/program",
        "servers.plain: ./plain is not executable, or may not be",
        "servers.script: the interpreter in the first line of ./script does not exist: /no/such/interpreter",
        "servers.stranger: there is no user no-such-user",
        "servers.stranger: there is no group no-such-group",
        "servers.stranger: there is no group 4294967",
    ]


def test_a_way_in_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    path = tmp_path / "config.json"

    def found(**settings: object) -> list[str]:
        path.write_text(json.dumps({**CLEAN, **settings, "servers": {}}))
        return list(report(tmp_path).warnings)

    assert found() == []
    assert found(unixSocket={"location": "state/api.sock"}) == [], "that folder is made"
    assert found(unixSocket={"enabled": False, "location": "/no/such/x", "group": "no-such-group"}) == []
    assert found(unixSocket={"location": "no/api.sock", "group": "no-such-group"}) == [
        "unixSocket.group: there is no group no-such-group",
        f"unixSocket.location: there is no folder {tmp_path}/no",
    ]
    assert found(unixSocket={"location": "taken"}) == [
        f"unixSocket.location: something that is not a socket stands at {tmp_path}/taken"
    ]
    (warning,) = found(https={"enabled": True, "cert": "taken", "key": "none"})
    assert warning.startswith("https: the certificate or its key cannot be used, ")
    assert "No such file" in warning
    (warning,) = found(https={"enabled": True, "cert": "taken", "key": "taken"})
    assert f"{tmp_path}/taken and {tmp_path}/taken" in warning


# The program.


def check(folder: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "daemon", "--check", "--json", *options]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_it_is_printed_as_json_and_nothing_else(tmp_path: Path) -> None:
    store(tmp_path, app=TRUE)
    write(tmp_path, app=TRUE, new=TRUE)
    done = check(tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["changes"]["added"] == ["new"]
    elsewhere = check(
        tmp_path, "--config", str(tmp_path / "config.json"), "--state-dir", str(tmp_path / "no")
    )
    assert (elsewhere.returncode, json.loads(elsewhere.stdout)["changes"]) == (0, None)
    assert not (tmp_path / "no").exists()


def test_a_mistake_is_told_with_its_place_and_an_exit_code(tmp_path: Path) -> None:
    path = tmp_path / "config.hjson"
    path.write_text('{\n  servers: {\n    app: { directory: 7, command: "x" }\n  }\n}\n')
    done = check(tmp_path)
    assert (done.returncode, done.stderr) == (BAD_CONFIG, "")
    told = json.loads(done.stdout)
    place = f"{path}:3:23: servers.app.directory"
    assert (told["valid"], told["error"]) == (False, f"{place}: expected a string, got a number")
    assert (told["config"], told["servers"], told["changes"]) == (str(path), [], None)


@pytest.mark.parametrize("text", [b"", b"\0", b"\xff\xfe", b"[" * 10_000, b'{"servers": 1}', b"{", None])
def test_garbage_is_a_sentence_and_no_traceback(tmp_path: Path, text: bytes | None) -> None:
    path = tmp_path / "config.hjson"
    if text is not None:
        path.write_bytes(text)
    found = report(tmp_path)
    assert found.error
    assert found.config == (None if text is None else str(path))
    assert json.loads(found.to_json())["valid"] is False
