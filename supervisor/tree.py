"""The whole process tree of one run, and how it is signalled, paused, killed and seen to end.

Who belongs to it:

- who is in its control group, if it has one: nobody leaves that without being allowed to;
- the session of its main process, which nobody else can join;
- descendants, by parenthood, of all these;
- orphans who carry our mark in their environment: whose parent has died is given to us, the supervisor;
- who was seen to belong to it once, for as long as it lives, and the sessions that these have made.

Without a control group, who leaves the session, clears its environment and loses its parent between two looks
is not found any more. We look before each signal, and when the main process ends.
"""

import os
import signal
import time
from collections.abc import Mapping, Sequence

import anyio

from .execution import Limits
from .group import Group
from .limiting import NOT_ENFORCED
from .population import CENSUS, Population
from .process import AGAIN, Member, ProcessId, gone

RECENT = 0.25
"""Seconds for which a look at all processes serves others: a thousand are stopped at once."""

ROUNDS = 20
"""Looks at all processes for one kill: who forks while it is killed is found in the next one."""


class Tree:
    """All processes of one run."""

    def __init__(self, main: ProcessId, mark: str = "", group: Group | None = None) -> None:
        """`mark` is the variable, `NAME=value`, that its programs carry; empty for none."""
        self.main = main
        self.mark = mark
        self.group = group
        self._since = time.monotonic()
        self.latest = 0
        """The signal that was sent last."""
        self.unenforced: Mapping[str, str] = {} if group is None else group.unenforced
        """Limits that are not in force, and why."""
        self._known: set[ProcessId] = set()
        self._session_over = False

    @property
    def path(self) -> str:
        """The folder of its control group; empty if it has none."""
        return "" if self.group is None else self.group.path

    async def members(self) -> Sequence[Member]:
        """Return who lives of it, as of after the call."""
        while True:
            try:
                return self.among(await CENSUS.population())
            except OSError:
                await anyio.sleep(AGAIN)  # there is no descriptor to look with

    def recent(self, age: float) -> Sequence[Member]:
        """Return who lived of it so many seconds ago, or later; nobody if there is no descriptor to look."""
        try:
            return self.among(CENSUS.since(max(self._since, time.monotonic() - age)))
        except OSError:
            return ()

    def among(self, population: Population) -> Sequence[Member]:
        """Return who of all processes belongs to it."""
        found: dict[int, Member] = {}
        waiting = self._roots(population)
        ours = os.getsid(0)
        while waiting:
            member = waiting.pop()
            if member.identity.pid in found:
                continue
            found[member.identity.pid] = member
            waiting += population.children.get(member.identity.pid, ())
            leader = population.members.get(member.session)
            if member.session not in (0, ours, self.main.pid) and (
                leader is None or leader.identity.pid in found
            ):
                waiting += population.sessions.get(member.session, ())
        self._known = {member.identity for member in found.values()}
        return list(found.values())

    def _roots(self, population: Population) -> list[Member]:
        roots = [member for known in self._known if (member := _living(population, known)) is not None]
        if self.group is not None:
            roots += [population.members[pid] for pid in self.group.pids() if pid in population.members]
        if self.mark:
            roots += population.orphans(self.mark.encode("utf-8", "surrogateescape"))
        leader = population.members.get(self.main.pid)
        session = population.sessions.get(self.main.pid, ())
        # While one of its session lives, no stranger can have been given the number; afterwards one can.
        if not self._session_over and (leader is None or leader.identity == self.main):
            roots += session
        self._session_over = self._session_over or not session
        return roots

    def signal(self, number: int, *, main_lives: bool) -> None:
        """Send a signal: to the group of the main process while that lives, else to all who are left."""
        self.latest = number
        # To know them before they lose their parents.
        known = self.recent(RECENT) if self.group is None else ()
        if number == signal.SIGKILL:
            self._kill(main_lives=main_lives)
            if main_lives:
                self._pass_on(known)
        elif main_lives:
            # A stopped process would take the request only once it is continued.
            self._signal_main(number, signal.SIGCONT)
        else:
            self._signal_all(number, signal.SIGCONT)

    def signal_all(self, number: int) -> None:
        """Send a signal to everybody, wherever they are by now."""
        self._signal_all(number)

    def pass_on(self, left: Sequence[Member]) -> None:
        """Give the latest signal to who is left when the main process has ended, and has not had it yet."""
        if self.latest == signal.SIGKILL:
            self._kill(main_lives=False)
        elif self.latest:
            self._pass_on(left)

    def _pass_on(self, members: Sequence[Member]) -> None:
        """Give the latest signal to those of these who are not in the group of the main process."""
        for member in members:
            if member.group != self.main.pid:
                member.signal(self.latest)

    def pause(self, *, on: bool) -> None:
        """Let nobody of it run, or let them run again."""
        if self.group is not None and self.group.freeze(on=on):
            return
        if on:
            self._each_new(signal.SIGSTOP)
        else:
            for member in self.recent(RECENT):
                member.signal(signal.SIGCONT)

    def limit(self, limits: Limits, directory: str) -> None:
        """Let these limits be in force from now on, as far as they can be."""
        if self.group is not None:
            self.group.limit(limits, directory)
            self.unenforced = self.group.unenforced
        else:
            self.unenforced = dict.fromkeys(limits.wanted, f"{NOT_ENFORCED}: there are no control groups")

    async def emptied(self) -> None:
        """Wait until nobody lives of it."""
        while True:
            if self.group is not None:
                await self.group.emptied()
            members = await self.members()
            if not members:
                return
            for member in members:
                await gone(member)

    def close(self) -> None:
        """Remove its control group."""
        if self.group is not None:
            self.group.remove()

    def _kill(self, *, main_lives: bool) -> None:
        if self.group is not None:
            self.group.kill()
        if main_lives:
            self._signal_main(signal.SIGKILL)
        else:
            self._each_new(signal.SIGKILL)

    def _signal_main(self, *numbers: int) -> None:
        try:
            for number in numbers:
                os.killpg(self.main.pid, number)
        except ProcessLookupError:
            # It leads no group: it was found as the eldest of what was left behind. Or it is gone.
            for number in numbers:
                Member(self.main, 0, 0, 0, "").signal(number)
        except PermissionError:
            return  # another user by now: what is left is seen to live on

    def _signal_all(self, *numbers: int) -> None:
        for member in self.recent(age=0.0):
            for number in numbers:
                member.signal(number)

    def _each_new(self, number: int) -> None:
        """Stop whoever there is, until nobody new comes, and then kill them if that is what is wanted.

        Who would be killed at once could have forked a moment before, again and again.
        """
        stopped: set[ProcessId] = set()
        for _ in range(ROUNDS):
            new = [member for member in self.recent(age=0.0) if member.identity not in stopped]
            if not new:
                break
            for member in new:
                member.signal(signal.SIGSTOP)
                stopped.add(member.identity)
        if number != signal.SIGSTOP:
            self._signal_all(number)


def _living(population: Population, identity: ProcessId) -> Member | None:
    member = population.members.get(identity.pid)
    return member if member is not None and member.identity == identity else None
