"""What pages are told as it happens: which servers have changed, shared by all who follow.

Rules:
- A server is told of when something is different, not because time goes by: what ticks (CPU, memory, how
  long it runs) is told by numbers of their own, and by the moment at which it was started.
- Nobody is waited for. Of each reader there is a set of names that he must be told of; how those servers are
  is looked up when he takes it, so what is superseded costs nothing, and the latest always arrives.
- What is the same for all readers becomes JSON once.
"""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Protocol

import anyio

from supervisor import ServiceStatus

from .chronicle import Chronicle
from .config import Config
from .happening import Happening
from .health import Health
from .jobs import Jobs
from .mirror import Mirror
from .serverdetails import Details
from .standing import Standing
from .usage import Sampler, Usage

FRESH = 0.25
"""Seconds for which the text about a server is given to others, too: durations stand in it."""


class Reader(Protocol):
    """Somebody who follows; none of these may wait."""

    def note(self, name: str) -> None:
        """Something about a server is different, or it is gone."""

    def begin_anew(self) -> None:
        """The supervisor is lost, or found."""

    def wake(self) -> None:
        """There may be other news."""


class Live:
    """Knows what is different, and for whom."""

    def __init__(
        self,
        mirror: Mirror,
        details: Details,
        health: Health,
        chronicle: Chronicle,
        jobs: Jobs,
        sampler: Sampler,
    ) -> None:
        self.mirror = mirror
        self.closing = anyio.Event()
        """Set when the daemon is about to end."""
        self._details = details
        self._sampler = sampler
        self._readers: set[Reader] = set()
        self._seen: dict[str, object] = {}
        """Of each server what was different last, while anybody follows."""
        self._texts: dict[str, tuple[float, str]] = {}
        self._usages: Mapping[int, Usage] = {}
        self._measured = 0.0
        self._numbers: dict[Standing, str] = {}
        mirror.watch(self._note)
        mirror.watch_connection(self._begin_anew)
        health.note(self._note)
        chronicle.listen(self._happened)
        jobs.watch(self._wake)

    def join(self, reader: Reader) -> None:
        """Tell a reader from now on."""
        self._readers.add(reader)

    def leave(self, reader: Reader) -> None:
        """Tell him no more."""
        self._readers.discard(reader)
        if not self._readers:
            self._seen.clear()
            self._texts.clear()
            self._numbers.clear()

    async def configure(self, config: Config) -> None:
        """Go by this config."""
        for name in self._details.configure(config):
            self._note(name)

    def close(self) -> None:
        """End what follows, so that its clients are not cut off."""
        self.closing.set()
        self._wake()

    def text(self, status: ServiceStatus) -> str:
        """Return all about a server, as `GET /server/NAME` tells it, as JSON."""
        now = time.monotonic()
        made, text = self._texts.get(status.name, (-FRESH, ""))
        if now - made >= FRESH:
            told = self._details.of(status, self._sampler.known(status.pid))
            text = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
            self._texts[status.name] = now, text
        return text

    async def numbers(self, standing: Standing, sees: Callable[[str], bool]) -> str:
        """Return what the servers that run use now, as JSON; measured once for all who ask.

        Raises what the sampler raises where /proc cannot be read.
        """
        mains = {status.name: status.pid for status in self.mirror.latest.values() if status.pid is not None}
        usages = await self._sampler.usages(mains.values()) if mains else {}
        if usages != self._usages or not self._measured:
            self._usages, self._measured = usages, time.time()
            self._numbers.clear()
        text = self._numbers.get(standing)
        if text is None:
            found = {
                name: (one.cpu, one.memory, one.processes, one.threads, one.read, one.written)
                for name, pid in mains.items()
                if (one := usages.get(pid)) is not None and sees(name)
            }
            text = self._numbers[standing] = json.dumps(found, ensure_ascii=False, separators=(",", ":"))
        return f'{{"type":"usage","now":{time.time():.3f},"at":{self._measured:.3f},"servers":{text}}}'

    def _note(self, name: str) -> None:
        if not self._readers:
            return
        status = self.mirror.latest.get(name)
        if status is None:
            self._seen.pop(name, None)
        else:
            # Versions grow with what nobody is told of, too.
            seen = replace(status, version=0), self._details.besides(status)
            if self._seen.get(name) == seen:
                return
            self._seen[name] = seen
        self._texts.pop(name, None)
        for reader in self._readers:
            reader.note(name)

    def _happened(self, happening: Happening) -> None:
        self._note(happening.server)  # what has been found out about its end is known now
        self._wake()

    def _begin_anew(self) -> None:
        for reader in self._readers:
            reader.begin_anew()

    def _wake(self) -> None:
        for reader in self._readers:
            reader.wake()
