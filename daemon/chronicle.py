"""What happened to all servers: heard from the supervisor, kept on disk, told to whoever follows.

Rules:
- What the supervisor tells is numbered by us in that order, once: after a restart of ours we go on behind the
  last one that is on disk, so that nothing is missing or twice unless the supervisor has let go of it.
- Followers read from memory, and further back from disk. None is waited for.
- A disk that is full costs the past, not the present: what could not be kept is kept with the next try.
"""

import logging
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from typing import TypeVar

import anyio
import anyio.to_thread

from supervisor import Happenings, SupervisorUnreachable, Transition

from .happening import STATE, Happening, Past, body_of
from .historyfile import FileError, HistoryFile
from .mirror import Mirror

RECENT = 4096
"""Happenings in memory."""

RETRY = 0.2
"""Seconds between attempts to reach a supervisor that has gone away."""

AGAIN = 5.0
"""Seconds until what the disk has refused is offered again."""

BATCH = 500

ASKED = 64
"""Servers whose latest happenings are in memory, because somebody has asked for them."""

MOST_ASKED = 50
"""Happenings of each of them."""

log = logging.getLogger("holdfast.history")

T = TypeVar("T")

Listener = Callable[[Happening], None]
Watcher = Callable[[Transition, bool], None]
Enrich = Callable[[Transition, dict[str, object]], None]
"""Adds what can be found out about a change; called in a thread, may take a moment, raises nothing."""


class Chronicle:
    """The happenings of all servers. `open`, then `run`."""

    def __init__(self, mirror: Mirror, path: str, enrich: Enrich | None = None) -> None:
        self._mirror = mirror
        self._file = HistoryFile(path)
        self._enrich = enrich
        self._thread = anyio.CapacityLimiter(1)
        self._recent: deque[Happening] = deque(maxlen=RECENT)
        self._unsaved: deque[Happening] = deque(maxlen=RECENT)
        self._asked: dict[str, tuple[int, Past]] = {}
        self._listeners: list[Listener] = []
        self._watchers: list[Watcher] = []
        self._changed = anyio.Event()
        self._origin = ""
        self._number = 0
        self._begun = False
        self._fault = ""
        self.latest = 0
        """The id of the latest happening."""
        self.closed = False
        """Whether nobody is to wait for another happening."""

    def listen(self, listener: Listener) -> None:
        """Have each happening told from now on; it must not wait, and not raise."""
        self._listeners.append(listener)

    def watch(self, watcher: Watcher) -> None:
        """Have each change that the supervisor tells told as it is, and whether it is news.

        It is none if it happened before we had a chronicle at all.
        """
        self._watchers.append(watcher)

    async def open(self) -> None:
        """Go on where we stopped; without a disk, in memory only."""
        try:
            self.latest, self._origin, self._number = await self._do(self._file.open)
        except (OSError, FileError) as exc:
            log.error("the history of the servers cannot be kept: %s", exc)

    async def run(self) -> None:
        """Hear, keep and tell until cancelled."""
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._save)
                while True:
                    with suppress(SupervisorUnreachable):
                        await self._follow()
                    await anyio.sleep(RETRY)
        finally:
            with anyio.CancelScope(shield=True):
                await self._save_once()
                await self._do(self._file.close)

    def note(self, server: str, kind: str, body: Mapping[str, object]) -> Happening:
        """Note something that the supervisor does not know of."""
        return self._add(Happening(self.latest + 1, time.time(), server, kind, body))

    def close(self) -> None:
        """End what follows the happenings, so that its clients are not cut off."""
        self.closed = True
        self._changed.set()

    def change(self) -> anyio.Event:
        """Return what is set at the next happening."""
        return self._changed

    async def after(self, since: int, most: int = BATCH) -> Sequence[Happening]:
        """Return what came after an id, in order, at most so many."""
        oldest = self._recent[0].id if self._recent else self.latest + 1
        if since < oldest - 1:
            try:
                if older := await self._do(lambda: self._file.after(since, most)):
                    return older
            except FileError as exc:
                self._unreadable(exc)
        return list(islice((one for one in self._recent if one.id > since), most))

    async def before(self, moment: float) -> int:
        """Return the id behind which the first one comes that happened at a moment or later."""
        recent = next((one.id for one in self._recent if one.at >= moment), self.latest + 1)
        if self._recent and self._recent[0].at < moment:
            return recent - 1
        try:
            kept = await self._do(lambda: self._file.first(moment))
        except FileError as exc:
            self._unreadable(exc)
            kept = None
        return (recent if kept is None else min(kept, recent)) - 1

    async def of(self, server: str, before: int | None, most: int) -> Sequence[Happening]:
        """Return the latest happenings of a server before an id, the latest first."""
        limit, readable = self.latest + 1 if before is None else before, True
        unsaved = [one for one in reversed(self._unsaved) if one.server == server and one.id < limit]
        try:
            saved = await self._do(lambda: self._file.of(server, limit, most))
        except FileError as exc:
            self._unreadable(exc)
            readable = False
            saved = [one for one in reversed(self._recent) if one.server == server and one.id < limit]
        known = {one.id: one for one in (*saved, *unsaved)}
        found = [known[key] for key in sorted(known, reverse=True)][:most]
        # Only the latest, and only if nothing has happened while they were read.
        if readable and most <= MOST_ASKED and limit == self.latest + 1:
            if len(self._asked) >= ASKED:
                self._asked.clear()
            self._asked[server] = most, Past(found)
        return found

    def latest_of(self, server: str, most: int) -> Past | None:
        """Return the same of the latest, if somebody has asked before, and nothing came since."""
        asked, past = self._asked.get(server, (0, None))
        return past if most <= asked else None

    def _unreadable(self, exc: Exception) -> None:
        if str(exc) != self._fault:  # not for each who asks
            log.warning("what happened earlier cannot be read from disk: %s", exc)
        self._fault = str(exc)

    async def _do(self, work: Callable[[], T]) -> T:
        return await anyio.to_thread.run_sync(work, limiter=self._thread)

    async def _follow(self) -> None:
        following = await self._mirror.history(self._number, self._origin)
        try:
            while True:
                await self._take(await following.receive())
        except anyio.EndOfStream:
            return
        finally:
            with anyio.CancelScope(shield=True):
                await following.aclose()

    async def _take(self, told: Happenings) -> None:
        if told.lost and told.origin == self._origin:
            log.warning("%d changes of servers went by while nobody listened", told.lost)
        news, self._begun = self._begun or bool(self._origin), True
        for transition in told.transitions:
            if told.origin == self._origin and transition.number <= self._number:
                continue
            body = body_of(transition)
            if self._enrich is not None and transition.exit is not None:
                enrich = self._enrich
                await anyio.to_thread.run_sync(enrich, transition, body)
            for watcher in self._watchers:
                watcher(transition, news)
            self._origin, self._number = told.origin, transition.number
            identity = self.latest + 1, transition.at, transition.service, STATE, body
            self._add(Happening(*identity, told.origin, transition.number))

    def _add(self, happening: Happening) -> Happening:
        self.latest = happening.id
        self._asked.pop(happening.server, None)
        self._recent.append(happening)
        self._unsaved.append(happening)
        for listener in self._listeners:
            listener(happening)
        self._changed.set()
        self._changed = anyio.Event()
        return happening

    async def _save(self) -> None:
        failed = False
        while not self.closed:  # what is left then is saved by `run`
            if not self._unsaved:
                await self._changed.wait()
            told = await self._save_once()
            if told is None:
                failed = False
                continue
            if not failed:
                log.error("the history of the servers cannot be written, trying again: %s", told)
            failed = True
            await anyio.sleep(AGAIN)

    async def _save_once(self) -> Exception | None:
        batch = list(self._unsaved)
        if not batch:
            return None
        try:
            await self._do(lambda: self._file.add(batch))
        except FileError as exc:
            return exc
        while self._unsaved and self._unsaved[0].id <= batch[-1].id:
            self._unsaved.popleft()
        return None
