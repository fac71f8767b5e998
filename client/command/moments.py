"""Moments as people write and read them: in the time zone of who reads."""

import re
import time
from datetime import UTC, datetime

import click

_SPAN = re.compile(r"(\d{1,9}(?:\.\d{1,3})?)\s*(ms|s|m|h|d|w)(?:\s+ago)?")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?")


def moment(text: str, now: float | None = None) -> float | None:
    """Return Unix seconds, or None if it is no moment.

    It is how long ago (`10m`, `2h`), a time of today (`14:30`), ISO 8601 (without a zone, that of this
    machine), or Unix seconds.
    """
    now = time.time() if now is None else now
    if span := _SPAN.fullmatch(text):
        return now - float(span[1]) * _SECONDS[span[2]]
    if clock := _CLOCK.fullmatch(text):
        today = datetime.fromtimestamp(now).astimezone()
        hour, minute, second = (int(one or 0) for one in clock.groups())
        return today.replace(hour=hour, minute=minute, second=second, microsecond=0).timestamp()
    try:
        if re.fullmatch(r"\d{9,11}(\.\d+)?", text):
            return float(text)
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError):
        return None


class Moment(click.ParamType[float]):
    """An option that is a moment."""

    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return Unix seconds; fails for what is no moment."""
        if isinstance(value, float):
            return value
        if (found := moment(str(value))) is None:
            self.fail(f"{value} is no time: say 10m, 14:30, 2026-01-31 or 2026-01-31T12:00:00Z", param, ctx)
        return found


def shown_time(at: float) -> str:
    """Return a moment for people, to the second: `2026-01-31 12:00:00`."""
    return f"{datetime.fromtimestamp(at).astimezone():%Y-%m-%d %H:%M:%S}"


def stamp(at: float) -> str:
    """Return a moment as the API writes it before a line: UTC, to the millisecond."""
    shown = datetime.fromtimestamp(max(at, 0.0), UTC)
    return f"{shown:%Y-%m-%dT%H:%M:%S}.{shown.microsecond // 1000:03d}Z"
