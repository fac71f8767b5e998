"""How a service is started, stopped and restarted, and how much of its output is kept: values.

All durations are in seconds, all sizes in bytes.
"""

import math
import signal
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar, cast

from .record import InvalidRecord, Record, plain

E = TypeVar("E", bound=StrEnum)

FINE_CODES = frozenset({0, 128 + signal.SIGINT, 128 + signal.SIGTERM})
FINE_SIGNALS = frozenset({signal.SIGINT, signal.SIGTERM})

MOST_STEPS = 32

_SIGNALS = frozenset(signal.Signals)


class InvalidSpec(ValueError):
    """A spec or plan that cannot be carried out; the message names the field."""


class Way(StrEnum):
    """How a program is asked to stop."""

    LINE = "line"
    """A line on its standard input."""
    SIGNAL = "signal"
    """A signal to all of its processes."""
    COMMAND = "command"
    """A command, run where and as whom the program runs."""


@dataclass(frozen=True, slots=True)
class StopStep:
    """One way to ask a program to stop, and how long it may take until the next is tried."""

    way: Way = Way.SIGNAL
    line: str = ""
    signal: int = int(signal.SIGTERM)
    command: tuple[str, ...] = ()
    wait: float = 30.0

    @classmethod
    def from_record(cls, record: Record) -> "StopStep":
        """Read a step; raises `InvalidRecord`."""
        default = cls()
        return cls(
            way=word(record, "way", Way.SIGNAL),
            line=record.take("line", str, ""),
            signal=record.take("signal", int, default.signal),
            command=record.strings("command"),
            wait=record.take("wait", float, default.wait),
        )

    def to_dict(self) -> dict[str, object]:
        """Return it as JSON data."""
        how = {"line": self.line, "signal": self.signal, "command": list(self.command)}
        return {"way": str(self.way), **how, "wait": self.wait}

    def check(self, path: str) -> None:
        """Raise `InvalidSpec` for what no kernel or clock can do."""
        check_seconds(f"{path}.wait", self.wait)
        if self.way is Way.SIGNAL and self.signal not in _SIGNALS:
            raise InvalidSpec(f"{path}.signal: there is no signal {self.signal}")
        if self.way is Way.COMMAND and (not self.command or not self.command[0]):
            raise InvalidSpec(f"{path}.command: is empty")
        if "\0" in "".join((self.line, *self.command)):
            raise InvalidSpec(f"{path}: must not contain a NUL character")

    def __str__(self) -> str:
        match self.way:
            case Way.LINE:
                return f"the line {self.line!r}"
            case Way.COMMAND:
                return f"the command {self.command[0]}"
        return signal.Signals(self.signal).name


@dataclass(frozen=True, slots=True)
class StopPolicy:
    """How a program is asked to stop, step by step; what lives after the last one is killed."""

    steps: tuple[StopStep, ...] = (StopStep(),)

    @classmethod
    def by_signal(cls, number: int = int(signal.SIGTERM), grace: float = 30.0) -> "StopPolicy":
        """Return the policy of one signal."""
        return cls((StopStep(signal=number, wait=grace),))

    @classmethod
    def from_record(cls, record: Record) -> "StopPolicy":
        """Read a policy, also one of the first two versions, which was one signal; raises `InvalidRecord`."""
        if record.has("steps"):
            return cls(tuple(StopStep.from_record(step) for step in record.records("steps")))
        step = StopStep()
        return cls.by_signal(record.take("signal", int, step.signal), record.take("grace", float, step.wait))

    def to_dict(self) -> dict[str, object]:
        """Return it as JSON data."""
        return {"steps": [step.to_dict() for step in self.steps]}

    @property
    def grace(self) -> float:
        """How long all of it may take before the program is killed."""
        return sum(step.wait for step in self.steps)

    @property
    def rest(self) -> tuple[StopStep, ...]:
        """The steps for what lives on when the main process is gone: nobody reads lines there."""
        signals = tuple(step for step in self.steps if step.way is Way.SIGNAL)
        return signals or (StopStep(wait=min(self.grace, StopStep().wait)),)

    @property
    def reserve(self) -> tuple[StopStep, ...]:
        """The step for a program that none of these could ask: what was asked nothing is not killed."""
        return () if any(step.way is Way.SIGNAL for step in self.steps) else self.rest

    def check(self) -> None:
        """Raise `InvalidSpec` for what no kernel or clock can do."""
        if len(self.steps) > MOST_STEPS:
            raise InvalidSpec(f"stop.steps: expected at most {MOST_STEPS}, got {len(self.steps)}")
        for index, step in enumerate(self.steps):
            step.check(f"stop.steps[{index}]")


class When(StrEnum):
    """After which ends a program is started again that nobody had asked to stop."""

    ALWAYS = "always"
    ON_FAILURE = "on_failure"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class RestartPolicy:
    """When the end of a program is followed by a restart, and when it is a failure.

    The wait before the n-th restart in a row is `first * factor**(n-1)`, at most `cap`, give or take the
    fraction `jitter` of it. After `budget` restarts within `window` the service is parked as failed
    (`budget` 0 parks at the first crash, a negative one never). A run of `stable_after` forgets all that.
    `codes` and `signals` are normal ends besides 0, 130 and 143, SIGINT and SIGTERM.
    """

    when: When = When.ON_FAILURE
    first: float = 0.5
    factor: float = 2.0
    cap: float = 30.0
    jitter: float = 0.1
    budget: int = 5
    window: float = 600.0
    stable_after: float = 60.0
    codes: tuple[int, ...] = ()
    signals: tuple[int, ...] = ()

    @classmethod
    def from_record(cls, record: Record) -> "RestartPolicy":
        """Read a policy; raises `InvalidRecord`. The first two versions knew only `always`."""
        default = cls()
        before = When.ALWAYS if record.take("always", bool, False) else default.when
        return cls(
            when=word(record, "when", before),
            first=record.take("first", float, default.first),
            factor=record.take("factor", float, default.factor),
            cap=record.take("cap", float, default.cap),
            jitter=record.take("jitter", float, default.jitter),
            budget=record.take("budget", int, default.budget),
            window=record.take("window", float, default.window),
            stable_after=record.take("stable_after", float, default.stable_after),
            codes=tuple(map(int, record.numbers("codes"))),
            signals=tuple(map(int, record.numbers("signals"))),
        )

    def to_dict(self) -> dict[str, object]:
        """Return it as JSON data."""
        lists = {"codes": list(self.codes), "signals": list(self.signals)}
        return {**plain(self), "when": str(self.when), **lists}

    def fine(self, code: int | None, number: int | None) -> bool:
        """Tell whether this is a normal end; what nobody knows is none."""
        return (code is not None and (code in FINE_CODES or code in self.codes)) or (
            number is not None and (number in FINE_SIGNALS or number in self.signals)
        )

    def delay(self, streak: int, luck: float) -> float:
        """Return how long to wait after so many restarts in a row; `luck` is from 0 to 1."""
        # The exponent has a cap of its own: a float overflows at the thousandth crash in a row.
        return min(self.cap, self.first * self.factor ** min(streak, 64)) * (1 + self.jitter * (2 * luck - 1))

    def check(self) -> None:
        """Raise `InvalidSpec` for what no clock can do."""
        for name in ("first", "cap", "window", "stable_after"):
            check_seconds(f"restart.{name}", cast("float", getattr(self, name)))
        if not 1 <= self.factor <= 100:
            raise InvalidSpec(f"restart.factor: expected 1 to 100, got {self.factor}")
        if not 0 <= self.jitter <= 1:
            raise InvalidSpec(f"restart.jitter: expected 0 to 1, got {self.jitter}")
        for code in self.codes:
            if not 0 <= code <= 255:
                raise InvalidSpec(f"restart.codes: expected 0 to 255, got {code}")
        for number in self.signals:
            if number not in set(signal.Signals):
                raise InvalidSpec(f"restart.signals: there is no signal {number}")


@dataclass(frozen=True, slots=True)
class ScrollbackPolicy:
    """How much output is kept and replayed: at most so many lines and so many bytes."""

    lines: int = 2500
    bytes: int = 1 << 20

    @classmethod
    def from_record(cls, record: Record) -> "ScrollbackPolicy":
        """Read a policy; raises `InvalidRecord`."""
        return cls(record.take("lines", int, cls().lines), record.take("bytes", int, cls().bytes))

    def check(self) -> None:
        """Raise `InvalidSpec` for a size below zero."""
        if self.lines < 0:
            raise InvalidSpec(f"scrollback.lines: expected 0 or more, got {self.lines}")
        if self.bytes < 0:
            raise InvalidSpec(f"scrollback.bytes: expected 0 or more, got {self.bytes}")


class Sign(StrEnum):
    """What tells that a program that was started is up."""

    SETTLED = "settled"
    """It has lived for a moment."""
    NOTIFY = "notify"
    """It says so itself: sd_notify(3), READY=1."""
    CHECK = "check"
    """Somebody who looks at it says so: `Supervision.ready`."""


@dataclass(frozen=True, slots=True)
class ReadyPolicy:
    """What tells that a program is up, how long that may take, and how often it must say that it lives.

    One that is not ready within `timeout` (0: no limit) has failed, as one has that sends no WATCHDOG=1 for
    `watchdog` seconds (0: it need not). Both are asked to stop, and count as a crash.
    """

    by: Sign = Sign.SETTLED
    timeout: float = 0.0
    watchdog: float = 0.0

    @classmethod
    def from_record(cls, record: Record) -> "ReadyPolicy":
        """Read a policy; raises `InvalidRecord`."""
        return cls(
            word(record, "by", Sign.SETTLED),
            record.take("timeout", float, 0.0),
            record.take("watchdog", float, 0.0),
        )

    @property
    def notifies(self) -> bool:
        """Whether the program gets a socket to tell us things."""
        return self.by is Sign.NOTIFY or self.watchdog > 0

    def check(self) -> None:
        """Raise `InvalidSpec` for what no clock can do."""
        check_seconds("ready.timeout", self.timeout)
        check_seconds("ready.watchdog", self.watchdog)


def word(record: Record, key: str, default: E) -> E:
    """Return a field that holds one of the words of an enumeration; raises `InvalidRecord`."""
    text = record.take(key, str, str(default))
    try:
        return type(default)(text)
    except ValueError as exc:
        known = ", ".join(type(default))
        raise InvalidRecord(f"{record.where(key)}: expected one of {known}, got {text!r}") from exc


def check_seconds(name: str, value: float) -> None:
    """Raise `InvalidSpec` for what is no duration."""
    if not math.isfinite(value) or value < 0:
        raise InvalidSpec(f"{name}: expected seconds, 0 or more, got {value}")
