"""All that is to be known about a service at one moment, as data from which it can be made again."""

from .cause import Cause, CauseKind
from .events import Exit, Held, State, Wanted
from .policies import ReadyPolicy, Sign, StopStep
from .record import InvalidRecord, Record


class Facts:
    """The fields of a `Lifecycle`, which changes them."""

    def __init__(self) -> None:
        self.ready = ReadyPolicy()
        self.state = State.STOPPED
        self.wanted = Wanted.DOWN
        self.reason = "never started"
        self.cause = Cause(CauseKind.CONFIG)
        """What brought about the latest change."""
        self.run = 0
        """How often it was started."""
        self.steps: tuple[StopStep, ...] = ()
        """Ways to ask it to stop that have not been tried yet in this run."""
        self.condemned = ""
        """Why it is being stopped, if it has failed without ending: that is a crash."""
        self.paused = False
        """Nothing of it runs, since somebody wants that."""
        self.asked = False
        """A stop was asked for in this run: how it ends is no crash."""
        self.overdue = False
        """It was asked to stop in this run, and did not in time."""
        self.killed = False
        """Somebody has had it killed in this run: there is nothing left to ask."""
        self.removed = False
        """No longer in the plan: vanishes when it is not alive."""
        self.held: Held | None = None
        """What was asked for and waits for others: a start if it is stopped, a stop if it starts or runs."""
        self.waits_for: tuple[str, ...] = ()
        """The names of those."""
        self.previous: Exit | None = None
        """How the run before ended."""
        self.exit: Exit | None = None
        """How the latest run ended; None while it goes on and before the first."""
        self.streak = 0
        """Restarts since the last stable run or START by hand."""
        self.restarts: tuple[float, ...] = ()
        """When these were, on the caller's clock, as far as they count against the budget."""

    @property
    def awaits(self) -> str:
        """What has to tell that it is up, while it is starting; empty if nothing has."""
        waits = self.state is State.STARTING and self.ready.by is not Sign.SETTLED
        return str(self.ready.by) if waits else ""

    def following(self, due: float | None) -> tuple[str, float | None]:
        """Return what happens by itself, as `ServiceStatus.next` has it, and when, if anybody can tell.

        `due` is when the present wait is over, in whatever terms.
        """
        if self.held is not None:
            return "start" if self.held is Held.START else "stop", None
        match self.state:
            case State.BACKOFF if due is not None:
                return "restart", due
            case State.STOPPING if due is not None:
                return "step" if self.steps else "kill", due
            case State.STARTING if due is not None and self.awaits:
                return "fail", due
        return "", None

    def freeze(self, now: float) -> dict[str, object]:
        """Return everything as JSON data; moments become ages, since clocks do not travel."""
        return {
            "state": str(self.state),
            "wanted": str(self.wanted),
            "reason": self.reason,
            "cause": self.cause.to_dict(),
            "run": self.run,
            "steps": [step.to_dict() for step in self.steps],
            "condemned": self.condemned,
            "paused": self.paused,
            "asked": self.asked,
            "overdue": self.overdue,
            "killed": self.killed,
            "removed": self.removed,
            "held": None if self.held is None else str(self.held),
            "waits_for": list(self.waits_for),
            "previous": None if self.previous is None else self.previous.to_dict(),
            "exit": None if self.exit is None else self.exit.to_dict(),
            "streak": self.streak,
            "restart_ages": [now - moment for moment in self.restarts],
        }

    def thaw(self, record: Record, now: float) -> None:
        """Take over what `freeze` returned; raises `InvalidRecord`."""
        try:
            self.state = State(record.take("state", str))
            self.wanted = Wanted(record.take("wanted", str))
            self.held = Held(record.take("held", str)) if record.has("held") else None
        except ValueError as exc:
            raise InvalidRecord(f"{record.where('state')}: {exc}") from exc
        self.reason = record.take("reason", str)
        self.cause = Cause.from_record(record.record("cause"))
        self.run = record.take("run", int, 0)
        self.steps = tuple(StopStep.from_record(step) for step in record.records("steps"))
        self.condemned = record.take("condemned", str, "")
        self.paused = record.take("paused", bool, False)
        self.asked = record.take("asked", bool)
        self.overdue = record.take("overdue", bool)
        self.killed = record.take("killed", bool, False)
        self.removed = record.take("removed", bool)
        self.waits_for = record.strings("waits_for")
        self.previous = Exit.from_record(record.record("previous")) if record.has("previous") else None
        self.exit = Exit.from_record(record.record("exit")) if record.has("exit") else None
        self.streak = record.take("streak", int)
        self.restarts = tuple(now - age for age in record.numbers("restart_ages"))
