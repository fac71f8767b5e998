"""The TCP port: whether somebody listens, who that is, and who can reach it."""

import contextlib
import os
import socket
from collections.abc import Iterator

from .findings import Finding, Level
from .subject import Subject

_LISTENS = "0A"
_LOOPBACK = ("127.", "::1", "localhost")
_PROGRAMS = ("supervisor", "daemon")


def ports(subject: Subject) -> Iterator[Finding]:
    """Look at the port of the config, in the kernel's own list."""
    settings = subject.settings
    if settings is None or not settings.port:
        return
    port = settings.port
    inodes = set(_listening(port))
    holders = dict(_holders(inodes))
    strangers = {pid: command for pid, command in holders.items() if not _ours(pid, command)}
    if not inodes:
        yield from _free(subject, port)
    elif strangers:
        pid, command = next(iter(strangers.items()))
        cost = "nobody can use Holdfast over TCP; it tries again each second"
        remedy = f"stop that, or give Holdfast another port ({subject.config})"
        yield Finding("port", Level.BAD, f"{port} is held by process {pid}: {command[:80]}", cost, remedy)
    elif holders or subject.api.version is not None:
        whom = f" by process {next(iter(holders))}" if holders else ""
        yield Finding("port", Level.OK, f"{port} is served{whom}")
    else:
        yield Finding("port", Level.UNKNOWN, f"somebody listens on {port}; who it is, only root can see")
    yield from _open(subject)


def _free(subject: Subject, port: int) -> Iterator[Finding]:
    if subject.api.version is not None:
        cost = "nobody can use it over TCP"
        yield Finding("port", Level.BAD, f"nobody listens on {port}", cost, "look at what Holdfast printed")
        return
    lowest = _lowest()
    if port < lowest and subject.owner:
        cost = "Holdfast cannot listen there as an ordinary user"
        remedy = f"a port from {lowest}, or CAP_NET_BIND_SERVICE (systemd/README.md)"
        yield Finding("port", Level.BAD, f"{port} is below {lowest}", cost, remedy)
    else:
        yield Finding("port", Level.OK, f"{port} is free")


def _open(subject: Subject) -> Iterator[Finding]:
    """Look at who can read what goes over it."""
    settings = subject.settings
    if settings is None:
        return
    where = settings.listen or "all addresses"
    if settings.listen.startswith(_LOOPBACK):
        yield Finding("exposure", Level.OK, f"listens on {where}: this machine only")
    elif settings.https or settings.proxies:
        yield Finding(
            "exposure", Level.OK, f"listens on {where}, {'by https' if settings.https else 'behind a proxy'}"
        )
    else:
        cost = "passwords and tokens go over the network in the clear"
        remedy = 'https: { enabled: true, … }, or listen: "127.0.0.1"'
        yield Finding("exposure", Level.WARN, f"listens on {where}, without https", cost, remedy)


def _listening(port: int) -> Iterator[str]:
    """Yield the inodes of the sockets that listen on a port (proc(5), /proc/net/tcp)."""
    for name in ("tcp", "tcp6"):
        with contextlib.suppress(OSError), open(f"/proc/net/{name}", encoding="ascii") as file:
            for line in list(file)[1:]:
                fields = line.split()
                if fields[3] == _LISTENS and int(fields[1].rpartition(":")[2], 16) == port:
                    yield fields[9]


def _holders(inodes: set[str]) -> Iterator[tuple[int, str]]:
    """Yield pid and command of those who hold sockets, as far as we may see them."""
    wanted = {f"socket:[{inode}]" for inode in inodes}
    if not wanted:
        return
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        with contextlib.suppress(OSError):
            if any(_link(f"/proc/{name}/fd/{fd}") in wanted for fd in os.listdir(f"/proc/{name}/fd")):
                with open(f"/proc/{name}/cmdline", "rb") as file:
                    yield int(name), file.read().replace(b"\0", b" ").decode(errors="replace").strip()


def _link(path: str) -> str:
    try:
        return os.readlink(path)
    except OSError:
        return ""


def _ours(pid: int, command: str) -> bool:
    # systemd holds the sockets of units that keep them.
    return pid == 1 or any(f"-m {one}" in command for one in _PROGRAMS)


def _lowest() -> int:
    try:
        with open("/proc/sys/net/ipv4/ip_unprivileged_port_start", encoding="ascii") as file:
            return int(file.read())
    except (OSError, ValueError):
        return socket.IPPORT_RESERVED
