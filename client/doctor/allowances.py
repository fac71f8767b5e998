"""What a process may have: descriptors and core files."""

import re
import resource
from collections.abc import Iterator

from .findings import Finding, Level, NotSeen, or_root
from .subject import Subject

EACH = 6
"""Descriptors of the supervisor for a program, at most."""

OWN = 64
"""Descriptors that it needs besides."""

RESERVE = 512
"""Descriptors that the API wants beside those of connections."""

_LINE = re.compile(r"^(Max open files|Max core file size)\s+(\S+)\s+(\S+)", re.MULTILINE)
_UNLIMITED = -1


def descriptors(subject: Subject) -> Iterator[Finding]:
    """Look at how many files may be open."""
    if subject.hidden:
        raise NotSeen(f"only {or_root(subject.owner)} can see its limits")
    count = len(subject.settings.folders or ()) if subject.settings is not None else len(subject.api.servers)
    connections = subject.settings.connections if subject.settings is not None else 0
    try:
        soft, hard, whose = _limits(subject, "Max open files")
    except PermissionError:
        yield Finding("descriptors", Level.UNKNOWN, f"only {or_root(subject.owner)} can see its limits")
        return
    found = f"{_said(soft)}, at most {_said(hard)} ({whose}); {count} servers need up to {OWN + EACH * count}"
    most = float("inf") if hard == _UNLIMITED else hard
    remedy = f"ulimit -Hn {max(65536, 2 * (OWN + EACH * count))}, or LimitNOFILE= in the unit"
    if most < OWN + EACH * count:
        cost = "not all programs can be started"
        yield Finding("descriptors", Level.BAD, found, cost, remedy)
    elif most < connections + RESERVE:
        cost = f"the API may take no {connections} connections (limits.connections)"
        yield Finding("descriptors", Level.WARN, found, cost, f"{remedy}; or fewer limits.connections")
    else:
        yield Finding("descriptors", Level.OK, found)


def cores(subject: Subject) -> Iterator[Finding]:
    """Look at what a program leaves behind that crashes."""
    if subject.hidden:
        raise NotSeen(f"only {or_root(subject.owner)} can see its limits")
    try:
        soft, _, whose = _limits(subject, "Max core file size")
        with open("/proc/sys/kernel/core_pattern", encoding="utf-8", errors="replace") as file:
            pattern = file.read().strip()
    except OSError:
        yield Finding("cores", Level.UNKNOWN, "its limits, or the kernel's pattern, cannot be seen")
        return
    if soft == 0:
        yield Finding("cores", Level.OK, f"off ({whose}): who crashes leaves no core file")
    elif pattern.startswith("|"):
        yield Finding(
            "cores", Level.OK, f"go to {pattern[1:].split()[0] if pattern[1:].split() else 'a program'}"
        )
    else:
        found = f"up to {_said(soft)} bytes ({whose}), as {pattern} in the program's folder"
        cost = "a program that crashes again and again fills the disk"
        remedy = "ulimit -c 0, or rlimits: { core: 0 } of the server"
        yield Finding("cores", Level.WARN, found, cost, remedy)


def _limits(subject: Subject, name: str) -> tuple[int, int, str]:
    """Return soft and hard limit, and whose they are; raises `PermissionError` if they are hidden."""
    if subject.pid is not None:
        try:
            with open(f"/proc/{subject.pid}/limits", encoding="ascii") as file:
                found = {match[1]: (match[2], match[3]) for match in _LINE.finditer(file.read())}
        except FileNotFoundError:
            found = {}
        if name in found:
            soft, hard = (_UNLIMITED if one == "unlimited" else int(one) for one in found[name])
            return soft, hard, "of the supervisor"
    kind = resource.RLIMIT_NOFILE if name == "Max open files" else resource.RLIMIT_CORE
    soft, hard = resource.getrlimit(kind)
    return soft, hard, "here"


def _said(limit: int) -> str:
    return "unlimited" if limit == _UNLIMITED else str(limit)
