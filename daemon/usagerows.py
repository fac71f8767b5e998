"""Rows of a ring as an answer has them: a list for each column, with nothing where there is a gap."""

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from .usagering import Column, Row

Series: TypeAlias = dict[str, list[float | None]]
"""Lists of one length, by column: `time` in seconds since 1970, then averages, then peaks (`cpuMax`)."""


def series(columns: Sequence[Column], rows: Iterable[Row], step: int = 0) -> Series:
    """Return the rows as columns, several as one where they begin in the same `step` seconds.

    Where a row begins anew there is one before it in which all but the time is None.
    """
    names = [column.name for column in columns]
    names += [f"{column.name}Max" for column in columns if column.peak]
    answer: Series = {name: [] for name in ("time", *names)}
    lists = list(answer.values())
    end = 0
    for time, width, anew, numbers in _merged(rows, step):
        if anew and lists[0]:
            for one in lists:
                one.append(None)
            lists[0][-1] = min(end, time)
        for one, number in zip(lists, (time, *numbers), strict=True):
            one.append(number)
        end = time + max(width, 1)
    return answer


def _merged(rows: Iterable[Row], step: int) -> Iterable[tuple[int, int, bool, list[float | None]]]:
    group: list[Row] = []
    for row in rows:
        if group and (step <= 1 or row.time // step != group[0].time // step):
            yield _one(group, step)
            group = []
        group.append(row)
    if group:
        yield _one(group, step)


def _one(group: Sequence[Row], step: int) -> tuple[int, int, bool, list[float | None]]:
    first = group[0]
    time, width = (first.time, first.width) if step <= 1 else (first.time - first.time % step, step)
    weights = [max(row.width, 1) for row in group]
    averages = [_average(values, weights) for values in zip(*(row.values for row in group), strict=True)]
    peaks = [_peak(values) for values in zip(*(row.peaks for row in group), strict=True)]
    return time, width, any(row.anew for row in group), [_short(one) for one in (*averages, *peaks)]


def _average(values: Sequence[float | None], weights: Sequence[int]) -> float | None:
    known = [(value, weight) for value, weight in zip(values, weights, strict=True) if value is not None]
    total = sum(weight for _, weight in known)
    return sum(value * weight for value, weight in known) / total if total else None


def _peak(values: Sequence[float | None]) -> float | None:
    return max((value for value in values if value is not None), default=None)


def _short(value: float | None) -> float | None:
    """Return a number as exact as it is kept: digits that mean nothing would be most of an answer."""
    if value is None:
        return None
    short = round(value, 2) if value < 10_000 else float(round(value))
    return int(short) if short.is_integer() else short
