"""Listening sockets that outlive us: who started us keeps a copy, and gives it to the daemon that follows.

So a client that connects while the daemon is restarted waits in the socket's queue, and is not refused. What
systemd has opened for us (holdfast.socket) comes the same way.
"""

import contextlib
import hashlib
import socket
from collections.abc import Iterator, Mapping, Sequence

from supervisor import Notifier

from .sockets import Address, TcpAddress, UnixAddress, names_of

PREFIX = "listen-"
"""How the names of our sockets begin in the store."""


class HeldSockets:
    """The sockets that were given to us, until they are served or found to be unwanted."""

    def __init__(self, notifier: Notifier, given: Mapping[str, Sequence[int]]) -> None:
        self._notifier = notifier
        self._given = {name: [*_listening(numbers)] for name, numbers in given.items()}

    @property
    def last(self) -> bool:
        """Whether our sockets are kept when we end."""
        return self._notifier.heard

    def has(self, address: Address) -> bool:
        """Whether sockets of this address were given to us, and nobody has been serving them yet."""
        return bool(self._given.get(_name(address)) or self._matching(address))

    def take(self, address: Address) -> list[socket.socket]:
        """Return copies of the sockets that listen on an address, none if there is none."""
        found = self._given.get(_name(address), [])
        return [one.dup() for one in found or self._matching(address)]

    def keep(self, address: Address, sockets: Sequence[socket.socket]) -> None:
        """Have the sockets of an address kept, which is served from now on."""
        path = address.path if isinstance(address, UnixAddress) else None
        self._notifier.keep(_name(address), *(one.fileno() for one in sockets), path=path)
        self._forget(_name(address))

    def release(self, address: Address) -> None:
        """Have them kept no more: the address is given up."""
        self._notifier.release(_name(address))

    def drop_rest(self) -> None:
        """Let go of what nobody serves: who connected there would wait for ever."""
        for name in list(self._given):
            self._forget(name)
            if name.startswith(PREFIX):
                self._notifier.release(name)

    def _matching(self, address: Address) -> Sequence[socket.socket]:
        """Return the sockets that somebody else has opened on an address."""
        wanted = [*_places(address)]
        sockets = [one for sockets in self._given.values() for one in sockets]
        return [one for one in sockets if _place(one.family, one.getsockname()) in wanted]

    def _forget(self, name: str) -> None:
        for one in self._given.pop(name, ()):
            one.close()


def _listening(numbers: Sequence[int]) -> Iterator[socket.socket]:
    for fd in numbers:
        with contextlib.suppress(OSError):
            one = socket.socket(fileno=fd)
            if one.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                one.setblocking(False)
                yield one
            else:
                one.close()


def _places(address: Address) -> Iterator[tuple[int, object]]:
    if isinstance(address, UnixAddress):
        yield _place(socket.AF_UNIX, address.path)
    elif address.port:
        with contextlib.suppress(OSError, UnicodeError):
            for family, name, _ in names_of(address):
                yield _place(family, name)


def _place(family: int, name: object) -> tuple[int, object]:
    # Of an IPv6 address the kernel tells flow and scope as well.
    return family, name[:2] if isinstance(name, tuple) else name


def _name(address: Address) -> str:
    kind = "tcp" if isinstance(address, TcpAddress) else "unix"
    digest = hashlib.sha256(repr(address.place).encode("utf-8", "surrogatepass")).hexdigest()
    return f"{PREFIX}{kind}-{digest[:16]}"
