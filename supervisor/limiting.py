"""Limits of a control group, as its files take them (Linux, Documentation/admin-guide/cgroup-v2.rst)."""

import os
from collections.abc import Mapping

from .execution import Limits

PERIOD = 100_000
"""Microseconds over which the use of processors is measured; ten times as many for very little of it."""

LEAST_QUOTA = 1000
"""Microseconds: the kernel takes no smaller part of a period."""

NOTHING = "max"

NOT_ENFORCED = "not enforced"

_CONTROLLERS = {
    "memory": "memory",
    "memory_high": "memory",
    "swap": "memory",
    "cpu": "cpu",
    "cpu_weight": "cpu",
    "pids": "pids",
    "io_read": "io",
    "io_write": "io",
}


def enforce(path: str, limits: Limits, directory: str) -> Mapping[str, str]:
    """Write limits into a group's files; return those that are not in force, each with the reason.

    `directory` is the service's folder: the disk that it is on is the one whose use is limited.
    """
    refused: dict[str, str] = {}
    for name, file, value in _plain(limits):
        wanted = value is not None
        text = value if value is not None else "100" if name == "cpu_weight" else NOTHING
        if (why := _write(path, file, text, _CONTROLLERS[name])) and wanted:
            refused[name] = why
    refused |= _enforce_io(path, limits, directory)
    return {name: f"{NOT_ENFORCED}: {why}" for name, why in refused.items()}


def _plain(limits: Limits) -> list[tuple[str, str, str | None]]:
    cpu = None
    if limits.cpu is not None:
        period = PERIOD if limits.cpu * PERIOD >= LEAST_QUOTA else 10 * PERIOD
        cpu = f"{round(limits.cpu * period)} {period}"
    return [
        ("memory", "memory.max", _text(limits.memory)),
        ("memory_high", "memory.high", _text(limits.memory_high)),
        ("swap", "memory.swap.max", _text(limits.swap)),
        ("cpu", "cpu.max", cpu),
        ("cpu_weight", "cpu.weight", _text(limits.cpu_weight)),
        ("pids", "pids.max", _text(limits.pids)),
    ]


def _text(value: int | None) -> str | None:
    return None if value is None else str(value)


def _enforce_io(path: str, limits: Limits, directory: str) -> Mapping[str, str]:
    values = {"io_read": ("rbps", limits.io_read), "io_write": ("wbps", limits.io_write)}
    wanted = [name for name, (_, value) in values.items() if value is not None]
    if not wanted and not os.path.exists(os.path.join(path, "io.max")):
        return {}
    device = block_device(directory)
    if device is None:
        return dict.fromkeys(wanted, f"{directory} is on no disk of its own")
    words = [f"{word}={NOTHING if value is None else value}" for word, value in values.values()]
    why = _write(path, "io.max", f"{device} {' '.join(words)}", "io")
    return dict.fromkeys(wanted, why) if why else {}


def _write(path: str, file: str, text: str, controller: str) -> str:
    """Return why it could not be written; empty if it was."""
    try:
        fd = os.open(os.path.join(path, file), os.O_WRONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return f"there is no controller {controller} for our control groups"
    except OSError as exc:
        return f"{file}: {exc.strerror}"
    try:
        os.write(fd, text.encode("ascii"))
    except OSError as exc:
        return f"{file}: {exc.strerror}"
    finally:
        os.close(fd)
    return ""


def block_device(directory: str, system: str = "/sys/dev/block") -> str | None:
    """Return the disk, as MAJOR:MINOR, that a folder is on; None where it is on none that is known.

    The kernel limits whole disks, not partitions.
    """
    try:
        number = os.stat(directory).st_dev
    except OSError:
        return None
    found = f"{os.major(number)}:{os.minor(number)}"
    where = os.path.join(system, found)
    if os.path.exists(os.path.join(where, "partition")):
        try:
            with open(os.path.join(os.path.realpath(where), "..", "dev"), encoding="ascii") as file:
                return file.read().strip()
        except OSError:
            return None
    return found if os.path.exists(where) else None
