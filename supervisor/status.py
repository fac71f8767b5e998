"""What is known of a service at one moment, as a value that travels."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from .cause import SOMEBODY, Cause
from .events import Exit, State, Wanted
from .execution import Terminal
from .record import InvalidRecord, Record, plain
from .survivor import Survivor


@dataclass(frozen=True, slots=True)
class ServiceStatus:
    """What is known of a service at one moment. Moments are on the machine's monotonic clock, in seconds."""

    name: str
    state: State
    wanted: Wanted
    reason: str
    version: int
    """Grows with each change of any service, so that the later of two reports is known."""
    pid: int | None
    started: float | None
    """When the live process was started."""
    restart_at: float | None
    """When it will be restarted, in `backoff`."""
    restarts: int
    """Restarts after crashes that count against the budget."""
    exit: Exit | None
    """How the latest run that is over ended."""
    removed: bool
    """Goes away as soon as it is not alive."""
    outdated: bool
    """Runs with an older spec than the plan's; a restart applies the new one."""
    run: int = 0
    """How often it was started by this supervisor and those that it follows."""
    cause: Cause = SOMEBODY
    """What brought about the latest change."""
    waits_for: tuple[str, ...] = ()
    """For whom it waits, as `reason` tells: with its start if it is `stopped`, else with its stop."""
    terminal: Terminal | None = None
    """How large its terminal is, or would be with the next start; None if it has pipes."""
    paused: bool = False
    """Nothing of it runs, since somebody wants that."""
    limits: Mapping[str, str] = field(default_factory=dict)
    """Limits that are not in force for the run, by name, each with the reason."""
    survivors: tuple[Survivor, ...] = ()
    """Who has not ended, while it takes long to stop."""
    run_begin: int = 0
    """Where the output of the latest run begins, as an offset of the console."""
    awaits: str = ""
    """What tells that it is up, while it is starting and has to tell: `notify` or `check`."""
    note: str = ""
    """What the program has said of how it is (sd_notify, STATUS), in a line for people."""
    next: str = ""
    """What happens by itself: `restart`, `step` (of stopping), `kill`, `start` (when others are ready),
    `stop` (when others are gone) or `fail` (it crashed, if it is not up by then); empty for nothing."""
    next_at: float | None = None
    """When that happens; None where nobody can tell."""

    @property
    def waits_to_start(self) -> bool:
        """Whether it starts by itself as soon as others are ready."""
        return self.state is State.STOPPED and bool(self.waits_for)

    def to_dict(self) -> dict[str, object]:
        """Return it as JSON data."""
        return {
            "name": self.name,
            "state": str(self.state),
            "wanted": str(self.wanted),
            "reason": self.reason,
            "version": self.version,
            "pid": self.pid,
            "started": self.started,
            "restart_at": self.restart_at,
            "restarts": self.restarts,
            "exit": None if self.exit is None else self.exit.to_dict(),
            "removed": self.removed,
            "outdated": self.outdated,
            "run": self.run,
            "cause": self.cause.to_dict(),
            "waits_for": list(self.waits_for),
            "terminal": None if self.terminal is None else plain(self.terminal),
            "paused": self.paused,
            "limits": dict(self.limits),
            "survivors": [survivor.to_dict() for survivor in self.survivors],
            "run_begin": self.run_begin,
            "awaits": self.awaits,
            "note": self.note,
            "next": self.next,
            "next_at": self.next_at,
        }

    @classmethod
    def from_record(cls, record: Record) -> "ServiceStatus":
        """Read it; raises `InvalidRecord`."""
        try:
            state, wanted = State(record.take("state", str)), Wanted(record.take("wanted", str))
        except ValueError as exc:
            raise InvalidRecord(f"{record.where('state')}: {exc}") from exc
        return cls(
            name=record.take("name", str),
            state=state,
            wanted=wanted,
            reason=record.take("reason", str),
            version=record.take("version", int),
            pid=record.optional("pid", int),
            started=record.optional("started", float),
            restart_at=record.optional("restart_at", float),
            restarts=record.take("restarts", int),
            exit=Exit.from_record(record.record("exit")) if record.has("exit") else None,
            removed=record.take("removed", bool),
            outdated=record.take("outdated", bool),
            run=record.take("run", int, 0),
            cause=Cause.from_record(record.record("cause")),
            waits_for=record.strings("waits_for"),
            terminal=Terminal.from_record(record.record("terminal")) if record.has("terminal") else None,
            paused=record.take("paused", bool, False),
            limits=record.mapping("limits"),
            survivors=tuple(Survivor.from_record(entry) for entry in record.records("survivors")),
            run_begin=record.take("run_begin", int, 0),
            awaits=record.take("awaits", str, ""),
            note=record.take("note", str, ""),
            next=record.take("next", str, ""),
            next_at=record.optional("next_at", float),
        )
