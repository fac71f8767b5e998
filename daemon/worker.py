"""A worker process seen from the daemon: long work on files, begun, listened to and ended.

The protocol is `filemgr/worker.py`'s. Its lines are read only as fast as somebody takes them, so what a
search finds for a slow client waits in the worker.
"""

import contextlib
import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import anyio
import anyio.to_thread

import filemgr
from filemgr import Fences, FileError, OperationFailed

PYTHON = (sys.executable, "-P", "-m", "filemgr.worker")
MEMORY = 4 << 30
"""Bytes of address space that a worker may have."""

PATIENCE = 3.0
"""Seconds that a worker has for ending in good order before it is killed."""

_OURS = os.path.dirname(os.path.dirname(os.path.abspath(filemgr.__file__)))
_ALLOCATOR = {"MALLOC_MMAP_THRESHOLD_": str(32 << 20), "MALLOC_TRIM_THRESHOLD_": str(256 << 20)}
"""mallopt(3): blocks of a MiB come and go all the time and should not go back to the kernel. Page faults were
3 to 8 % of an archive's time."""

_READ = 64 << 10
_LONGEST = 4 << 20

log = logging.getLogger("holdfast.jobs")


class WorkerDied(Exception):
    """The worker ended without a word; the message says how."""


class Worker:
    """A worker at work. Made by `at_work`."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process
        self._buffer = bytearray()
        self.code: int | None = None
        """How it ended: its exit code, or the negative number of the signal that killed it."""

    async def say(self) -> Mapping[str, object] | None:
        """Return the next thing that it says, None when it has said its last; raises `WorkerDied`."""
        while True:
            line, end, rest = self._buffer.partition(b"\n")
            if end:
                self._buffer = rest
                return _parse(line)
            if len(self._buffer) > _LONGEST:
                raise WorkerDied("the worker said something too long")
            if not await self._more():
                return None

    def stop(self) -> None:
        """Ask it to end: it leaves nothing half done."""
        with contextlib.suppress(OSError):
            if self._process.stdin is not None:
                self._process.stdin.close()

    def kill(self) -> None:
        """End it at once: for what leaves nothing half done, however it ends."""
        if self.code is None:
            self._process.kill()

    async def end(self) -> int:
        """Wait until it has ended, kill it if it does not come to an end; return its exit code."""
        if self.code is not None:
            return self.code
        self.stop()
        with anyio.CancelScope(shield=True):
            with anyio.move_on_after(PATIENCE):
                await self._until_silent()
            if self._process.poll() is None:
                with anyio.move_on_after(PATIENCE):
                    await self._until_ended()
            if self._process.poll() is None:
                log.warning("a worker did not come to an end, it is killed")
                self._process.kill()
            code = self.code = await anyio.to_thread.run_sync(self._process.wait)
            if self._process.stdout is not None:
                self._process.stdout.close()
        return code

    async def _until_silent(self) -> None:
        """Take what it still says, so that it does not wait for us: nobody wants to know any more."""
        while await self._more():
            self._buffer.clear()

    async def _more(self) -> bool:
        """Take some more of what it says; tell whether there was anything."""
        if self._process.stdout is None:
            raise AssertionError("a worker without an output")
        fd = self._process.stdout.fileno()
        await anyio.wait_readable(fd)
        block = os.read(fd, _READ)
        self._buffer += block
        return bool(block)

    async def _until_ended(self) -> None:
        fd = os.pidfd_open(self._process.pid)
        try:
            await anyio.wait_readable(fd)
        finally:
            anyio.notify_closing(fd)
            os.close(fd)


@asynccontextmanager
async def at_work(
    task: str, directory: str, fences: Fences, arguments: Mapping[str, object], out: int | None = None
) -> AsyncIterator[Worker]:
    """Have a worker do a task in a folder, within its fences; at the end of the block it has ended."""
    kept = None if fences is None else [str(fence) for fence in fences]
    told = {"directory": directory, "fences": kept, "arguments": arguments, "memory": MEMORY}
    order = {"task": task, **told, "out": out}
    process = await anyio.to_thread.run_sync(_start, json.dumps(order).encode() + b"\n", out)
    worker = Worker(process)
    try:
        yield worker
    finally:
        await worker.end()


def raised(error: Mapping[str, object]) -> FileError:
    """Return the exception that a worker told of."""
    match error:
        case {"index": int(index), "cause": dict(cause)}:
            return OperationFailed(index, raised(cause))
    kind = getattr(filemgr, str(error.get("kind")), FileError)
    if not (isinstance(kind, type) and issubclass(kind, FileError)):
        kind = FileError
    exc = kind(str(error.get("message")))
    role = error.get("role")
    if role == "src" or role == "dest":
        exc.role = role
    return exc


def _start(order: bytes, out: int | None) -> "subprocess.Popen[bytes]":
    keep = () if out is None else (out,)
    # What systemd or the supervisor tells us by these is not meant for our children.
    private = {"NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"}
    environment = {name: value for name, value in os.environ.items() if name not in private}
    environment["PYTHONPATH"] = _OURS  # the same code as ours, wherever it is
    environment |= _ALLOCATOR
    process = subprocess.Popen(
        PYTHON,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        pass_fds=keep,
        env=environment,
        bufsize=0,
    )
    if process.stdin is None:
        raise AssertionError("a worker without an input")
    with contextlib.suppress(BrokenPipeError):  # it has died already; reading tells
        left = memoryview(order)
        while left:
            left = left[process.stdin.write(left) :]
    return process


def _parse(line: bytes | bytearray) -> Mapping[str, object]:
    try:
        said = json.loads(line)
    except ValueError as exc:
        raise WorkerDied("the worker said something that nobody understands") from exc
    if not isinstance(said, dict):
        raise WorkerDied("the worker said something that nobody understands")
    return said


def how(code: int) -> str:
    """Say how a process ended."""
    return f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
