"""Who carries operations out: asks over one way, asks again where that is safe, and waits or awaits."""

import time
from typing import Protocol, TypeVar

from .asyncstreams import AsyncOpened, AsyncStream
from .exchange import Pause, Request, Response, Steps
from .failures import NOBODY, CannotConnect, ConnectionLost, Failure, refusal
from .operation import Subscription
from .streams import Opened, Retry, Stream

T = TypeVar("T")

REPEATING = 10.0
"""Seconds for which a question whose connection was cut is asked again, if it may be and nobody says more."""


class Way(Protocol):
    """A way to ask and to be answered."""

    def exchange(self, request: Request) -> Response:
        """Return the whole answer; raises `Failure`."""

    def open(self, request: Request) -> Opened:
        """Return the answer when its head is there; raises `Failure`."""

    def close(self) -> None:
        """Let go of all connections."""


class AsyncWay(Protocol):
    """A way to ask and to await the answer."""

    async def exchange(self, request: Request) -> Response:
        """Return the whole answer; raises `Failure`."""

    async def open(self, request: Request) -> AsyncOpened:
        """Return the answer when its head is there; raises `Failure`."""

    async def close(self) -> None:
        """Let go of all connections."""


class _Again:
    """Whether and when it is asked again.

    What was cut, only if nothing happens twice by that. Where nobody listens, nothing was asked: so it does
    not matter what, but somebody must have been there before.
    """

    def __init__(self, wanted: Request, repeating: float, *, known: bool) -> None:
        self._repeatable = wanted.repeatable
        self._known = known
        self._retry = Retry(repeating)

    def after(self, failure: Failure) -> float:
        """Return the seconds to wait; raises the failure if that is no use, or not safe."""
        match failure:
            case ConnectionLost() if self._repeatable:
                self._known = True
            case CannotConnect(why=why) if self._known and why in NOBODY:
                pass
            case _:
                raise failure
        return self._retry.after(failure)


class Driver:
    """Carries operations out over one way; see `operation.Blocking`."""

    def __init__(self, way: Way, repeating: float = REPEATING) -> None:
        """`repeating`: seconds."""
        self._way = way
        self._repeating = repeating
        self._known = False

    def run(self, steps: Steps[T]) -> T:
        """Return what comes of an operation; raises `Failure`."""
        try:
            wanted = next(steps)
            while True:
                try:
                    answer = self._answer(wanted)
                except Exception as exc:  # noqa: BLE001  (an operation may know what to do)
                    wanted = steps.throw(exc)
                else:
                    wanted = steps.send(answer)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
        finally:
            steps.close()

    def follow(self, subscription: Subscription[T]) -> Stream[T]:
        """Return what comes, one by one."""
        return Stream(self._way.open, subscription)

    def _answer(self, wanted: Request | Pause) -> Response:
        if isinstance(wanted, Pause):
            time.sleep(wanted.seconds)
            return Response(200, {})
        again = _Again(wanted, self._repeating, known=self._known)
        while True:
            try:
                answer = self._way.exchange(wanted)
            except (ConnectionLost, CannotConnect) as exc:
                time.sleep(again.after(exc))
            else:
                self._known = True
                return _checked(answer)


class AsyncDriver:
    """Carries operations out over one way; see `operation.Awaiting`."""

    def __init__(self, way: AsyncWay, repeating: float = REPEATING) -> None:
        """`repeating`: seconds."""
        self._way = way
        self._repeating = repeating
        self._known = False

    async def run(self, steps: Steps[T]) -> T:
        """Return what comes of an operation; raises `Failure`."""
        try:
            wanted = next(steps)
            while True:
                try:
                    answer = await self._answer(wanted)
                except Exception as exc:  # noqa: BLE001  (an operation may know what to do)
                    wanted = steps.throw(exc)
                else:
                    wanted = steps.send(answer)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
        finally:
            steps.close()

    def follow(self, subscription: Subscription[T]) -> AsyncStream[T]:
        """Return what comes, one by one."""
        return AsyncStream(self._way.open, subscription)

    async def _answer(self, wanted: Request | Pause) -> Response:
        import anyio  # noqa: PLC0415  (who waits needs no event loop)

        if isinstance(wanted, Pause):
            await anyio.sleep(wanted.seconds)
            return Response(200, {})
        again = _Again(wanted, self._repeating, known=self._known)
        while True:
            try:
                answer = await self._way.exchange(wanted)
            except (ConnectionLost, CannotConnect) as exc:
                await anyio.sleep(again.after(exc))
            else:
                self._known = True
                return _checked(answer)


def _checked(response: Response) -> Response:
    if not response.good:
        raise refusal(response)
    return response
