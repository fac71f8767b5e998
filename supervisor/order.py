"""Who starts and who stops before whom: a graph, and what follows from where each one is. No I/O.

The rules:

- A service starts when all that it requires are ready: they run, and nobody is about to stop them. It also
  waits for those that it comes after, but only as long as they are on their way up.
- What is started brings along what it requires, unless that is up or on its way already.
- What is stopped takes along what requires it, directly or through others. It is stopped itself when those
  that live are gone; where one between them does not live, the one beyond it counts.
- There is no circle. So whoever waits, waits for one that can move, and is told its name.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import TypeAlias

from .events import Held, Obstacle, State, Wanted

MOST_NAMES = 5
"""How many of those that one waits for are named with what they do."""


@dataclass(frozen=True, slots=True)
class Ties:
    """What one service says about others, by their names."""

    requires: tuple[str, ...] = ()
    after: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """All of them, each once."""
        return tuple(dict.fromkeys((*self.requires, *self.after)))


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a service is, as far as others depend on it."""

    state: State
    wanted: Wanted
    held: Held | None = None
    coming: bool = False
    """Its start has been decided and is still to come."""
    removed: bool = False

    @property
    def ready(self) -> bool:
        """Whether those that require it may start."""
        return self.state is State.RUNNING and self.held is None

    @property
    def up(self) -> bool:
        """Whether it is up, or on its way there without anybody's doing."""
        if self.coming or self.held in (Held.START, Held.RESTART):
            return True
        return self.wanted is Wanted.UP and (self.state.alive or self.state is State.BACKOFF)

    @property
    def going_down(self) -> bool:
        """Whether it lives, and will not for long."""
        return self.state is State.STOPPING or self.held in (Held.STOP, Held.RESTART)

    def __str__(self) -> str:
        if self.held is not None:
            return "waits itself" if self.held is Held.START else f"is about to {self.held}"
        match self.state:
            case _ if self.coming:
                return "is to be started"
            case State.STOPPING if self.wanted is Wanted.UP:
                return "is stopping, to be started again"
            case State.BACKOFF:
                return "has crashed and waits to be restarted"
            case State.FAILED:
                return "has failed"
            case _:
                return f"is {self.state}"


Look: TypeAlias = Callable[[str], Standing | None]
"""Tells where a service is, by its name; None if there is none."""


def find_cycle(ties: Mapping[str, Ties]) -> tuple[str, ...]:
    """Return services that wait for each other in a circle, from the first of them to itself again.

    Empty if there are none. `("a", "b", "a")`: a waits for b, and b for a.
    """
    try:
        TopologicalSorter(_edges(ties)).prepare()
    except CycleError as exc:
        circle = list(reversed(exc.args[1][1:]))  # it tells the way from who is waited for to who waits
        position = {name: at for at, name in enumerate(ties)}
        first = min(range(len(circle)), key=lambda at: position[circle[at]])
        return (*circle[first:], *circle[: first + 1])
    return ()


class Order:
    """The ties of all services, which have no circle."""

    def __init__(self, ties: Mapping[str, Ties]) -> None:
        """Raise `ValueError`, which `graphlib.CycleError` is, where there is a circle."""
        self._ties = dict(ties)
        self._ranked = tuple(TopologicalSorter(_edges(ties)).static_order())
        self._requirers: dict[str, list[str]] = {}
        self._followers: dict[str, list[str]] = {}
        for name, its in self._ties.items():
            for other in its.requires:
                self._requirers.setdefault(other, []).append(name)
            for other in its.names:
                self._followers.setdefault(other, []).append(name)

    def layers(self) -> Sequence[Sequence[str]]:
        """Return who can start at once, then who can when those are ready, and so on."""
        depth: dict[str, int] = {}
        layers: list[list[str]] = []
        for name in self._ranked:
            before = (depth[other] for other in self._ties[name].names if other in depth)
            depth[name] = max(before, default=-1) + 1
            if depth[name] == len(layers):
                layers.append([])
            layers[depth[name]].append(name)
        return layers

    def obstacle(self, name: str, look: Look) -> Obstacle | None:
        """Return whom a service has to wait for before it starts, or None if it may."""
        ties = self._ties.get(name, Ties())
        waits: dict[str, str] = {}
        for other in ties.requires:
            there = look(other)
            if there is None or not there.ready:
                waits[other] = "does not exist" if there is None else str(there)
        for other in ties.after:
            there = look(other)
            if there is not None and there.up and not there.ready:
                waits[other] = str(there)
        return Obstacle(tuple(waits), _told(waits)) if waits else None

    def needed(self, name: str, look: Look) -> Sequence[tuple[str, str]]:
        """Return who is to be started with a service, each with who requires it: the farthest first."""
        found: dict[str, str] = {}
        walk = [(name, iter(self._ties.get(name, Ties()).requires))]
        seen = {name}
        done: list[str] = []
        while walk:
            one, rest = walk[-1]
            for other in rest:
                there = look(other)
                if other in seen or there is None or there.up or there.removed:
                    continue
                seen.add(other)
                found[other] = one
                walk.append((other, iter(self._ties.get(other, Ties()).requires)))
                break
            else:
                walk.pop()
                done.append(one)
        return [(one, found[one]) for one in done if one != name]

    def leaning(self, name: str, look: Look) -> Sequence[tuple[str, str]]:
        """Return who requires a service, each with whom of these it requires: the nearest first."""
        found = {name: ""}
        ahead = [name]
        for one in ahead:
            for other in self._requirers.get(one, ()):
                if other not in found and look(other) is not None:
                    found[other] = one
                    ahead.append(other)
        return list(found.items())[1:]

    def behind(self, name: str, look: Look, *, all_ties: bool = False) -> tuple[str, ...]:
        """Return who lives and must be gone before a service is stopped: who requires it.

        With `all_ties` also who comes after it.
        """
        edges = self._followers if all_ties else self._requirers
        found: dict[str, None] = {}
        seen = {name}
        ahead = [name]
        for one in ahead:
            for other in edges.get(one, ()):
                there = look(other)
                if there is None or other in seen:
                    continue
                seen.add(other)
                if there.state.alive:
                    found[other] = None
                else:
                    ahead.append(other)
        return tuple(found)

    def longest(self, costs: Mapping[str, float]) -> float:
        """Return what the dearest chain costs in which each waits for the next; without a cost, nothing."""
        total: dict[str, float] = {}
        for name in self._ranked:
            before = (total[other] for other in self._ties[name].names if other in total)
            total[name] = max(before, default=0.0) + costs.get(name, 0.0)
        strangers = (cost for name, cost in costs.items() if name not in total)
        return max((*total.values(), *strangers), default=0.0)


def _edges(ties: Mapping[str, Ties]) -> dict[str, list[str]]:
    return {name: [other for other in its.names if other in ties] for name, its in ties.items()}


def _told(waits: Mapping[str, str]) -> str:
    shown = [f"{name}, which {what}" for name, what in list(waits.items())[:MOST_NAMES]]
    more = len(waits) - len(shown)
    return f"waits for {'; '.join(shown)}{f'; and {more} more' if more else ''}"


def names_told(names: Sequence[str]) -> str:
    """Return names for a sentence: all if they are few."""
    more = len(names) - MOST_NAMES
    return ", ".join(names[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
