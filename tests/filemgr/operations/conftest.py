"""A root by either way of walking, and that nothing of ours is left in it."""

import os
from collections.abc import Iterator

import pytest

from filemgr import Root

from .trees import ours


@pytest.fixture(params=[True, False], ids=["kernel", "walk"])
def root(request: pytest.FixtureRequest, tmp_path: os.PathLike[str]) -> Iterator[Root]:
    top = os.path.join(tmp_path, "root")
    os.mkdir(top)
    with Root(top, kernel=request.param) as root:
        yield root


@pytest.fixture
def _leaves_nothing_of_ours(root: Root) -> Iterator[None]:
    yield
    assert ours(root.path) == []
