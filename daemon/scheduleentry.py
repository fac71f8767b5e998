"""One schedule of the config at work: what a look at it finds, and what people are shown of it. No I/O."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import anyio

from supervisor import ServiceSpec

from .schedule import Look, Memory, Rule, Verdict, begin, coming, look, next_look, warning
from .scheduleresult import Outcome, Result
from .schedulesettings import Notice, Schedule
from .schedulestore import Kept, Key

RESULTS = 10
"""Results that are kept of each schedule, besides those of runs that go on."""

SHOWN = 3
"""Coming runs that are shown."""


@dataclass(slots=True)
class Run:
    """A run that goes on."""

    result: Result
    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)


@dataclass(frozen=True, slots=True)
class Found:
    """What a look at a schedule has found: its past from now on, and what is to be done or told."""

    kept: Kept
    begun: Result | None = None
    late: bool = False
    told: Sequence[Result] = ()
    notice: Notice | None = None


class Entry:
    """A schedule of the config."""

    def __init__(self, key: Key, spec: ServiceSpec, schedule: Schedule) -> None:
        self.key = key
        self.spec = spec
        self.schedule = schedule
        self.run: Run | None = None
        self.look_at: float | None = float("-inf")
        """When there is something to do; None for never."""
        minutes = tuple(one.minutes for one in schedule.warnings)
        limits = schedule.jitter, schedule.catch_up, schedule.grace
        self.rule = Rule("/".join(key), schedule.cron, *limits, minutes)

    def examine(self, known: Kept | None, now: float) -> Found:
        """Look at it; what is found counts only once it is stored."""
        if not self.schedule.enabled:
            self.look_at = None
            return Found(Kept(Memory("", now)) if known is None else off(known))
        memory = begin(self.rule, None if known is None else known.memory, now)
        seen = look(self.rule, memory, now)
        kept = Kept(seen.memory, () if known is None else known.results)
        if seen.verdict is not None:
            self.look_at = now  # there may be more
            return self._judge(kept, seen, now)
        memory, minutes = warning(self.rule, kept.memory, now)
        self.look_at = next_look(self.rule, memory, now)
        given = next((one for one in self.schedule.warnings if one.minutes == minutes), None)
        return Found(replace(kept, memory=memory), notice=given)

    def describe(self, kept: Kept | None, now: float) -> Mapping[str, object]:
        """Return what people are shown, as JSON data: what is typed or run is none of it."""
        schedule, cron = self.schedule, self.schedule.cron
        memory = begin(self.rule, None if kept is None else kept.memory, now)
        dues = [self.rule.due(one) for one in coming(self.rule, memory, SHOWN)] if schedule.enabled else []
        results = [] if kept is None else [one.to_dict() for one in kept.results]
        return {
            "server": self.key[0],
            "name": self.key[1],
            "action": str(schedule.action),
            "cron": cron.text,
            "timeZone": cron.zone_name,
            "enabled": schedule.enabled,
            "jitter": schedule.jitter,
            "onlyIf": str(schedule.only_if),
            "next": [{"at": round(due, 3), "text": cron.local(due)} for due in dues],
            "running": self.run is not None,
            "last": results[0] if results else None,
            "recent": results,
            "missed": memory.missed,
        }

    def _judge(self, kept: Kept, seen: Look, now: float) -> Found:
        """Return what becomes of what has passed."""
        told: list[Result] = []
        if seen.missed:
            told.append(Result(now, seen.first_missed, Outcome.MISSED, _missed(seen.missed), now))
        begun = None
        if seen.verdict in (Verdict.RUN, Verdict.LATE):
            result = Result(now, seen.instant, Outcome.RUNNING)
            if self.run is None:
                begun = result
            else:
                detail = f"the run before, since {self.schedule.cron.local(self.run.result.at)}, was not over"
                told.append(replace(result, outcome=Outcome.SKIPPED, detail=detail, ended=now))
        new = told if begun is None else [*told, begun]
        kept = with_results(kept, *new)
        return Found(kept, begun, seen.verdict is Verdict.LATE, told)


def with_results(kept: Kept, *new: Result) -> Kept:
    """Return the same with later results; too old ones go, unless they are of runs that go on."""
    results = [*reversed(new), *kept.results]
    last = [one for at, one in enumerate(results) if at < RESULTS or one.outcome is Outcome.RUNNING]
    return replace(kept, results=tuple(last))


def with_end(kept: Kept, begun: Result, ended: Result) -> Kept:
    """Return the same with the end of a run in the place of its beginning."""
    return replace(kept, results=tuple(ended if one == begun else one for one in kept.results))


def off(kept: Kept) -> Kept:
    """Return the same for a schedule that does not run now, and begins anew when it does again."""
    return replace(kept, memory=replace(kept.memory, spec=""))


def _missed(count: int) -> str:
    many = "it was missed" if count == 1 else f"{count} runs were missed"
    return f"{many}: the daemon was down or the clock jumped"
