"""The units and the journal, where there is systemd."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping

from .findings import Finding, Level
from .subject import Subject

UNITS = ("holdfast-supervisor.service", "holdfast.service", "holdfast-run.service")

BOOTED = "/run/systemd/system"
"""Is there where systemd is what booted the machine: sd_booted(3)."""

ALONE = "kill -9 of the supervisor ends its programs, and nobody starts it after a boot"

_PATIENCE = 10.0
_KEYS = ("LoadState", "ActiveState", "SubState", "UnitFileState", "Result")


def units(subject: Subject) -> Iterator[Finding]:
    """Look at how the units are."""
    if not os.path.isdir(BOOTED) or shutil.which("systemctl") is None:
        yield Finding("systemd", Level.OK, "this machine has not been booted by it", ALONE)
        return
    loaded = {unit: state for unit in UNITS if (state := _show(unit)).get("LoadState") == "loaded"}
    if not loaded:
        remedy = "install the units: systemd/README.md"
        yield Finding("systemd", Level.OK, "our units are not installed", ALONE, remedy)
        return
    for unit, state in loaded.items():
        yield _unit(subject, unit, state)


def journal(subject: Subject) -> Iterator[Finding]:
    """Look at whether there is a journal."""
    del subject
    if os.path.exists("/run/systemd/journal/socket"):
        yield Finding("journal", Level.OK, "is there: journalctl -t holdfast")
    else:
        yield Finding("journal", Level.OK, "there is none", 'logs: { to: "journal" } of servers goes nowhere')


def _unit(subject: Subject, unit: str, state: Mapping[str, str]) -> Finding:
    active = f"{state.get('ActiveState')} ({state.get('SubState')})"
    found = f"{unit} is {active}, {state.get('UnitFileState') or 'not enabled'}"
    if state.get("ActiveState") == "failed":
        cost = "it does not run"
        return Finding(
            "systemd", Level.BAD, f"{found}: {state.get('Result')}", cost, f"journalctl -u {unit} -n 20"
        )
    if state.get("UnitFileState") == "disabled" and (
        state.get("ActiveState") == "active" or not subject.runs
    ):
        cost = "it does not start with the machine"
        return Finding("systemd", Level.WARN, found, cost, f"systemctl enable {unit}")
    return Finding("systemd", Level.OK, found)


def _show(unit: str) -> Mapping[str, str]:
    try:
        done = subprocess.run(
            ["systemctl", "show", unit, f"--property={','.join(_KEYS)}"],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return {}
    return dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)
