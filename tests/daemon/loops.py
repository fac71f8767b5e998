"""Both event loops: a module that says `anyio_backend = both_loops` has each of its tests run on either."""

import pytest

from .house import Json


@pytest.fixture(params=["asyncio", "uvloop"])
def both_loops(request: pytest.FixtureRequest) -> tuple[str, Json]:
    """The daemon runs on uvloop, whose transports and TLS are others than asyncio's."""
    return "asyncio", {"use_uvloop": request.param == "uvloop"}
