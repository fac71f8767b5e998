"""Waits that can be put off, ended or begun anew at any moment, and whose rest travels as data.

One task waits for all of them: a thousand services would need a thousand tasks, most of them for a minute.
"""

import heapq
from collections.abc import Callable
from itertools import count

import anyio
import anyio.abc
import anyio.lowlevel

SPARE = 64
"""Moments that may be known for nothing."""


class Clock:
    """Knows which alarm is to ring next.

    An alarm that is to ring sooner leaves a moment behind at which nobody has to look at it. A program that
    crashes again and again makes one each time, so they are thrown away when they could be many.
    """

    def __init__(self, tasks: anyio.abc.TaskGroup) -> None:
        self._tasks = tasks
        self._due: list[tuple[float, int, Alarm]] = []
        self._serial = count()
        self._most = SPARE
        self._watching = False
        self._sooner = anyio.Event()

    def note(self, alarm: "Alarm", moment: float) -> None:
        """Look at an alarm at that moment."""
        if len(self._due) >= self._most:
            self._due = [entry for entry in self._due if entry[2].awaits(entry[0])]
            heapq.heapify(self._due)
            self._most = 2 * len(self._due) + SPARE
        heapq.heappush(self._due, (moment, next(self._serial), alarm))
        if self._due[0][2] is alarm:
            self._sooner.set()
        if not self._watching:
            self._watching = True
            self._tasks.start_soon(self._watch)

    async def _watch(self) -> None:
        """Have alarms ring, each at its time, until there is none; others are served in between."""
        while self._due:
            moment, _, alarm = self._due[0]
            if (wait := moment - anyio.current_time()) > 0:
                self._sooner = sooner = anyio.Event()
                with anyio.move_on_after(wait):
                    await sooner.wait()
                continue
            heapq.heappop(self._due)
            if alarm.awaits(moment):
                alarm.look()
            await anyio.lowlevel.checkpoint()
        self._watching = False


class Alarm:
    """Calls `elapsed` when the moment has come; there is one at most, and setting another replaces it."""

    def __init__(self, elapsed: Callable[[], None], clock: Clock) -> None:
        self.deadline: float | None = None
        """On the event loop's clock."""
        self._elapsed = elapsed
        self._clock = clock
        self._noted: float | None = None
        """When the clock looks at it, at the latest."""
        self._open = False

    def set(self, deadline: float | None) -> None:
        """Wait until then, or for nothing."""
        self.deadline = deadline
        # What is put off is looked at too early, and noted again then: so putting off costs nothing.
        if self._open and deadline is not None and (self._noted is None or deadline < self._noted):
            self._noted = deadline
            self._clock.note(self, deadline)

    def awaits(self, moment: float) -> bool:
        """Tell whether it is to be looked at then, and has not been told a sooner moment since."""
        return self._noted == moment

    def look(self) -> None:
        """Ring if the moment has come; for the clock."""
        self._noted = None
        if self._open and self.deadline is not None and self.deadline <= anyio.current_time():
            self.deadline = None
            self._elapsed()
        else:
            self.set(self.deadline)

    def remaining(self, now: float) -> float | None:
        """Return what is left of the wait in seconds; None if there is none."""
        return None if self.deadline is None else max(0.0, self.deadline - now)

    def put_off(self, deadline: float) -> None:
        """Let the wait, if there is one, end no sooner than then."""
        if self.deadline is not None:
            self.set(max(self.deadline, deadline))

    def resume(self, remaining: float | None, now: float) -> None:
        """Begin, before `open`, with what was left of a wait."""
        self.deadline = None if remaining is None else now + remaining

    def open(self) -> None:
        """Watch the clock until closed."""
        self._open = True
        self.set(self.deadline)

    def close(self) -> None:
        """Ring no more, ever."""
        self._open = False
        self.deadline = self._noted = None
        self._elapsed = _nobody  # the clock knows us until the moment comes; whom we would wake shall be gone


def _nobody() -> None:
    """Is woken in place of somebody who is gone."""
