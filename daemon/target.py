"""One target: what waits for it, the task that tells it, and how that went.

Rules:
- Nothing waits for a target: what comes while 100 notices wait for it takes the place of the oldest.
- An attempt that may succeed later is repeated, after 2, 4, 8, … seconds, at most five minutes, a third more
  or less at random; or after as long as the target asks for, at most 15 minutes.
- A notice that could not be told at all is counted. The log hears of the first of a run of them, and of the
  end of that run; with the name of the target, never with its URL.
"""

import logging
import random
from collections import deque
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase

import anyio
from anyio import sleep

from .delivery import Outcome, deliver
from .holdback import Holdback
from .notice import Kind, Notice
from .noticesettings import TargetSettings
from .outgoing import Outgoing

MOST_WAITING = 100
FIRST_WAIT = 2.0
LONGEST_WAIT = 300.0
LONGEST_ASKED = 900.0

log = logging.getLogger("holdfast.notifications")


class Target:
    """Tells one target. `changed` is called when something waits or does so no more."""

    def __init__(self, settings: TargetSettings, outgoing: Outgoing, changed: Callable[[], None]) -> None:
        self.settings = settings
        self.waiting: deque[Notice] = deque()
        self.sent = 0
        self.failed = 0
        """Notices that nobody got: given up, or pushed out by newer ones."""
        self.error = ""
        """Why the latest attempt failed, if it did."""
        self._outgoing = outgoing
        self._changed = changed
        self._holdback = Holdback(settings.repeat * 60, settings.per_hour)
        self._failing = 0
        """Notices in a row that nobody got."""
        self._news = anyio.Event()
        self._testing = anyio.Lock()

    @property
    def held(self) -> int:
        """How many notices were above the limit."""
        return self._holdback.held

    def adopt(self, other: "Target") -> None:
        """Go on for a target of the same name with other settings."""
        self.sent, self.failed = other.sent, other.failed
        self.waiting.extend(other.waiting)

    def wants(self, notice: Notice) -> bool:
        """Tell whether it is to be told of this."""
        settings = self.settings
        if notice.kind not in settings.on:
            return False
        return settings.servers is None or any(
            pattern == server or fnmatchcase(server, pattern)
            for pattern in settings.servers
            for server in notice.servers
        )

    def offer(self, notice: Notice) -> None:
        """Take a notice that is wanted; it is told, or counted."""
        self._take(self._holdback.offer(self._cut(notice), anyio.current_time()))
        self._news.set()  # also when it was only counted: now something is due

    def queue(self, notice: Notice) -> None:
        """Let a notice wait that was let through already."""
        if len(self.waiting) >= MOST_WAITING:
            # The first may be on its way just now.
            del self.waiting[1]
            self.failed += 1
        self.waiting.append(notice)
        self._news.set()
        self._changed()

    async def run(self) -> None:
        """Tell what waits, for as long as the target exists."""
        while True:
            while self.waiting:
                notice = self.waiting[0]
                await self._tell(notice)
                self.waiting.popleft()
                self._changed()
            self._news = anyio.Event()
            await self._news_or_due()

    async def test(self, notice: Notice) -> Outcome:
        """Try to tell it of this, once and at once, whatever waits and however much it was told."""
        async with self._testing:
            outcome = await deliver(self._outgoing, self.settings, notice)
        self.error = outcome.why
        return outcome

    def describe(self) -> dict[str, object]:
        """Return what may be known of it, as JSON data."""
        settings = self.settings
        return {
            "type": str(settings.way),
            "on": [str(kind) for kind in Kind if kind in settings.on],
            "servers": None if settings.servers is None else [*settings.servers],
            "sent": self.sent,
            "failed": self.failed,
            "heldBack": self.held,
            "waiting": len(self.waiting),
            "lastError": self.error or None,
        }

    def _cut(self, notice: Notice) -> Notice:
        count = self.settings.lines
        return notice.with_lines(notice.lines[-count:] if count else ())

    def _take(self, told: Sequence[Notice]) -> None:
        for notice in told:
            self.queue(notice)

    async def _news_or_due(self) -> None:
        """Wait until something waits; what was counted is told when it is due."""
        due = self._holdback.next_due()
        now = anyio.current_time()
        with anyio.move_on_after(None if due is None else max(0.0, due - now)):
            await self._news.wait()
            return
        self._take(self._holdback.due(anyio.current_time()))

    async def _tell(self, notice: Notice) -> None:
        wait = FIRST_WAIT
        for attempt in range(self.settings.retries + 1):
            outcome = await deliver(self._outgoing, self.settings, notice)
            self.error = outcome.why
            if outcome.delivered:
                self._told()
                return
            if not outcome.again or attempt == self.settings.retries:
                break
            asked = min(outcome.wait or 0.0, LONGEST_ASKED)
            await sleep(max(asked, wait * random.uniform(0.67, 1.33)))  # noqa: S311
            wait = min(wait * 2, LONGEST_WAIT)
        self._given_up(outcome)

    def _told(self) -> None:
        self.sent += 1
        if self._failing:
            log.info("%s can be told again; %d notices did not reach it", self.settings.name, self._failing)
        self._failing = 0

    def _given_up(self, outcome: Outcome) -> None:
        self.failed += 1
        self._failing += 1
        if self._failing == 1:
            log.warning("%s cannot be told: %s", self.settings.name, outcome.why)
