"""One process of a service: started or adopted, its pipes or its terminal, its end.

A child leads a session and process group of its own, so that a signal to the group reaches what it has
started, and no signal meant for us reaches it. Who else belongs to it is told in `tree`. We hold a pidfd of
it, since a number alone can come to mean a stranger, and its ends of two pipes: one to its stdin, one from
its stdout and stderr together; or two copies of the master of its terminal.

Why not asyncio's or anyio's subprocess objects: they cannot be adopted by the next supervisor.
"""

import base64
import contextlib
import errno
import logging
import os
import resource
import signal
import time
from collections.abc import Callable, Mapping, Sequence

import anyio

from . import tty
from .cannot_spawn import CannotSpawn
from .ends import PIPE_SIZE, Ends
from .events import Exit
from .execution import Terminal
from .group import Group
from .keyboard import Keyboard
from .launch import Launch, credentials, start, unburden
from .oom import Oom
from .population import CENSUS
from .process import KIN, Member, ProcessId, told_exit
from .record import Record
from .spec import ServiceSpec
from .stdin import Stdin
from .tree import Tree

log = logging.getLogger("holdfast.supervisor")

BASE_ENVIRONMENT = frozenset({"PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TMPDIR"})
"""What a program inherits from us, besides LC_*; everything else it needs stands in its spec."""

descriptor_limit = resource.getrlimit(resource.RLIMIT_NOFILE)
"""The limit that programs get: the one that we were started with, before we raised our own."""


class Child:
    """A live process with the two pipes that we hold of it."""

    def __init__(
        self,
        identity: ProcessId,
        stdin: int,
        output: int,
        started: float,
        ended: Exit | None = None,
        pidfd: int = -1,
        tree: Tree | None = None,
    ) -> None:
        self.tree = tree or Tree(identity)
        """Everybody who belongs to it."""
        self.identity = identity
        self.pid = identity.pid
        self.started = started
        """When it was started, on the monotonic clock of this machine."""
        self._ended = ended
        """How the main process ended, once waited for: its pid then only stands for the group."""
        self.pidfd = os.pidfd_open(identity.pid) if ended is None and pidfd < 0 else pidfd
        self._oom = Oom(self.tree.group)
        self.terminal = tty.size_of(output)
        """How large its terminal is; None if it has pipes, or lost them."""
        self.stdin = Stdin(stdin) if self.terminal is None else Keyboard(stdin)
        self.serial = 0
        """By which number a descriptor store keeps our descriptors; 0 for none."""
        self.output = output

    @classmethod
    def spawn(
        cls,
        spec: ServiceSpec,
        *,
        environment: Mapping[str, str],
        attached: bool,
        given: Sequence[int] = (),
        mark: str = "",
        group: Group | None = None,
    ) -> "Child":
        """Start the program; raises `CannotSpawn`.

        `attached` joins its output to our own stdout and stderr instead of a pipe; `given` are descriptors
        that it gets besides 0, 1 and 2, by the same numbers. `mark` is the variable that its tree is known
        by, `group` the control group in which it lives.
        """
        whose = credentials(spec.execution)
        launch = Launch(spec.execution, whose)
        variables = {**environment, **(whose.variables or {}), **spec.environment}
        terminal = None if attached else spec.terminal
        if terminal is not None:
            variables.setdefault("TERM", tty.TERM)
            launch.add("the terminal cannot become its own", tty.take, first=True)
        if group is not None and launch.needed:
            launch.add("its control group cannot be joined", group.join, first=True)
        process = ends = None
        try:
            ends = Ends.terminal(terminal) if terminal else Ends.pipes(attached=attached)
            whose.own(*ends.theirs)
            process = start(spec, variables, ends, launch, given)
            KIN.add(process.pid)
            if group is not None and not launch.needed:
                # It would be safer from within, but for that fork(2) must copy us: 13 ms rather than 2 each.
                try:
                    group.take(process.pid)
                except OSError as exc:
                    log.error("%s cannot be moved into its control group: %s", spec.name, exc.strerror)
                    group.remove()
                    group = None
            # We have raised our own limit; programs that use select(2) must not find it raised.
            if "nofile" not in spec.execution.rlimits:
                with contextlib.suppress(PermissionError):  # a program that has become another user
                    resource.prlimit(process.pid, resource.RLIMIT_NOFILE, descriptor_limit)
            unburden(process.pid, spec.execution)
            identity = ProcessId.of(process.pid)
            tree = Tree(identity, mark, group)
            if group is None:
                tree.limit(spec.limits, spec.directory)
            return cls(identity, ends.stdin_ours, ends.output_ours, time.monotonic(), tree=tree)
        except (OSError, CannotSpawn) as exc:
            if process is not None:
                # It runs, but there was no descriptor left to hold it by: better none than one out of hand.
                os.killpg(process.pid, signal.SIGKILL)
                os.waitpid(process.pid, 0)
                KIN.discard(process.pid)
            if ends is not None:
                ends.give_up()
            raise exc if isinstance(exc, CannotSpawn) else CannotSpawn.because(spec, exc) from exc
        finally:
            if ends is not None:
                ends.give_away()

    @classmethod
    def adopt(cls, record: Record, now: float) -> "Child":
        """Take over a child that `freeze` described; raises `ProcessLookupError` if it is gone and reaped."""
        identity = ProcessId(record.take("pid", int), record.take("start_time", int))
        ended = Exit.from_record(record.record("ended")) if record.has("ended") else None
        if ended is None and ProcessId.of(identity.pid) != identity:
            raise ProcessLookupError(f"process {identity.pid} is another one by now")
        started = now - record.take("age", float)
        stdin, output, tree = record.take("stdin", int), record.take("output", int), _tree(identity, record)
        if ended is None:
            KIN.add(identity.pid)
        child = cls(identity, stdin, output, started, ended, tree=tree)
        child.stdin.owed = base64.b64decode(record.take("owed", str, ""))
        child.serial = record.take("serial", int, 0)
        return child

    @classmethod
    def returned(cls, record: Record, now: float, stdin: int, output: int, pidfd: int) -> "Child":
        """Take over a child that `freeze` described, of a supervisor that was killed.

        The descriptors are -1 where they were lost. It may have ended, and others may have waited for it.
        """
        identity = ProcessId(record.take("pid", int), record.take("start_time", int))
        ended = Exit.from_record(record.record("ended")) if record.has("ended") else None
        started = now - record.take("age", float)
        if ended is None and pidfd < 0 and (pidfd := _open_pidfd(identity)) < 0:
            ended = Exit(ran=time.monotonic() - started)
        child = cls(identity, stdin, output, started, ended, pidfd, _tree(identity, record))
        child.stdin.owed = base64.b64decode(record.take("owed", str, "")) if stdin >= 0 else b""
        child.serial = record.take("serial", int, 0)
        return child

    @classmethod
    def find(
        cls, identity: ProcessId, mark: str = "", group: Group | None = None, since: float | None = None
    ) -> "Child | None":
        """Take over what another supervisor left of a child, without its pipes; None if nothing lives.

        `since` allows a look at all processes that is as old as this moment.
        """
        started = time.monotonic() - identity.age
        tree = Tree(identity, mark, group)
        with contextlib.suppress(ProcessLookupError):
            if ProcessId.of(identity.pid) == identity:
                return cls(identity, -1, -1, started, tree=tree)
        lives = tree.recent(0.0) if since is None else tree.among(CENSUS.since(since))
        return cls(identity, -1, -1, started, Exit(), tree=tree) if lives else None

    @property
    def ended(self) -> bool:
        """Whether the main process is known to have ended; others may live on."""
        return self._ended is not None

    @property
    def descriptors(self) -> Sequence[int]:
        """Our ends of its pipes, as far as they are open."""
        return [fd for fd in (self.stdin.fd, self.output) if fd >= 0]

    def freeze(self, now: float) -> dict[str, object]:
        """Return what `adopt` needs; the descriptors stay open and are named by number."""
        return {
            "pid": self.pid,
            "start_time": self.identity.start_time,
            "stdin": self.stdin.fd,
            "output": self.output,
            "age": now - self.started,
            "serial": self.serial,
            "ended": None if self._ended is None else self._ended.to_dict(),
            "mark": self.tree.mark,
            "group": None if self.tree.group is None else self.tree.group.path,
            "owed": base64.b64encode(self.stdin.owed).decode("ascii"),
        }

    async def wait(self) -> Exit:
        """Wait for the main process to end, and reap it."""
        if self._ended is not None:
            return self._ended
        await anyio.wait_readable(self.pidfd)
        code, number = self._status()
        ours = self.tree.latest == signal.SIGKILL
        note = self._oom.note() if number == signal.SIGKILL and not ours else ""
        self._ended = Exit(code, number, time.monotonic() - self.started, note)
        return self._ended

    def _status(self) -> tuple[int | None, int | None]:
        """Return (code, signal) of the main process, which has ended; neither where nobody can tell."""
        try:
            # It has ended, so this does not block.
            ended = os.waitid(os.P_PIDFD, self.pidfd, os.WEXITED)
        except ChildProcessError:
            # An adopted process that is not our child.
            status = told_exit(self.identity, self.pidfd)
            code = None if status is None else os.waitstatus_to_exitcode(status)
            return (code, None) if code is None or code >= 0 else (None, -code)
        KIN.discard(self.pid)
        if ended is None:
            return None, None
        exited = ended.si_code == os.CLD_EXITED
        return (ended.si_status, None) if exited else (None, ended.si_status)

    def signal(self, number: int) -> None:
        """Send a signal to all that belong to it; who is gone is left in peace."""
        self.tree.signal(number, main_lives=self._ended is None)

    def resize(self, size: Terminal) -> bool:
        """Make its terminal that large; tell whether it was not. Only for one that has a terminal."""
        if size == self.terminal:
            return False
        tty.set_size(self.output, size)
        self.terminal = size
        return True

    async def survivors(self) -> Sequence[Member]:
        """Return who lives of its tree, besides the main process once that has ended."""
        return await self.tree.members()

    def pass_on(self, left: Sequence[Member]) -> None:
        """Give the latest signal to those who have left our group."""
        self.tree.pass_on(left)

    async def emptied(self) -> None:
        """Wait until nobody of the tree lives, after the main process has ended."""
        await self.tree.emptied()

    async def read(self, take: Callable[[int], int]) -> bool:
        """Wait for output and have it taken; tell whether more may come.

        `take` reads once from a descriptor, as `os.readv` does, and returns how much it read.
        """
        if self.output < 0:
            return False
        await anyio.wait_readable(self.output)
        # A few reads at a time keep up with a flood; more would let one program starve the others.
        for _ in range(8):
            try:
                if not take(self.output):
                    return False
            except BlockingIOError:
                break
            except OSError as exc:
                if exc.errno != errno.EIO:  # pty(7): the far side is closed, which is the end
                    raise
                return False
        return True

    async def pump(self, take: Callable[[int], int], drained: anyio.Event | None = None) -> None:
        """Have all its output taken; at its end, set `drained`."""
        while await self.read(take):
            pass
        if drained is not None:
            drained.set()

    def rest(self, take: Callable[[int], int]) -> None:
        """Have taken what lies in the pipe now, about what a pipe holds: another may be writing to it."""
        taken = 0
        with contextlib.suppress(OSError):  # empty, or at its end
            while self.output >= 0 and taken < PIPE_SIZE and (size := take(self.output)):
                taken += size

    def close(self) -> None:
        """Give up our descriptors; the process itself is not touched."""
        self.stdin.close()
        for fd in (self.pidfd, self.output):
            if fd >= 0:
                anyio.notify_closing(fd)
                os.close(fd)
        self.pidfd = self.output = -1


def _tree(identity: ProcessId, record: Record) -> Tree:
    group = record.optional("group", str)
    return Tree(identity, record.take("mark", str, ""), None if group is None else Group(group))


def _open_pidfd(identity: ProcessId) -> int:
    """Return a pidfd of this very process, or -1."""
    try:
        pidfd = os.pidfd_open(identity.pid)
        if ProcessId.of(identity.pid) == identity:
            return pidfd
        os.close(pidfd)
    except ProcessLookupError:
        pass
    return -1


def base_environment(source: Mapping[str, str]) -> dict[str, str]:
    """Return the part of our own environment that programs may see; never a secret of ours."""
    return {k: v for k, v in source.items() if k in BASE_ENVIRONMENT or k.startswith("LC_")}
