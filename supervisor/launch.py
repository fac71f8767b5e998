"""What is done in a new process before its program begins: whose it becomes, and its bounds.

Between fork and exec only system calls are made, by a function that was prepared before: names are looked
up in the parent, and what goes wrong is told through a pipe, since an exception from there has no words.
"""

import contextlib
import grp
import os
import pwd
import resource
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from . import procfile
from .cannot_spawn import CannotSpawn
from .ends import Ends
from .execution import INFINITE, RLIMITS, Execution
from .spec import ServiceSpec

OOM_SCORE = "/proc/self/oom_score_adj"


@dataclass(frozen=True, slots=True)
class Credentials:
    """Whose a process is, as the kernel knows it; None is left as it is."""

    uid: int | None = None
    gid: int | None = None
    groups: tuple[int, ...] | None = None
    variables: Mapping[str, str] | None = None
    """What the environment says about a user."""

    def take(self) -> None:
        """Become that: groups first, since a plain user may not change them any more."""
        if self.groups is not None:
            os.setgroups(self.groups)
        if self.gid is not None:
            os.setresgid(self.gid, self.gid, self.gid)
        if self.uid is not None:
            os.setresuid(self.uid, self.uid, self.uid)

    def own(self, *fds: int) -> None:
        """Give it these pipes, so that it may open /dev/stdout anew."""
        if self.uid is not None:
            for fd in fds:
                with contextlib.suppress(OSError):
                    os.fchown(fd, self.uid, -1 if self.gid is None else self.gid)


def credentials(execution: Execution) -> Credentials:
    """Look up whose a program shall be; raises `CannotSpawn` for who is unknown or not to be had."""
    if not (execution.user or execution.group or execution.groups is not None):
        return Credentials()
    account = _account(execution.user) if execution.user else None
    gid = _group(execution.group) if execution.group else account.pw_gid if account else None
    groups: tuple[int, ...] | None = None
    if execution.groups is not None:
        groups = tuple(_group(name) for name in execution.groups)
    elif account is not None:
        groups = tuple(os.getgrouplist(account.pw_name, account.pw_gid if gid is None else gid))
    uid = account.pw_uid if account else None
    if os.geteuid() != 0:
        # Only root may become another; for who would stay what we are, nothing is to be done.
        if uid not in (None, os.geteuid()):
            raise CannotSpawn(f"it shall run as user {execution.user}, which only root may arrange")
        if gid not in (None, os.getegid()) or (execution.groups is not None and set(groups or ()) - _ours()):
            raise CannotSpawn("it shall run with other groups than ours, which only root may arrange")
        return Credentials()
    if account is None:
        return Credentials(uid, gid, groups)
    home, shell = account.pw_dir, account.pw_shell
    named = {"HOME": home, "USER": account.pw_name, "LOGNAME": account.pw_name, "SHELL": shell or "/bin/sh"}
    return Credentials(uid, gid, groups, named)


def _ours() -> set[int]:
    return {*os.getgroups(), os.getegid()}


def _account(name: str) -> pwd.struct_passwd:
    try:
        return pwd.getpwuid(int(name)) if name.isdecimal() else pwd.getpwnam(name)
    except (KeyError, OverflowError, ValueError) as exc:
        raise CannotSpawn(f"there is no user {name}") from exc


def _group(name: str) -> int:
    try:
        return (grp.getgrgid(int(name)) if name.isdecimal() else grp.getgrnam(name)).gr_gid
    except (KeyError, OverflowError, ValueError) as exc:
        raise CannotSpawn(f"there is no group {name}") from exc


class Launch:
    """The steps between fork and exec, each with the words for its failure."""

    def __init__(self, execution: Execution, whose: Credentials) -> None:
        self._steps: list[tuple[str, Callable[[], object]]] = []
        if execution.oom_score_adjust is not None:
            self.add("oomScoreAdjust cannot be set", _Writing(OOM_SCORE, execution.oom_score_adjust))
        if (nice := execution.nice) is not None:
            self.add(f"nice cannot be {nice}", lambda: os.setpriority(os.PRIO_PROCESS, 0, nice))
        for name, (soft, hard) in execution.rlimits.items():
            pair = tuple(resource.RLIM_INFINITY if value == INFINITE else value for value in (soft, hard))
            self.add(
                f"the limit {name} cannot be {soft}:{hard}", _Limiting(RLIMITS[name], (pair[0], pair[1]))
            )
        if (mask := execution.umask) is not None:
            self.add("umask cannot be set", lambda: os.umask(mask))
        if whose != Credentials():
            self.add(f"it cannot become user {execution.user or whose.uid}", whose.take)

    @property
    def needed(self) -> bool:
        """Whether there is anything to do; without it, a faster way to start programs can be taken."""
        return bool(self._steps)

    def add(self, failure: str, step: Callable[[], object], *, first: bool = False) -> None:
        """Have something done, before all else or after."""
        self._steps.insert(0 if first else len(self._steps), (failure, step))

    def run(self, report: int) -> None:
        """Do it all, in the new process; what fails is written to `report`, and raised."""
        for failure, step in self._steps:
            try:
                step()
            except OSError as exc:
                os.write(report, f"{failure}: {exc.strerror}".encode())
                raise


@dataclass(frozen=True, slots=True)
class _Writing:
    path: str
    value: int

    def __call__(self) -> None:
        fd = os.open(self.path, os.O_WRONLY)
        os.write(fd, b"%d" % self.value)
        os.close(fd)


@dataclass(frozen=True, slots=True)
class _Limiting:
    number: int
    pair: tuple[int, int]

    def __call__(self) -> None:
        try:
            resource.setrlimit(self.number, self.pair)
        except ValueError as exc:  # its word for "the hard limit may not be raised"
            raise PermissionError(1, str(exc)) from exc


def start(
    spec: ServiceSpec,
    environment: Mapping[str, str],
    ends: Ends,
    launch: Launch,
    given: Sequence[int],
) -> subprocess.Popen[bytes]:
    """Start a program in a session of its own; raises `OSError`, or `CannotSpawn` for what `launch` met."""
    report, reporting = os.pipe2(os.O_CLOEXEC) if launch.needed else (-1, -1)
    try:
        process = subprocess.Popen(
            spec.command,
            cwd=spec.directory,
            env=environment,
            stdin=ends.stdin,
            stdout=ends.output if ends.output >= 0 else None,
            stderr=ends.output if ends.output >= 0 else None,
            start_new_session=True,
            pass_fds=given,
            # Without it, Popen uses vfork(2).
            preexec_fn=(lambda: launch.run(reporting)) if launch.needed else None,  # noqa: PLW1509
        )
        # Popen wants to reap, and would do so at the next Popen after this one is collected. Waiting is ours
        # alone: a child that two parties wait for loses its exit status to one of them.
        process.returncode = 0
    except subprocess.SubprocessError as exc:
        os.set_blocking(report, False)
        raise CannotSpawn(os.read(report, 4096).decode("utf-8", "replace")) from exc
    finally:
        for fd in (report, reporting):
            if fd >= 0:
                os.close(fd)
    return process


def unburden(pid: int, execution: Execution) -> None:
    """Take from a program the protection from a lack of memory that is ours alone."""
    if execution.oom_score_adjust is not None:
        return
    with contextlib.suppress(OSError, ValueError):
        if int(procfile.read(OOM_SCORE)) >= 0:
            return
        with open(f"/proc/{pid}/oom_score_adj", "wb") as file:
            file.write(b"0")
