"""Who holds a port that a program could not have: by its last words, and by what /proc shows."""

import os
import socket
import subprocess
import sys
from collections.abc import Sequence

import pytest

from daemon.ports import Holder, Lookup, diagnose, numbers_of, ports_in, taken

from .house import House, Json, eventually

WORDS = [
    ("Error: listen EADDRINUSE: address already in use :::3000", 3000),
    ("Error: listen EADDRINUSE: address already in use 127.0.0.1:8081", 8081),
    ("listen tcp :8080: bind: address already in use", 8080),
    ("listen tcp4 0.0.0.0:443: bind: address already in use", 443),
    ("OSError: [Errno 98] Address already in use", None),
    (
        "ERROR: [Errno 98] error while attempting to bind on address ('::1', 8000, 0, 0): address in use",
        8000,
    ),
    ("java.net.BindException: Address already in use", None),
    ("Web server failed to start. Port 8080 was already in use.", 8080),
    ("nginx: [emerg] bind() to 0.0.0.0:80 failed (98: Address already in use)", 80),
    ("[::]:80: bind: Address already in use", 80),
    ("**** FAILED TO BIND TO PORT!", None),
    ('Os { code: 98, kind: AddrInUse, message: "Address already in use" }', None),
    ("Bind for 0.0.0.0:5432 failed: port is already allocated", 5432),
    ('Address already in use - bind(2) for "127.0.0.1" port 3000 (Errno::EADDRINUSE)', 3000),
    ("(98)Address already in use: AH00072: make_sock: could not bind to address [::]:80", 80),
    ("Could not create server TCP listening socket *:6379: bind: Address already in use", 6379),
]


@pytest.mark.parametrize(("line", "port"), WORDS)
def test_many_languages_say_that_a_port_is_taken(line: str, port: int | None) -> None:
    assert taken([line])
    assert list(ports_in(["hello", line]))[:1] == ([] if port is None else [port])


@pytest.mark.parametrize(
    "line", ["", "connection refused", "the portable version", "error 980", "address book in use"]
)
def test_other_complaints_are_not_about_ports(line: str) -> None:
    assert diagnose([line], [1], lambda _: [Holder(1, "x")]) is None


def test_the_port_may_stand_in_another_line() -> None:
    lines = [
        "[12:00:00] [Server thread/INFO]: Starting Minecraft server on *:25565",
        "[12:00:00] [Server thread/WARN]: **** FAILED TO BIND TO PORT!",
        "[12:00:00] [Server thread/WARN]: The exception was: java.net.BindException: Address already in use",
    ]
    asked: list[int] = []

    def holders(port: int) -> Sequence[Holder]:
        asked.append(port)
        return [Holder(7, "java -jar server.jar", "lobby")] if port == 25565 else ()

    told = diagnose(lines, [], holders)
    assert (
        told == "port 25565 is taken by process 7 (java -jar server.jar), which belongs to the server lobby"
    )
    assert len(asked) < 4, "the time of day is no port"


def test_what_a_program_was_told_is_a_guess_and_called_one() -> None:
    lines = ["OSError: [Errno 98] Address already in use"]
    told = diagnose(lines, numbers_of(("serve", "--port=8123", "-v", "2")), lambda _: [Holder(9, "other")])
    assert told == "a port is taken, probably 8123, by process 9 (other)"
    assert diagnose(lines, [], lambda _: ()) == "a port that it wants is taken, it does not say which"
    gone = diagnose(["bind: 127.0.0.1:90: address already in use"], [], lambda _: ())
    assert gone == "port 90 was taken when it started; nobody holds it now"
    hidden = diagnose(["bind: 127.0.0.1:90: address already in use"], [], lambda _: [Holder()])
    assert hidden == "port 90 is taken by a process that we may not look at"


@pytest.mark.parametrize(
    ("family", "kind", "address"),
    [
        (socket.AF_INET, socket.SOCK_STREAM, "127.0.0.1"),
        (socket.AF_INET6, socket.SOCK_STREAM, "::1"),
        (socket.AF_INET, socket.SOCK_DGRAM, "127.0.0.1"),
        (socket.AF_INET6, socket.SOCK_DGRAM, "::1"),
    ],
)
def test_the_holder_is_found_with_its_command_and_server(family: int, kind: int, address: str) -> None:
    with socket.socket(family, kind) as held:
        held.bind((address, 0))
        if kind == socket.SOCK_STREAM:
            held.listen()
        port = held.getsockname()[1]
        (holder,) = Lookup({os.getppid(): "parent"}).holders(port)
        assert (holder.pid, holder.server) == (os.getpid(), "parent")
        assert "python" in holder.command
        (holder,) = Lookup({}).holders(port)
        assert holder.server is None
    assert Lookup({}).holders(port) == ()


def test_of_those_who_inherited_a_socket_the_first_is_named() -> None:
    script = """import os, socket, time
held = socket.create_server(("127.0.0.1", 0))
if os.fork():
    print(held.getsockname()[1], flush=True)
time.sleep(600)"""
    one = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, start_new_session=True)
    try:
        assert one.stdout is not None
        port = int(one.stdout.readline())
        (holder,) = Lookup({one.pid: "web"}).holders(port)
        assert (holder.pid, holder.server) == (one.pid, "web")
    finally:
        os.killpg(one.pid, 9)
        one.communicate()


SERVES = """import socket, sys, time
held = socket.create_server(("127.0.0.1", int(sys.argv[1])))
print("up", flush=True)
time.sleep(600)"""


async def test_a_server_that_finds_its_port_taken_says_by_which_process(house: House) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-S", "-c", SERVES, str(port)]
    first: Json = {"directory": "/", "command": command}
    await house.configure(first=first)
    async with house.view("first") as viewer:
        await viewer.until("up")
    pid = (await house.show("first"))["pid"]
    await house.configure(first=first, second={**first, "restart": "never"})
    shown = await house.until("second", state="failed")
    shown = await eventually(lambda: house.show("second"), lambda seen: "hint" in seen)
    assert str(shown["hint"]).startswith(f"port {port} is taken by process {pid} (")
    assert str(shown["hint"]).endswith("), which belongs to the server first")
    assert "hint" not in await house.show("first")
