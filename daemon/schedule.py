"""When a schedule runs: a machine without a clock, that is told what the clock on the wall shows.

Words: an *instant* is what the cron expression means, in seconds since 1970. It is *due* then, or up to the
jitter later. It *passes* when a look finds that it is due.

Rules:
- An instant is run at most once, ever: `done` has all that were begun, and the caller stores it before it
  begins. Where `done` would become too long, it takes in more than was begun, never less.
- Each instant that passes ends in one of three ways: it is run, it is missed and counted, or it was done
  before the clock was set back. None is passed over: a look goes on from where the one before it ended,
  however long ago that was, so what passed while nobody looked, or while the clock jumped, is found at the
  next look.
- One that is found within a minute is in time. Of those found later the last one is made up for, if the
  schedule wants that and it is not older than the grace. The others are missed.
- When the clock is set back, looks go on from there: what was missed because the clock had been wrong comes
  again, what was done does not.
- A schedule that is new, changed or switched on begins now: what its expression means in the past does not
  count.
- A warning is given once for an instant, in time or not at all; of several at once the last one is. If the
  clock is set back over other instants, it may come again: so does its time.
"""

import hashlib
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeAlias

from .cron import Cron

IN_TIME = 60.0
"""Seconds after which a run or a warning is late."""

MOST_COUNTED = 1000
"""Instants that are looked at one by one when many have passed; beyond that, not all are counted."""

MOST_DONE = 32
"""Intervals that are remembered."""

Interval: TypeAlias = tuple[float, float]
"""The first and the last instant of some that were all begun."""


class Verdict(StrEnum):
    """What is to become of an instant that has passed."""

    RUN = "run"
    LATE = "late"
    """It is made up for."""
    MISSED = "missed"
    REPEATED = "repeated"
    """It was begun before the clock was set back."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What a schedule's config says of its times; durations in seconds, warnings in minutes."""

    name: str
    """What the jitter depends on, besides the instant: schedules of one time shall not begin all at once."""
    cron: Cron
    jitter: float = 0.0
    catch_up: bool = True
    grace: float = 3600.0
    warnings: Sequence[float] = ()

    @property
    def spec(self) -> str:
        """What a schedule begins anew with when it is different."""
        return f"{self.cron.text} {self.cron.zone_name}"

    def due(self, instant: float) -> float:
        """Return when an instant is due: the same moment whoever asks, and whenever."""
        if not self.jitter:
            return instant
        digest = hashlib.sha256(f"{self.name}\0{instant:.0f}".encode()).digest()
        return instant + self.jitter * int.from_bytes(digest[:6], "big") / (1 << 48)


@dataclass(frozen=True, slots=True)
class Memory:
    """What is known of a schedule's past, to be stored."""

    spec: str
    through: float
    """All instants up to here have passed."""
    done: Sequence[Interval] = ()
    """In order, and apart from each other."""
    missed: int = 0
    """How many, ever."""
    warned: tuple[float, float] | None = None
    """The instant of which there were warnings, and the minutes of the latest one."""

    def has_done(self, instant: float) -> bool:
        """Tell whether an instant was begun."""
        at = bisect_right(self.done, (instant, float("inf")))
        return at > 0 and self.done[at - 1][1] >= instant


@dataclass(frozen=True, slots=True)
class Look:
    """What a look has found, and the memory after it; `instant` is the last of those that have passed."""

    memory: Memory
    instant: float | None = None
    verdict: Verdict | None = None
    missed: int = 0
    first_missed: float | None = None
    set_back: float = 0.0
    """Seconds by which the clock is before what has passed already."""


def begin(rule: Rule, memory: Memory | None, now: float) -> Memory:
    """Return the memory of a schedule that may be new or changed."""
    if memory is None:
        return Memory(rule.spec, now)
    if memory.spec != rule.spec:
        return replace(memory, spec=rule.spec, through=now, warned=None)
    return memory


def look(rule: Rule, memory: Memory, now: float) -> Look:
    """Return what has passed. If that is something, there may be more: look again."""
    through = min(memory.through, now)
    set_back, memory = memory.through - through, replace(memory, through=through)
    instant, missed = None, _Missed()
    verdict: Verdict | None = None
    for passed in _passed(rule, through, now):
        if verdict is Verdict.MISSED and instant is not None:
            missed.add(instant)
        instant = passed
        verdict = _judge(rule, memory, instant, now)
        if verdict is Verdict.RUN:
            break
    if instant is None or verdict is None:
        return Look(memory, set_back=set_back)
    # Of several that are late, only the last one is made up for.
    if verdict is Verdict.MISSED and rule.catch_up and now - rule.due(instant) <= rule.grace:
        verdict = Verdict.LATE
    if verdict is Verdict.MISSED:
        missed.add(instant)
    begun = verdict in (Verdict.RUN, Verdict.LATE)
    done = _joined(memory.done, instant, None if missed.count else through) if begun else memory.done
    memory = replace(memory, through=instant, done=done, missed=memory.missed + missed.count)
    return Look(memory, instant, verdict, missed.count, missed.first, set_back)


def coming(rule: Rule, memory: Memory, most: int) -> Iterator[float]:
    """Yield the next instants that will be run, if nothing comes in between."""
    instant, left = memory.through, most * 4
    while most and left and (found := rule.cron.next(instant)) is not None:
        instant, left = found, left - 1
        if not memory.has_done(found):
            most -= 1
            yield found


def next_look(rule: Rule, memory: Memory, now: float) -> float | None:
    """Return when there will be something to do, if the clock goes on as it does; None for never."""
    instant = rule.cron.next(min(memory.through, now))
    if instant is None:
        return None
    due = rule.due(instant)
    if memory.has_done(instant):
        return due
    return min([due, *(due - 60 * minutes for minutes in _unwarned(rule, memory, instant))])


def warning(rule: Rule, memory: Memory, now: float) -> tuple[Memory, float | None]:
    """Return the minutes of the warning that is to be given now, None for none, and the memory after it."""
    instant = rule.cron.next(min(memory.through, now))
    if instant is None or memory.has_done(instant):
        return memory, None
    due = rule.due(instant)
    come = [minutes for minutes in _unwarned(rule, memory, instant) if due - 60 * minutes <= now]
    if not come:
        return memory, None
    latest = min(come)
    given = latest if now - (due - 60 * latest) <= IN_TIME else None
    return replace(memory, warned=(instant, latest)), given


def _unwarned(rule: Rule, memory: Memory, instant: float) -> list[float]:
    told = memory.warned[1] if memory.warned is not None and memory.warned[0] == instant else float("inf")
    return [minutes for minutes in rule.warnings if minutes < told]


class _Missed:
    def __init__(self) -> None:
        self.count = 0
        self.first: float | None = None

    def add(self, instant: float) -> None:
        self.count += 1
        self.first = instant if self.first is None else self.first


def _passed(rule: Rule, through: float, now: float) -> Iterator[float]:
    """Yield the instants that are due, in order; of very many, the first thousand and the last ones."""
    instant, counted = rule.cron.next(through), 0
    while instant is not None and rule.due(instant) <= now:
        yield instant
        counted += 1
        if counted == MOST_COUNTED:
            recent = rule.cron.latest(instant, now - max(rule.jitter, IN_TIME))
            if recent is not None:
                yield recent
                instant = recent
        instant = rule.cron.next(instant)


def _judge(rule: Rule, memory: Memory, instant: float, now: float) -> Verdict:
    if memory.has_done(instant):
        return Verdict.REPEATED
    return Verdict.RUN if now - rule.due(instant) <= IN_TIME else Verdict.MISSED


def _joined(done: Sequence[Interval], instant: float, before: float | None) -> Sequence[Interval]:
    """Return the intervals with one more instant, which follows another (`before`) with nothing between."""
    at = bisect_right(done, (instant, float("inf")))
    earlier, later = list(done[:at]), list(done[at:])
    if earlier and earlier[-1][1] == before:
        earlier[-1] = (earlier[-1][0], instant)
    else:
        earlier.append((instant, instant))
    intervals = earlier + later
    if len(intervals) > MOST_DONE:
        intervals[:2] = [(intervals[0][0], intervals[1][1])]
    return tuple(intervals)
