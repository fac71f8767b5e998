"""Who sends which resumable upload just now: one at a time, and the newcomer takes over.

A client that comes back after its connection was lost must not wait until we notice that as well. So who asks
for an upload, be it only how far it has come, displaces who sends it; what that one has sent counts.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import anyio

Key = tuple[str, str]
"""The server and the upload."""


@dataclass(frozen=True, slots=True, eq=False)
class _Sender:
    displaced: anyio.Event = field(default_factory=anyio.Event)
    gone: anyio.Event = field(default_factory=anyio.Event)


class Senders:
    """All who send."""

    def __init__(self) -> None:
        self._senders: dict[Key, _Sender] = {}

    async def displace(self, key: Key) -> None:
        """Return when nobody sends it any more."""
        while (other := self._senders.get(key)) is not None:
            other.displaced.set()
            await other.gone.wait()

    @asynccontextmanager
    async def sole(self, key: Key) -> AsyncIterator[anyio.Event]:
        """Be the one who sends it; what this yields is set when somebody else wants to."""
        await self.displace(key)
        mine = self._senders[key] = _Sender()
        try:
            yield mine.displaced
        finally:
            del self._senders[key]
            mine.gone.set()
