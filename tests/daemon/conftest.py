"""What the daemon's tests share: one backend, and a disk that is full when told to."""

import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import anyio
import pytest
import uvloop

from .. import fulldisk
from .house import House, living, program


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session", autouse=True)
def _libuv_is_awake() -> None:
    """Let libuv open now what it keeps for as long as the process lives: no test leaves it behind."""
    uvloop.new_event_loop().close()


@pytest.fixture
def no_umask() -> Iterator[None]:
    """Let nothing but the program itself keep others out of its files."""
    old = os.umask(0)
    yield
    os.umask(old)


@pytest.fixture
def full_disk() -> Callable[[], AbstractContextManager[None]]:
    """Return a context in which the kernel refuses every write to a file (EFBIG; Python ignores SIGXFSZ)."""
    return fulldisk.full_disk


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return a new folder with a short path: paths of sockets are limited."""
    return str(tmp_path_factory.mktemp("house"))


@pytest.fixture
async def house(folder: str) -> AsyncIterator[House]:
    """A daemon with one server, `app`, that says back what it is told."""
    async with living(folder, servers={"app": program("echo")}) as house:
        yield house


@pytest.fixture(params=["inside", "socket"])
async def either(request: pytest.FixtureRequest, folder: str) -> AsyncIterator[House]:
    """The same, with the supervisor in this process or behind its socket."""
    over_socket = request.param == "socket"
    async with living(folder, over_socket=over_socket, servers={"app": program("echo")}) as house:
        yield house


@pytest.fixture
async def certificate(tmp_path: Path) -> tuple[str, str]:
    """Make a certificate and its key; return their paths."""
    cert, key = str(tmp_path / "cert.pem"), str(tmp_path / "key.pem")
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-subj",
        "/CN=x",
        "-keyout",
        key,
        "-out",
        cert,
    ]
    try:
        await anyio.run_process(command)
    except FileNotFoundError:
        pytest.skip("there is no openssl here")
    return cert, key
