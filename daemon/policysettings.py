"""How a server's program is stopped and restarted: `stop`, `restart`, `backoff`, `budget` and their like."""

import signal
from collections.abc import Callable

from supervisor import RestartPolicy, StopPolicy, StopStep, Way, When

from .executionsettings import check, items
from .values import Section, Value

_WHEN = {"always": When.ALWAYS, "on-failure": When.ON_FAILURE, "never": When.NEVER}
_MOST_RESTARTS = 1_000_000

Command = Callable[[Value], tuple[str, ...]]


def read_stop(section: Section, command: Command) -> StopPolicy:
    """Return how a server is asked to stop; raises `ConfigError`.

    Without `stop` it is SIGTERM; `stopGrace` is how long each step may take that says nothing of it.
    """
    grace = section.seconds("stopGrace", StopStep().wait)
    value = section.get("stop")
    if value is None:
        return StopPolicy.by_signal(grace=grace)
    policy = StopPolicy(tuple(_step(step, grace, command) for step in items(value)))
    check(policy, value)
    return policy


def read_restart(section: Section) -> RestartPolicy:
    """Return when a server is restarted; raises `ConfigError`."""
    default = RestartPolicy()
    when = section.choice("restart", "on-failure", *_WHEN)
    backoff, budget = section.section("backoff"), section.section("budget")
    policy = RestartPolicy(
        when=_WHEN[when],
        first=backoff.seconds("initial", default.first),
        factor=_number(backoff, "factor", default.factor, 1, 100),
        cap=backoff.seconds("cap", default.cap),
        jitter=_number(backoff, "jitter", default.jitter, 0, 1),
        budget=_restarts(budget.get("restarts"), default.budget),
        window=budget.seconds("window", default.window),
        stable_after=section.seconds("stableAfter", default.stable_after),
        codes=tuple(_code(item) for item in _several(section.get("successCodes"))),
        signals=tuple(signal_of(item) for item in _several(section.get("successSignals"))),
    )
    for part in (backoff, budget):
        part.warn_unknown()
    check(policy, section.value)
    return policy


def signal_of(value: Value) -> int:
    """Return the number of a signal by its name, with or without SIG, or by its number."""
    if type(value.data) is int and value.data in set(signal.Signals):
        return value.data
    if isinstance(value.data, str):
        name = value.data.upper()
        found = getattr(signal, name if name.startswith("SIG") else f"SIG{name}", None)
        if isinstance(found, signal.Signals):
            return int(found)
    raise value.error("expected the name of a signal, such as TERM or SIGINT")


def _step(value: Value, grace: float, command: Command) -> StopStep:
    section = Section(value)
    line, number, run = section.get("line"), section.get("signal"), section.get("command")
    if sum(way is not None for way in (line, number, run)) != 1:
        raise value.error("expected one of line, signal and command")
    wait = section.seconds("wait", grace)
    section.warn_unknown()
    if line is not None:
        return StopStep(Way.LINE, _line(line), wait=wait)
    if number is not None:
        return StopStep(Way.SIGNAL, signal=signal_of(number), wait=wait)
    return StopStep(Way.COMMAND, command=command(section.require("command", "a command")), wait=wait)


def _line(value: Value) -> str:
    text = value.text()
    if "\n" in text or "\r" in text:
        raise value.error("expected one line; write a step for each")
    return text


def _restarts(value: Value | None, default: int) -> int:
    if value is None:
        return default
    if value.data == "unlimited":
        return -1
    if type(value.data) is not int or not 0 <= value.data <= _MOST_RESTARTS:
        raise value.error(f"expected a whole number from 0 to {_MOST_RESTARTS}, or unlimited")
    return value.data


def _number(section: Section, key: str, default: float, low: float, high: float) -> float:
    value = section.get(key)
    if value is None:
        return default
    data = value.data
    if isinstance(data, bool) or not isinstance(data, int | float) or not low <= data <= high:
        raise value.expected_number(f"a number from {low:g} to {high:g}")
    return float(data)


def _several(value: Value | None) -> tuple[Value, ...]:
    return () if value is None else items(value)


def _code(value: Value) -> int:
    if type(value.data) is not int or not 0 <= value.data <= 255:
        raise value.expected_number("an exit code from 0 to 255")
    return value.data
