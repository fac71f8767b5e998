"""The supervisor's private socket, for who sits at the machine and may use it: one question, one answer.

Varlink: JSON objects, each ended by a NUL byte (https://varlink.org); supervisor/supervisor.varlink is the
contract. It answers when the API does not.
"""

import contextlib
import json
import os
import socket
from collections.abc import Iterator, Mapping

from .failures import CannotConnect, Failure, NotHoldfast, TimedOut, why

INTERFACE = "org.holdfast.Supervisor"

LONGEST_PATH = 107
"""Bytes of a path in a socket address (unix(7))."""

_MOST = 64 << 20


class Declined(Failure):
    """The supervisor answers with an error; `error` is its name, without the interface."""

    def __init__(self, error: str, told: Mapping[str, object]) -> None:
        reason = told.get("reason")
        super().__init__(str(reason) if reason else f"the supervisor answers: {error}")
        self.error = error
        self.told = told


def ask(path: str, method: str, patience: float = 10.0, **parameters: object) -> Mapping[str, object]:
    """Return the answer of the supervisor at a socket; `patience`: seconds. Raises `Failure`."""
    message = json.dumps({"method": f"{INTERFACE}.{method}", "parameters": parameters}).encode()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC) as peer:
        peer.settimeout(patience)
        try:
            with _short(path) as address:
                peer.connect(address)
        except OSError as exc:
            raise CannotConnect(path, why(exc)) from exc
        try:
            peer.sendall(message + b"\0")
            data = _message(peer)
        except TimeoutError as exc:
            raise TimedOut(f"the supervisor at {path} does not answer") from exc
        except OSError as exc:
            # It hangs up on those who are neither root nor its own user.
            raise CannotConnect(path, "it hangs up; only the user who runs it may ask it") from exc
    try:
        told = json.loads(data)
    except ValueError:
        told = None
    if not isinstance(told, dict):
        if not data:
            raise CannotConnect(path, "it hangs up; only the user who runs it may ask it")
        raise NotHoldfast(f"what answers at {path} is not Holdfast's supervisor")
    said = told.get("parameters")
    answer = said if isinstance(said, dict) else {}
    if error := told.get("error"):
        raise Declined(str(error).removeprefix(f"{INTERFACE}."), answer)
    return answer


def _message(peer: socket.socket) -> bytes:
    """Return what comes before the first NUL, or nothing if it hangs up."""
    data = bytearray()
    while len(data) < _MOST:
        piece = peer.recv(1 << 16)
        if not piece:
            return b""
        end = piece.find(b"\0")
        if end >= 0:
            return bytes(data + piece[:end])
        data += piece
    return bytes(data)


@contextlib.contextmanager
def _short(path: str) -> Iterator[str]:
    """Return a name of a socket that is short enough, however long its path is."""
    if len(os.fsencode(path)) <= LONGEST_PATH:
        yield path
        return
    folder = os.open(os.path.dirname(path), os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{os.path.basename(path)}"
    finally:
        os.close(folder)
