"""The library is typed for who uses it: one definition returns a value, or what can be awaited."""

import os
from collections.abc import Awaitable, Mapping
from typing import assert_type

import client
from client import AsyncClient, Client
from client.asyncstreams import AsyncStream
from client.logs import Line
from client.servers import Server
from client.streams import Stream


def test_type_checkers_are_told_that_it_is_typed() -> None:
    assert os.path.exists(os.path.join(os.path.dirname(client.__file__), "py.typed"))


def what_mypy_says_to_who_waits(holdfast: Client) -> None:
    """Nobody calls this: mypy, which strictly looks at all of tests/, is who tests it."""
    assert_type(holdfast.servers.get("web"), Server)
    assert_type(holdfast.servers.list(), Mapping[str, Server])
    assert_type(holdfast.logs.follow("web"), Stream[Line])
    holdfast.servers.get(1)  # type: ignore[arg-type]
    holdfast.servers.get()  # type: ignore[call-arg]


async def what_mypy_says_to_who_awaits(holdfast: AsyncClient) -> None:
    assert_type(holdfast.servers.get("web"), Awaitable[Server])
    assert_type(await holdfast.servers.list(), Mapping[str, Server])
    assert_type(holdfast.logs.follow("web"), AsyncStream[Line])
    print(holdfast.servers.get("web").state)  # type: ignore[attr-defined]
