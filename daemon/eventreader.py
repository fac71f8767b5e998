"""One who follows what happens to the servers that he may see, at his own pace."""

import json
from collections.abc import Sequence

import anyio

from .access import Identity
from .chronicle import Chronicle
from .eventstream import HEARTBEAT
from .happening import Happening

VIEW, CONSOLE = "server.view", "server.console.view"


class EventReader:
    """Reads the events after one; of one server, or of all."""

    def __init__(self, chronicle: Chronicle, who: Identity, server: str | None, since: int | None) -> None:
        """Without `since`, begins with the next one."""
        self._chronicle = chronicle
        self._who = who
        self._server = server
        self.last = chronicle.latest if since is None else min(since, chronicle.latest)
        """The id up to which all was read."""

    @property
    def over(self) -> bool:
        """Whether no more is to be waited for: the daemon is about to end."""
        return self._chronicle.closed

    async def receive(self, *, wait: bool = True) -> Sequence[tuple[Happening, str]]:
        """Return events, each with its JSON text; nothing after silence, if it is over, or not to wait."""
        with anyio.move_on_after(HEARTBEAT):
            while True:
                changed = self._chronicle.change()
                if told := await self._chronicle.after(self.last):
                    self.last = told[-1].id
                    if seen := [(one, self._text(one)) for one in told if self._sees(one)]:
                        return seen
                elif wait and not self.over:
                    await changed.wait()
                else:
                    return ()
        return ()

    def skip(self, most: int) -> bool:
        """Pass over all but so many of the latest events; tell whether any was left out."""
        if self._chronicle.latest - self.last <= most:
            return False
        self.last = self._chronicle.latest - most
        return True

    def _sees(self, one: Happening) -> bool:
        return self._server in (None, one.server) and self._who.may(VIEW, one.server)

    def _text(self, one: Happening) -> str:
        lines = self._who.may(CONSOLE, one.server)
        return json.dumps(one.describe(lines=lines), separators=(",", ":"))
