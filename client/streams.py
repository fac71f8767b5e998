"""What comes bit by bit: iterated, and asked for anew where it was when the connection is cut."""

import time
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Generic, Protocol, Self, TypeVar

from .exchange import Request, Response
from .failures import CannotConnect, ConnectionLost, Failure, TimedOut, refusal

if TYPE_CHECKING:
    from .operation import Subscription

T = TypeVar("T")

PATIENCE = 60.0
"""Seconds for which a stream that was cut is asked for anew."""

FIRST_WAIT, LONGEST_WAIT = 0.1, 2.0

AWAY = (CannotConnect, ConnectionLost, TimedOut)
"""What passes by itself, if the daemon is only being replaced."""


class Opened(Protocol):
    """An answer whose body comes bit by bit."""

    @property
    def head(self) -> Response:
        """Status and headers; the body only if it is a refusal."""

    def read(self) -> bytes:
        """Return what has come, or nothing at the end; raises `ConnectionLost`, `TimedOut`."""

    def close(self) -> None:
        """Have no more of it."""


class AsyncOpened(Protocol):
    """An answer whose body comes bit by bit, awaited."""

    @property
    def head(self) -> Response:
        """Status and headers; the body only if it is a refusal."""

    async def read(self) -> bytes:
        """Return what has come, or nothing at the end; raises `ConnectionLost`, `TimedOut`."""

    async def close(self) -> None:
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
        self._since = self._since or now
        if self._patience is not None and now - self._since >= self._patience:
            raise failure
        self._wait, wait = min(self._wait * 2, LONGEST_WAIT), self._wait
        return wait


class _Following(Generic[T]):
    """What both kinds of streams know."""

    def __init__(self, subscription: "Subscription[T]", patience: float | None) -> None:
        self._subscription = subscription
        self._pending: deque[T] = deque()
        self._retry = Retry(patience)
        self._begun = False
        self._over = False
        self.on_break: Callable[[Failure | None], object] | None = None
        """Is told why the stream was cut, and with None when it goes on."""

    def _broke(self, failure: Failure) -> float:
        """Return the seconds to wait; the first attempt has no patience."""
        if not self._begun:
            raise failure
        if self.on_break is not None:
            self.on_break(failure)
        return self._retry.after(failure)

    def _took(self, data: bytes) -> None:
        self._pending += self._subscription.feed(data)
        self._retry.worked()

    def _goes_on(self) -> None:
        if self._begun and self.on_break is not None:
            self.on_break(None)
        self._begun = True


class Stream(_Following[T]):
    """Follow it with `for`, inside of `with`."""

    def __init__(
        self,
        open_: Callable[[Request], Opened],
        subscription: "Subscription[T]",
        patience: float | None = PATIENCE,
    ) -> None:
        super().__init__(subscription, patience)
        self._open = open_
        self._opened: Opened | None = None

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
        while not self._pending:
            if self._over:
                raise StopIteration
            try:
                self._advance()
            except AWAY as exc:
                self._drop()
                time.sleep(self._broke(exc))
        return self._pending.popleft()

    def close(self) -> None:
        """Have no more of it; another thread may do that, too."""
        self._over = True
        self._drop()

    def _advance(self) -> None:
        if self._opened is None:
            self._opened = self._open(self._subscription.request())
            if not self._opened.head.good:
                raise refusal(self._opened.head)
            self._goes_on()
        if data := self._opened.read():
            self._took(data)
        else:
            self._drop()
            if self._subscription.ended():
                self._over = True
            elif not self._over:
                raise ConnectionLost("the stream was ended by the other side")

    def _drop(self) -> None:
        opened, self._opened = self._opened, None
        if opened is not None:
            opened.close()


class AsyncStream(_Following[T]):
    """Follow it with `async for`, inside of `async with`."""

    def __init__(
        self,
        open_: "OpensAwaited",
        subscription: "Subscription[T]",
        patience: float | None = PATIENCE,
    ) -> None:
        super().__init__(subscription, patience)
        self._open = open_
        self._opened: AsyncOpened | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        """Return the next; raises `Failure` if it is refused, or away for too long."""
        import anyio  # noqa: PLC0415  (who waits needs no event loop)

        while not self._pending:
            if self._over:
                raise StopAsyncIteration
            try:
                await self._advance()
            except AWAY as exc:
                await self._drop()
                await anyio.sleep(self._broke(exc))
        return self._pending.popleft()

    async def close(self) -> None:
        """Have no more of it."""
        self._over = True
        await self._drop()

    async def _advance(self) -> None:
        if self._opened is None:
            self._opened = await self._open(self._subscription.request())
            if not self._opened.head.good:
                raise refusal(self._opened.head)
            self._goes_on()
        if data := await self._opened.read():
            self._took(data)
        else:
            await self._drop()
            if self._subscription.ended():
                self._over = True
            elif not self._over:
                raise ConnectionLost("the stream was ended by the other side")

    async def _drop(self) -> None:
        opened, self._opened = self._opened, None
        if opened is not None:
            await opened.close()


class OpensAwaited(Protocol):
    """Asks, and returns when the head of the answer is there."""

    async def __call__(self, request: Request) -> AsyncOpened:
        """Raises `Failure`."""
