"""The list of servers as who polls it gets it: made anew when a server has changed, not for each who asks.

It is kept for a standing, so nobody gets what others may see; who has other rights has another standing.
"""

from collections.abc import Callable

from starlette.responses import JSONResponse

from .mirror import Mirror
from .standing import Standing

MOST = 256
"""Standings for which it is kept at the same time."""


class Kept(JSONResponse):
    """An answer that is given more than once, and never changed."""


class Listing:
    """The answers, until something changes."""

    def __init__(self, mirror: Mirror) -> None:
        self._kept: dict[Standing, Kept] = {}
        mirror.watch(self._forget)

    def of(self, standing: Standing, make: Callable[[], Kept]) -> Kept:
        """Return what `make` has returned for this standing since the latest change."""
        answer = self._kept.get(standing)
        if answer is None:
            if len(self._kept) >= MOST:
                self._kept.clear()
            answer = self._kept[standing] = make()
        return answer

    def _forget(self, _: str) -> None:
        self._kept.clear()
