"""Durations and moments, as people type and read them: in the time zone of who reads."""

import re
import time
from datetime import UTC, datetime

import click

from .amounts import duration

_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800, "y": 31_557_600}
_PART = re.compile(r"(\d{1,9}(?:\.\d{1,3})?)\s*(ms|[smhdwy])\s*")
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?")
_UNIX = re.compile(r"\d{9,11}(\.\d+)?")

_SHORT = 10


def seconds(text: str) -> float | None:
    """Return a duration such as `90s`, `1h30m` or `30d` in seconds, or None if it is none."""
    parts = _PART.findall(text.lower())
    if not parts or _PART.sub("", text.lower()).strip():
        return None
    return sum(float(number) * _UNITS[unit] for number, unit in parts)


def moment(text: str, now: float | None = None) -> float | None:
    """Return Unix seconds, or None if it is no moment.

    It is how long ago (`10m`, `2h ago`), a time of today (`14:30`), ISO 8601 (without a zone, that of this
    machine), or Unix seconds.
    """
    now = time.time() if now is None else now
    text = text.strip()
    if (span := seconds(text.removesuffix("ago"))) is not None:
        return now - span
    if clock := _CLOCK.fullmatch(text):
        today = datetime.fromtimestamp(now).astimezone()
        hour, minute, second = (int(one or 0) for one in clock.groups())
        return today.replace(hour=hour, minute=minute, second=second, microsecond=0).timestamp()
    try:
        if _UNIX.fullmatch(text):
            return float(text)
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError):
        return None


class Duration(click.ParamType[float]):
    """`90s`, `30m`, `1h30m`, `30d`: seconds."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the seconds."""
        if isinstance(value, int | float):
            return float(value)
        if (found := seconds(str(value))) is None:
            self.fail(f"{value!r} is no duration: say 90s, 30m, 1h30m, 7d or 4w", param, ctx)
        return found


class Moment(click.ParamType[float]):
    """An option that is a moment."""

    name = "moment"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return Unix seconds; fails for what is no moment."""
        if isinstance(value, int | float):
            return float(value)
        if (found := moment(str(value))) is None:
            self.fail(
                f"{value!r} is no moment: say 2h (ago), 14:30, 2026-01-31 or '2026-01-31 12:00'", param, ctx
            )
        return found


DURATION, MOMENT = Duration(), Moment()


def when(moment: float | None) -> str:
    """Return a moment by the clock of this machine, `2026-01-31 12:00:00`; nothing for none."""
    if moment is None:
        return ""
    try:
        return f"{datetime.fromtimestamp(moment).astimezone():%Y-%m-%d %H:%M:%S}"
    except (ValueError, OverflowError, OSError):
        return f"{moment:.0f}"


def stamp(at: float) -> str:
    """Return a moment as the API writes it before a line: UTC, to the millisecond."""
    shown = datetime.fromtimestamp(max(at, 0.0), UTC)
    return f"{shown:%Y-%m-%dT%H:%M:%S}.{shown.microsecond // 1000:03d}Z"


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
