"""One who follows what a page shows, at his own pace: a machine that is asked what to send next.

Rules:
- He is told all servers first (`servers`), and again when the supervisor is lost or found; between that, each
  one that has changed, at most once each `PACE` seconds, and the slower the more there are: 1,000 a second.
- What he has not taken is not kept: a name waits in a set, a job or an event is looked up when he is ready.
  Of events that he is too late for he gets the latest, and is told that there were others.
- His rights never change: when they do, another standing begins, and this ends.
"""

import contextlib
import json
import math
import time
from collections.abc import Awaitable, Callable, Mapping

import anyio
import anyio.lowlevel

from supervisor import ServiceStatus, SupervisorUnreachable

from .access import Identity
from .chronicle import Chronicle
from .eventreader import VIEW, EventReader
from .eventstream import HEARTBEAT
from .job import Job
from .jobs import Jobs
from .live import Live
from .sparks import Sparks

PACE = 0.2
"""Seconds between two times that changes are told."""

MOST_EACH_SECOND = 1000
"""Changes of servers that one reader is told."""

SLICE = 50
"""Servers that are described at once: while they are, nothing else runs."""

GRACE = 1.0
"""Seconds until it is told that the supervisor is lost: one that is being replaced is soon back."""

LATEST = 50
"""Events that are told of those that have come since the last time."""

USUAL_USAGE = 2.0
MOST_USAGE = 60
LEAST_USAGE = 1.05

PING = "ping"

Send = Callable[[str, str], Awaitable[None]]
"""Sends a message, of its type and as JSON, and returns when there is room for the next."""


class LiveReader:
    """Follows for somebody until the daemon ends; `run` is cancelled when he goes."""

    def __init__(
        self,
        live: Live,
        sparks: Sparks,
        chronicle: Chronicle,
        jobs: Jobs,
        who: Identity,
        usage: float = USUAL_USAGE,
        since: int | None = None,
    ) -> None:
        """`usage` is in seconds, 0 is never; `since` is the event behind which to begin."""
        self._live = live
        self._sparks = sparks
        self._chronicle = chronicle
        self._jobs = jobs
        self._who = who
        # A sample is good for a second from its end: who asked each second would get every other one twice.
        self._usage = max(usage, LEAST_USAGE) if usage else 0.0
        self._events = EventReader(chronicle, who, None, since)
        self._news = anyio.Event()
        self._anew = True
        self._changed: dict[str, None] = {}
        self._known: set[str] = set()
        self._told: dict[str, str] = {}
        self._jobs_then: anyio.Event | None = None
        """What is set as soon as the jobs are not those any more that were looked at last."""
        self._silent_since = 0.0

    def note(self, name: str) -> None:
        """Have to tell of a server."""
        if name in self._known or (name in self._live.mirror.latest and self._sees(name)):
            self._changed[name] = None
            self._news.set()

    def begin_anew(self) -> None:
        """Have to tell all."""
        self._anew = True
        self._news.set()

    def wake(self) -> None:
        """Look whether there are jobs or events to tell of."""
        self._news.set()

    async def run(self, send: Send) -> None:
        """Tell until the daemon is about to end."""

        async def told(kind: str, text: str) -> None:
            await send(kind, text)
            self._silent_since = time.monotonic()

        self._live.join(self)
        try:
            await self._tell_all(told)
        finally:
            self._live.leave(self)

    async def _tell_all(self, send: Send) -> None:
        measure = changes = time.monotonic()
        first = True
        while not self._live.closing.is_set():
            now = time.monotonic()
            if now >= changes:
                self._news = anyio.Event()
                count = 0
                if self._anew:
                    count = await self._tell_servers(send)
                    measure = now
                elif self._changed:
                    count = await self._tell_changed(send)
                if not first:
                    await self._tell_jobs(send)
                await self._tell_events(send)
                changes = time.monotonic() + max(PACE, count / MOST_EACH_SECOND)
            if self._usage and now >= measure:
                await self._tell_usage(send)
                # All readers ask at the same moments, so that one look serves them all.
                measure = (math.floor(time.monotonic() / self._usage) + 1) * self._usage
            if first:
                first = False
                await self._tell_sparks(send)
                await self._tell_all_jobs(send)
            if now - self._silent_since >= HEARTBEAT:
                await send(PING, '{"type":"ping"}')
            await self._wait(
                changes, min(measure if self._usage else math.inf, self._silent_since + HEARTBEAT)
            )

    async def _wait(self, changes: float, latest: float) -> None:
        """Wait for news that may be told, but no longer than until a moment."""
        with anyio.move_on_after(max(0.0, latest - time.monotonic())):
            # At the end nobody shall wait for the pace.
            with anyio.move_on_after(max(0.0, changes - time.monotonic())):
                await self._live.closing.wait()
            await self._news.wait()

    def _sees(self, name: str) -> bool:
        return self._who.may(VIEW, name)

    def _seen(self) -> Mapping[str, ServiceStatus]:
        known = self._live.mirror.latest
        return {name: known[name] for name in sorted(known) if self._sees(name)}

    async def _tell_servers(self, send: Send) -> int:
        """Tell all servers; what changes while they are described is told once more, later."""
        with anyio.move_on_after(GRACE), contextlib.suppress(SupervisorUnreachable):
            await self._live.mirror.services()
        self._anew = False
        self._changed.clear()
        connected = self._live.mirror.connected
        names = [*self._seen()]
        self._known = set(names)
        parts = []
        for at in range(0, len(names), SLICE):
            for name in names[at : at + SLICE]:
                if (status := self._live.mirror.latest.get(name)) is not None:
                    self._changed.pop(name, None)
                    parts.append(f"{_json(name)}:{self._live.text(status)}")
            await anyio.lowlevel.checkpoint()
        front = f'{{"type":"servers","now":{time.time():.3f},"supervisor":{_json(connected)}'
        last = self._events.last
        await send("servers", f'{front},"lastEvent":{last},"servers":{{{",".join(parts)}}}}}')
        return len(names)

    async def _tell_changed(self, send: Send) -> int:
        """Tell of those that have changed up to now, each as it is when its turn comes."""
        names = [*self._changed]
        for name in names:
            if self._anew:
                break
            self._changed.pop(name, None)
            status = self._live.mirror.latest.get(name)
            if status is not None:
                self._known.add(name)
                text = self._live.text(status)
                await send("server", f'{{"type":"server","name":{_json(name)},"server":{text}}}')
            elif name in self._known:
                self._known.discard(name)
                await send("removed", f'{{"type":"removed","name":{_json(name)}}}')
        return len(names)

    async def _tell_usage(self, send: Send) -> None:
        try:
            text = await self._live.numbers(self._who.standing, self._sees)
        except (OSError, ValueError, LookupError):
            return  # no descriptors left, or a /proc of an unknown kind: the rest goes on
        await send("usage", text)

    async def _tell_sparks(self, send: Send) -> None:
        begin, step, lines = await self._sparks.latest()
        told = ",".join(f"{_json(name)}:{text}" for name, text in lines.items() if self._sees(name))
        await send("sparks", f'{{"type":"sparks","begin":{begin},"step":{step},"servers":{{{told}}}}}')

    async def _tell_all_jobs(self, send: Send) -> None:
        jobs = self._look_at_jobs()
        self._told = {job.id: text for job, text in jobs}
        await send("jobs", f'{{"type":"jobs","jobs":[{",".join(text for _, text in jobs)}]}}')

    async def _tell_jobs(self, send: Send) -> None:
        if self._jobs_then is self._jobs.change():
            return
        jobs = self._look_at_jobs()
        for job, text in reversed(jobs):
            if self._told.get(job.id) != text:
                await send("job", f'{{"type":"job","job":{text}}}')
        self._told = {job.id: text for job, text in jobs}

    def _look_at_jobs(self) -> list[tuple[Job, str]]:
        """Return the jobs, the latest first, each as JSON."""
        self._jobs_then = self._jobs.change()
        seen = [job for job in self._jobs.all() if job.seen_by(self._who)]
        return [(job, json.dumps(job.describe(), separators=(",", ":"))) for job in seen]

    async def _tell_events(self, send: Send) -> None:
        skipped = self._events.skip(LATEST)
        for _, text in await self._events.receive(wait=False):
            more = ',"skipped":true' if skipped else ""
            skipped = False
            await send("event", f'{{"type":"event"{more},"event":{text}}}')


def _json(value: str | bool) -> str:
    return json.dumps(value, ensure_ascii=False)
