"""Nonsense on every socket, and visitors who say nothing."""

import contextlib
import errno
import random
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from . import processes
from .house import Holdfast, program
from .rawconsole import RawConsole

HALVES = (
    b"",
    b"G",
    b"GET / HTTP/1.1\r\nHost: ",
    b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf",
    b"POST /server/echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\nSTA",
    b'{"method": "io.holdfast.Supervisor.List", "par',
)

WHOLES = (
    b"\0",
    b"\r\n" * 1000,
    b"GET / HTTP/9.9\r\n\r\n",
    b"GET " + b"/" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + b"X-Long: " + b"a" * 1_000_000 + b"\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(512),  # somebody speaks TLS
    b"[" * 100_000 + b"\0",
    b'{"method": 5}\0null\0[]\0{"method": "no.such.Thing", "parameters": 7}\0',
    b'{"method": "io.holdfast.Supervisor.Apply", "parameters": {"plan": {"services": "all"}}}\0',
)


def open_way(house: Holdfast, way: str) -> socket.socket:
    """Return a new connection."""
    if way == "tcp":
        return socket.create_connection(("127.0.0.1", house.port))
    one = socket.socket(socket.AF_UNIX)
    one.connect(house.path("api.sock") if way == "unix" else house.path("state", "run", "supervisor.sock"))
    return one


def say(one: socket.socket, data: bytes) -> None:
    """Say it all, and hear what comes until the other side closes; it may hang up on us."""
    one.settimeout(processes.DEADLINE)
    try:
        one.sendall(data)
        one.shutdown(socket.SHUT_WR)
        while one.recv(65536):
            pass
    except OSError as exc:
        if exc.errno not in (errno.EPIPE, errno.ECONNRESET, errno.ENOTCONN):
            raise


def nonsense() -> Iterator[bytes]:
    """Return what is nobody's protocol; the same in every run."""
    dice = random.Random(1)
    yield from WHOLES
    yield from HALVES
    for size in (1, 10, 100, 1000, 10_000, 100_000):
        yield dice.randbytes(size)
        yield dice.randbytes(size) + b"\0"
        yield b"GET /servers HTTP/1.1\r\n" + dice.randbytes(size) + b"\r\n\r\n"


@pytest.mark.parametrize("way", ["tcp", "unix", "private"])
def test_after_nonsense_it_still_answers(house: Holdfast, way: str) -> None:
    house.configure(echo=program("echo"))
    house.start()
    daemon, pid = house.daemon, house.pid("echo")
    for data in nonsense():
        with open_way(house, way) as one:
            say(one, data)
    assert house.answers()
    assert (house.daemon, house.pid("echo")) == (daemon, pid)
    console = house.console("echo")
    console.type("are you well?")
    console.until("echo: are you well?")
    assert "Traceback" not in house.output.text


@pytest.mark.parametrize("way", ["tcp", "unix", "private"])
def test_two_hundred_silent_visitors_keep_nobody_out(house: Holdfast, way: str) -> None:
    house.configure(echo=program("echo"))
    house.start()
    with contextlib.ExitStack() as visitors:
        for number in range(200):
            one = visitors.enter_context(open_way(house, way))
            one.sendall(HALVES[number % len(HALVES)])
        assert house.answers()
        house.log_in()
        assert house.remote.get("/servers").json() == {"servers": {"echo": 1}}
        assert house.order("echo", "KILL")
        house.until_status("echo", 0)
        assert house.order("echo", "START")
        console = house.console("echo", remote=True)
        console.type("can you hear me?")
        console.until("echo: can you hear me?")
        assert house.stop() == 0


def test_a_storm_of_nonsense_from_all_sides_moves_no_program(house: Holdfast) -> None:
    house.configure(ticker=program("ticker"))
    house.start()
    supervisor, pid = house.supervisor, house.pid("ticker")
    ways = ("tcp", "unix", "private")
    with ThreadPoolExecutor(100) as storm:
        for _ in range(3):
            said = [storm.submit(shout, house, way, data) for data in nonsense() for way in ways * 3]
            for one in said:
                one.result()
            assert house.answers()
    assert (house.supervisor, house.pid("ticker")) == (supervisor, pid)
    console = RawConsole(house.path("api.sock"), "ticker")
    console.visit(b"tick 100\n")
    first, *lines = console.data[: console.data.rindex(b"\n")].decode().split("\n")
    assert first == "[Octyne] Started server ticker"
    assert lines == [f"tick {number}" for number in range(len(lines))]
    assert "Traceback" not in house.output.text


def shout(house: Holdfast, way: str, data: bytes) -> None:
    """Say it on a connection of its own."""
    with open_way(house, way) as one:
        say(one, data)
