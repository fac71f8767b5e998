"""An operation is written once, and waited for or awaited: which of both, its resource's driver says."""

import functools
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Concatenate, Generic, ParamSpec, Protocol, TypeVar, overload

from .asyncstreams import AsyncStream
from .exchange import Request, Steps
from .streams import Stream

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
P = ParamSpec("P")


class Blocking(Protocol):
    """Carries operations out and returns when they are done."""

    def run(self, steps: Steps[T]) -> T:
        """Return what comes of an operation; raises `Failure`."""

    def follow(self, subscription: "Subscription[T]") -> Stream[T]:
        """Return what comes, one by one, for as long as it comes."""


class Awaiting(Protocol):
    """Carries operations out for those who await them."""

    async def run(self, steps: Steps[T]) -> T:
        """Return what comes of an operation; raises `Failure`."""

    def follow(self, subscription: "Subscription[T]") -> AsyncStream[T]:
        """Return what comes, one by one, for as long as it comes."""


D = TypeVar("D", bound=Blocking | Awaiting)


class Subscription(Protocol[T_co]):
    """What comes bit by bit, over one connection or several: it knows how to go on where it was."""

    def request(self) -> Request:
        """Return what to ask now: at first, or to go on."""

    def feed(self, data: bytes) -> Sequence[T_co]:
        """Take bytes of the body, and return what has become whole by them."""

    def ended(self) -> bool:
        """Take note that the body is at its end, and tell whether that is all. Otherwise it is asked anew."""


class Resource(Generic[D]):
    """Something that the API has, with its operations."""

    def __init__(self, driver: D) -> None:
        self._driver: D = driver


class Operation(Generic[P, T]):
    """A method that returns its result, or what can be awaited for it."""

    def __init__(self, steps: Callable[Concatenate[Any, P], Steps[T]]) -> None:
        self._steps = steps
        self.__doc__ = steps.__doc__

    def steps(self, *args: P.args, **kwargs: P.kwargs) -> Steps[T]:
        """Return the operation itself, to be a part of another one."""
        return self._steps(None, *args, **kwargs)

    @overload
    def __get__(self, one: None, owner: type) -> "Operation[P, T]": ...
    @overload
    def __get__(self, one: Resource[Blocking], owner: type) -> Callable[P, T]: ...
    @overload
    def __get__(self, one: Resource[Awaiting], owner: type) -> Callable[P, Awaitable[T]]: ...
    def __get__(self, one: Resource[Blocking] | Resource[Awaiting] | None, owner: type) -> object:
        if one is None:
            return self
        driver = one._driver

        @functools.wraps(self._steps)
        def ask(*args: P.args, **kwargs: P.kwargs) -> object:
            return driver.run(self.steps(*args, **kwargs))

        return ask


class Following(Generic[P, T]):
    """A method that returns a stream, to be used in `with` and `for`, or `async with` and `async for`."""

    def __init__(self, begin: Callable[Concatenate[Any, P], Subscription[T]]) -> None:
        self._begin = begin
        self.__doc__ = begin.__doc__

    def subscription(self, *args: P.args, **kwargs: P.kwargs) -> Subscription[T]:
        """Return what is followed, without a connection."""
        return self._begin(None, *args, **kwargs)

    @overload
    def __get__(self, one: None, owner: type) -> "Following[P, T]": ...
    @overload
    def __get__(self, one: Resource[Blocking], owner: type) -> Callable[P, Stream[T]]: ...
    @overload
    def __get__(self, one: Resource[Awaiting], owner: type) -> Callable[P, AsyncStream[T]]: ...
    def __get__(self, one: Resource[Blocking] | Resource[Awaiting] | None, owner: type) -> object:
        if one is None:
            return self
        driver = one._driver

        @functools.wraps(self._begin)
        def follow(*args: P.args, **kwargs: P.kwargs) -> object:
            return driver.follow(self.subscription(*args, **kwargs))

        return follow
