"""Why a program could not have its port: what its last lines say about that, and who holds the port.

The words are those of many languages and servers for EADDRINUSE; the holder is found in /proc/net and by the
descriptors of processes, as far as we may look at them (proc(5)).
"""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from supervisor import command_line

MOST_RAN = 60.0
"""Seconds: who has lived longer had its port."""

MOST_GUESSES = 5

MARK = b"HOLDFAST_SERVICE="

LISTENING = "0A"
"""A TCP socket that waits for connections, in /proc/net/tcp; others of the port are connections."""

_TAKEN = re.compile(
    r"EADDRINUSE|address (is )?already in use|address in use|BindException"
    r"|only one usage of each socket address|port [^\n]{0,40}(already )?(allocated|in use|taken|occupied)"
    r"|(failed|unable|cannot|could not|can't) (to )?bind|FAILED TO BIND|(errno|os error|error) 98\b",
    re.IGNORECASE,
)
_PORTS = (
    re.compile(r"\bport\b\D{0,20}?(\d{1,5})\b", re.IGNORECASE),
    re.compile(r"\('[^']*', ?(\d{1,5})\b"),
    re.compile(r"(?<!\d:\d\d)(?:\]|[\w*]|::|\s|^):(\d{1,5})(?!\d|[.:]\d)"),
    re.compile(r"\b(\d{2,5})/(?:tcp|udp)\b", re.IGNORECASE),
)


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a port: a process, its command line and the server that it belongs to, as far as known."""

    pid: int | None = None
    command: str = ""
    server: str | None = None


def taken(lines: Sequence[str]) -> bool:
    """Tell whether these lines say that an address was in use."""
    return any(_TAKEN.search(line) for line in lines)


def ports_in(lines: Sequence[str]) -> Sequence[int]:
    """Return the ports that lines name, the most likely first: those in the line that complains."""
    complaining = [index for index, line in enumerate(lines) if _TAKEN.search(line)]
    near = [
        lines[at] for index in complaining for at in (index, index + 1, index - 1) if 0 <= at < len(lines)
    ]
    found = [port for line in (*near, *reversed(lines)) for port in _numbers(line)]
    return list(dict.fromkeys(found))


def _numbers(line: str) -> Iterator[int]:
    for pattern in _PORTS:
        for text in pattern.findall(line):
            if 0 < int(text) < 65536:
                yield int(text)


def numbers_of(command: Sequence[str]) -> Sequence[int]:
    """Return what could be ports in a command line: numbers of their own, or at the end of a word."""
    words = [re.search(r"(?:^|[=:])(\d{2,5})$", word) for word in command]
    found = [int(match[1]) for match in words if match is not None]
    return [port for port in dict.fromkeys(found) if 0 < port < 65536][:MOST_GUESSES]


def diagnose(
    lines: Sequence[str], guesses: Sequence[int], holders: Callable[[int], Sequence[Holder]]
) -> str | None:
    """Return which port was taken and by whom; None if the lines say nothing of the kind.

    `guesses` are ports that the program may have wanted, for when the lines name none; `holders` finds who
    holds a port now.
    """
    if not taken(lines):
        return None
    named = ports_in(lines)
    for port in named[:MOST_GUESSES]:
        if found := holders(port):
            return f"port {port} is taken by {_told(found)}"
    for port in guesses:
        if found := holders(port):
            return f"a port is taken, probably {port}, by {_told(found)}"
    if named:
        return f"port {named[0]} was taken when it started; nobody holds it now"
    return "a port that it wants is taken, it does not say which"


def _told(holders: Sequence[Holder]) -> str:
    return ", ".join(dict.fromkeys(_one(holder) for holder in holders))


def _one(holder: Holder) -> str:
    if holder.pid is None:
        return "a process that we may not look at"
    whose = f", which belongs to the server {holder.server}" if holder.server is not None else ""
    return f"process {holder.pid} ({holder.command}){whose}"


class Lookup:
    """Finds who holds ports now; `mains` are the main processes of our servers. Blocks: for a thread."""

    def __init__(self, mains: Mapping[int, str], proc: str = "/proc") -> None:
        self._mains = mains
        self._proc = proc
        self._owners: Mapping[int, set[int]] | None = None

    def holders(self, port: int) -> Sequence[Holder]:
        """Return who holds a port for TCP or UDP; nobody if it is free."""
        inodes = set(self._inodes(port))
        if not inodes:
            return ()
        owners = self._all_owners()
        pids = sorted({pid for inode in inodes for pid in owners.get(inode, ())})
        if not pids:
            return (Holder(),)
        # A socket that was inherited is held by parents and children alike: the first of them is the parent.
        first = [pid for pid in pids if self._parent(pid) not in pids] or pids[:1]
        return [Holder(pid, command_line(pid), self._server(pid)) for pid in first[:3]]

    def _inodes(self, port: int) -> Iterator[int]:
        for name in ("tcp", "tcp6", "udp", "udp6"):
            for fields in _lines(f"{self._proc}/net/{name}"):
                ours = len(fields) > 9 and fields[1].rpartition(":")[2] == f"{port:04X}"
                if ours and (name.startswith("udp") or fields[3] == LISTENING):
                    yield int(fields[9])

    def _all_owners(self) -> Mapping[int, set[int]]:
        if self._owners is None:
            owners: dict[int, set[int]] = {}
            for name in os.listdir(self._proc):
                if name.isdigit():
                    for inode in self._sockets(name):
                        owners.setdefault(inode, set()).add(int(name))
            self._owners = owners
        return self._owners

    def _sockets(self, pid: str) -> Iterator[int]:
        folder = f"{self._proc}/{pid}/fd"
        try:
            names = os.listdir(folder)
        except OSError:
            return  # another user's, or gone
        for name in names:
            try:
                target = os.readlink(f"{folder}/{name}")
            except OSError:
                continue
            if target.startswith("socket:["):
                yield int(target[8:-1])

    def _server(self, pid: int) -> str | None:
        """Return the server that a process belongs to: by its ancestors, its session, or its environment."""
        seen: set[int] = set()
        one = pid
        while one > 1 and one not in seen:
            seen.add(one)
            if (name := self._mains.get(one) or self._mains.get(self._stat(one, 3))) is not None:
                return name
            one = self._parent(one)
        try:
            with open(f"{self._proc}/{pid}/environ", "rb") as file:
                variables = file.read().split(b"\0")
        except OSError:
            return None
        marked = [os.fsdecode(one).partition(":")[2] for one in variables if one.startswith(MARK)]
        return next((name for name in marked if name in self._mains.values()), None)

    def _parent(self, pid: int) -> int:
        return self._stat(pid, 1)

    def _stat(self, pid: int, field: int) -> int:
        try:
            with open(f"{self._proc}/{pid}/stat", "rb") as file:
                return int(file.read().rpartition(b")")[2].split()[field])
        except (OSError, ValueError, IndexError):
            return 0


def _lines(path: str) -> Iterable[Sequence[str]]:
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            return [line.split() for line in file][1:]
    except OSError:
        return ()
