"""Addresses that can be listened on, and the sockets that do."""

import errno
import grp
import os
import socket
import stat
from dataclasses import dataclass

BACKLOG = 2048


class CannotListen(Exception):
    """An address cannot be had; the message says which, and why."""


@dataclass(frozen=True, slots=True)
class TcpAddress:
    """A TCP port, with the files of its certificate if it is encrypted. No host means all addresses."""

    host: str | None
    port: int
    cert: str | None = None
    key: str | None = None

    @property
    def place(self) -> tuple[str | None, int]:
        """What can be bound once."""
        return self.host, self.port

    def __str__(self) -> str:
        return f"{'https' if self.cert else 'http'}://{self.host or '*'}:{self.port}"


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


def bind_tcp(address: TcpAddress) -> list[socket.socket]:
    """Listen on a port, by a socket for each address of the host; raises `CannotListen`."""
    sockets: list[socket.socket] = []
    try:
        if address.host is None:
            return [_bind_all(address.port)]
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
        for family, name in dict.fromkeys((entry[0], entry[4]) for entry in found):
            sockets.append(_listen(socket.socket(family, socket.SOCK_STREAM), name))
            if address.port == 0:
                break  # the kernel would choose another port for each
    except OSError as exc:
        for one in sockets:
            one.close()
        raise CannotListen(f"cannot listen on {address}: {exc.strerror or exc}") from exc
    return sockets


def _bind_all(port: int) -> socket.socket:
    """Listen on all addresses, IPv4 ones included; on IPv4 alone where there is no IPv6."""
    try:
        both = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
        both.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        return _listen(both, ("::", port), v6=True)
    except OSError as exc:
        if exc.errno not in (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL):
            raise
        return _listen(socket.socket(socket.AF_INET, socket.SOCK_STREAM), ("0.0.0.0", port))  # noqa: S104


def _listen(one: socket.socket, name: object, *, v6: bool = False) -> socket.socket:
    try:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if one.family == socket.AF_INET6 and not v6:
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
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
            one.bind(address.path)
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
    """Let the group in; nobody may connect before the group is right, so the mode opens last."""
    try:
        if address.group is not None:
            os.chown(address.path, -1, grp.getgrnam(address.group).gr_gid)
        os.chmod(address.path, 0o660)
    except KeyError as exc:
        raise CannotListen(f"cannot listen on {address}: there is no group {address.group}") from exc
    except OSError as exc:
        reason = f"its group cannot be set to {address.group}: {exc.strerror}"
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
            probe.connect(address.path)
        except ConnectionRefusedError:
            os.unlink(address.path)
            return
        except OSError as exc:
            raise CannotListen(f"cannot listen on {address}: {exc.strerror or exc}") from exc
    raise CannotListen(f"cannot listen on {address}: another program listens there")
