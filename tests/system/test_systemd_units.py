"""The units in systemd/ keep their promises, and start what exists. How they run is seen in tests/real."""

import os
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from supervisor.cgroups import LEAF

from .house import ROOT

FOLDER = os.path.join(ROOT, "systemd")
SERVICES = ("holdfast-supervisor.service", "holdfast.service", "holdfast-run.service")
UNITS = (*SERVICES, "holdfast.socket")
OWNERS = ("holdfast-supervisor.service", "holdfast-run.service")
"""Those that own the programs."""

VENV = "/opt/holdfast/bin/"

Unit = dict[str, list[str]]


def unit(name: str) -> Unit:
    """Return what a unit sets, by key; sections are not told apart."""
    found: Unit = defaultdict(list)
    with open(os.path.join(FOLDER, name), encoding="utf-8") as file:
        for line in file:
            assert not line.endswith("\\\n"), "we do not read continued lines"
            key, equals, value = line.strip().partition("=")
            if equals and not key.startswith(("#", "[")):
                found[key].append(value)
    return found


def words(unit: Unit, key: str) -> set[str]:
    return {word for value in unit[key] for word in value.split()}


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd-analyze")
def test_systemd_finds_nothing_wrong_with_the_units(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.symlink_to(shutil.which("true") or "/bin/true")
    for name in UNITS:
        with open(os.path.join(FOLDER, name), encoding="utf-8") as file:
            text = file.read().replace("/opt/holdfast/bin/python", str(python))
        (tmp_path / name).write_text(text.replace("/opt/holdfast/bin/holdfast", str(python)))
    # Only ours, and what they name: whatever else is installed here may have its own faults.
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *(str(tmp_path / name) for name in UNITS)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    # The units are for older ones too, which ignore what they do not know.
    newer = "Unknown key 'DelegateSubgroup'"
    told = [line for line in done.stderr.splitlines() if "holdfast" in line and newer not in line]
    assert told == []


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd-analyze")
def test_the_api_is_shut_in_as_systemd_sees_it() -> None:
    command = ["systemd-analyze", "security", "--offline=yes", "--no-pager", "--threshold=20"]
    done = subprocess.run(
        [*command, os.path.join(FOLDER, "holdfast.service")],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    if "unrecognized option" in done.stderr:
        pytest.skip("this systemd cannot judge a file")
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", UNITS)
def test_no_unit_requires_another(name: str) -> None:
    assert not {"Requires", "Requisite", "BindsTo", "PartOf"} & unit(name).keys()


def test_the_api_wants_the_supervisor_and_comes_after_it() -> None:
    api = unit("holdfast.service")
    assert "holdfast-supervisor.service" in words(api, "Wants") & words(api, "After")
    assert "holdfast.socket" in words(api, "After")


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_tells_how_it_is_comes_back_and_is_never_given_up(name: str) -> None:
    service = unit(name)
    assert service["Type"] == ["notify"]  # 252 has no notify-reload
    assert service["NotifyAccess"] == ["main"]
    assert service["Restart"] == ["always"]
    assert service["StartLimitIntervalSec"] == ["0"]
    assert service["ExecReload"] == ["/bin/kill -HUP $MAINPID"]
    assert service["User"] == service["Group"] == ["holdfast"]
    assert service["RuntimeDirectoryPreserve"] == ["yes"]
    for key in ("WatchdogSec", "FileDescriptorStoreMax", "LimitNOFILE", "RestartSec", "UMask"):
        assert service[key], key
    # It would take the shared memory of the programs from them, which are of the same user.
    assert "RemoveIPC" not in service


@pytest.mark.parametrize("name", OWNERS)
def test_programs_survive_their_supervisor(name: str) -> None:
    service = unit(name)
    assert service["KillMode"] == ["process"]
    assert service["OOMPolicy"] == ["continue"]
    assert service["Delegate"] == ["yes"]
    assert service["DelegateSubgroup"] == [LEAF]
    assert int(service["FileDescriptorStoreMax"][0]) >= 6 * 1000
    assert service["TimeoutStopSec"] == ["5min"]


@pytest.mark.parametrize("name", OWNERS)
def test_programs_may_do_whatever_their_user_may(name: str) -> None:
    shut = ("Protect", "Private", "Restrict", "SystemCall", "NoNew", "MemoryDeny", "Lock", "Capability")
    assert [key for key in unit(name) if key.startswith(shut)] == []


def test_one_unit_or_three_never_both() -> None:
    others = {"holdfast-supervisor.service", "holdfast.service", "holdfast.socket"}
    alone = unit("holdfast-run.service")
    assert others <= words(alone, "Conflicts") & words(alone, "After")
    for name in others:
        assert "holdfast-run.service" in words(unit(name), "Conflicts")


@pytest.mark.parametrize("name", SERVICES)
def test_what_is_started_knows_its_options(name: str) -> None:
    (line,) = unit(name)["ExecStart"]
    program, *arguments = line.split()
    options = [argument for argument in arguments if argument.startswith("--")]
    assert options
    if program == f"{VENV}holdfast":
        command = [sys.executable, "-m", "client", arguments[0], "--help"]
    else:
        assert [program, *arguments[:2]] == [f"{VENV}python", "-P", "-m"]
        command = [sys.executable, "-m", arguments[2], "--help"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    for option in options:
        assert re.search(rf"(?<![\w-]){option}(?![\w-])", done.stdout), option


def test_all_units_mean_the_same_places() -> None:
    supervisor, api, alone = (unit(name)["ExecStart"][0] for name in SERVICES)
    runtime = "/run/holdfast/supervisor"
    assert f"--runtime-dir {runtime}" in supervisor
    assert f"--runtime-dir {runtime}" in alone
    assert f"--supervisor {runtime}/supervisor.sock" in api
    for line in (supervisor, api, alone):
        assert "--state-dir /var/lib/holdfast" in line
    for line in (api, alone):
        assert "--config /etc/holdfast/config.hjson" in line


def test_the_shipped_config_is_good_and_means_the_socket_unit() -> None:
    path = os.path.join(FOLDER, "config.hjson")
    command = [sys.executable, "-m", "daemon", "--check", "--config", path]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    socket = unit("holdfast.socket")
    assert f"location: {socket['ListenStream'][0]}\n" in text
    assert f"group: {socket['SocketGroup'][0]}\n" in text
    assert socket["SocketMode"] == ["0660"]
