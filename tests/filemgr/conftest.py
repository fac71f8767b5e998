"""What tests of files share: a root by either way of walking, and a place outside that must stay as it is."""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from filemgr import RelPath, Root

from .. import fulldisk


@pytest.fixture
def top(tmp_path: Path) -> Path:
    """The folder of a root, with something beside it that nobody may reach."""
    (tmp_path / "root").mkdir()
    (tmp_path / "root_secret").mkdir()
    (tmp_path / "root_secret" / "treasure").write_text("treasure")
    return tmp_path / "root"


@pytest.fixture
def outside(top: Path) -> Iterator[Path]:
    """The place outside; at the end of the test it is as it was."""
    folder = top.parent / "root_secret"
    before = _look(folder)
    yield folder
    assert _look(folder) == before


@pytest.fixture(params=["openat2", "walk"])
def root(request: pytest.FixtureRequest, top: Path) -> Iterator[Root]:
    """The root, by the kernel's walk and by ours."""
    with Root(str(top), kernel=request.param == "openat2") as root:
        yield root


Opener = Callable[..., AbstractContextManager[Root]]
"""Opens the root, or the folder `path`, behind fences."""


@pytest.fixture(params=["openat2", "walk"])
def fenced(request: pytest.FixtureRequest, top: Path) -> Opener:
    """Opens the root behind fences, by the kernel's walk or by ours."""

    @contextmanager
    def opener(*fences: str, path: Path | None = None) -> Iterator[Root]:
        kept = [RelPath.parse(one) for one in fences]
        with Root(str(path or top), kept, kernel=request.param == "openat2") as root:
            yield root

    return opener


@pytest.fixture
def full_disk() -> Callable[[], AbstractContextManager[None]]:
    """Return a context in which the kernel refuses every write to a file (EFBIG; Python ignores SIGXFSZ)."""
    return fulldisk.full_disk


def _look(folder: Path) -> list[tuple[str, int, str]]:
    return [(one.name, one.stat().st_mode, one.read_text()) for one in sorted(folder.iterdir())]


def names(folder: Path) -> list[str]:
    """Return what is in a folder, ours included."""
    return sorted(os.listdir(folder))
