"""The lines of several servers at once, each server in a thread of its own, as one sequence of happenings."""

import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from ..failures import Failure
from ..logs import Line, Mark
from ..quick import quick_client
from ..refusals import NoSuchServer
from ..target import Target

ROOM = 10_000
"""Lines that wait to be shown."""

TOGETHER = 10.0
"""Seconds in which all shall have told what there was, so that it can be put in order."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A connection was cut, or with no failure, it is there again."""

    failure: Failure | None


@dataclass(frozen=True, slots=True)
class Over:
    """No more comes of a server: for good, or because of a failure."""

    failure: Exception | None


Item = Line | Mark | Cut | Over

Follow = Callable[[str, Callable[[Item], object]], None]
"""Follows one server, and gives what comes to the function; returns at the end, raises `Failure`."""


def from_api(target: Target, **query: str | float | bool | None) -> Follow:
    """Return what follows a server by the API; `query` is what `Logs.watch` takes."""

    def follow(name: str, give: Callable[[Item], object]) -> None:
        client = quick_client(target)
        with client, client.logs.watch(name, **query) as stream:  # type: ignore[arg-type]
            stream.on_break = lambda failure: give(Cut(failure))
            begun = False
            try:
                for item in stream:
                    begun = True
                    give(item)
            except NoSuchServer:
                if not begun:
                    raise

    return follow


def happenings(names: Sequence[str], follow: Follow) -> Iterator[tuple[str, Item]]:
    """Yield what comes of servers, by name: first what there was, in the order of time, then as it comes.

    It ends when nothing more can come of any.
    """
    items: queue.Queue[tuple[str, Item]] = queue.Queue(ROOM)

    def run(name: str) -> None:
        over = Over(None)
        try:
            follow(name, lambda item: items.put((name, item)))
        except Exception as exc:  # noqa: BLE001  (it is told to whoever waits)
            over = Over(exc)
        items.put((name, over))

    for name in names:
        threading.Thread(target=run, args=(name,), name=f"logs of {name}", daemon=True).start()
    left, behind = set(names), set(names)
    held: list[tuple[str, Item]] = []
    until = time.monotonic() + TOGETHER
    while left:
        try:
            name, item = items.get(timeout=max(0.0, until - time.monotonic()) if behind else None)
        except queue.Empty:
            behind.clear()
            yield from in_order(held)
            held.clear()
            continue
        if isinstance(item, Over):
            left.discard(name)
        if isinstance(item, Mark | Over):
            behind.discard(name)
        if held or behind:
            held.append((name, item))
            if not behind:
                yield from in_order(held)
                held.clear()
        else:
            yield name, item


def in_order(items: Iterable[tuple[str, Item]]) -> Sequence[tuple[str, Item]]:
    """Return what there was by its time; what nobody knows the time of stays behind what came before it."""
    latest: dict[str, float] = {}
    timed: list[tuple[float, str, Item]] = []
    for name, item in items:
        at = item.time if isinstance(item, Line) and item.time is not None else 0.0
        latest[name] = max(latest.get(name, 0.0), at)
        timed.append((latest[name], name, item))
    return [(name, item) for _, name, item in sorted(timed, key=lambda one: one[0])]
