"""One look at a server: by HTTP, TCP, a Unix socket, or a command that knows how to tell.

The addresses stand in the config: loopback and private ones are the purpose. A look is bounded in time, and
in what it reads.
"""

import os
import socket

import anyio
import anyio.abc

from supervisor import ErrandFailed, ServiceSpec, base_environment, run_briefly, socket_address

from .checksettings import Check, Kind
from .httpprobe import ask
from .probefailed import ProbeFailed
from .tail import Tail

TAIL = 512
"""Bytes of a command's output that are kept."""

ROOM = 0.1
"""Seconds until a socket is tried again that has no room for one more who waits to be accepted."""


async def look(check: Check, spec: ServiceSpec, pid: int | None) -> None:
    """Look once; raises `ProbeFailed`. `pid` is that of the server's main process."""
    if check.kind is Kind.COMMAND:
        await run_command(check.command, spec, pid, check.timeout)
        return
    try:
        with anyio.fail_after(check.timeout):
            match check.kind:
                case Kind.HTTP:
                    await ask(check, lambda: _connect(check, spec))
                case Kind.TCP | Kind.UNIX:
                    await anyio.aclose_forcefully(await _connect(check, spec))
    except TimeoutError as exc:
        raise ProbeFailed(f"no answer within {check.timeout:g} s") from exc


async def run_command(words: tuple[str, ...], spec: ServiceSpec, pid: int | None, seconds: float) -> None:
    """Run a command where and as whom the server runs, with its environment; raises `ProbeFailed`."""
    output = Tail(TAIL)
    environment = {**base_environment(os.environ), "PWD": spec.directory, **spec.environment}
    environment |= {"HOLDFAST_SERVER": spec.name, "HOLDFAST_PID": "" if pid is None else str(pid)}
    try:
        await run_briefly(words, spec, environment, seconds, output.take)
    except ErrandFailed as exc:
        raise ProbeFailed(str(exc), output.text.strip()) from exc


async def _connect(check: Check, spec: ServiceSpec) -> anyio.abc.ByteStream:
    try:
        if check.path:
            with socket_address(os.path.join(spec.directory, check.path)) as address:
                return await _connect_unix(address)
        return await anyio.connect_tcp(*check.place)
    except OSError as exc:
        raise ProbeFailed(f"cannot connect: {_why(exc)}") from exc
    except UnicodeError as exc:
        raise ProbeFailed("cannot connect: there can be no host of that name") from exc


async def _connect_unix(address: str) -> anyio.abc.ByteStream:
    """Connect as soon as there is room among those who wait to be accepted.

    The kernel does not tell when there is: it says EAGAIN, to `anyio.connect_unix` for as long as it keeps
    trying, without a pause.
    """
    one = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
    try:
        while True:
            try:
                one.connect(address)
            except BlockingIOError:
                await anyio.sleep(ROOM)
            else:
                return await anyio.abc.UNIXSocketStream.from_socket(one)
    except BaseException:
        one.close()
        raise


def _why(exc: OSError) -> str:
    """Return the reason in words; with several addresses, that of the last."""
    cause: BaseException | None = exc.__cause__
    while isinstance(cause, BaseExceptionGroup):
        cause = cause.exceptions[-1]
    told = cause if isinstance(cause, OSError) else exc
    if told.errno is not None and not isinstance(told, socket.gaierror):
        return os.strerror(told.errno)
    return told.strerror or str(told)
