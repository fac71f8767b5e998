"""Has services start after those that they need, and stop before them. Knows no program, no clock, no file.

What waits is told by the services themselves, so that a handover carries it: here is who listens to whom.
`noticed` is told of every change; whoever waits for what has changed is looked at again, one after the other.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

import anyio.lowlevel

from .cause import Cause, CauseKind
from .events import Asked, Held, Kill, Moved, Obstacle, Restart, Start, State, Stop, Wanted
from .facts import Facts
from .order import Order, Standing, Ties, find_cycle
from .spec import ServiceSpec


class Member(Protocol):
    """A service, as far as others depend on it."""

    spec: ServiceSpec

    @property
    def lifecycle(self) -> Facts:
        """Where it is."""

    def take(self, event: Asked | Moved) -> None:
        """Take in what is asked of it, or that others have moved."""


class Ordering:
    """The services and their ties; `members` is looked into, never changed."""

    def __init__(
        self, members: Mapping[str, Member], is_coming: Callable[[str], bool], wake: Callable[[], None]
    ) -> None:
        """`is_coming` tells whose start has been decided and is still to come; `wake` has `run` called."""
        self._members = members
        self._is_coming = is_coming
        self._wake = wake
        self._awake = False
        self._order = Order({})
        self._seen: dict[str, Standing] = {}
        self._waits: dict[str, tuple[str, ...]] = {}
        self._awaited: dict[str, dict[str, None]] = {}
        """By name, who waits for it."""
        self._due: dict[str, str] = {}
        """Who is to be looked at again, and who has moved."""

    def renew(self) -> None:
        """Take in services and ties that are new or gone, and look at all who wait."""
        ties = {name: _ties(member.spec) for name, member in self._members.items()}
        if find_cycle(ties):
            # No plan has one: an old tie of what is leaving closes it. Who leaves starts no more.
            leaving = (name for name, member in self._members.items() if member.lifecycle.removed)
            ties |= dict.fromkeys(leaving, Ties())
        self._order = Order(ties)
        for name in {**self._members, **self._seen}:
            self.noticed(name)
        for name, member in self._members.items():
            if member.lifecycle.held is not None:
                self._look_again([name], name)

    def gate(self, name: str) -> Obstacle | None:
        """Return what is in the way of a start."""
        return self._order.obstacle(name, self._look)

    def noticed(self, name: str) -> None:
        """Know that a service may have changed, appeared or vanished, or whether its start is to come."""
        self._listen(name)
        standing = self._look(name)
        if standing != self._seen.get(name):
            if standing is None:
                del self._seen[name]
            else:
                self._seen[name] = standing
            self._look_again(self._awaited.get(name, ()), name)

    # What is asked of one and concerns others. Names must be known.

    def start(self, name: str, cause: Cause) -> None:
        """Want it up, and with it what it requires."""
        self._start_needed(name)
        self._start_one(name, cause)

    def stop(self, name: str, cause: Cause) -> Sequence[str]:
        """Want it down, once those are that require it; return who they are."""
        leaning = self._leaning(name, _stays) if _stays(self._seen_now(name)) else []
        self._members[name].take(Stop(cause, self._behind(name)))
        for other, by in leaning:
            because = Cause(CauseKind.DEPENDENCY, by, f"{by} is to stop")
            self._members[other].take(Stop(because, self._behind(other)))
        return [other for other, _ in leaning]

    def kill(self, name: str, cause: Cause) -> Sequence[str]:
        """Want it down at once, and so those that require it; return who they are."""
        leaning = self._leaning(name, _lives) if _lives(self._seen_now(name)) else []
        for other, by in reversed(leaning):
            self._members[other].take(Kill(Cause(CauseKind.DEPENDENCY, by, f"{by} is killed")))
        self._members[name].take(Kill(cause))
        return [other for other, _ in leaning]

    def restart(self, name: str, cause: Cause) -> None:
        """Want it stopped and up again, and so those that require it and live."""
        if self._seen_now(name).state not in (State.STARTING, State.RUNNING):
            self.start(name, cause)
            return
        leaning = self._leaning(name, _stays)
        self._start_needed(name)
        self._members[name].take(Restart(cause, self._behind(name)))
        for other, by in leaning:
            if self._seen_now(other).state in (State.STARTING, State.RUNNING):
                because = Cause(CauseKind.DEPENDENCY, by, f"{by} is to restart")
                self._members[other].take(Restart(because, self._behind(other)))

    def stop_all(self, cause: Cause) -> None:
        """Want all down, each before those that it requires or comes after."""
        for name, member in list(self._members.items()):
            member.take(Stop(cause, self._behind(name, all_ties=True)))

    def longest(self, costs: Mapping[str, float]) -> float:
        """Return what the dearest chain of services costs in which each waits for another."""
        return self._order.longest(costs)

    # What waits, and is looked at again.

    async def run(self) -> None:
        """Look at all who are to be looked at again; others are served in between."""
        while self._due:
            await anyio.lowlevel.checkpoint()
            self.step()
        self._awake = False

    def step(self) -> bool:
        """Look at one; tell whether there was any."""
        if not self._due:
            return False
        name = next(iter(self._due))
        mover = self._due.pop(name)
        if (member := self._members.get(name)) is not None:
            self._consider(name, member, Cause(CauseKind.DEPENDENCY, mover, f"{mover} has changed"))
        return True

    def _consider(self, name: str, member: Member, cause: Cause) -> None:
        life = member.lifecycle
        if life.held is Held.START:
            obstacle = self.gate(name)
            if obstacle is None or obstacle != Obstacle(life.waits_for, life.reason):
                member.take(Moved(cause))
        elif life.held is not None:
            left = tuple(other for other in life.waits_for if self._goes_down(other))
            if left != life.waits_for or not left:
                member.take(Moved(cause, left))

    def _listen(self, name: str) -> None:
        member = self._members.get(name)
        waits = () if member is None else member.lifecycle.waits_for
        if waits == self._waits.get(name, ()):
            return
        for other in self._waits.pop(name, ()):
            del self._awaited[other][name]
            if not self._awaited[other]:
                del self._awaited[other]
        for other in waits:
            self._awaited.setdefault(other, {})[name] = None
        if waits:
            self._waits[name] = waits

    def _look_again(self, names: Iterable[str], mover: str) -> None:
        for name in names:
            self._due.setdefault(name, mover)
        if self._due and not self._awake:
            self._awake = True
            self._wake()

    def _look(self, name: str) -> Standing | None:
        return self._seen_now(name) if name in self._members else None

    def _seen_now(self, name: str) -> Standing:
        life = self._members[name].lifecycle
        coming = self._is_coming(name)
        return Standing(life.state, life.wanted, life.held, coming=coming, removed=life.removed)

    def _start_needed(self, name: str) -> None:
        for other, by in self._order.needed(name, self._look):
            self._start_one(other, Cause(CauseKind.DEPENDENCY, by, f"{by} requires it"))

    def _start_one(self, name: str, cause: Cause) -> None:
        member = self._members[name]
        if member.lifecycle.held is Held.STOP and any(
            self._restarts(one) for one in self._awaited.get(name, ())
        ):
            # What it needs is to restart, and waits for it: to run on is not to be had, only to come back.
            member.take(Restart(cause, self._behind(name)))
        else:
            member.take(Start(cause))

    def _restarts(self, name: str) -> bool:
        return self._members[name].lifecycle.held is Held.RESTART

    def _leaning(self, name: str, which: Callable[[Standing], bool]) -> Sequence[tuple[str, str]]:
        leaning = self._order.leaning(name, self._look)
        return [(other, by) for other, by in leaning if which(self._seen_now(other))]

    def _goes_down(self, name: str) -> bool:
        standing = self._look(name)
        return standing is not None and standing.going_down

    def _behind(self, name: str, *, all_ties: bool = False) -> tuple[str, ...]:
        """Return who must be gone before it is stopped, but for those that wait for it in turn.

        There can be such ones only where a plan has turned a tie round while they were being stopped.
        """
        behind = self._order.behind(name, self._look, all_ties=all_ties)
        return tuple(other for other in behind if not self._waits_to_stop(other, name))

    def _waits_to_stop(self, name: str, other: str) -> bool:
        seen, ahead = {name}, [name]
        for one in ahead:
            if one in self._members and self._members[one].lifecycle.held in (Held.STOP, Held.RESTART):
                more = [next_ for next_ in self._waits.get(one, ()) if next_ not in seen]
                seen.update(more)
                ahead += more
        return other in seen


def _ties(spec: ServiceSpec) -> Ties:
    return Ties(spec.requires, spec.after)


def _lives(standing: Standing) -> bool:
    """Whether it has a program, or is about to have one again after a crash."""
    return standing.state.alive or standing.state is State.BACKOFF


def _stays(standing: Standing) -> bool:
    """Whether it lives, and nobody has asked it to stop."""
    return standing.wanted is Wanted.UP and _lives(standing)
