"""The two clients: the same operations, waited for or awaited."""

import time
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Generic, Protocol, Self, TypeVar

from .exchange import Pause, Request, Response, Steps
from .failures import ConnectionLost, refusal
from .operation import Awaiting, Blocking, D, Subscription
from .streams import AsyncOpened, AsyncStream, Opened, Retry, Stream
from .target import Target

if TYPE_CHECKING:
    from .account import Account
    from .archives import Archives
    from .files import Files
    from .jobs import Jobs
    from .servers import Servers
    from .system import System
    from .trash import Trash

T = TypeVar("T")

PATIENCE = 60.0
"""Seconds without a byte of an answer until it is given up, unless said otherwise."""

REPEATING = 10.0
"""Seconds for which a question whose connection is cut is asked again, if it may be."""


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


class Resources(Generic[D]):
    """What the API has, by its nouns; each is imported when it is used."""

    def __init__(self, driver: D) -> None:
        self._driver: D = driver

    @cached_property
    def servers(self) -> "Servers[D]":
        """Servers: how they are, and what shall become of them."""
        from .servers import Servers  # noqa: PLC0415

        return Servers(self._driver)

    @cached_property
    def account(self) -> "Account[D]":
        """The account of the caller: who he is, his password, his second factor."""
        from .account import Account  # noqa: PLC0415

        return Account(self._driver)

    @cached_property
    def system(self) -> "System[D]":
        """Holdfast itself: its version, whether it works, the machine."""
        from .system import System  # noqa: PLC0415

        return System(self._driver)

    @cached_property
    def files(self) -> "Files[D]":
        """The files of the servers."""
        from .files import Files  # noqa: PLC0415

        return Files(self._driver)

    @cached_property
    def archives(self) -> "Archives[D]":
        """Archives of files, made and taken apart."""
        from .archives import Archives  # noqa: PLC0415

        return Archives(self._driver)

    @cached_property
    def trash(self) -> "Trash[D]":
        """What was deleted, and may come back."""
        from .trash import Trash  # noqa: PLC0415

        return Trash(self._driver)

    @cached_property
    def jobs(self) -> "Jobs[D]":
        """The long work on files."""
        from .jobs import Jobs  # noqa: PLC0415

        return Jobs(self._driver)


class Driver:
    """Carries operations out over one way; see `operation.Blocking`."""

    def __init__(self, way: Way) -> None:
        self._way = way

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
        retry = Retry(REPEATING if wanted.repeatable else 0)
        while True:
            try:
                answer = self._way.exchange(wanted)
            except ConnectionLost as exc:
                time.sleep(retry.after(exc))
            else:
                return _checked(answer)


class AsyncDriver:
    """Carries operations out over one way; see `operation.Awaiting`."""

    def __init__(self, way: AsyncWay) -> None:
        self._way = way

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
        retry = Retry(REPEATING if wanted.repeatable else 0)
        while True:
            try:
                answer = await self._way.exchange(wanted)
            except ConnectionLost as exc:
                await anyio.sleep(retry.after(exc))
            else:
                return _checked(answer)


class Client(Resources[Blocking]):
    """Asks one Holdfast, and waits for the answers. Several threads may use it at once.

    >>> with Client(url="https://games.example.org:42069", token="…") as holdfast:  # doctest: +SKIP
    ...     for name, server in holdfast.servers.list().items():
    ...         print(name, server.state)
    """

    def __init__(
        self,
        target: Target | None = None,
        *,
        socket: str = "",
        url: str = "",
        token: str = "",
        ca: str = "",
        timeout: float = PATIENCE,
        way: Way | None = None,
    ) -> None:
        """Go to a target, or to that which the words name; `timeout`: seconds without a byte of an answer."""
        self.target = target or Target(socket, url, token, ca)
        if way is None:
            from .web import Web  # noqa: PLC0415  (a command brings a quicker one)

            way = Web(self.target, timeout)
        self._way = way
        super().__init__(Driver(self._way))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of all connections."""
        self._way.close()


class AsyncClient(Resources[Awaiting]):
    """Asks one Holdfast, under asyncio or trio.

    >>> async def stop_all():
    ...     async with AsyncClient(socket="state/api.sock") as holdfast:
    ...         for name in await holdfast.servers.list():
    ...             await holdfast.servers.stop(name)
    """

    def __init__(
        self,
        target: Target | None = None,
        *,
        socket: str = "",
        url: str = "",
        token: str = "",
        ca: str = "",
        timeout: float = PATIENCE,
    ) -> None:
        """Go to a target, or to that which the words name; `timeout`: seconds without a byte of an answer."""
        from .web import AsyncWeb  # noqa: PLC0415  (who waits does not need it)

        self.target = target or Target(socket, url, token, ca)
        self._way = AsyncWeb(self.target, timeout)
        super().__init__(AsyncDriver(self._way))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Let go of all connections."""
        await self._way.close()


def _checked(response: Response) -> Response:
    if not response.good:
        raise refusal(response)
    return response
