"""The file of the numbers: whole or not there, and damage costs only history."""

import os
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.usagefile import MAGIC, UsageFile
from daemon.usagering import Column, Ring

COLUMNS = (Column("cpu", 0.01, peak=True), Column("memory"))


def made(_: str = "") -> Ring:
    return Ring(COLUMNS, 10, 86_400)


def some(count: int) -> Ring:
    ring = made()
    for at in range(count):
        ring.add(1_000_000 + 10 * at, (float(at), None))
    return ring


def test_what_was_saved_is_loaded(folder: str) -> None:
    file = UsageFile(os.path.join(folder, "usage"))
    assert file.load(made) == {}
    file.save({"": some(3), "ä b": some(5000), "empty": made()})
    loaded = file.load(made)
    assert [(name, ring.freeze()) for name, ring in loaded.items()] == [
        ("", some(3).freeze()),
        ("ä b", some(5000).freeze()),
        ("empty", made().freeze()),
    ]
    assert os.stat(file.path).st_mode & 0o777 == 0o600


@pytest.mark.parametrize("cut", [0, 5, len(MAGIC), len(MAGIC) + 20, -1])
def test_a_torn_file_is_kept_aside(folder: str, cut: int) -> None:
    file = UsageFile(os.path.join(folder, "usage"))
    file.save({"a": some(700)})
    with open(file.path, "rb") as opened:
        text = opened.read()
    with open(file.path, "wb") as opened:
        opened.write(text[:cut])
    with pytest.raises(ValueError, match="damaged"):
        file.load(made)
    assert any(name.startswith("usage.damaged-") for name in os.listdir(folder))


@given(st.binary(max_size=300), st.booleans())
def test_garbage_is_no_history(tmp_path_factory: pytest.TempPathFactory, text: bytes, begins: bool) -> None:
    file = UsageFile(str(tmp_path_factory.mktemp("garbage") / "usage"))
    with open(file.path, "wb") as opened:
        opened.write((MAGIC if begins else b"") + text)
    with pytest.raises(ValueError, match="damaged"):
        file.load(made)


def test_on_a_full_disk_the_old_one_stands(
    folder: str, full_disk: Callable[[], AbstractContextManager[None]]
) -> None:
    file = UsageFile(os.path.join(folder, "usage"))
    file.save({"a": some(7)})
    with full_disk(), pytest.raises(OSError):  # noqa: PT011
        file.save({"a": some(700)})
    assert file.load(made)["a"].freeze() == some(7).freeze()
    assert os.listdir(folder) == ["usage"]
