"""One-time tickets: how a browser, which cannot set headers there, opens a console or a download.

Rules: a ticket is good once, for 30 s of a monotonic clock, from the address it was issued to, and while who
asked for it is in, with the rights that he had then. It is spent by being shown, also from the wrong address:
what was seen there is not secret.
"""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from .standing import Holder, Standing

LIFETIME = 30.0
_LONGEST = 64


@dataclass(frozen=True, slots=True)
class _Ticket:
    holder: Holder
    standing: Standing
    address: str
    expires: float


class Tickets:
    """The tickets that are out, at most `most` in all and `per_holder` each; the oldest makes room."""

    def __init__(self, clock: Callable[[], float], *, most: int = 10_000, per_holder: int = 100) -> None:
        self._clock = clock
        self._most = most
        self._per_holder = per_holder
        # By digest, so that the time of a lookup says nothing about a ticket; in order of issue, which is
        # the order of expiry.
        self._out: dict[bytes, _Ticket] = {}

    def issue(self, holder: Holder, address: str) -> str:
        """Return a new ticket, URL-safe, of 192 bits."""
        self._make_room(holder)
        ticket = secrets.token_urlsafe(24)
        self._out[_digest(ticket)] = _Ticket(holder, holder.standing, address, self._clock() + LIFETIME)
        return ticket

    def redeem(self, ticket: str, address: str) -> Holder | None:
        """Spend a ticket; return who asked for it, or None if it is not good (any more, or from there)."""
        if len(ticket) > _LONGEST or not ticket.isascii():
            return None
        found = self._out.pop(_digest(ticket), None)
        if found is None or found.address != address or found.expires <= self._clock():
            return None
        return None if found.standing.over.is_set() else found.holder

    def _make_room(self, holder: Holder) -> None:
        now = self._clock()
        while self._out:
            oldest = next(iter(self._out))
            if self._out[oldest].expires > now and len(self._out) < self._most:
                break
            del self._out[oldest]
        own = [key for key, ticket in self._out.items() if ticket.holder is holder]
        if len(own) >= self._per_holder:
            del self._out[own[0]]


def _digest(ticket: str) -> bytes:
    return hashlib.sha256(ticket.encode("ascii")).digest()
