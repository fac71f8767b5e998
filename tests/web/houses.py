"""Fixtures for modules whose tests share a Holdfast: to start one costs more than most of them take.

house = one_house()                    # all tests of this module, each with people of its own
home = same_home
house = the_town                       # all modules: for tests that leave nothing behind but files
"""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from .people import Servers, lived_in
from .site import Site


def one_house(servers: Servers | None = None, **settings: object) -> object:
    """Return a fixture: one Holdfast for a module, with the servers of every `home` if none are given."""

    @pytest.fixture(scope="module", name="house")
    def house(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Site]:
        # Without a browser there is nothing to start.
        yield from lived_in(tmp_path_factory.mktemp("house"), servers, **settings)

    return house


@pytest.fixture(name="home")
def same_home(house: Site) -> Site:
    """The Holdfast of the module."""
    return house


@pytest.fixture(name="house")
def the_town(town: Site) -> Site:
    """The Holdfast of all."""
    return town
