"""What is asked for of a log: a time, an expression, so many lines at the end, and how they are told."""

import math
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

from .expression import Expression, compiled
from .query import whole_number
from .sink import Place

MOST_TAIL = 100_000
LONGEST_PATTERN = 1000
"""Characters of an expression."""

LARGEST = 10_000
"""Instructions that an expression may become: what RE2 needs for a byte grows with them, to 20 µs here."""

_MEMORY = 8 << 20
_PLACE = re.compile(r"([0-9a-f]{16}):(\d{1,18})")
_SPAN = re.compile(r"(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h|d|w)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}


class InvalidLogQuery(ValueError):
    """A parameter that means nothing; the message says which, and what it should be."""


@dataclass(frozen=True, slots=True)
class LogQuery:
    """All of it; None fits anything."""

    since: float | None = None
    until: float | None = None
    grep: Expression | None = None
    tail: int | None = None
    timestamps: bool = False
    json: bool = False
    follow: bool = False
    after: Place | None = None
    """Where that ends what was told before."""
    marks: bool = False
    """Whether to tell, besides the lines, how far it has come."""

    @classmethod
    def read(cls, given: Mapping[str, str], now: float | None = None) -> Self:
        """Return what the parameters of a request ask for; raises `InvalidLogQuery`."""
        now = time.time() if now is None else now
        form = given.get("format") or "text"
        if form not in ("text", "json"):
            raise InvalidLogQuery("format is text or json")
        query = cls(
            since=moment_of(given, "since", now),
            until=moment_of(given, "until", now),
            grep=_pattern(given),
            tail=_whole(given, "tail", MOST_TAIL),
            timestamps=given.get("timestamps") == "true",
            json=form == "json",
            follow=given.get("follow") == "true",
            after=_place(given),
            marks=form == "json" and given.get("marks") == "true",
        )
        if query.follow and query.until is not None:
            raise InvalidLogQuery("follow and until exclude each other")
        return query

    def fits(self, moment: float | None) -> bool:
        """Tell whether a line that came at a moment is among those asked for."""
        if moment is None:
            return self.since is None
        return (self.since is None or moment >= self.since) and (self.until is None or moment < self.until)


def _pattern(given: Mapping[str, str]) -> Expression | None:
    text = given.get("grep") or ""
    if not text:
        return None
    if len(text) > LONGEST_PATTERN:
        raise InvalidLogQuery(f"grep has at most {LONGEST_PATTERN} characters")
    try:
        expression = compiled(text.encode(), _MEMORY, case=given.get("case") != "false")
    except UnicodeEncodeError as exc:
        raise InvalidLogQuery("grep is no regular expression: it is no text") from exc
    except ValueError as exc:
        raise InvalidLogQuery(f"grep is no regular expression: {exc}") from exc
    if expression.programsize > LARGEST:
        raise InvalidLogQuery("grep is too large: fewer or smaller repetitions, or smaller classes than \\pL")
    return expression


def _whole(given: Mapping[str, str], key: str, most: int) -> int | None:
    text = given.get(key) or ""
    if not text:
        return None
    if (number := whole_number(text, 0, most)) is None:
        raise InvalidLogQuery(f"{key} is a whole number from 0 to {most}")
    return number


def _place(given: Mapping[str, str]) -> Place | None:
    text = given.get("after") or ""
    if not text:
        return None
    if (fits := _PLACE.fullmatch(text)) is None:
        raise InvalidLogQuery("after is the stream of a line, a colon, and its end")
    return Place(fits[1], int(fits[2]))


def moment_of(given: Mapping[str, str], key: str, now: float) -> float | None:
    """Return a moment in Unix seconds; without a zone it is in UTC, and a duration is so long ago.

    Raises `InvalidLogQuery`.
    """
    text = given.get(key) or ""
    if not text:
        return None
    if span := _SPAN.fullmatch(text):
        return now - float(span[1]) * _SECONDS[span[2]]
    try:
        seconds = float(text)
    except ValueError:
        try:
            moment = datetime.fromisoformat(text)
            seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        except (ValueError, OverflowError):
            seconds = math.nan
    if not math.isfinite(seconds):
        what = "Unix seconds, ISO 8601 such as 2026-01-31T12:00:00Z, or how long ago, such as 10m"
        raise InvalidLogQuery(f"{key} is a moment: {what}")
    return seconds
