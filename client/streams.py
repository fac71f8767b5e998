"""What comes bit by bit: iterated, and asked for anew where it was when the connection is cut."""

import threading
import time
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Generic, Protocol, Self, TypeVar

from .exchange import Request, Response
from .failures import AWAY, ConnectionLost, Failure, Refused, refusal

if TYPE_CHECKING:
    from .operation import Subscription

T = TypeVar("T")

PATIENCE = 60.0
"""Seconds for which a stream that was cut is asked for anew."""

FIRST_WAIT, LONGEST_WAIT = 0.1, 2.0

STEADY = 5.0
"""Seconds after which a connection has worked, also if nothing came over it."""

LATER = (429, 502, 503, 504)
"""Statuses of refusals that pass by themselves: too much at once, a daemon or a proxy that has just begun."""


class Opened(Protocol):
    """An answer whose body comes bit by bit."""

    @property
    def head(self) -> Response:
        """Status and headers; the body only if it is a refusal."""

    def read(self) -> bytes:
        """Return what has come, or nothing at the end; raises `ConnectionLost`, `TimedOut`."""

    def close(self) -> None:
        """Have no more of it."""


class Retry:
    """How long to wait before the next attempt, and when to give up."""

    def __init__(self, patience: float | None) -> None:
        self._patience = patience
        self._since: float | None = None
        self._wait = FIRST_WAIT

    def worked(self) -> None:
        """Forget the failures."""
        self._since = None
        self._wait = FIRST_WAIT

    def after(self, failure: Failure) -> float:
        """Return the seconds to wait; raises the failure if it has lasted too long."""
        now = time.monotonic()
        self._since = now if self._since is None else self._since
        if self._patience is not None and now - self._since >= self._patience:
            raise failure
        self._wait, wait = min(self._wait * 2, LONGEST_WAIT), self._wait
        return wait


class StreamState(Generic[T]):
    """What both kinds of streams know."""

    def __init__(self, subscription: "Subscription[T]", patience: float | None) -> None:
        self._subscription = subscription
        self._pending: deque[T] = deque()
        self._retry = Retry(patience)
        self._begun = False
        self._broken = False
        self._over = False
        self._since = 0.0
        self.on_break: Callable[[Failure | None], object] | None = None
        """Is told why the stream was cut, once, and with None when it goes on."""

    def _broke(self, failure: Failure) -> float:
        """Return the seconds to wait; raises a failure that does not pass, or that of the first attempt."""
        if not self._begun or not passes(failure):
            raise failure
        if self.on_break is not None and not self._broken:
            self.on_break(failure)
        if not self._broken and time.monotonic() - self._since >= STEADY:
            self._retry.worked()
        self._broken = True
        wait = self._retry.after(failure)
        return max(wait, failure.retry_after or 0) if isinstance(failure, Refused) else wait

    def _took(self, data: bytes) -> None:
        self._pending += self._subscription.feed(data)
        self._retry.worked()

    def _goes_on(self) -> None:
        if self._broken and self.on_break is not None:
            self.on_break(None)
        self._begun, self._broken = True, False
        self._since = time.monotonic()

    def _ended(self) -> None:
        """Take note of the end of an answer; raises `ConnectionLost` if it is not that of the stream."""
        if self._subscription.ended():
            self._over = True
        elif not self._over:
            raise ConnectionLost("the stream was ended by the other side")


def passes(failure: Failure) -> bool:
    """Tell whether it passes by itself, if the daemon is only being replaced."""
    return failure.status in LATER if isinstance(failure, Refused) else isinstance(failure, AWAY)


class Stream(StreamState[T]):
    """Follow it with `for`, inside of `with`. One thread follows; any other may close it."""

    def __init__(
        self,
        open_: Callable[[Request], Opened],
        subscription: "Subscription[T]",
        patience: float | None = PATIENCE,
    ) -> None:
        super().__init__(subscription, patience)
        self._open = open_
        self._opened: Opened | None = None
        self._closed = threading.Event()
        self._dropping = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> T:
        """Return the next; raises `Failure` if it is refused, or away for too long."""
        while not self._closed.is_set():
            if self._pending:
                return self._pending.popleft()
            if self._over:
                break
            try:
                self._advance()
            except Failure as exc:
                self._drop()
                if not self._closed.is_set():  # or else it was cut because it was closed
                    self._closed.wait(self._wait_after(exc))
            except BaseException:
                self.close()
                raise
        raise StopIteration

    def close(self) -> None:
        """Have no more of it; another thread may do that, too."""
        self._closed.set()
        self._over = True
        self._drop()

    def _wait_after(self, failure: Failure) -> float:
        try:
            return self._broke(failure)
        except BaseException:
            self.close()
            raise

    def _advance(self) -> None:
        opened = self._opened
        if opened is None:
            opened = self._opened = self._open(self._subscription.request())
            if self._closed.is_set():
                self._drop()  # whoever closed it did not know of this one
                return
            if not opened.head.good:
                raise refusal(opened.head)
            self._goes_on()
        if data := opened.read():
            self._took(data)
        elif not self._closed.is_set():
            self._drop()
            self._ended()

    def _drop(self) -> None:
        with self._dropping:  # an answer is closed once
            opened, self._opened = self._opened, None
        if opened is not None:
            opened.close()
