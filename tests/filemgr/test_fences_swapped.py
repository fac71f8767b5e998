"""Fences, while somebody swaps what is in them and on the way to them."""

import os
import threading
from pathlib import Path

import pytest

from filemgr import FileError, Progress, delete, make_folder, move

from .conftest import Opener
from .operations.trees import make, swapping
from .paths import at, content

ROUNDS = 400


@pytest.mark.parametrize("name", ["data", "above", "data/a"])
def test_a_folder_swapped_for_a_link_in_a_loop_never_leads_out(fenced: Opener, top: Path, name: str) -> None:
    make(
        str(top), {"data/a/treasure": "mine", "secret/treasure": "treasure", "secret/a/treasure": "treasure"}
    )
    fence = "data" if name != "above" else "above/data"
    if name == "above":
        make(str(top), {"above/data/a/treasure": "mine", "secret/data/a/treasure": "treasure"})
    seen = set()
    with fenced(fence) as root, swapping(str(top), name, str(top / "secret")):
        for _ in range(ROUNDS):
            try:
                seen.add(content(root, f"{fence}/a/treasure"))
            except FileError as exc:
                seen.add(type(exc).__name__.encode())
    assert b"treasure" not in seen
    assert seen <= {b"mine", b"InvalidPath", b"NoSuchFile", b"Busy"}


def test_nothing_is_made_outside_while_folders_are_swapped(fenced: Opener, top: Path) -> None:
    make(str(top), {"data/a/": None, "data/b/": None, "secret/": None})
    with fenced("data") as root, swapping(str(top / "data"), "a", "../secret"):
        for number in range(ROUNDS):
            try:
                make_folder(root, at(f"data/a/{number}"))
                move(root, at(f"data/a/{number}"), at("data/b"), Progress())
                delete(root, at(f"data/b/{number}"), Progress())
            except FileError:
                continue
    assert os.listdir(top / "secret") == []


def test_a_folder_that_is_moved_while_it_is_walked_does_not_lead_out(fenced: Opener, top: Path) -> None:
    """`..` of a link is where we came from, although the folder is elsewhere by now."""
    make(
        str(top), {"data/a/b/link@": "../treasure", "data/a/treasure": "mine", "secret/treasure": "treasure"}
    )
    done = threading.Event()

    def shift() -> None:
        while not done.is_set():
            os.rename(top / "data/a/b", top / "secret/b")
            os.rename(top / "secret/b", top / "data/a/b")

    shifter = threading.Thread(target=shift)
    seen = set()
    shifter.start()
    try:
        with fenced("data") as root:
            for _ in range(ROUNDS):
                try:
                    seen.add(content(root, "data/a/b/link"))
                except FileError as exc:
                    seen.add(type(exc).__name__.encode())
    finally:
        done.set()
        shifter.join()
    assert b"treasure" not in seen
