"""Addresses that can be listened on, and the sockets that do."""

import errno
import grp
import os
import socket
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from supervisor import socket_address

BACKLOG = 2048


class CannotListen(Exception):
    """An address cannot be had; the message says which, and why."""


@dataclass(frozen=True, slots=True)
class TcpAddress:
    """A TCP port, encrypted or not, of the API or of the web page. No host means all addresses."""

    host: str | None
    port: int
    tls: bool = False
    web: bool = False

    @property
    def place(self) -> tuple[str | None, int]:
        """What can be bound once."""
        return self.host, self.port

    def __str__(self) -> str:
        host = f"[{self.host}]" if self.host and ":" in self.host else self.host or "*"
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class UnixAddress:
    """A Unix socket, and the group that may use it besides us."""

    path: str
    group: str | None = None

    @property
    def place(self) -> str:
        """What can be bound once."""
        return self.path

    def __str__(self) -> str:
        return f"unix:{self.path}"


Address = TcpAddress | UnixAddress


_NOT_HERE = frozenset({errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL})
"""What the kernel says of an address that this machine does not have."""


def bind_tcp(address: TcpAddress, beside: Sequence[socket.socket] = ()) -> list[socket.socket]:
    """Listen on a port, by a socket for each address of the host; raises `CannotListen`.

    Our own sockets `beside` may hold the same port: they are about to be closed.
    """
    sockets: list[socket.socket] = []
    absent: OSError | None = None
    try:
        with _sharing(beside):
            for family, name, both in names_of(address):
                try:
                    sockets.append(_listen(family, name, both=both, share=bool(beside)))
                except OSError as exc:
                    if exc.errno not in _NOT_HERE:
                        raise
                    absent = exc  # such as ::1 for `localhost`, where there is no IPv6
                    continue
                if both or address.port == 0:
                    break  # with port 0, the kernel would choose another port for each
        if absent is not None and not sockets:
            raise absent
    except (OSError, UnicodeError) as exc:  # UnicodeError: a name that IDNA cannot write
        for one in sockets:
            one.close()
        reason = exc.strerror if isinstance(exc, OSError) else None
        raise CannotListen(f"cannot listen on {address}: {reason or exc}") from exc
    return sockets


def names_of(address: TcpAddress) -> list[tuple[int, object, bool]]:
    """Return (family, name, whether it takes IPv4 as well as IPv6) of each address that is meant."""
    if address.host is None:
        every = (socket.AF_INET, ("0.0.0.0", address.port), False)  # noqa: S104
        return [(socket.AF_INET6, ("::", address.port), True), every]
    found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    return [(family, name, False) for family, name in dict.fromkeys((entry[0], entry[4]) for entry in found)]


@contextmanager
def _sharing(sockets: Sequence[socket.socket]) -> Iterator[None]:
    """Let another socket of ours have the same port meanwhile (socket(7), SO_REUSEPORT), and nobody else."""
    for one in sockets:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        yield
    finally:
        for one in sockets:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 0)


def _listen(family: int, name: object, *, both: bool, share: bool) -> socket.socket:
    one = socket.socket(family, socket.SOCK_STREAM)
    try:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Connections inherit it. uvloop sets it for each, asyncio only if the protocol was named.
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if family == socket.AF_INET6:
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, not both)
        with _sharing([one] if share else []):
            one.bind(name)  # type: ignore[arg-type]
            one.listen(BACKLOG)
        one.setblocking(False)
    except BaseException:
        one.close()
        raise
    return one


def bind_unix(address: UnixAddress) -> socket.socket:
    """Listen on a path, in place of a dead socket; raises `CannotListen`."""
    _clear_path(address)
    one = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        before = os.umask(0o177)
        try:
            with socket_address(address.path) as short:
                one.bind(short)
        finally:
            os.umask(before)
        open_to_group(address)
        one.listen(BACKLOG)
        one.setblocking(False)
    except OSError as exc:
        one.close()
        raise CannotListen(f"cannot listen on {address}: {exc.strerror or exc}") from exc
    except CannotListen:
        one.close()
        os.unlink(address.path)
        raise
    return one


def open_to_group(address: UnixAddress) -> None:
    """Let the group in, our own if none is named; the mode opens last, when the group is right."""
    try:
        group = os.getegid() if address.group is None else grp.getgrnam(address.group).gr_gid
        os.chown(address.path, -1, group)
        os.chmod(address.path, 0o660)
    except KeyError as exc:
        raise CannotListen(f"cannot listen on {address}: there is no group {address.group}") from exc
    except OSError as exc:
        reason = f"its group cannot be set to {address.group or 'ours'}: {exc.strerror}"
        raise CannotListen(f"cannot listen on {address}: {reason}") from exc


def _clear_path(address: UnixAddress) -> None:
    """Remove a dead socket, and nothing else, from the path."""
    try:
        mode = os.lstat(address.path).st_mode
    except FileNotFoundError:
        return
    except OSError as exc:
        raise CannotListen(f"cannot listen on {address}: {exc.strerror}") from exc
    if not stat.S_ISSOCK(mode):
        raise CannotListen(f"cannot listen on {address}: something that is not a socket stands there")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            with socket_address(address.path) as short:
                probe.connect(short)
        except ConnectionRefusedError:
            os.unlink(address.path)
            return
        except OSError as exc:
            raise CannotListen(f"cannot listen on {address}: {exc.strerror or exc}") from exc
    raise CannotListen(f"cannot listen on {address}: another program listens there")
