"""What an entry of the audit log holds: no more than a line may be long, whoever has typed how much.

Rules:
- A text has at most 1024 characters, and `…` where more of it was; a list has at most 100 items.
- What is still too long for a line has its texts and lists halved until it is not: in JSON, a character may
  take twelve bytes.
- A secret is none of this module's business: it must not come here.
"""

import json
from collections.abc import Mapping, Sequence
from typing import TypeAlias

LONGEST_TEXT = 1024
"""Characters."""

MOST_ITEMS = 100

LONGEST = 7 << 10
"""Bytes of an entry; with its place in the chain, its line stays below 8 KiB."""

CUT = "…"
"""What stands where something was left out."""

Detail: TypeAlias = "str | int | Sequence[str]"

_SHORTEST = 8
_encode = json.JSONEncoder(separators=(",", ":")).encode  # ASCII: whatever a name is, it is one line


def bounded(entry: Mapping[str, Detail]) -> dict[str, Detail]:
    """Return an entry that fits into a line; what is short enough is left as it is."""
    text, items = LONGEST_TEXT, MOST_ITEMS
    while True:
        fitting = {key: _cut(value, text, items) for key, value in entry.items()}
        if text <= _SHORTEST or len(_encode(fitting)) <= LONGEST:
            return fitting
        # Items before texts: half a list says more than a list of halves.
        if items > _SHORTEST and any(_is_list(value) for value in entry.values()):
            items //= 2
        else:
            text //= 2


def encoded(entry: Mapping[str, object]) -> str:
    """Return an entry as JSON, in ASCII and on one line."""
    return _encode(entry)


def _cut(value: Detail, text: int, items: int) -> Detail:
    if isinstance(value, str):
        return value if len(value) <= text else f"{value[:text]}{CUT}"
    if isinstance(value, int):
        return value
    kept = [one if len(one) <= text else f"{one[:text]}{CUT}" for one in value[:items]]
    return kept if len(value) <= items else [*kept, CUT]


def _is_list(value: Detail) -> bool:
    return not isinstance(value, str | int)
