"""How long who has failed to log in must wait before he may try again.

Rules:
- Failures are counted for each account and for each address, whether the account exists or not. Within the
  free ones nobody waits; then `first` seconds, and twice as long after each further failure, at most `cap`.
- Who may not try yet is refused unheard: that is no failure, and makes nobody wait longer.
- A try counts from its beginning, so that a hundred at once are not a hundred for free. If it was right, or
  was never judged, that is taken back.
- Strangers cannot lock an owner out: at an address where he has come in before, only what failed at that
  address counts. There his account has as many free tries as any name has anywhere, so that they do not tell
  which accounts exist.
- Who succeeds makes good what failed on the same account from the same address, and nothing else: an owner's
  logins give no tries to those who attack him, nor does one's own account to who tries other people's.
- What failed is forgotten when nothing fails for twice the cap. No table grows beyond its bound: what goes
  are those with the fewest failures, and of them the oldest. So who wants a count of his own to go must
  collect as many failures on each of thousands of others.
- Names are kept as keyed digests: people type passwords into the wrong field.
"""

import hashlib
import heapq
import ipaddress
import math
import secrets
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache

from .accesssettings import LoginDelay
from .passwords import TooManyLogins

MOST = 10_000
"""Accounts, and addresses, of which failures are known."""

_HOMES = 16  # addresses of which we know that an account came in from there
_NET = 64  # bits of an IPv6 address that everybody in one household shares
_DOUBLINGS = 64  # more would be no number any more


class TooSoon(TooManyLogins):
    """Too much has failed; `retry_after` says for how many seconds nothing is heard."""

    def __init__(self, seconds: float) -> None:
        self.retry_after = max(1, math.ceil(seconds))
        unit = "second" if self.retry_after == 1 else "seconds"
        super().__init__(f"Too many failed logins, try again in {self.retry_after} {unit}!")


class Backoff:
    """All failures that are known.

    `clock` never goes back; `came_from` tells from which addresses an account is logged in.
    """

    def __init__(
        self,
        came_from: Callable[[str], Iterable[str]] = lambda _: (),
        clock: Callable[[], float] = time.monotonic,
        most: int = MOST,
    ) -> None:
        self.delay = LoginDelay()
        self._came_from = came_from
        self._clock = clock
        self._most = most
        self._salt = secrets.token_bytes(16)
        self.tally: Counter[str] = Counter()
        """How many tries were `failed`, `succeeded`, or `refused` unheard."""
        self._accounts, self._places, self._pairs = _Table(most), _Table(most), _Table(most)
        self._homes: OrderedDict[str, OrderedDict[str, None]] = OrderedDict()

    def __len__(self) -> int:
        """How much is known."""
        return len(self._accounts) + len(self._places) + len(self._pairs)

    @contextmanager
    def attempt(self, names: Iterable[str], address: str) -> Iterator["Attempt"]:
        """Let somebody try a password for a name, which may be spelt in several ways; raises `TooSoon`."""
        keys = {self._key(name): name for name in names}
        place = place_of(address)
        self._check(keys, place)
        since = self._clock() - 2 * self.delay.cap
        begun = [
            (table, key, table.begin(key, since))
            for table, wanted in (
                (self._places, [place]),
                (self._accounts, keys),
                (self._pairs, [_pair(place, key) for key in keys]),
            )
            for key in wanted
        ]
        try:
            yield Attempt(self, self._clock, place, [count for _, _, count in begun])
        finally:
            for table, key, count in begun:
                table.end(key, count)

    def make_good(self, name: str, place: str) -> None:
        """Take back what failed on an account from a place, and remember that its owner comes from there."""
        key = self._key(name)
        account, pair = self._accounts.find(key), self._pairs.find(_pair(place, key))
        for count in (self._places.find(place), account, pair):
            count.failed = max(0, count.failed - pair.failed)
        homes = self._homes.setdefault(key, OrderedDict())
        homes[place] = None
        homes.move_to_end(place)
        self._homes.move_to_end(key)
        if len(homes) > _HOMES:
            homes.popitem(last=False)
        if len(self._homes) > self._most:
            self._homes.popitem(last=False)

    def _check(self, keys: dict[str, str], place: str) -> None:
        now, delay = self._clock(), self.delay
        waits = [self._places.find(place).wait(delay.address, delay, now)]
        for key, name in keys.items():
            known = place in self._homes.get(key, ()) or place in set(map(place_of, self._came_from(name)))
            count = self._pairs.find(_pair(place, key)) if known else self._accounts.find(key)
            waits.append(count.wait(delay.account, delay, now))
        if max(waits) > 0:
            self.tally["refused"] += 1
            raise TooSoon(max(waits))

    def _key(self, name: str) -> str:
        return hashlib.blake2b(name.encode("utf-8", "replace"), digest_size=16, key=self._salt).hexdigest()


class Attempt:
    """A try that is under way. If nothing is said of its outcome, it was never judged and does not count."""

    def __init__(
        self, backoff: Backoff, clock: Callable[[], float], place: str, counts: "list[_Count]"
    ) -> None:
        self._backoff = backoff
        self._clock = clock
        self._place = place
        self._counts = counts

    def failed(self) -> None:
        """Say that it was wrong."""
        self._backoff.tally["failed"] += 1
        for count in self._counts:
            count.failed, count.latest = count.failed + 1, self._clock()

    def succeeded(self, name: str) -> None:
        """Say that it was right, for this account."""
        self._backoff.tally["succeeded"] += 1
        self._backoff.make_good(name, self._place)


@dataclass(slots=True)
class _Count:
    """Failures, when the latest was, and tries that are under way."""

    failed: int = 0
    latest: float = 0.0
    flying: int = 0

    def wait(self, free: int, delay: LoginDelay, now: float) -> float:
        """Return for how many seconds nothing more may be tried."""
        over = self.failed + self.flying - free
        if over < 0:
            return 0.0
        length = min(delay.cap, delay.first * 2.0 ** min(over, _DOUBLINGS))
        return length if self.flying else self.latest + length - now


class _Table:
    """Counts by key, at most so many."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._counts: dict[str, _Count] = {}

    def __len__(self) -> int:
        return len(self._counts)

    def find(self, key: str) -> _Count:
        """Return a count; if there is none, one that is not kept."""
        return self._counts.get(key) or _Count()

    def begin(self, key: str, since: float) -> _Count:
        """Count a try that begins. What failed before `since` is forgotten."""
        count = self._counts.setdefault(key, _Count())
        if count.latest <= since and not count.flying:
            count.failed = 0
        count.flying += 1
        if len(self._counts) > self._most:
            self._shrink(since)
        return count

    def end(self, key: str, count: _Count) -> None:
        """Count it no more; what says nothing is not kept."""
        count.flying -= 1
        if not count.failed and not count.flying:
            self._counts.pop(key, None)

    def _shrink(self, since: float) -> None:
        def worth(key: str) -> tuple[bool, int, float]:
            count = self._counts[key]
            return count.latest > since, count.failed, count.latest

        idle = [key for key, count in self._counts.items() if not count.flying]
        # A tenth at once, since to find the least takes as long as to look at all.
        for key in heapq.nsmallest(max(1, self._most // 10), idle, worth):
            del self._counts[key]


@lru_cache(MOST)
def place_of(address: str) -> str:
    """Return what is counted as one place: an IPv4 address, a /64 of IPv6."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, _NET), strict=False))
    return str(found)


def _pair(place: str, key: str) -> str:
    return f"{place} {key}"
