"""Processes as the kernel lists them: who one is, and who belongs to a group."""

import os
import time
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProcessId:
    """A process for as long as it lives: pids come back, a pid with its start time does not."""

    pid: int
    start_time: int
    """Clock ticks since boot, as in /proc/PID/stat (proc(5), field 22)."""

    @classmethod
    def of(cls, pid: int) -> "ProcessId":
        """Return the identity of a living or unreaped process; raises `ProcessLookupError`."""
        return cls(pid, int(_stat_fields(pid)[19]))

    @property
    def age(self) -> float:
        """Seconds since it was started."""
        return time.clock_gettime(time.CLOCK_BOOTTIME) - self.start_time / os.sysconf("SC_CLK_TCK")


def group_of(leader: int) -> list[ProcessId]:
    """Return the processes that live in the session and group of this leader, who may be gone himself.

    Cheap where there are none. Raises `OSError` if there is no descriptor left to look with.
    """
    try:
        os.killpg(leader, 0)
    except ProcessLookupError:
        return []
    except PermissionError:
        pass  # somebody is there, though we may not signal them
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            fields = _stat_fields(int(name))
        except ProcessLookupError:
            continue
        state, group, session = fields[0], int(fields[2]), int(fields[3])
        if group == leader and session == leader and state not in "ZX":
            found.append(ProcessId(int(name), int(fields[19])))
    return found


def _stat_fields(pid: int) -> list[str]:
    """Return the fields of /proc/PID/stat from `state` on; raises `ProcessLookupError`."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            text = file.read()
    except (FileNotFoundError, ProcessLookupError) as exc:
        raise ProcessLookupError(f"process {pid} is gone") from exc
    # The name in parentheses may hold anything, also blanks and parentheses: count from its end.
    return text[text.rindex(b")") + 2 :].decode("ascii").split()
