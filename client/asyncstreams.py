"""What comes bit by bit, awaited: streams.py says how."""

from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self, TypeVar

from .exchange import Request, Response
from .failures import Failure, refusal
from .streams import PATIENCE, StreamState

if TYPE_CHECKING:
    from .operation import Subscription

T = TypeVar("T")


class AsyncOpened(Protocol):
    """An answer whose body comes bit by bit, awaited."""

    @property
    def head(self) -> Response:
        """Status and headers; the body only if it is a refusal."""

    async def read(self) -> bytes:
        """Return what has come, or nothing at the end; raises `ConnectionLost`, `TimedOut`."""

    async def close(self) -> None:
        """Have no more of it."""


class AsyncStream(StreamState[T]):
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
        """Return the next; raises `Failure` if it is refused, or away for too long.

        Who is cancelled while waiting may go on later: nothing is lost by that.
        """
        import anyio  # noqa: PLC0415  (who waits needs no event loop)

        while True:
            if self._pending:
                return self._pending.popleft()
            if self._over:
                raise StopAsyncIteration
            try:
                await self._advance()
            except Failure as exc:
                await self._drop()
                if not self._over:
                    await anyio.sleep(await self._wait_after(exc))
            except Exception:
                await self.close()
                raise
            except BaseException:  # cancelled
                await self._drop()
                raise

    async def close(self) -> None:
        """Have no more of it; another task may do that, too."""
        self._over = True
        self._pending.clear()
        await self._drop()

    async def _wait_after(self, failure: Failure) -> float:
        try:
            return self._broke(failure)
        except BaseException:
            await self.close()
            raise

    async def _advance(self) -> None:
        opened = self._opened
        if opened is None:
            opened = self._opened = await self._open(self._subscription.request())
            if self._over:
                await self._drop()
                return
            if not opened.head.good:
                raise refusal(opened.head)
            self._goes_on()
        if data := await opened.read():
            self._took(data)
        elif not self._over:
            await self._drop()
            self._ended()

    async def _drop(self) -> None:
        opened, self._opened = self._opened, None
        if opened is not None:
            await opened.close()


class OpensAwaited(Protocol):
    """Asks, and returns when the head of the answer is there."""

    async def __call__(self, request: Request) -> AsyncOpened:
        """Raises `Failure`."""
