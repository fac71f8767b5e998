"""Notices on their way: taken from whoever has something to tell, given to the targets that want it.

Rules:
- Telling never waits and never raises. What comes faster than it can be looked at is dropped and counted.
- The last lines of a server are asked for here, once for all targets, and only if one wants them.
- Each target has a queue and a task of its own: one that does not answer keeps nobody else waiting.
- What waits outlives the daemon (`noticespool.py`), unless its target has left the config.
"""

import logging
import os
from collections import deque
from collections.abc import Mapping

import anyio
import anyio.abc
import anyio.to_thread

from .config import Config
from .delivery import Outcome
from .mirror import Mirror
from .notice import Kind, Notice, bounded, clean
from .noticespool import NoticeSpool
from .outgoing import Outgoing
from .tails import last_lines
from .target import Target

SPOOL = "notices.json"
MOST_WAITING = 1000
"""Notices that nobody has looked at yet."""

log = logging.getLogger("holdfast.notifications")


class NoSuchTarget(Exception):
    """There is no target of this name."""


class Notices:
    """All targets, and what is told them."""

    def __init__(self, mirror: Mirror, state: str, outgoing: Outgoing) -> None:
        self._mirror = mirror
        self._outgoing = outgoing
        self._spool = NoticeSpool(os.path.join(state, SPOOL))
        self._thread = anyio.CapacityLimiter(1)
        self._targets: dict[str, Target] = {}
        self._scopes: dict[str, anyio.CancelScope] = {}
        self._tasks: anyio.abc.TaskGroup | None = None
        self._told: deque[Notice] = deque()
        self._news = anyio.Event()
        self._changed = anyio.Event()
        self.dropped = 0
        """Notices that came too fast to be looked at."""

    @property
    def targets(self) -> Mapping[str, Target]:
        """All targets, by name, in the order of the config."""
        return self._targets

    def tell(self, notice: Notice) -> None:
        """Take what happened. Never waits, never raises."""
        if not self._targets:
            return
        if len(self._told) >= MOST_WAITING:
            self.dropped += 1
            if self.dropped == 1:
                log.warning("more happens than anybody can be told of")
            return
        self._told.append(notice)
        self._news.set()

    async def configure(self, config: Config) -> None:
        """Take the targets from a config; one that has not changed goes on as it is."""
        settings = config.notifications.targets
        old, self._targets = self._targets, {}
        for name, wanted in settings.items():
            known = old.get(name)
            if known is not None and known.settings == wanted:
                self._targets[name] = known
                continue
            target = Target(wanted, self._outgoing, self._note)
            if known is not None:
                self._end(name)
                target.adopt(known)
            self._targets[name] = target
            self._begin(name)
        for name in old.keys() - settings.keys():
            self._end(name)
        self._note()

    async def run(self) -> None:
        """Tell what is to be told, for as long as the daemon runs."""
        kept = await anyio.to_thread.run_sync(self._spool.load, limiter=self._thread)
        for name, notices in kept.items():
            if (target := self._targets.get(name)) is not None:
                for notice in notices:
                    target.queue(notice)
        async with anyio.create_task_group() as tasks:
            self._tasks = tasks
            try:
                for name in self._targets:
                    self._begin(name)
                tasks.start_soon(self._keep)
                await self._hand_out()
            finally:
                self._tasks = None
                with anyio.CancelScope(shield=True):
                    await self._save()

    async def test(self, name: str, user: str) -> Outcome:
        """Tell one target of nothing, once, and return what came of it; raises `NoSuchTarget`."""
        target = self._targets.get(name)
        if target is None:
            raise NoSuchTarget(f"there is no target {name}")
        return await target.test(clean(Notice(Kind.TEST, reason=f"{user} asked for a test of {name}")))

    def _note(self) -> None:
        self._changed.set()

    def _begin(self, name: str) -> None:
        if self._tasks is not None:
            scope = self._scopes[name] = anyio.CancelScope()
            self._tasks.start_soon(self._run, self._targets[name], scope)

    async def _run(self, target: Target, scope: anyio.CancelScope) -> None:
        with scope:
            await target.run()

    def _end(self, name: str) -> None:
        if (scope := self._scopes.pop(name, None)) is not None:
            scope.cancel()

    async def _hand_out(self) -> None:
        while True:
            while self._told:
                await self._give(clean(self._told.popleft()))
            self._news = anyio.Event()
            await self._news.wait()

    async def _give(self, notice: Notice) -> None:
        count = max((one.settings.lines for one in self._targets.values() if one.wants(notice)), default=0)
        if notice.server and notice.kind is not Kind.RECOVERED and count > len(notice.lines):
            lines = bounded(await last_lines(self._mirror, notice.server, count))
            notice = notice.with_lines(max(notice.lines, lines, key=len))
        # After the wait: the config may be another by now.
        for target in self._targets.values():
            if target.wants(notice):
                target.offer(notice)

    async def _keep(self) -> None:
        """Write down what waits, whenever that has changed."""
        while True:
            await self._changed.wait()
            self._changed = anyio.Event()
            await self._save()

    async def _save(self) -> None:
        waiting = {name: [*target.waiting] for name, target in self._targets.items()}
        await anyio.to_thread.run_sync(self._spool.save, waiting, limiter=self._thread)
