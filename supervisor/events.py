"""The words of the lifecycle: where a service is, what can happen to it, and what is to be done about it."""

import signal
from dataclasses import dataclass
from enum import StrEnum

from .cause import SOMEBODY, Cause, CauseKind
from .policies import StopStep
from .record import Record

BY_ITSELF = Cause(CauseKind.READY)


class State(StrEnum):
    """Where a service is."""

    STOPPED = "stopped"
    STARTING = "starting"
    RUNNING = "running"
    STOPPING = "stopping"
    BACKOFF = "backoff"
    FAILED = "failed"

    @property
    def alive(self) -> bool:
        """Whether a process of the service may exist."""
        return self in (State.STARTING, State.RUNNING, State.STOPPING)


class Wanted(StrEnum):
    """What was asked for last."""

    UP = "up"
    DOWN = "down"


class Held(StrEnum):
    """What has been asked for, and waits for other services."""

    START = "start"
    STOP = "stop"
    RESTART = "restart"


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Who is in the way of a start, and why, as the end of a sentence about who wants to start."""

    names: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Exit:
    """How a main process ended: a code, or a signal, or neither where the kernel could not tell us."""

    code: int | None = None
    signal: int | None = None
    ran: float = 0.0
    """Seconds from start to end."""
    note: str = ""
    """What else is known of it, such as that memory had run out."""

    def __str__(self) -> str:
        return f"{self._how()} after {self.ran:.1f} s{f' ({self.note})' if self.note else ''}"

    def _how(self) -> str:
        if self.signal is not None:
            try:
                return f"was ended by {signal.Signals(self.signal).name}"
            except ValueError:
                return f"was ended by signal {self.signal}"
        return "ended, how is unknown," if self.code is None else f"exited with code {self.code}"

    def to_dict(self) -> dict[str, object]:
        """Return it as JSON data."""
        return {"code": self.code, "signal": self.signal, "ran": self.ran, "note": self.note}

    @classmethod
    def from_record(cls, record: Record) -> "Exit":
        """Read it; raises `InvalidRecord`."""
        return cls(
            record.optional("code", int),
            record.optional("signal", int),
            record.take("ran", float, 0.0),
            record.take("note", str, ""),
        )


# Events: asked.


@dataclass(frozen=True, slots=True)
class Start:
    """Somebody wants it up."""

    cause: Cause = SOMEBODY


@dataclass(frozen=True, slots=True)
class Stop:
    """Somebody wants it down, in its own way, when those of the names in `behind` are gone."""

    cause: Cause = SOMEBODY
    behind: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Kill:
    """Somebody wants it down at once."""

    cause: Cause = SOMEBODY


@dataclass(frozen=True, slots=True)
class Restart:
    """Somebody wants it stopped as by `Stop`, and started again."""

    cause: Cause = SOMEBODY
    behind: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pause:
    """Somebody wants that nothing of it runs for a while."""

    cause: Cause = SOMEBODY


@dataclass(frozen=True, slots=True)
class Resume:
    """Somebody wants it to run again."""

    cause: Cause = SOMEBODY


@dataclass(frozen=True, slots=True)
class Condemned:
    """It lives and does not work: it is stopped in its own way, which counts as a crash."""

    cause: Cause
    reason: str
    steps: tuple[StopStep, ...] = ()
    """What is tried before its own way to stop."""


@dataclass(frozen=True, slots=True)
class Remove:
    """It is no longer part of the plan."""


@dataclass(frozen=True, slots=True)
class Keep:
    """It is part of the plan again."""


# Events: happened.


@dataclass(frozen=True, slots=True)
class Moved:
    """Others, for whom it waits, have moved; with its stop it has still to wait for those in `behind`."""

    cause: Cause
    behind: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ready:
    """The program is up, as it or somebody who looks at it says."""

    cause: Cause = BY_ITSELF


@dataclass(frozen=True, slots=True)
class StepFailed:
    """It could not be asked to stop in this way: waiting for that is of no use."""

    reason: str


@dataclass(frozen=True, slots=True)
class Spawned:
    """The program was started."""


@dataclass(frozen=True, slots=True)
class Found:
    """The program runs already: a supervisor before us was killed and left it behind; `kept` to run on."""

    kept: bool = False


@dataclass(frozen=True, slots=True)
class SpawnFailed:
    """The program could not be started; `passing` if trying again may help (no memory, no processes)."""

    reason: str
    passing: bool = False


@dataclass(frozen=True, slots=True)
class Exited:
    """The main process ended; `left` processes of its group live on."""

    exit: Exit
    left: int = 0


@dataclass(frozen=True, slots=True)
class Emptied:
    """The last process of the group is gone."""


@dataclass(frozen=True, slots=True)
class Elapsed:
    """The wait is over."""


Asked = Start | Stop | Kill | Restart | Pause | Resume | Condemned | Remove | Keep
Happened = Moved | Spawned | Found | SpawnFailed | Ready | StepFailed | Exited | Emptied | Elapsed
Event = Asked | Happened


# Effects: what the shell around the machine shall do, in this order.


@dataclass(frozen=True, slots=True)
class Spawn:
    """Start the program; answer with `Spawned` or `SpawnFailed`, later `Exited`."""


@dataclass(frozen=True, slots=True)
class AskToStop:
    """Ask it to stop in this way; answer with `StepFailed` if that cannot be done."""

    step: StopStep


@dataclass(frozen=True, slots=True)
class SendKill:
    """Send SIGKILL to the whole group."""


@dataclass(frozen=True, slots=True)
class Suspend:
    """Let no process of it run."""


@dataclass(frozen=True, slots=True)
class Wake:
    """Let its processes run again."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Answer with `Elapsed` after so many seconds, unless the state changes before."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Say:
    """Put a line into the service's console."""

    text: str


@dataclass(frozen=True, slots=True)
class Vanish:
    """Forget the service: it is not alive and no longer in the plan."""


Effect = Spawn | AskToStop | SendKill | Suspend | Wake | Wait | Say | Vanish
