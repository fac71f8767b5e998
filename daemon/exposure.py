"""Who can reach us: while nobody could log in, only this machine can, whatever the config says.

A port that is open to a network before there is an account invites whoever comes first. As soon as there is
one, what the config says is done; when the last one goes, that is taken back.
"""

import grp
import ipaddress
import logging
import os
import resource
import shlex
import socket
import stat
from collections.abc import Callable, Iterator, Sequence
from pathlib import PurePath

from .config import Config
from .sockets import TcpAddress, names_of

RESERVE = 512
"""Descriptors that are wanted for files, consoles and jobs, beside those of connections."""

log = logging.getLogger("holdfast.listeners")


class Exposure:
    """Knows whether there is an account; `on_change` is called when there is the first, or none any more."""

    def __init__(self, on_change: Callable[[], object] | None = None) -> None:
        self.on_change = on_change
        self._accounts = False
        self._told = ""

    def note(self, accounts: bool) -> None:
        """Take note of whether anybody can log in."""
        if accounts == self._accounts:
            return
        self._accounts = accounts
        if self.on_change is not None:
            self.on_change()

    def hosts(self, config: Config) -> list[str | None]:
        """Return the hosts to listen on; None means all addresses."""
        if self._accounts or is_loopback(config.listen):
            self._told = ""
            return [config.listen]
        hosts: list[str | None] = [*_loopback(config)]
        if self._told != (told := _sentence(config, hosts)):
            self._told = told
            log.error("%s", told)
        return hosts


def is_loopback(host: str | None) -> bool:
    """Tell whether only this machine can reach a host's addresses."""
    if host is None:
        return False
    try:
        found = [str(name[0]) for _, name, _ in names_of(TcpAddress(host, 0)) if isinstance(name, tuple)]
    except (OSError, UnicodeError):
        return False
    return bool(found) and all(ipaddress.ip_address(one.partition("%")[0]).is_loopback for one in found)


def warnings_of(config: Config) -> Iterator[str]:
    """Yield what somebody should know about the way in."""
    if not (config.https.enabled or config.proxies or is_loopback(config.listen)):
        yield (
            "passwords and tokens go over the network in the clear: switch https on, or listen on 127.0.0.1"
            " behind a proxy that does TLS and name it in proxies"
        )
    yield from _unreachable(config)
    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most != resource.RLIM_INFINITY and config.limits.connections + RESERVE > most:
        yield (
            f"limits.connections is {config.limits.connections}, but this process may open only {most} files"
            " (ulimit -n, LimitNOFILE=)"
        )


def _unreachable(config: Config) -> Iterator[str]:
    """Yield what keeps the group from the socket that is opened to it."""
    way_in = config.unix_socket
    if not way_in.enabled or way_in.group is None:
        return
    try:
        group = grp.getgrnam(way_in.group).gr_gid
    except KeyError:
        return  # the socket cannot be opened to it, which is told then
    for folder in PurePath(way_in.location).parents:
        try:
            found = os.stat(folder)
        except OSError:
            found = None  # it is made later, for its owner alone
        may_pass = found is not None and (
            found.st_mode & stat.S_IXOTH or (found.st_gid == group and found.st_mode & stat.S_IXGRP)
        )
        if not may_pass:
            yield f"the group {way_in.group} cannot reach {way_in.location}: {folder} keeps it out"


def _loopback(config: Config) -> Iterator[str]:
    try:
        six = config.listen is not None and ipaddress.ip_address(config.listen).version == 6
    except ValueError:
        six = False
    if not six:
        yield "127.0.0.1"
    # With port 0 the kernel would choose another port for each.
    if six or (config.listen is None and config.port and _has_ipv6()):
        yield "::1"


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


def _sentence(config: Config, hosts: Sequence[str | None]) -> str:
    account = """'{"username": "admin", "password": "…"}'"""
    path = shlex.quote(config.unix_socket.location)
    way = (
        f"curl --unix-socket {path} http://localhost/accounts --data {account}"
        if config.unix_socket.enabled
        else "an entry in users.json, or over the Unix socket, which is switched off in the config"
    )
    return (
        f"there is no account, so the API is served on {' and '.join(map(str, hosts))} only and not on"
        f" {config.listen or 'all addresses'} as configured, until there is one; make one with: {way}"
    )
