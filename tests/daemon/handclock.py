"""A clock on the wall that is moved by hand."""

import anyio
import anyio.lowlevel


class HandClock:
    """Shows what it is set to; who waits looks again at each change."""

    def __init__(self, moment: float) -> None:
        self._moment = moment
        self._moved = anyio.Event()
        self.looks = 0
        """How often somebody has waited."""

    def now(self) -> float:
        return self._moment

    async def until(self, moment: float) -> None:
        self.looks += 1
        if moment <= self._moment:
            await anyio.lowlevel.checkpoint()
        else:
            await self._moved.wait()

    def set(self, moment: float) -> None:
        self._moment = moment
        moved, self._moved = self._moved, anyio.Event()
        moved.set()

    def go(self, seconds: float) -> None:
        self.set(self._moment + seconds)
