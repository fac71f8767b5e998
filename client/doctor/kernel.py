"""What the kernel can, and what is done otherwise where it cannot."""

import ctypes
import errno
import os
import platform
import re
from collections.abc import Iterator

from .findings import Finding, Level
from .subject import Subject

OLDEST = (5, 10)

TELLS_EXITS = (6, 15)
"""Since then an exit status can be had of a process that is not our child (PIDFD_GET_INFO)."""

_OPENAT2 = 437  # of every architecture: asm-generic/unistd.h
_GET_CHILD_SUBREAPER = 37
_PATH_SIZE = 24  # struct open_how

NEWER = "a newer kernel"


def kernel(subject: Subject) -> Iterator[Finding]:
    """Look at the version."""
    del subject
    release = platform.release()
    if _version(release) >= OLDEST:
        yield Finding("kernel", Level.OK, f"Linux {release}")
    else:
        cost = "Holdfast needs system calls that this one does not have"
        yield Finding("kernel", Level.BAD, f"Linux {release}", cost, "Linux 5.10 or newer")


def features(subject: Subject) -> Iterator[Finding]:
    """Try the system calls that are used."""
    del subject
    yield _openat2()
    try:
        os.close(os.pidfd_open(os.getpid()))
        yield Finding("pidfd", Level.OK, "processes can be held")
    except OSError as exc:
        cost = "no program can be started"
        yield Finding("pidfd", Level.BAD, f"pidfd_open: {exc.strerror}", cost, f"{NEWER}, or another sandbox")
    try:
        os.close(os.memfd_create("doctor"))
        yield Finding("memfd", Level.OK, "output can be kept in memory files")
    except OSError as exc:
        cost = "no program can be started"
        yield Finding(
            "memfd", Level.BAD, f"memfd_create: {exc.strerror}", cost, f"{NEWER}, or another sandbox"
        )
    if _version(platform.release()) >= TELLS_EXITS:
        yield Finding(
            "pidfd-exit", Level.OK, "how a program ended is known even if its supervisor was killed"
        )
    else:
        cost = "how a program ended while its supervisor was killed is not known"
        yield Finding("pidfd-exit", Level.OK, "not before Linux 6.15", cost)
    yield _subreaper()


def namespace(subject: Subject) -> Iterator[Finding]:
    """Look at whether we see all processes."""
    with open("/proc/self/status", encoding="utf-8", errors="replace") as file:
        nested = next((line.split()[1:] for line in file if line.startswith("NSpid:")), ["1"])
    with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as file:
        hidden = any(re.search(r" - proc .*hidepid=(?!0\b|off\b)", line) for line in file)
    if hidden and subject.owner:
        cost = "programs that run as other users (user:) cannot be followed"
        yield Finding(
            "processes", Level.WARN, "/proc hides those of others (hidepid)", cost, "mount -o gid=…"
        )
        return
    inside = f"in a container ({len(nested)} deep): its end is the end of all programs" if nested[1:] else ""
    yield Finding("processes", Level.OK, inside or "all can be seen, none of them in a container")


def _openat2() -> Finding:
    libc = ctypes.CDLL(None, use_errno=True)
    # A size of 0 is refused by every kernel that has the call, with EINVAL.
    libc.syscall(
        ctypes.c_long(_OPENAT2), ctypes.c_int(-100), b".", ctypes.create_string_buffer(_PATH_SIZE), 0
    )
    if (number := ctypes.get_errno()) == errno.EINVAL:
        return Finding("openat2", Level.OK, "paths are walked by the kernel")
    cost = "paths of files are walked by Holdfast itself: as safe, a little slower"
    return Finding(
        "openat2", Level.WARN, f"openat2: {os.strerror(number)}", cost, f"{NEWER}, or another sandbox"
    )


def _subreaper() -> Finding:
    libc = ctypes.CDLL(None, use_errno=True)
    found = ctypes.c_int()
    if libc.prctl(_GET_CHILD_SUBREAPER, ctypes.byref(found), 0, 0, 0) == 0:
        return Finding("subreaper", Level.OK, "orphans of programs come to the supervisor")
    cost = "orphans of programs are found only by looking for them"
    return Finding("subreaper", Level.WARN, os.strerror(ctypes.get_errno()), cost, "another sandbox")


def _version(release: str) -> tuple[int, ...]:
    found = re.match(r"(\d+)\.(\d+)", release)
    return (int(found[1]), int(found[2])) if found is not None else (0, 0)
