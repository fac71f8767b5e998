"""What a new config shall say, and whether that can be: names, commands, ports, as the daemon takes them."""

import grp
import os
import re
import shlex
import socket
from collections.abc import Sequence
from dataclasses import dataclass

PORT = 42069
WEB_PORT = 7877
LOOPBACK = "127.0.0.1"
EVERYWHERE = ""
"""To listen on all addresses."""

PRIVATE_SOCKET = "state/api.sock"
SHARED_SOCKET = "api.sock"
"""Beside the config: the state lets nobody else through."""

_HIGHEST = 65535
_LONGEST = 255
_NAME = re.compile(r"[^/\x00-\x1f\x7f-\x9f]+")
_HOST = re.compile(r"[\w.:-]+")
_WORDS = {"": LOOPBACK, "loopback": LOOPBACK, "local": LOOPBACK, "all": EVERYWHERE, "*": EVERYWHERE}


class Unwanted(ValueError):
    """That cannot be; the message says why, and what can."""


@dataclass(frozen=True, slots=True)
class Program:
    """A program to keep running."""

    name: str
    command: str
    """As in a shell."""
    directory: str


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a new config says."""

    programs: Sequence[Program] = ()
    port: int = PORT
    listen: str = LOOPBACK
    group: str = ""
    """Whose members may use the socket, or nothing."""

    @property
    def web_port(self) -> int:
        """The port of the web page: the usual one, unless that is wanted for the API."""
        return WEB_PORT if self.port != WEB_PORT else WEB_PORT + 1

    @property
    def socket(self) -> str:
        """Where the socket is, from the folder of the config."""
        return SHARED_SOCKET if self.group else PRIVATE_SOCKET


def name_of(text: str) -> str:
    """Return the name of a program; raises `Unwanted`."""
    if text in (".", "..") or len(text) > _LONGEST or not _NAME.fullmatch(text) or not _is_text(text):
        raise Unwanted(
            f"{text!r} is no name: 1 to {_LONGEST} characters, no slash among them, such as survival"
        )
    return text


def command_of(text: str) -> str:
    """Return a command that can be taken apart as a shell does; raises `Unwanted`."""
    try:
        words = shlex.split(text)
    except ValueError as exc:
        raise Unwanted(f"the command cannot be split into words: {str(exc).lower()}") from None
    if not words or not words[0] or "\0" in text or not _is_text(text):
        raise Unwanted("a command is needed, such as: java -jar server.jar")
    return text


def folder_of(text: str) -> str:
    """Return the path of a folder; raises `Unwanted`."""
    if not text or "\0" in text or not _is_text(text):
        raise Unwanted("a folder is needed, such as servers/survival")
    if os.path.exists(place := os.path.expanduser(text)) and not os.path.isdir(place):
        raise Unwanted(f"{text} is no folder")
    return text


def port_of(text: str) -> int:
    """Return a port; raises `Unwanted`."""
    if not text.isascii() or not text.isdigit() or int(text) > _HIGHEST:
        raise Unwanted(f"a port is a number from 1 to {_HIGHEST}; with 0 the kernel chooses one")
    return int(text)


def listen_of(text: str) -> str:
    """Return the address to listen on, or nothing for all; raises `Unwanted`."""
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    if not _HOST.fullmatch(text):
        raise Unwanted(f"{text} is neither loopback nor all nor an address such as 192.0.2.7")
    return text


def group_of(text: str) -> str:
    """Return a group that there is, or nothing; raises `Unwanted`."""
    if text in ("", "-", "none"):
        return ""
    try:
        found = grp.getgrnam(text)
    except (KeyError, ValueError):
        raise Unwanted(f"there is no group {text} here") from None
    if os.geteuid() and found.gr_gid not in (*os.getgroups(), os.getegid()):
        raise Unwanted(f"you are not in group {text}, so you cannot open the socket to it")
    return found.gr_name


def taken(port: int, listen: str) -> bool:
    """Tell whether somebody listens on a port already."""
    if not port:
        return False
    family = socket.AF_INET6 if ":" in listen else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as one:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            one.bind((listen or "0.0.0.0", port))  # noqa: S104  (for a moment, and nobody is served)
            one.listen(1)
    except PermissionError:
        return False  # another matter: ports below 1024
    except OSError:
        return True
    return False


def free_port(listen: str) -> int:
    """Return the usual port, or the next one that nobody has."""
    return next((port for port in range(PORT, PORT + 100) if not taken(port, listen)), PORT)


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
