"""The supervisor as a program: one lock, one socket, and an orderly end."""

import argparse
import contextlib
import fcntl
import gc
import logging
import os
import resource
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace

import anyio

from . import child, handover
from .descriptors import make_room
from .estate import Returned
from .notify import Notifier, inherited
from .record import InvalidRecord, Record
from .run import House, run, try_out
from .spec import InvalidSpec
from .stderr import leave_quietly, log_to_stderr
from .wire import listen

SOCKET = "supervisor.sock"

MOST_DESCRIPTORS = 1 << 17

OUR_DAEMON = ("-P", "-m", "daemon")
"""How the command of our own API daemon goes on after the name of Python."""

log = logging.getLogger("holdfast.supervisor")


class InUse(Exception):
    """Another supervisor owns the directory; the message says which."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until asked to stop; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m supervisor", description="Holdfast's supervisor")
    parser.add_argument("--state-dir", required=True, help="where the plan is kept")
    parser.add_argument("--runtime-dir", required=True, help="where the private socket is made")
    parser.add_argument("--handover", type=int, help="take over from the record in this descriptor")
    parser.add_argument("--try-handover", type=int, help="only say whether we could")
    parser.add_argument("--program-descriptors", type=int, help="how many programs may have (default: as we)")
    parser.add_argument("--await-plan", type=float, default=0.0, help="seconds for a daemon to bring a plan")
    parser.add_argument(
        "--cgroups", choices=("auto", "off"), default="auto", help="one for each service, if we may"
    )
    parser.add_argument("daemon", nargs="*", help="after --: the API daemon's command")
    options = parser.parse_args(arguments)
    _ordinary_signals()
    make_room()
    log_to_stderr()
    state, runtime = (os.path.abspath(path) for path in (options.state_dir, options.runtime_dir))
    daemon = tuple(options.daemon)
    try:
        if options.try_handover is not None:
            return _try(state, runtime, daemon, options.try_handover)
        with contextlib.ExitStack() as held:
            # What systemd has given us is for us alone, and only once.
            estate = Returned(inherited(os.environ))
            notifier = Notifier.of(os.environ)
            held.callback(notifier.close)
            if options.handover is None:
                record = None
                house = _move_in(held, state, runtime, daemon, options.program_descriptors)
            else:
                record = handover.read(options.handover)
                os.close(options.handover)
                house = _take_over(held, state, runtime, daemon, record)
            house = replace(house, await_plan=options.await_plan, cgroups=options.cgroups == "auto")
            _keep_descriptors_to_ourselves()
            child.descriptor_limit = house.descriptor_limit
            _raise_limits()
            _spare_garbage_collection()
            anyio.run(run, house, record, notifier, estate)
            for number in handover.SIGNALS:
                signal.signal(number, signal.SIG_IGN)  # it is over already: a second one changes nothing
            with contextlib.suppress(FileNotFoundError):
                os.unlink(os.path.join(runtime, SOCKET))
    except InUse as exc:
        log.error("%s", exc)
        return 1
    except OSError as exc:
        log.error("Holdfast cannot start: %s: %s", exc.filename or state, exc.strerror)
        return 1
    finally:
        leave_quietly()
    return 0


def _move_in(
    held: contextlib.ExitStack, state: str, runtime: str, daemon: tuple[str, ...], most: int | None
) -> House:
    """Become the owner of the directories; raises `InUse`."""
    locks = []
    for directory in dict.fromkeys((state, runtime)):
        os.makedirs(directory, mode=0o700, exist_ok=True)
        locks.append(held.enter_context(_lock(directory)))
    listener = held.enter_context(listen(os.path.join(runtime, SOCKET)))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = (soft if most is None else min(most, hard), hard)
    return House(state, runtime, daemon, tuple(locks), listener, limit)


def _take_over(
    held: contextlib.ExitStack, state: str, runtime: str, daemon: tuple[str, ...], data: object
) -> House:
    """Own what the program before us in this process has owned."""
    record = Record(data)
    listener = held.enter_context(socket.socket(fileno=record.take("listener", int)))
    locks = tuple(int(fd) for fd in record.numbers("locks"))
    for lock in locks:
        held.callback(os.close, lock)
    soft, hard = (int(limit) for limit in record.numbers("descriptor_limit"))
    return House(state, runtime, daemon, locks, listener, (soft, hard))


def _try(state: str, runtime: str, daemon: tuple[str, ...], fd: int) -> int:
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    with socket.socket(socket.AF_UNIX) as nobody:
        try:
            anyio.run(try_out, House(state, runtime, daemon, (), nobody, limit), handover.read(fd))
        except Exception as exc:  # noqa: BLE001  (whatever it is, who tries us out is told in one line)
            log.error("%s", _told(exc))
            return 1
    if daemon[1:4] == OUR_DAEMON and (code := subprocess.call([*daemon, "--try"])):
        log.error("the new API daemon cannot start, exit code %d", code)
        return 1
    sys.stdout.write(f"{handover.ANSWER}\n")
    return 0


def _told(exc: BaseException) -> str:
    """Return the first of what went wrong, in one line."""
    while isinstance(exc, BaseExceptionGroup):
        exc = exc.exceptions[0]
    ours = isinstance(exc, InvalidRecord | InvalidSpec)
    return str(exc) if ours else f"{type(exc).__name__}: {exc}"


@contextlib.contextmanager
def _lock(directory: str) -> Iterator[int]:
    """Own a directory for as long as the descriptor is open, across a handover too; raises `InUse`."""
    path = os.path.join(directory, "lock")
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            owner = os.pread(fd, 32, 0).decode("ascii", "replace").strip()
            raise InUse(f"Holdfast already runs on {directory} (process {owner or 'unknown'})") from exc
        os.ftruncate(fd, 0)
        os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
        yield fd
    finally:
        os.close(fd)


def _ordinary_signals() -> None:
    """Undo what our parent had us ignore: programs would inherit it, and without SIGCHLD no exit is told."""
    for number in signal.valid_signals():
        # Python itself ignores these two, and gives them back to the programs that it starts.
        if number not in (signal.SIGPIPE, signal.SIGXFSZ) and signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)


def _keep_descriptors_to_ourselves() -> None:
    """Let nothing but 0, 1 and 2 reach a program, whatever we were started with."""
    for name in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):
            if int(name) > 2:
                os.set_inheritable(int(name), False)


def _spare_garbage_collection() -> None:
    """Look for garbage in what is made from now on, and less often: almost nothing here is in a circle."""
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


def _raise_limits() -> None:
    """Take more descriptors than a shell gives: we hold three for each program. They keep their own limit."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, MOST_DESCRIPTORS), hard))
