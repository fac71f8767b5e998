"""The supervisor's private socket, asked by who may: JSON objects, each ended by a NUL (varlink.org).

The API does this for everybody; this is for when it does not answer. See supervisor/supervisor.varlink.
"""

import json
import os
import socket
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager

from .failures import CannotConnect, ConnectionLost, Failure, NotHoldfast, TimedOut, why
from .records import Json

INTERFACE = "org.holdfast.Supervisor"

Answers = Generator[Json, None, None]

LONGEST = 64 << 20
"""Bytes of an answer."""

MAX_SOCKET_PATH = 107
"""Bytes of a path in a socket address (unix(7))."""


HUNG_UP = "it hangs up; only the user who runs it may ask it"


class Declined(Failure):
    """The supervisor answers with an error; `error` is its name, without the interface."""

    def __init__(self, error: str, told: Json) -> None:
        reason = told.get("reason")
        super().__init__(str(reason) if reason else f"the supervisor answers: {error}")
        self.error = error
        self.told = told


def ask(path: str, method: str, patience: float = 10.0, **parameters: object) -> Json:
    """Return the answer of the supervisor at a socket; `patience`: seconds. Raises `Failure`."""
    return Varlink(path, patience).call(method, **parameters)


class Varlink:
    """Asks one supervisor; each call has a connection of its own."""

    def __init__(self, path: str, patience: float) -> None:
        """`patience`: seconds until an answer is given up."""
        self._path = path
        self._patience = patience

    def call(self, method: str, **parameters: object) -> Json:
        """Return the answer; raises `Failure`."""
        for answer in self._answers(method, parameters, more=False):
            return answer
        raise CannotConnect(self._path, HUNG_UP)

    def follow(self, method: str, *, forever: bool = False, **parameters: object) -> Answers:
        """Yield answers as they come; with `forever`, however long they take. Raises `Failure`."""
        yield from self._answers(method, parameters, more=True, forever=forever)

    def _answers(
        self, method: str, parameters: Mapping[str, object], *, more: bool, forever: bool = False
    ) -> Answers:
        asked: dict[str, object] = {"method": f"{INTERFACE}.{method}", "parameters": parameters}
        if more:
            asked["more"] = True
        try:
            with _connected(self._path, self._patience) as peer:
                peer.sendall(json.dumps(asked).encode("ascii") + b"\0")
                buffer = bytearray()
                while data := peer.recv(1 << 18):
                    buffer += data
                    if forever:
                        peer.settimeout(None)
                    if b"\0" in data:
                        *whole, rest = buffer.split(b"\0")
                        buffer = bytearray(rest)
                        for one in whole:
                            yield _answer(bytes(one))
                    elif len(buffer) > LONGEST:
                        raise NotHoldfast("what answers at the supervisor's socket is another program")
        except TimeoutError as exc:
            raise TimedOut("the supervisor does not answer") from exc
        except OSError as exc:
            if not more:
                raise CannotConnect(self._path, HUNG_UP) from exc
            raise ConnectionLost(f"the supervisor went away: {exc.strerror}") from exc


@contextmanager
def _connected(path: str, patience: float) -> Iterator[socket.socket]:
    peer = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    peer.settimeout(patience)
    try:
        try:
            with _address(path) as address:
                peer.connect(address)
        except OSError as exc:
            raise CannotConnect(path, why(exc)) from exc
        yield peer
    finally:
        peer.close()


@contextmanager
def _address(path: str) -> Iterator[str]:
    """Give a name of the socket that fits into an address, however long its path is."""
    if len(os.fsencode(path)) <= MAX_SOCKET_PATH:
        yield path
        return
    folder = os.open(os.path.dirname(path), os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{os.path.basename(path)}"
    finally:
        os.close(folder)


def _answer(text: bytes) -> Json:
    try:
        told = json.loads(text)
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise NotHoldfast("what answers at the supervisor's socket is another program")
    parameters = told.get("parameters")
    parameters = parameters if isinstance(parameters, dict) else {}
    if isinstance(error := told.get("error"), str):
        raise Declined(error.removeprefix(f"{INTERFACE}."), parameters)
    return parameters
