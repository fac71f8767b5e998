"""Everybody who lives, as of one moment, and whose orphans they are; one look serves all who ask at once."""

import math
import os
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import anyio
import anyio.lowlevel

from .process import KIN, Member, between, environment, look_at

_LISTINGS = 20
"""Looks at who is new, for one look at all: on a machine that forks without an end it has to end."""


class Population:
    """All living processes at one moment."""

    def __init__(self, members: Iterable[Member], at: float = -math.inf) -> None:
        self.at = at
        """When it was looked, on the monotonic clock."""
        self.members: dict[int, Member] = {}
        self.sessions: dict[int, list[Member]] = defaultdict(list)
        self.children: dict[int, list[Member]] = defaultdict(list)
        self._seen: set[str] = set()
        self._marked: dict[bytes, list[Member]] | None = None
        self._add(members)

    @classmethod
    def now(cls) -> "Population":
        """Look at /proc; raises `OSError` if there is no descriptor to look with."""
        population = cls((), time.monotonic())
        population._look()
        return population

    def orphans(self, mark: bytes) -> Sequence[Member]:
        """Return those with this variable in their environment whom one of our ancestors, or we, adopted.

        Raises `OSError` if there is no descriptor to look with.
        """
        if self._marked is None:
            self._marked = self._read_marks(mark.partition(b"=")[0] + b"=")
        return self._marked.get(mark, ())

    def _look(self) -> None:
        """Add who is new.

        Who forks and ends between the listing and the look at itself has a child that is in no listing yet:
        it is listed again until nobody is new. Then everybody is found, or who has started them.
        """
        for _ in range(_LISTINGS):
            new = [name for name in os.listdir("/proc") if name.isdigit() and name not in self._seen]
            if not new:
                return
            self._seen.update(new)
            self._add(member for name in new if (member := look_at(int(name))) is not None)

    def _add(self, members: Iterable[Member]) -> None:
        for member in members:
            self._seen.add(str(member.identity.pid))
            self.members[member.identity.pid] = member
            self.sessions[member.session].append(member)
            self.children[member.parent].append(member)

    def _read_marks(self, name: bytes) -> dict[bytes, list[Member]]:
        marked: dict[bytes, list[Member]] = defaultdict(list)
        read: set[int] = set()
        for _ in range(_LISTINGS):
            new = [member for member in self._adopted() if member.identity.pid not in read]
            lost = False
            for member in new:
                pid = member.identity.pid
                variables = environment(pid)
                if not any(variables) and between(pid, readable=bool(variables)):
                    lost = True
                    continue
                read.add(pid)
                for variable in variables:
                    if variable.startswith(name):
                        marked[variable].append(member)
            if not lost:
                break
            # Nobody can tell whose they were, but what they have started may be there.
            self._look()
        return marked

    def _adopted(self) -> Iterator[Member]:
        """Yield who may have lost its parent: it was given to us, to one of our ancestors, or to init."""
        elders, pid = {1, os.getpid()}, os.getpid()
        while (elder := self.members.get(pid)) is not None and elder.parent not in elders:
            pid = elder.parent
            elders.add(pid)
        # Whose parent is nobody lost it during the look; 0 is the parent of who has none.
        elders |= self.children.keys() - self.members.keys() - {0}
        for pid in elders:
            for member in self.children.get(pid, ()):
                if member.identity.pid not in elders and member.identity.pid not in KIN:
                    yield member


class Census:
    """Who lives: one look at /proc serves all who ask at the same time."""

    def __init__(self) -> None:
        self._asked: list[anyio.Event] = []
        self._seen = Population(())

    async def population(self) -> Population:
        """Return all living processes, as of after the call; raises `OSError`."""
        mine = anyio.Event()
        self._asked.append(mine)
        # A storm of exits arrives in one round of the event loop: the first of it looks for all.
        await anyio.lowlevel.checkpoint()
        if not mine.is_set():
            self._look()
            for event in self._asked:
                event.set()
            self._asked.clear()
        return self._seen

    def since(self, moment: float) -> Population:
        """Return all living processes, as of a moment on the monotonic clock or later; raises `OSError`."""
        if self._seen.at < moment:
            self._look()
        return self._seen

    def _look(self) -> None:
        self._seen = Population.now()


CENSUS = Census()
