"""Durations and moments, as people type and read them."""

import re
import time
from datetime import datetime

import click

from .amounts import duration

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800, "y": 31_557_600}
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdwy])\s*")
_UNIX = 1_000_000.0
"""Numbers from here on are moments in Unix seconds."""


class Duration(click.ParamType[float]):
    """`90s`, `30m`, `1h30m`, `30d`: seconds."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the seconds."""
        if isinstance(value, int | float):
            return float(value)
        seconds = _seconds(str(value))
        if seconds is None:
            self.fail(f"{value!r} is no duration: say 90s, 30m, 1h30m, 7d or 4w", param, ctx)
        return seconds


class Moment(click.ParamType[float]):
    """A duration before now, a date and a time in the zone of this machine, or Unix seconds."""

    name = "moment"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return Unix seconds."""
        if isinstance(value, int | float):
            return float(value)
        text = str(value).strip()
        if (before := _seconds(text)) is not None:
            return time.time() - before
        try:
            number = float(text)
        except ValueError:
            number = None
        if number is not None and _UNIX <= number < _LATEST:
            return number
        try:
            return datetime.fromisoformat(text).astimezone().timestamp()
        except (ValueError, OverflowError):
            self.fail(
                f"{value!r} is no moment: say 2h for two hours ago, or 2026-01-31, or '2026-01-31 12:00'",
                param,
                ctx,
            )


_LATEST = 253_402_300_000.0
"""The end of the year 9999."""

DURATION, MOMENT = Duration(), Moment()


def when(moment: float | None) -> str:
    """Return a moment by the clock of this machine; nothing for none."""
    if moment is None:
        return ""
    try:
        return f"{datetime.fromtimestamp(moment).astimezone():%Y-%m-%d %H:%M:%S}"
    except (ValueError, OverflowError, OSError):
        return f"{moment:.0f}"


def ago(moment: float | None, otherwise: str = "never") -> str:
    """Return how long ago that was, by the clock of this machine."""
    if not moment:
        return otherwise
    return f"{_span(time.time() - moment)} ago"


def ahead(moment: float | None, otherwise: str = "never") -> str:
    """Return how long it is until then."""
    if not moment:
        return otherwise
    left = moment - time.time()
    return f"in {_span(left)}" if left > 0 else "over"


def _span(seconds: float) -> str:
    whole = max(1, round(seconds))
    return f"{whole}s" if whole < _SHORT else duration(whole)


_SHORT = 10


def _seconds(text: str) -> float | None:
    parts = _PART.findall(text.lower())
    if not parts or _PART.sub("", text.lower()).strip():
        return None
    return sum(float(number) * _UNITS[unit] for number, unit in parts)
