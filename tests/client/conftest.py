"""A Holdfast of a person's own, and a typist who uses it from a shell."""

import gc
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from ..system.house import Holdfast, program, sleeper
from .asking import Play
from .carriers import CARRIERS, Carrier
from .peer import Pair, playing
from .typed import Typist


def pytest_collection_finish() -> None:
    """Look no more for garbage among what was imported: many tests collect, half of their time was that."""
    import hypothesis  # noqa: F401, PLC0415  (who is imported later looks at referrers, and sees no frozen ones)

    gc.collect()
    gc.freeze()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Holdfast]:
    """Holdfast on free ports, not started yet; at the end it is stopped, and nothing may be left of it."""
    house = Holdfast(str(tmp_path))
    try:
        yield house
    finally:
        house.end()


@pytest.fixture
def typist(house: Holdfast) -> Typist:
    """Types commands in the folder of `house`, which need not run."""
    return Typist(house)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Holdfast]:
    """Holdfast for all tests of a module: `chat` echoes lines, `web` sleeps, `off` is not started."""
    house = Holdfast(str(tmp_path_factory.mktemp("running")))
    try:
        house.configure(chat=program("echo"), web=sleeper(), off=sleeper(enabled=False))
        house.start()
        house.until(lambda: house.about("web")["state"] == "running", "web runs")
        house.until(lambda: house.about("chat")["state"] == "running", "chat runs")
        yield house
    finally:
        house.end()


@pytest.fixture(scope="module")
def shell(running: Holdfast) -> Typist:
    """Types commands in the folder of `running`."""
    return Typist(running)


@pytest.fixture(params=list(CARRIERS))
def carry(request: pytest.FixtureRequest) -> Carrier:
    return CARRIERS[request.param]


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    return Pair.make(str(tmp_path_factory.mktemp("pair")))


@pytest.fixture(params=["unix", "tcp", "tls"])
def play(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, pair: Pair) -> Play:
    return partial(playing, request.param, str(tmp_path_factory.mktemp("peer")), pair)
