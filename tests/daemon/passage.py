"""The ways that a body takes into a file."""

import pytest

from daemon import receiving
from daemon.wire import Wire

WAYS = ("at once", "bare socket", "messages")


def go_by(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have all bodies go by one way, however short they are."""

    def none(wire: Wire) -> None:
        del wire

    if way != "at once":
        monkeypatch.setattr(receiving, "SHORT", -1)
    if way == "bare socket":
        monkeypatch.setattr("daemon.wire.WORTH", 1)
    else:
        monkeypatch.setattr(Wire, "inlet", none)
