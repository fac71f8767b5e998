"""Server-sent events: their text, taken apart as it comes (https://html.spec.whatwg.org, 9.2.6)."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from .failures import NotHoldfast

LONGEST = 16 << 20
"""Bytes of one event."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event: its kind, its data, and the id to go on after it, if it has one.

    A block that says only where to go on is one, too: it has an id and no data.
    """

    kind: str
    data: str
    id: str = ""

    def json(self) -> object:
        """Return the data as what it says in JSON; raises `NotHoldfast`."""
        try:
            return json.loads(self.data)
        except ValueError:
            raise NotHoldfast("an event is no JSON") from None


class Events:
    """Takes bytes, and gives the events that are whole."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> Sequence[Event]:
        """Return what has become whole; raises `NotHoldfast` if that will never be."""
        *blocks, self._rest = (self._rest + data).replace(b"\r\n", b"\n").split(b"\n\n")
        if len(self._rest) > LONGEST:
            raise NotHoldfast("an event has no end")
        return [event for block in blocks if (event := _event(block)) is not None]


def _event(block: bytes) -> Event | None:
    kind, data, id_ = "message", [], ""
    for line in block.decode("utf-8", "replace").split("\n"):
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        match name:
            case "event":
                kind = value
            case "data":
                data.append(value)
            case "id":
                id_ = value
    return Event(kind, "\n".join(data), id_) if data or id_ else None
