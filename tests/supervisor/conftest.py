"""Fixtures of the supervisor's tests."""

from collections.abc import AsyncIterator

import pytest

from .world import House, supervised


@pytest.fixture
def anyio_backend() -> str:
    """The supervisor runs on asyncio."""
    return "asyncio"


@pytest.fixture(params=["inside", "socket"])
async def house(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[House]:
    """A supervisor, asked directly and over its socket: both behave alike."""
    directory = str(tmp_path_factory.mktemp("house"))
    async with supervised(directory, over_socket=request.param == "socket") as house:
        yield house
