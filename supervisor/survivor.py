"""A process that has not ended though it should: its pid, its command line, and why it is still there."""

import os
from dataclasses import dataclass

from .process import Member
from .record import Record

MOST_COMMAND = 120


@dataclass(frozen=True, slots=True)
class Survivor:
    """A process that has not ended though it should, and why."""

    pid: int
    command: str
    reason: str

    def __str__(self) -> str:
        return f"{self.pid} ({self.command}: {self.reason})"

    def to_dict(self) -> dict[str, object]:
        """Return it as JSON data."""
        return {"pid": self.pid, "command": self.command, "reason": self.reason}

    @classmethod
    def from_record(cls, record: Record) -> "Survivor":
        """Read it; raises `InvalidRecord`."""
        return cls(record.take("pid", int), record.take("command", str), record.take("reason", str))

    @classmethod
    def of(cls, member: Member, *, killed: bool) -> "Survivor":
        """Say of a living process why it is still there; `killed` if it was sent SIGKILL."""
        pid = member.identity.pid
        return cls(pid, command_line(pid), _why(member, killed=killed))


def _why(member: Member, *, killed: bool) -> str:
    pid = member.identity.pid
    if not _may_signal(pid):
        try:
            owner = os.stat(f"/proc/{pid}").st_uid
        except OSError:
            return "is ending"
        return f"belongs to user {owner}, to whom we may send no signals"
    if member.state == "D":
        where = _first_line(f"/proc/{pid}/wchan")
        return f"waits in the kernel for a device or file system{f' ({where})' if where.strip('0') else ''}"
    if not killed:
        return "was asked to stop, and has not"
    return "was killed, and has not ended"


def _may_signal(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except PermissionError:
        return False
    except ProcessLookupError:
        return True
    return True


def command_line(pid: int) -> str:
    """Return what a process was called with, or its name where that is not to be had; printable and short."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            text = file.read(4096).rstrip(b"\0").replace(b"\0", b" ").decode("utf-8", "replace")
    except OSError:
        text = ""
    text = text or f"[{_first_line(f'/proc/{pid}/comm') or '?'}]"
    return "".join(c if c.isprintable() else " " for c in text)[:MOST_COMMAND]


def _first_line(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.readline().strip()
    except OSError:
        return ""
