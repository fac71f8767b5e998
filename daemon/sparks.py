"""The latest hour of all servers in short: lines for a page that has just been opened.

Rules:
- A line has `POINTS` columns, each of a minute, or of as long as it takes between two measurements.
- They are read by the thread that has the rings, from the rows of a minute that are there already, and kept
  for `FRESH` seconds for whoever asks.
"""

import json
import math
import time
from collections.abc import Mapping, Sequence

import anyio

from .meter import HOST, Meter
from .usagering import Ring, decode

POINTS = 60

FRESH = 5.0
"""Seconds for which what was read is given to others, too."""

_MINUTE = 60
_CPU, _MEMORY = 0, 1
"""Their places among the columns of a server."""

_HUNDREDTH = 0.01


class Sparks:
    """The lines, by server."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._turn = anyio.Lock()
        self._at = -math.inf
        self._begin = 0
        self._step = _MINUTE
        self._texts: Mapping[str, str] = {}

    async def latest(self) -> tuple[int, int, Mapping[str, str]]:
        """Return when the first column begins, the seconds of one, and of each server two lists as JSON.

        Servers of which nothing is known are missing.
        """
        async with self._turn:
            if time.monotonic() - self._at >= FRESH:
                step = _MINUTE * max(1, math.ceil(self._meter.interval / _MINUTE))
                begin = (int(self._meter.now()) // step - POINTS + 1) * step
                self._texts = await self._meter.read(lambda rings: _read(rings, begin, step))
                self._begin, self._step, self._at = begin, step, time.monotonic()
            return self._begin, self._step, self._texts


def line(ring: Ring, begin: int, step: int, column: int, unit: float) -> Sequence[float | None]:
    """Return averages of a column from a moment on; None where nothing is known."""
    sums, weights = [0.0] * POINTS, [0] * POINTS
    latest = begin
    for level in (ring.levels[1], ring.levels[0]):
        places, weight, end = [*level.order()], max(1, level.width), latest
        for at in reversed(places):
            moment = level.times[at]
            if moment < latest:
                break
            end = max(end, moment + weight)
            value = decode(level.columns[column][at], unit)
            if value is not None:
                point = min((moment - begin) // step, POINTS - 1)
                sums[point] += value * weight
                weights[point] += weight
        latest = end  # what stands in a whole minute is not counted twice
    return [total / weight if weight else None for total, weight in zip(sums, weights, strict=True)]


def _read(rings: Mapping[str, Ring], begin: int, step: int) -> Mapping[str, str]:
    texts = {}
    for name, ring in rings.items():
        if name != HOST and ring.last >= begin:
            cpu = line(ring, begin, step, _CPU, _HUNDREDTH)
            memory = line(ring, begin, step, _MEMORY, 1.0)
            told = {
                "cpu": [None if one is None else round(one, 1) for one in cpu],
                "memory": [None if one is None else round(one) for one in memory],
            }
            texts[name] = json.dumps(told, separators=(",", ":"))
    return texts
