"""The TCP ports of the API and the web page: whether somebody listens, who that is, who can reach it."""

import contextlib
import importlib.util
import os
import socket
from collections.abc import Iterator
from typing import NamedTuple

from .findings import Finding, Level
from .subject import Subject

_LISTENS = "0A"
_LOOPBACK = ("127.", "::1", "localhost")
_PROGRAMS = ("supervisor", "daemon")


class _Door(NamedTuple):
    """A port, and what is told of it."""

    check: str
    port: int
    key: str
    """Where it stands in the config."""
    lost: str
    """What nobody can do while it is not served."""


def ports(subject: Subject) -> Iterator[Finding]:
    """Look at the API's port, in the kernel's own list."""
    settings = subject.settings
    if settings is None or not settings.port:
        return
    yield from _port(subject, _Door("port", settings.port, "port", "use Holdfast over TCP"))
    yield from _open(subject)


def page(subject: Subject) -> Iterator[Finding]:
    """Look at whether there is a web page, and at its port."""
    settings = subject.settings
    if settings is None:
        return
    if settings.web_port is None and not settings.web_on_api:
        yield Finding("page", Level.OK, "switched off (webUI.enabled)")
        return
    package = importlib.util.find_spec("daemon")
    index = os.path.join(os.path.dirname((package and package.origin) or ""), "webui", "index.html")
    if not os.path.isfile(index):
        cost = "browsers are told so instead of shown the page"
        remedy = "scripts/run or `python3 scripts/webui.py build` in a checkout; an installed package has it"
        yield Finding("page", Level.WARN, f"it was not built: there is no {index}", cost, remedy)
    if settings.web_port is None:
        yield Finding("page", Level.OK, "on the port of the API only, at /ui/")
    elif settings.web_port == settings.port != 0:
        cost = "there is no web page" + (" but at /ui/" if settings.web_on_api else "")
        remedy = f"another webUI.port in {subject.config}"
        yield Finding("page", Level.WARN, f"its port {settings.port} is that of the API", cost, remedy)
    elif settings.web_port == 0:
        yield Finding("page", Level.OK, "the kernel chooses its port; Holdfast says at its start which")
    else:
        yield from _port(subject, _Door("page", settings.web_port, "webUI.port", "open the web page there"))


def _port(subject: Subject, door: _Door) -> Iterator[Finding]:
    inodes = set(_listening(door.port))
    holders = dict(_holders(inodes))
    strangers = {pid: command for pid, command in holders.items() if not _ours(pid, command)}
    if not inodes:
        yield _free(subject, door)
    elif strangers:
        pid, command = next(iter(strangers.items()))
        found = f"{door.port} is held by process {pid}: {command[:80]}"
        cost = f"nobody can {door.lost}; it is tried again by itself"
        remedy = f"stop that, or give Holdfast another port ({door.key} in {subject.config})"
        yield Finding(door.check, Level.BAD, found, cost, remedy)
    elif holders or subject.api.version is not None:
        whom = f" by process {next(iter(holders))}" if holders else ""
        yield Finding(door.check, Level.OK, f"{door.port} is served{whom}")
    else:
        found = f"somebody listens on {door.port}; who it is, only root can see"
        yield Finding(door.check, Level.UNKNOWN, found)


def _free(subject: Subject, door: _Door) -> Finding:
    if subject.api.version is not None:
        found, cost = f"nobody listens on {door.port}", f"nobody can {door.lost}"
        return Finding(door.check, Level.BAD, found, cost, "look at what Holdfast printed")
    lowest = _lowest()
    if door.port < lowest and subject.owner:
        cost = "Holdfast cannot listen there as an ordinary user"
        remedy = f"a port from {lowest}, or CAP_NET_BIND_SERVICE (systemd/README.md)"
        return Finding(door.check, Level.BAD, f"{door.port} is below {lowest}", cost, remedy)
    return Finding(door.check, Level.OK, f"{door.port} is free")


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
