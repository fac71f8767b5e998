"""Supervision: how soon programs run, come back and end, and what it costs to keep them."""

import itertools
import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial

from ..bench import Bench
from ..case import LIMIT, Case, Contender, Figures, Goal, NotMeasured
from ..consumption import family, resident, seconds
from ..keepers import KEEPERS, Keeper, alive, programs
from ..private import apply_more
from ..started import until
from ..target import Target

COUNTS = (0, 1, 100, 1000)

QUIET = 15.0
"""Seconds for which idle processes are watched."""

SETTLED = 3.0
"""Seconds from the start of the last program to that."""

UNITS = {
    "all up": "ms",
    "idle": "% of a core",
    "memory": "MiB",
    "supervisor": "MiB",
    "API": "MiB",
    "for each": "KiB",
    "all gone": "ms",
}

MORE = 100
"""Programs that are added to those that run."""

_numbers = itertools.count(1)

Start = Callable[[int], AbstractContextManager[Keeper]]


def cases(bench: Bench) -> Iterator[Case]:
    """Yield them: by so many programs, then what happens to one of them."""
    own = [target for target in bench.targets if target.again is not None]
    for target in bench.targets:
        if target.again is None:
            bench.note(f"{target.name}: how it starts is measured of what is started here (--start)")
    empty: dict[str, float] = {}
    for count in COUNTS:
        number = bench.scaled(count) if count else 0
        contenders: dict[str, Contender] = {
            target.name: partial(_kept, bench, partial(_of_target, target), target.name, number, empty)
            for target in own
        }
        for name, start in KEEPERS.items():
            place = partial(_of_keeper, bench, start)
            contenders[name] = partial(_kept, bench, place, name, number, empty)
        if number:
            contenders[f"{LIMIT}posix_spawn in C"] = partial(_limit, bench, number)
        yield Case(
            f"{number} programs that sleep",
            contenders,
            UNITS,
            _goals(number),
            bench.names,
            rounds=3 if number == 1 else 1,
            about=f"all up: from exec, until all live; idle: {QUIET:g} s, from {SETTLED:g} s on; "
            "all gone: from SIGTERM on",
        )
    more = bench.scaled(MORE)
    yield Case(
        f"{more} programs more, of a plan in a running supervisor",
        {
            **{target.name: partial(_more, target, more) for target in own},
            f"{LIMIT}posix_spawn in C": partial(_limit, bench, more),
        },
        {"all up": "ms"},
        (Goal("all up", at_most=75.0),),
        bench.names,
        about="from the plan at the private socket (only Holdfast has one), until all live",
    )
    one: dict[str, Contender] = {target.name: partial(_one, target, more) for target in own}
    yield Case(
        f"1 of {more} programs",
        one | {name: partial(_one_of_keeper, bench, name, more) for name in KEEPERS},
        {"back after a crash": "ms", "stop": "ms"},
        about="from SIGKILL of the program until another lives: Holdfast and Octyne wait on purpose (0.5 s); "
        "stop: from TERM asked of the API until the program is gone",
    )


def _goals(number: int) -> tuple[Goal, ...]:
    if number != 1000:
        return ()
    return (
        Goal("all up", at_most=5000.0, octyne="Octyne: 1,075"),
        Goal("idle", at_most=1.0),
        Goal("supervisor", at_most=60.0),
        Goal("API", at_most=90.0, octyne="Octyne: 52"),
    )


@contextmanager
def _of_target(target: Target, count: int) -> Iterator[Keeper]:
    with target.with_servers(count, "begun") as one:
        assert one.root is not None
        root = one.root
        yield Keeper(root, one.begun, lambda: os.kill(root, signal.SIGTERM))


@contextmanager
def _of_keeper(
    bench: Bench, start: Callable[[Bench, str, int], AbstractContextManager[Keeper]], count: int
) -> Iterator[Keeper]:
    folder = os.path.join(bench.folder, f"keeper-{next(_numbers)}")
    os.mkdir(folder)
    with start(bench, folder, count) as keeper:
        yield keeper


def _kept(bench: Bench, start: Start, name: str, count: int, empty: dict[str, float]) -> Figures:
    with start(count) as keeper:
        until(lambda: alive(keeper.root, count))
        figures = {"all up": (time.monotonic() - keeper.begun) * 1000} if count else {}
        # Who is asked to end while he begins may not hear it.
        time.sleep(SETTLED * min(bench.scale, 1))
        if count != 1:
            figures |= _idle(bench, keeper)
            if not count:
                empty[name] = figures["memory"]
            elif name in empty:
                figures["for each"] = (figures["memory"] - empty[name]) / count * 1024
        living = programs(keeper.root)
        asked = time.monotonic()
        keeper.end()
        if count:
            until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in living))
            figures["all gone"] = (time.monotonic() - asked) * 1000
    return figures


def _idle(bench: Bench, keeper: Keeper) -> Figures:
    """Return what a keeper costs while nothing happens."""
    own = family(keeper.root)
    before, begun = sum(map(seconds, own)), time.monotonic()
    time.sleep(QUIET * min(bench.scale, 1))
    figures = {"idle": (sum(map(seconds, own)) - before) / (time.monotonic() - begun) * 100}
    kept = {pid: resident(pid) / (1 << 20) for pid in own}
    figures["memory"] = sum(kept.values())
    if len(own) == 2:
        figures["supervisor"] = kept.pop(keeper.root)
        figures["API"] = sum(kept.values())
    return figures


def _limit(bench: Bench, number: int) -> Figures:
    return {"all up": bench.told("spawn", str(number))["seconds"] * 1000}


def _more(target: Target, count: int) -> Figures:
    with target.with_servers(1) as one:
        assert one.root is not None
        assert one.folders is not None
        root = one.root
        begun = time.monotonic()
        apply_more(os.path.join(one.folders, "state", "run", "supervisor.sock"), count)
        until(lambda: alive(root, count + 1))
        return {"all up": (time.monotonic() - begun) * 1000}


def _one(target: Target, count: int) -> Figures:
    with target.with_servers(count) as one:
        assert one.root is not None
        figures = {"back after a crash": _back(one.root)}
        before = set(programs(one.root))
        begun = time.monotonic()
        answer = one.ask("POST", "/server/s0000", "TERM")
        if answer.status != 200:
            raise NotMeasured(f"it answers {answer.status} {json.dumps(answer.body.decode())}")
        root = one.root
        until(lambda: len(before - set(programs(root))) == 1)
        return {**figures, "stop": (time.monotonic() - begun) * 1000}


def _one_of_keeper(bench: Bench, name: str, count: int) -> Figures:
    with _of_keeper(bench, KEEPERS[name], count) as keeper:
        until(lambda: alive(keeper.root, count))
        time.sleep(1)
        return {"back after a crash": _back(keeper.root)}


def _back(root: int) -> float:
    """Kill one program, and return after how many milliseconds another lives in its place."""
    before = programs(root)
    begun = time.monotonic()
    os.kill(before[-1], signal.SIGKILL)
    until(lambda: len(set(programs(root)) - set(before)) == 1)
    return (time.monotonic() - begun) * 1000
