"""What a client makes its request depend on (RFC 9110, section 13)."""

import re
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

from starlette.datastructures import Headers

from filemgr import Accepts

_ETAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"')

STEADY = 1.0
"""Seconds without a change after which a date tells one content from another: section 8.8.2.2."""


def date_of(second: float) -> str:
    """Return a date as HTTP writes it."""
    return format_datetime(datetime.fromtimestamp(int(second), UTC), usegmt=True)


def outcome(headers: Headers, etag: str, modified: int) -> int | None:
    """Return the status of a GET whose condition does not hold, 412 or 304; None if it shall be answered.

    `modified` is the second of the last modification.
    """
    match = headers.get("if-match")
    if match is not None:
        if not _lists(match, etag):
            return 412
    elif (since := _date(headers.get("if-unmodified-since"))) is not None and modified > since:
        return 412
    other = headers.get("if-none-match")
    if other is not None:
        return 304 if _lists(other, etag, weak=True) else None
    since = _date(headers.get("if-modified-since"))
    return 304 if since is not None and modified <= since else None


def wants_range(headers: Headers, etag: str, modified: int, now: float) -> bool:
    """Tell whether a range is wanted of what is there now (`If-Range`); without a condition it is."""
    condition = headers.get("if-range")
    if condition is None:
        return True
    if condition.strip().startswith(('"', "W/")):
        return condition.strip() == etag  # ours is strong, so a weak one never is
    return _date(condition) == modified and now - modified >= STEADY


def accepts(headers: Headers) -> Accepts | None:
    """Return what a PUT demands of what is there (`If-Match`, `If-None-Match`); None if nothing."""
    match, other = headers.get("if-match"), headers.get("if-none-match")
    demands: list[Accepts] = []
    if match is not None:
        demands.append(lambda etag: etag is not None and _lists(match, etag))
    if other is not None:
        demands.append(lambda etag: etag is None or not _lists(other, etag, weak=True))
    return (lambda etag: all(demand(etag) for demand in demands)) if demands else None


def _lists(header: str, etag: str, *, weak: bool = False) -> bool:
    if header.strip() == "*":
        return True
    listed = _ETAG.findall(header)
    return etag in ([one.removeprefix("W/") for one in listed] if weak else listed)


def _date(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        return int(parsedate_to_datetime(text).replace(tzinfo=UTC).timestamp())  # it is always GMT
    except (ValueError, OverflowError):
        return None  # as if it were not there
