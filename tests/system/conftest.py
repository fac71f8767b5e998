"""One fixture: a folder in which `holdfast run` can be started, and which nothing survives."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from .house import Holdfast


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Holdfast]:
    """Holdfast on free ports, not started yet; at the end it is stopped, and nothing may be left of it."""
    house = Holdfast(str(tmp_path))
    try:
        yield house
    finally:
        house.end()
