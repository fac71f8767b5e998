"""A way to a Holdfast that may be restarted meanwhile: who has reached it once waits for it to come back."""

import time
from collections.abc import Callable
from typing import TypeVar

from ..drivers import Way
from ..exchange import Request, Response
from ..failures import CannotConnect
from ..streams import PATIENCE, Opened, Retry

T = TypeVar("T")


class Patient:
    """Asks as another way does, and asks again for a while if nobody is there any more."""

    def __init__(self, way: Way, patience: float = PATIENCE) -> None:
        """`patience`: seconds."""
        self._way = way
        self._patience = patience
        self._reached = False

    def exchange(self, request: Request) -> Response:
        """Return the whole answer; raises `Failure`."""
        return self._again(lambda: self._way.exchange(request))

    def open(self, request: Request) -> Opened:
        """Return the answer when its head is there; raises `Failure`."""
        return self._again(lambda: self._way.open(request))

    def close(self) -> None:
        """Let go of all connections."""
        self._way.close()

    def _again(self, ask: Callable[[], T]) -> T:
        retry = Retry(self._patience)
        while True:
            try:
                answer = ask()
            except CannotConnect as exc:
                # Nothing was sent: whatever it is, it can be sent again.
                if not self._reached:
                    raise
                time.sleep(retry.after(exc))
            else:
                self._reached = True
                return answer
