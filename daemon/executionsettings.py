"""As whom and within which bounds a server's program runs: `user`, `rlimits`, `limits` and their like."""

import math
import re

from supervisor import RLIMITS, Execution, InvalidSpec, Limits, RestartPolicy, StopPolicy

from .values import Section, Value

_UNITS = {"": 1, "k": 1000, "m": 1000**2, "g": 1000**3, "t": 1000**4}
_UNITS |= {"ki": 1 << 10, "mi": 1 << 20, "gi": 1 << 30, "ti": 1 << 40}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?i?)b?", re.IGNORECASE)
_MOST = 1 << 62


def read_execution(section: Section) -> Execution:
    """Return what the keys of a server say about this; raises `ConfigError`."""
    groups = section.get("supplementaryGroups")
    return Execution(
        user=_name(section.get("user")),
        group=_name(section.get("group")),
        groups=None if groups is None else tuple(_name(one) for one in items(groups)),
        umask=_umask(section.get("umask")),
        nice=_whole(section.get("nice"), -20, 19),
        oom_score_adjust=_whole(section.get("oomScoreAdjust"), -1000, 1000),
        rlimits=_rlimits(section.section("rlimits")),
    )


def read_tree_limits(section: Section) -> Limits:
    """Return the limits of a server's whole tree; raises `ConfigError`."""
    if section.empty:
        return Limits()
    cpu = section.get("cpu")
    weight = section.get("cpuWeight")
    limits = Limits(
        memory=_bytes(section.get("memory")),
        memory_high=_bytes(section.get("memoryHigh")),
        swap=_bytes(section.get("swap")),
        cpu=None if cpu is None else _processors(cpu),
        cpu_weight=_whole(weight, 1, 10_000),
        pids=_whole(section.get("pids"), 1, 1 << 22),
        io_read=_bytes(section.get("ioRead")),
        io_write=_bytes(section.get("ioWrite")),
    )
    section.warn_unknown()
    check(limits, section.value)
    return limits


def items(value: Value) -> tuple[Value, ...]:
    """Return what may be one or a list."""
    return value.data if isinstance(value.data, tuple) else (value,)


def size(value: Value) -> int:
    """Return a number of bytes, also of a text such as 512MiB or 2G; raises `ConfigError`."""
    what = "bytes, as a number or as a text such as 512MiB or 2GB"
    if type(value.data) is int and 0 <= value.data <= _MOST:
        return value.data
    found = _SIZE.fullmatch(value.data.strip()) if isinstance(value.data, str) else None
    if found is None or found[2].lower() not in _UNITS:
        raise value.expected(what) if not isinstance(value.data, int | float) else value.expected_number(what)
    number = float(found[1]) * _UNITS[found[2].lower()]
    if number > _MOST:
        raise value.error(f"expected {what}, got more than any machine has")
    return int(number)


def _bytes(value: Value | None) -> int | None:
    return None if value is None else size(value)


def _processors(value: Value) -> float:
    data = value.data
    if isinstance(data, bool) or not isinstance(data, int | float) or not math.isfinite(data) or data <= 0:
        raise value.expected_number("processors, such as 0.5 or 2")
    return float(data)


def _whole(value: Value | None, low: int, high: int) -> int | None:
    if value is None:
        return None
    if type(value.data) is not int or not low <= value.data <= high:
        raise value.expected_number(f"a whole number from {low} to {high}")
    return value.data


def _name(value: Value | None) -> str:
    """Return the name or number of a user or group."""
    if value is None:
        return ""
    name = str(value.data) if type(value.data) is int else value.text()
    check(Execution(user=name), value)
    return name


def check(part: Execution | Limits | StopPolicy | RestartPolicy, value: Value) -> None:
    """Raise `ConfigError` at its place for what could never be carried out."""
    try:
        part.check()
    except InvalidSpec as exc:
        raise value.error(str(exc)) from exc


def _umask(value: Value | None) -> int | None:
    if value is None:
        return None
    text = value.data if isinstance(value.data, str) else None
    if text is None or not re.fullmatch(r"(0o?)?[0-7]{1,3}", text):
        raise value.error('expected an octal number in quotes, such as "027"')
    return int(text.removeprefix("0o"), 8)


def _rlimits(section: Section) -> dict[str, tuple[int, int]]:
    limits: dict[str, tuple[int, int]] = {}
    for name, value in section.entries():
        known = name.lower()
        if known not in RLIMITS:
            raise value.error(f"there is no such limit, but {', '.join(sorted(RLIMITS))}")
        if isinstance(value.data, tuple):
            if len(value.data) != 2:
                raise value.error("expected one limit, or two: soft and hard")
            limits[known] = _limit(value.data[0]), _limit(value.data[1])
        else:
            limits[known] = _limit(value), _limit(value)
        check(Execution(rlimits={known: limits[known]}), value)
    return limits


def _limit(value: Value) -> int:
    return -1 if value.data in ("unlimited", "infinity") else size(value)
