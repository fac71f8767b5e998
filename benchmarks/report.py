"""The report: a table for people, JSON for programs, from the same figures."""

import os
import platform
import statistics
from collections.abc import Iterator, Sequence

from .case import Goal, Measured

Json = dict[str, object]


def machine() -> Json:
    """Return what one must know of the machine to read the figures."""
    return {
        "kernel": platform.release(),
        "processors": len(os.sched_getaffinity(0)),
        "memory": os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"),
        "python": platform.python_version(),
        "load": os.getloadavg()[0],
    }


def amount(value: float) -> str:
    """Return a number as people read it: three digits that count."""
    if value == 0:
        return "0"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.{0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2 if abs(value) >= 1 else 3}f}"


def table(result: Measured) -> Iterator[str]:
    """Yield the lines of one case: medians, and from what to what the rounds went."""
    yield f"{result.section}: {result.case.name}"
    if result.case.about:
        yield f"  {result.case.about}"
    figures = [
        figure for figure in result.case.units if any(figure in told for told in result.values.values())
    ]
    heads = [f"{figure}, {unit}" if (unit := result.case.units[figure]) else figure for figure in figures]
    rows = [["", *heads]] if figures else []
    for name, told in result.values.items():
        rows.append([name, *(_cell(told.get(figure, ())) for figure in figures)])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)] or [0]
    widths[0] = max([widths[0], *map(len, result.failures)])
    for first, *cells in rows:
        numbers = (f"  {cell:>{width}}" for cell, width in zip(cells, widths[1:], strict=True))
        yield f"  {first:<{widths[0]}}{''.join(numbers)}"
    for name, why in result.failures.items():
        yield f"  {name:<{widths[0]}}  not measured: {why}"
    yield from (f"  goal: {wish}: {name} {share}, {said}" for name, wish, share, said in _told(result))
    yield ""


def goals(results: Sequence[Measured]) -> Iterator[str]:
    """Yield a line for each goal of all cases, by what came of it, the missed ones last."""
    told = [(one, *goal) for one in results for goal in _told(one)]
    for wanted in ("met", "unknown", "MISSED"):
        for one, name, wish, share, said in told:
            if said == wanted:
                yield f"{said:<7}  {one.section}: {one.case.name}: {wish}: {name} {share}"


def as_json(result: Measured) -> Json:
    """Return the same for programs."""
    return {
        "section": result.section,
        "case": result.case.name,
        "about": result.case.about,
        "units": dict(result.case.units),
        "contenders": {
            name: {
                figure: {
                    "median": statistics.median(values),
                    "least": min(values),
                    "most": max(values),
                    "values": values,
                }
                for figure, values in told.items()
            }
            for name, told in result.values.items()
        },
        "failures": result.failures,
        "goals": [
            {"contender": name, "goal": _wish(goal), "reached": share, "met": met, "octyne": goal.octyne}
            for name, goal, share, met in _judged(result)
        ],
    }


def _cell(values: Sequence[float]) -> str:
    if not values:
        return ""
    median = amount(statistics.median(values))
    return median if len(values) == 1 else f"{median} ({amount(min(values))}-{amount(max(values))})"


def _judged(result: Measured) -> Iterator[tuple[str, Goal, str, bool | None]]:
    """Yield what came of each goal, for each target: goals are not set to limits and rivals."""
    for goal in result.case.goals:
        for name in result.case.targets:
            values = result.values.get(name, {}).get(goal.figure)
            if not values:
                continue
            value = statistics.median(values)
            rival = result.values.get(goal.of, {}).get(goal.figure) if goal.of is not None else None
            other = statistics.median(rival) if rival else None
            share = f"{value / other:.0%}" if goal.of is not None and other else amount(value)
            yield name, goal, share, goal.met(value, other)


def _told(result: Measured) -> Iterator[tuple[str, str, str, str]]:
    """Yield of each goal whose it is, what it wants, what was reached, and what came of it."""
    for name, goal, share, met in _judged(result):
        wish = f"{_wish(goal)} ({goal.octyne})" if goal.octyne else _wish(goal)
        yield name, wish, share, {True: "met", False: "MISSED", None: "unknown"}[met]


def _wish(goal: Goal) -> str:
    wishes = []
    for word, wish in ((">=", goal.at_least), ("<=", goal.at_most)):
        if wish is not None:
            wishes.append(f"{word} {f'{wish:.0%} of {goal.of}' if goal.of is not None else amount(wish)}")
    return f"{goal.figure} {' and '.join(wishes)}"
