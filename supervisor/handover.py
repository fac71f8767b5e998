"""The running supervisor becomes its next version: same process, same children, nothing lost.

The rules:

- The new program is tried first, on the very record that it would take over (`try_out`). If it cannot be
  imported, cannot read the record or takes too long, nothing has happened.
- What is carried over is data: the record, and descriptors by number. Clocks do not travel, ages do.
- execve(2) keeps the pid, so the children stay our children, and an exit that nobody waits for meanwhile
  waits for us. It keeps descriptors that are inheritable, locks on them, pending signals and the signal
  mask; it does not keep signal handlers. So signals are blocked first and unblocked last: one that comes in
  between waits its turn.
- Between the freezing and the exec there is no await: what is frozen is the truth.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NoReturn

import anyio
import anyio.to_thread

from .process import KIN
from .stderr import write_last_words

SIGNALS = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGHUP})

PATIENCE = 20.0
"""Seconds in which the new program must say that it can take over."""

MOST_COMPLAINT = 1 << 16
"""Bytes of the new program's complaint that are told."""


MOST_LINE = 300

ANSWER = "Holdfast can take over"
"""What the new program says when it has read the record, in a line of its own."""

Program = Callable[..., list[str]]
"""The command line of the new program, with some options more."""


class CannotHandOver(Exception):
    """The new program cannot take over; the message says why. The old one goes on."""


def write(record: Mapping[str, object]) -> int:
    """Return a memory file that holds a record; the caller closes it."""
    fd = os.memfd_create("holdfast-handover", os.MFD_CLOEXEC)
    try:
        with open(os.dup(fd), "wb") as file:
            file.write(json.dumps(record).encode("ascii"))
    except BaseException:
        os.close(fd)
        raise
    return fd


def read(fd: int) -> object:
    """Return the record in a memory file, wherever its position is; raises `ValueError`."""
    with open(f"/proc/self/fd/{fd}", "rb") as file:
        try:
            return json.load(file)
        except RecursionError as exc:
            raise ValueError("the record is nested too deeply") from exc


async def try_out(program: Program, record: Mapping[str, object]) -> None:
    """Let the new program read a record, and only that; raises `CannotHandOver`."""
    with contextlib.ExitStack() as held:
        try:
            fd = write(record)
            held.callback(os.close, fd)
            said, saying = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
            held.callback(os.close, said)
            held.callback(os.close, saying)
            await _try_out(program, fd, said, saying)
        except OSError as exc:
            raise CannotHandOver(f"the new program cannot be tried: {exc.strerror}") from exc


async def _try_out(program: Program, fd: int, said: int, saying: int) -> None:
    command = program("--try-handover", str(fd))
    process = subprocess.Popen(  # noqa: ASYNC220  (vfork; its end is waited for by a pidfd)
        command,
        pass_fds=[fd],
        stdin=subprocess.DEVNULL,
        stdout=saying,
        stderr=saying,
        start_new_session=True,
    )
    KIN.add(process.pid)
    late = True
    try:
        pidfd = os.pidfd_open(process.pid)
        try:
            with anyio.move_on_after(PATIENCE):
                await anyio.wait_readable(pidfd)
                late = False
        finally:
            anyio.notify_closing(pidfd)
            os.close(pidfd)
    finally:
        if late:
            os.killpg(process.pid, signal.SIGKILL)  # with the daemon that it may be trying
        code = process.wait()
        KIN.discard(process.pid)
    if late:
        raise CannotHandOver(f"the new program did not answer within {PATIENCE:.0f} s")
    try:
        answer = os.read(said, MOST_COMPLAINT).decode("utf-8", "replace")
    except BlockingIOError:
        answer = ""
    # What ends well without a word has not even looked at the record.
    if code or ANSWER not in answer.splitlines():
        raise CannotHandOver(f"the new program cannot take over: {_last_line(answer) or f'exit code {code}'}")


def _last_line(text: str) -> str:
    """Return the last line of a complaint that says something, fit for a terminal."""
    lines = ["".join(c if c.isprintable() else " " for c in line).strip() for line in text.splitlines()]
    telling = [line for line in lines if any(c.isalnum() for c in line)]
    return telling[-1][:MOST_LINE] if telling else ""


async def in_thread(work: Callable[[], None]) -> None:
    """Let a thread do this, one that takes no signals: we have to know that none is on its way."""

    def unheard() -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        work()

    await anyio.to_thread.run_sync(unheard)


@contextmanager
def signals_blocked() -> Iterator[None]:
    """Keep signals pending; what was delivered before has been heard when this begins.

    `pthread_sigmask` runs the handlers of signals that have arrived (signal module, `PyErr_CheckSignals`).
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def become(program: Program, record: Mapping[str, object], descriptors: Sequence[int]) -> NoReturn:
    """Become the new program, which finds the record and these descriptors; raises `CannotHandOver`.

    Signals must be blocked.
    """
    try:
        fd = write(record)
    except OSError as exc:
        raise CannotHandOver(f"the state cannot be handed over: {exc.strerror}") from exc
    command = program("--handover", str(fd))
    kept = [fd, *descriptors]
    try:
        for one in kept:
            os.set_inheritable(one, True)
        sys.stdout.flush()
        sys.stderr.flush()
        write_last_words()  # no thread survives the exec
        os.execv(command[0], command)  # noqa: S606
    except OSError as exc:
        for one in kept:
            os.set_inheritable(one, False)
        os.close(fd)
        raise CannotHandOver(f"{command[0]}: {exc.strerror}") from exc
