"""A connection on which somebody asks, word by word, and hears the answers to the byte."""

import re
import socket
from contextlib import closing

import anyio

from .door import DEADLINE
from .house import House

DATE = re.compile(rb"(?m)^date: .*\r\n")


def head(method: str, path: str, *lines: str, version: str = "1.1") -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/{version}", "Host: x", *lines, "", ""]).encode()


class Line:
    """A connection on which one asks and hears, one after the other."""

    def __init__(self, connection: socket.socket) -> None:
        self._file = connection.makefile("rb")
        self._connection = connection

    def ask(self, asked: bytes, *, without_body: bool = False) -> bytes:
        """Return the whole answer, without its date; nothing if the connection has ended."""
        answer = bytearray()
        try:
            self.say(asked)
            return self._heard(answer, without_body)
        except (BrokenPipeError, ConnectionResetError):
            return bytes(answer)

    def say(self, text: bytes) -> None:
        """Send something."""
        self._connection.sendall(text)

    def rest(self) -> bytes:
        """Return what is said until the other side ends it."""
        return self._file.read()

    def _heard(self, answer: bytearray, without_body: bool) -> bytes:
        while (line := self._file.readline()).strip():
            answer += line
        answer += line
        length = re.search(rb"(?im)^content-length: (\d+)", answer)
        if length is not None and not without_body:
            answer += self._file.read(int(length[1]))
        return DATE.sub(b"", bytes(answer))

    def close(self) -> None:
        self._file.close()
        self._connection.close()


def line(house: House, *, local: bool = False) -> Line:
    connection = socket.socket(socket.AF_UNIX if local else socket.AF_INET)
    connection.settimeout(DEADLINE)
    connection.connect(house.socket if local else ("127.0.0.1", house.port))
    return Line(connection)


async def asked(house: House, *asked: bytes, local: bool = False) -> list[bytes]:
    """Return the answers on one connection."""

    def talk() -> list[bytes]:
        with closing(line(house, local=local)) as one:
            return [one.ask(each) for each in asked]

    return await anyio.to_thread.run_sync(talk)
