"""Control groups: whether programs get one each, and whether limits can be in force."""

import hashlib
import os
import re
from collections.abc import Iterator, Sequence

from .findings import Finding, Level, NotSeen, or_root
from .subject import Subject

LEAF = "supervisor"

CONTROLLERS = ("memory", "cpu", "pids", "io")

ONE_BY_ONE = (
    "programs are followed process by process: one that tries hard escapes, and limits are not in force"
)

UNITS = "run it under systemd 254 or newer with our units (Delegate=yes, DelegateSubgroup=supervisor)"

_ESCAPE = re.compile(r"\\([0-7]{3})")


def cgroups(subject: Subject) -> Iterator[Finding]:
    """Look at the control groups of the supervisor that runs, or of one that were started from here."""
    if subject.hidden:
        raise NotSeen(f"only {or_root(subject.owner)} can see its group")
    process = str(subject.pid) if subject.pid is not None else "self"
    mounts = _mounts()
    if not mounts:
        cost = ONE_BY_ONE
        yield Finding(
            "cgroups", Level.WARN, "no cgroup v2 is mounted", cost, "boot with cgroup v2 (systemd does)"
        )
        return
    try:
        own = _own(process, mounts)
    except PermissionError:
        yield Finding("cgroups", Level.UNKNOWN, f"only {or_root(subject.owner)} can see its group")
        return
    if own is None:
        yield Finding(
            "cgroups", Level.WARN, "our group is outside of what is mounted here", ONE_BY_ONE, UNITS
        )
        return
    leads = os.path.basename(own) == LEAF
    base = os.path.dirname(own) if leads else own
    ours = os.path.join(base, _name(subject.state)) if subject.state is not None else ""
    if subject.pid is not None and os.path.isdir(ours):
        yield _given(subject, "have", _words(os.path.join(ours, "cgroup.subtree_control")))
    elif subject.pid is not None:
        found = f"its programs have none below {base}"
        yield Finding("cgroups", Level.WARN, found, ONE_BY_ONE, UNITS)
    elif all(
        os.access(one, os.W_OK, effective_ids=True) for one in (base, os.path.join(base, "cgroup.procs"))
    ):
        yield _given(subject, "get", _words(os.path.join(base, "cgroup.controllers")))
    else:
        found = f"started from here, programs get none: {base} is not yours to write"
        yield Finding("cgroups", Level.WARN, found, ONE_BY_ONE, UNITS)
    yield from _not_in_force(subject)


def _given(subject: Subject, how: str, controllers: Sequence[str]) -> Finding:
    missing = [one for one in CONTROLLERS if one not in controllers]
    if not missing:
        return Finding("cgroups", Level.OK, f"programs {how} one each, with {', '.join(CONTROLLERS)}")
    cost = f"limits of {', '.join(missing)} are not in force"
    limited = subject.settings.limited if subject.settings is not None else ()
    # Who sets no limits misses nothing.
    level = Level.WARN if limited else Level.OK
    return Finding("cgroups", level, f"programs {how} one each, without {', '.join(missing)}", cost, UNITS)


def _not_in_force(subject: Subject) -> Iterator[Finding]:
    for name, server in sorted(subject.api.servers.items()):
        limits = server.get("limits") if isinstance(server, dict) else None
        if isinstance(limits, dict) and limits:
            said = "; ".join(f"{key}: {why}" for key, why in limits.items())
            yield Finding("limits", Level.WARN, f"{name}: {said}", "it may take more than that", UNITS)


def _name(state: str) -> str:
    """Return how the supervisor calls its folder (supervisor/cgroups.py)."""
    return f"holdfast-{hashlib.sha256(os.fsencode(os.path.realpath(state))).hexdigest()[:16]}"


def _mounts() -> list[tuple[str, str]]:
    """Return (root, mount point) of each cgroup v2 (proc(5), mountinfo)."""
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as file:
        halves = [line.partition(" - ") for line in file]
    found = [first.split(" ")[3:5] for first, _, source in halves if source.startswith("cgroup2 ")]
    plain = [[_ESCAPE.sub(lambda one: chr(int(one[1], 8)), part) for part in pair] for pair in found]
    return [(root, point) for root, point in plain]


def _own(process: str, mounts: list[tuple[str, str]]) -> str | None:
    """Return the folder of a process's group; raises `PermissionError`."""
    with open(f"/proc/{process}/cgroup", encoding="utf-8", errors="surrogateescape") as file:
        paths = [line[3:].rstrip("\n") for line in file if line.startswith("0::/")]
    for root, point in mounts:
        for path in paths:
            if path == root or path.startswith(f"{root.rstrip('/')}/"):
                return os.path.normpath(os.path.join(point, os.path.relpath(path, root)))
    return None


def _words(path: str) -> list[str]:
    try:
        with open(path, encoding="ascii") as file:
            return file.read().split()
    except OSError:
        return []
