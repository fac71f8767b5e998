"""The console: how fast a program may print, how much of it each viewer gets, and how soon."""

import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial

from ..bench import Bench
from ..case import LIMIT, Case, Contender, Figures, Goal
from ..target import Target
from .viewers import (
    Told,
    flooding,
    relay,
    speed_into,
    speed_of,
    type_moment,
    typist,
    upgrade,
    watching,
)

CAT = "into cat"

SPEED = {"MB/s": "", "CPU": "s/GB", "memory": "MiB"}
DELIVERED = {
    "lines/s": "to each",
    "slowest": "lines/s",
    "MB/s": "to all",
    "CPU": "ms/MB",
    "memory": "MiB grown",
    "program": "MB/s",
}
SOON = {"p50": "ms", "p99": "ms", "worst": "ms", "seen": "%"}

LINES = "200"
STDIO = "200 4096"
"""What follows `flood 0`: lines of 200 bytes, by blocks of 64 KiB, or as programs do that print by stdio."""

WATCHED = ((0, 0), (1, 0), (10, 0), (100, 0), (1, 1))
"""Viewers, and how many of them never read."""

MANY = {1: 500_000, 10: 400_000, 100: 100_000}
"""Lines a second to each of so many viewers."""

OCTYNE = {1: "2,000", 10: "2,000", 100: "1,000"}

ABOUT = "Whoever reads takes processor time from the program where there are fewer processors than they need."


def cases(bench: Bench) -> Iterator[Case]:
    """Yield them: the program's own speed, what is delivered, how soon, and the replay."""
    yield from _speeds(bench)
    for viewers in MANY:
        for protocol in ("console-v2", "", "console-v3"):
            yield _delivery(bench, protocol, viewers, LINES, (_many(viewers),))
    for name, order in (
        ("lines of 10 bytes", "10"),
        ("lines of 60 kB", "60000"),
        ("200-byte lines with colours", "200 0 coloured"),
    ):
        yield _delivery(bench, "console-v2", 10, order, (), name)
    yield from _latencies(bench)
    yield _case(bench, "Replay of a full scrollback, console-v2", _replay, {"ms": "", "KB": ""})


def _case(
    bench: Bench,
    name: str,
    measure: Callable[[Bench, Target], Figures],
    units: Mapping[str, str],
    goals: tuple[Goal, ...] = (),
    limits: Mapping[str, Contender] | None = None,
    about: str = "",
) -> Case:
    mine: dict[str, Contender] = {target.name: partial(measure, bench, target) for target in bench.targets}
    return Case(name, {**mine, **(limits or {})}, units, goals, bench.names, about=about)


def _speeds(bench: Bench) -> Iterator[Case]:
    for order, how in ((LINES, "written by 64 KiB"), (STDIO, "written by 4 KiB")):
        for viewers, stuck in WATCHED:
            who = "a dead viewer" if stuck else f"{viewers or 'no'} viewer{'s' * (viewers != 1)}"
            limits: dict[str, Contender] = {CAT: partial(_alone, bench, order, ["cat"])}
            if not viewers:
                limits[f"{LIMIT}into /dev/null"] = partial(_alone, bench, order, None)
            yield _case(
                bench,
                f"Flood of 200-byte lines, {how}, {who}",
                partial(_supervised, order=order, viewers=viewers, stuck=stuck),
                SPEED,
                (Goal("MB/s", at_least=0.95, of=CAT, octyne="Octyne: stands still" if stuck else ""),),
                limits,
                ABOUT if viewers > stuck else "",
            )


def _alone(bench: Bench, order: str, reader: list[str] | None) -> Figures:
    return {"MB/s": speed_into(bench, order, reader)}


def _supervised(bench: Bench, target: Target, *, order: str, viewers: int, stuck: int) -> Figures:
    with target.metered() as used:
        if viewers:
            where, head = target.where(target.ways[0]), upgrade(target)
            with watching(bench, where, head, viewers, stuck=stuck), flooding(bench, target, order):
                time.sleep(bench.seconds)
        else:
            with flooding(bench, target, order):
                time.sleep(bench.seconds)
    speed = speed_of(target)
    written = speed * used.seconds / 1e3
    return {"MB/s": speed, "CPU": used.cpu / written, "memory": used.grown}


def _many(viewers: int) -> Goal:
    return Goal("lines/s", at_least=MANY[viewers], octyne=f"Octyne: {OCTYNE[viewers]}")


def _delivery(
    bench: Bench,
    protocol: str,
    viewers: int,
    order: str,
    goals: tuple[Goal, ...],
    name: str = "200-byte lines",
) -> Case:
    how = protocol or "plain text"
    return _case(
        bench,
        f"Delivery of {name} to {viewers} viewer{'s' * (viewers > 1)}, {how}",
        partial(_delivered, protocol=protocol, viewers=viewers, order=order),
        DELIVERED,
        goals,
        {f"{LIMIT}C relay": partial(_relayed, bench, viewers, order)},
        "The program floods as fast as it can; what is too much is skipped. The relay waits for its viewers.",
    )


def _delivered(bench: Bench, target: Target, *, protocol: str, viewers: int, order: str) -> Figures:
    where, head = target.where(target.ways[0]), upgrade(target, protocol)
    with watching(bench, where, head, viewers, protocol) as they, target.metered() as used:
        they.count()
        with flooding(bench, target, order):
            time.sleep(bench.seconds)
            told = they.so_far()
    return {
        **_amounts(told),
        "CPU": used.cpu * 1e3 / (told["total"] / 1e6),
        "memory": used.grown,
        "program": speed_of(target),
    }


def _relayed(bench: Bench, viewers: int, order: str) -> Figures:
    with relay(bench, viewers) as it, watching(bench, ["unix", it.path], b"\r\n\r\n", viewers, "") as they:
        they.count()
        it.say(f"flood 0 {order}")
        time.sleep(bench.seconds)
        told = they.so_far()
    return _amounts(told)


def _amounts(told: Told) -> dict[str, float]:
    return {
        "lines/s": told["lines"] / told["seconds"],
        "slowest": told["least lines"] / told["seconds"],
        "MB/s": told["total"] / told["seconds"] / 1e6,
    }


def _latencies(bench: Bench) -> Iterator[Case]:
    for rate, viewers, stuck, goal in (
        (100, 1, 0, None),
        (500, 10, 0, Goal("p99", at_most=1.0, octyne="Octyne: 6.2")),
        (500, 11, 1, Goal("p99", at_most=2.0)),
    ):
        whom = f"{viewers - stuck} viewer{'s' * (viewers > 1)}{', beside one that never reads' * stuck}"
        relayed: dict[str, Contender] = {
            f"{LIMIT}C relay": partial(_paced_relay, bench, rate, viewers - stuck)
        }
        yield _case(
            bench,
            f"From the program's write to {whom}, {rate} lines a second",
            partial(_paced, rate=rate, viewers=viewers, stuck=stuck),
            SOON,
            (goal,) if goal else (),
            {} if stuck else relayed,
        )
    yield _case(
        bench,
        "From the program's write to 1 viewer, under flood",
        _flooded,
        SOON,
        about="How old each stamped line is that is seen: one of each write, and most are skipped.",
    )
    yield _case(bench, "From input to its echo, quiet", partial(_echoed, order=""), SOON)
    yield _case(
        bench,
        "From input to its echo, under flood",
        partial(_echoed, order=LINES),
        SOON,
        about="seen: of the echoes, in a flood of which most is skipped.",
    )


def _soon(told: Told, expected: float) -> Figures:
    return {
        "p50": told.get("p50", float("nan")),
        "p99": told.get("p99", float("nan")),
        "worst": told.get("worst", float("nan")),
        "seen": 100 * told.get("timed", 0) / expected,
    }


def _paced(bench: Bench, target: Target, *, rate: int, viewers: int, stuck: int) -> Figures:
    lines, where, head = round(rate * bench.seconds), target.where(target.ways[0]), upgrade(target)
    with watching(bench, where, head, viewers, stuck=stuck, timed=True, until="paced") as they:
        if stuck:  # what fits into its connection is there already
            with flooding(bench, target, LINES):
                time.sleep(0.3)
        time.sleep(0.2)
        they.count()
        target.say(f"pace {rate} {lines}")
        return _soon(they.until_over(), lines * (viewers - stuck))


def _paced_relay(bench: Bench, rate: int, viewers: int) -> Figures:
    lines = round(rate * bench.seconds)
    with relay(bench, viewers) as it:
        where = ["unix", it.path]
        with watching(bench, where, b"\r\n\r\n", viewers, "", timed=True, until="paced") as they:
            they.count()
            it.say(f"pace {rate} {lines}")
            return _soon(they.until_over(), lines * viewers)


def _flooded(bench: Bench, target: Target) -> Figures:
    where, head = target.where(target.ways[0]), upgrade(target)
    with watching(bench, where, head, 1, timed=True) as they, flooding(bench, target, "200 65536 stamped"):
        time.sleep(0.2)
        they.count()
        time.sleep(bench.seconds)
        told = they.so_far()
    return _soon(told, told["lines"] / 327)


def _echoed(bench: Bench, target: Target, *, order: str) -> Figures:
    where, head, asked = target.where(target.ways[0]), upgrade(target), 0
    with watching(bench, where, head, 1, timed=True) as they, typist(target) as one:
        time.sleep(0.2)  # the replay holds earlier ones
        they.count()

        def type_all() -> None:
            nonlocal asked
            over = time.monotonic() + bench.seconds
            while time.monotonic() < over:
                type_moment(one)
                asked += 1
                time.sleep(0.02)

        if order:
            with flooding(bench, target, order):
                type_all()
        else:
            type_all()
        time.sleep(0.2)
        return _soon(they.so_far(), asked)


def _replay(bench: Bench, target: Target) -> Figures:
    if target.folder() is not None:
        with flooding(bench, target, LINES):
            time.sleep(0.3)
    else:
        target.say("flood 100000 200")
    time.sleep(0.3)
    begun = time.monotonic()
    with target.console() as one:
        size, seen = 0, b""
        while b'flooded"}' not in seen:
            got = one.recv(1 << 18)
            if not got:
                break
            size += len(got)
            seen = seen[-20:] + got
        return {"ms": (time.monotonic() - begun) * 1e3, "KB": size / 1e3}
