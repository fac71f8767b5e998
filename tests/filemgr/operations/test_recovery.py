"""Transactions that are cut off: at each step, by a real kill, by forgers and by strangers."""

import os
import shutil
import signal
from contextlib import ExitStack

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from filemgr import (
    Copy,
    FileError,
    Move,
    Operation,
    OperationFailed,
    Progress,
    RelPath,
    Remove,
    Root,
    Trash,
    recover,
    run_operations,
    sweep,
)

from .broken import Killed, failing, killed, watched
from .trees import Picture, make, ours, picture

P = RelPath.parse


TREE = {"a/f": "1", "a/b/g": "22", "a/l@": "b/g", "b": "3", "c/d/e/h": "4", "k@": "c"}


OPERATIONS: list[Operation] = [
    Remove(P("b")),
    Move(P("a/b"), P("b")),
    Copy(P("c"), P("a")),
    Move(P("c/d"), P("k/x")),
    Remove(P("a/f")),
    Copy(P("a/c/d/e/h"), P("a/f")),
    Move(P("a"), P("b")),
]


@pytest.mark.parametrize("by", [None, "alice"])
def test_killed_at_each_step_it_is_all_or_nothing_and_so_it_is_when_the_recovery_is_killed(
    tmp_path: os.PathLike[str], by: str | None
) -> None:
    after = attempt(os.path.join(tmp_path, "done"), by)
    outcomes = set()
    for number in range(1000):
        top = os.path.join(tmp_path, str(number))
        make(top, TREE)
        before = picture(top)
        with Root(top) as root:
            try:
                with killed(number):
                    run_operations(root, OPERATIONS, Progress(), trash_by=by)
                break
            except Killed:
                pass
            for again in range(0, 1000, 1 + number % 7):
                try:
                    with killed(again):
                        recover(root)
                        sweep(root)
                    break
                except Killed:
                    continue
            assert picture(top) in (before, after), f"step {number}"
            outcomes.add(picture(top) == after)
            thrown = sorted(str(entry.path) for entry in Trash(root).entries())
            assert thrown == (["/a/f", "/b"] if by and picture(top) == after else [])
            Trash(root).purge(None, Progress())
            assert ours(top) == []
        shutil.rmtree(top)
    assert outcomes == {True, False}


def test_if_a_step_fails_all_or_nothing_is_done(tmp_path: os.PathLike[str]) -> None:
    after = attempt(os.path.join(tmp_path, "done"), None)
    for number in range(1, 1000):
        top = os.path.join(tmp_path, str(number))
        make(top, TREE)
        before = picture(top)
        with Root(top) as root:
            with failing(number) as disk:
                try:
                    run_operations(root, OPERATIONS, Progress())
                    expected = after
                except (FileError, OSError):
                    expected = before
            # A second failure would be needed to spoil the undoing; if there was one, it is done later.
            recover(root)
            assert picture(top) == expected, f"step {number}"
            sweep(root)
            assert ours(top) == []
        shutil.rmtree(top)
        if disk.steps < number:
            break


def attempt(top: str, by: str | None) -> Picture:
    make(top, TREE)
    with Root(top) as root:
        run_operations(root, OPERATIONS, Progress(), trash_by=by)
    return picture(top)


NAMES = st.sampled_from(["a", "b", "c"])


PATHS = st.lists(NAMES, min_size=1, max_size=3).map(lambda names: RelPath(tuple(names)))


CHANGES = st.one_of(st.builds(Move, PATHS, PATHS), st.builds(Copy, PATHS, PATHS), st.builds(Remove, PATHS))


TREES = st.dictionaries(PATHS, st.sampled_from(["file", "folder", "link", "hard"]), max_size=8)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    tree=TREES,
    operations=st.lists(CHANGES, min_size=1, max_size=5),
    cuts=st.lists(st.integers(0, 80), min_size=1, max_size=3),
)
def test_whatever_is_asked_and_whenever_it_is_killed_it_is_all_or_nothing(
    tmp_path_factory: pytest.TempPathFactory,
    tree: dict[RelPath, str],
    operations: list[Operation],
    cuts: list[int],
) -> None:
    top = str(tmp_path_factory.mktemp("tree"))
    whole, cut = os.path.join(top, "whole"), os.path.join(top, "cut")
    for folder in (whole, cut):
        os.mkdir(folder)
        grow(folder, tree)
    before = picture(cut)
    with Root(whole) as root, killed(10**6):
        try:
            run_operations(root, operations, Progress())
        except OperationFailed:
            assert picture(whole) == before
    after = picture(whole)
    with Root(cut) as root:
        try:
            with killed(cuts[0]):
                run_operations(root, operations, Progress()).purge(root, Progress())
        except (Killed, OperationFailed):
            pass
        for step in cuts[1:]:
            try:
                with killed(step):
                    recover(root)
            except Killed:
                pass
        with killed(10**6):
            recover(root)
            sweep(root)
    assert picture(cut) in (before, after)
    assert ours(cut) == []
    shutil.rmtree(top)


def grow(top: str, tree: dict[RelPath, str]) -> None:
    files: list[str] = []
    for path, kind in sorted(tree.items()):
        full = os.path.join(top, path.relative)
        os.makedirs(os.path.dirname(full), exist_ok=True) if not _blocked(top, path) else None
        if _blocked(top, path) or os.path.lexists(full):
            continue
        if kind == "folder":
            os.mkdir(full, 0o751)
        elif kind == "link":
            os.symlink("a", full)
        elif kind == "hard" and files:
            os.link(files[-1], full)
        else:
            with open(full, "w", encoding="utf-8") as file:
                file.write(full[len(top) :])
            os.chmod(full, 0o640)
            files.append(full)


def _blocked(top: str, path: RelPath) -> bool:
    """Tell whether something that is no folder is above."""
    above = [os.path.join(top, *path.names[:length]) for length in range(1, len(path.names))]
    return any(os.path.lexists(each) and (os.path.islink(each) or not os.path.isdir(each)) for each in above)


@pytest.mark.parametrize("step", [5, 17, 29, 38, 47, 58, 70])
def test_a_kill_that_is_real_leaves_all_or_nothing(tmp_path: os.PathLike[str], step: int) -> None:
    after = attempt(os.path.join(tmp_path, "done"), None)
    top = os.path.join(tmp_path, "root")
    make(top, TREE)
    before = picture(top)
    reading, writing = os.pipe()
    really_write = os.write
    told: list[int] = []
    child = os.fork()
    if child == 0:
        try:
            with Root(top) as root, watched(lambda _: told.append(really_write(writing, b"."))):
                run_operations(root, OPERATIONS, Progress())
            signal.pause()
        finally:
            os._exit(1)
    os.close(writing)
    seen = 0
    while seen < step and os.read(reading, 1):
        seen += 1
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(reading)
    with Root(top) as root:
        recover(root)
        sweep(root)
    assert picture(top) in (before, after)
    assert ours(top) == []


def test_a_journal_that_somebody_has_forged_moves_nothing_from_or_to_outside(
    root: Root, tmp_path: os.PathLike[str]
) -> None:
    make(str(tmp_path), {"outside/f": "secret"})
    make(root.path, {"a": "1", "out@": "../outside", "b": "2"})
    inode = os.stat(os.path.join(tmp_path, "outside/f")).st_ino
    mine = os.lstat(os.path.join(root.path, "a")).st_ino
    kind = 0o100000
    lines = [
        f'["/x", "/out/f", {inode}, {kind}]',
        f'["/x", "/../outside/f", {inode}, {kind}]',
        f'["/x", "../outside/f", {inode}, {kind}]',
        f'["/out/stolen", "/a", {mine}, {kind}]',
        f'["../stolen", "/a", {mine}, {kind}]',
        f'["/b", "/a", {mine}, {kind}]',
        f'["/new", "/b", {mine}, {kind}]',
        '["/", "/", 0, 0]',
        f'["/.holdfast/x", "/a", {mine}, {kind}]',
        "[" * 5000,
        "[1, 2",
        "\xff\x00",
        '[true, -1, "a", {}]',
        '["/a\\ud800", 3, 1e400, 5]',
        f'["/from-room", 99, {mine}, {kind}]',
    ]
    for number, text in enumerate([*lines, "\n".join(lines)]):
        make(root.path, {f".holdfast/transactions/{number:016x}/journal": text + "\n"})
    make(root.path, {".holdfast/transactions/link@": "../../../outside", ".holdfast/transactions/file": "x"})
    make(root.path, {".holdfast/committed/0/journal": '["/a", 0, 1, 2]\n', ".holdfast/transactions/e/": None})
    os.mkfifo(os.path.join(root.path, ".holdfast/transactions/fifo"))
    os.mkdir(os.path.join(root.path, ".holdfast/transactions/pipe"))
    os.mkfifo(os.path.join(root.path, ".holdfast/transactions/pipe/journal"))
    before = picture(str(tmp_path))
    recover(root)
    assert picture(str(tmp_path)) == before


def test_what_was_removed_is_not_lost_with_a_journal_that_is_torn(root: Root) -> None:
    make(root.path, {"a": "1", "b": "2"})
    asked = iter([False])
    with ExitStack() as disk:

        def stop() -> bool:
            if next(asked, None) is None:
                disk.enter_context(killed(0))
                raise Killed
            return False

        with pytest.raises(Killed):
            run_operations(root, [Remove(P("a")), Remove(P("b"))], Progress(stop=stop))
    [journal] = [path for path in ours(root.path) if path.endswith("journal")]
    os.truncate(os.path.join(root.path, journal), 5)
    assert recover(root) == 0
    assert [what[2] for path, what in picture(root.path, hidden=True).items() if path.endswith("thing")] == [
        "1"
    ]
    assert picture(root.path).keys() == {"b"}


def test_what_somebody_else_has_put_there_meanwhile_is_neither_moved_nor_replaced(root: Root) -> None:
    make(root.path, {"a": "1", "b": "2", "c": "3"})
    operations: list[Operation] = [Remove(P("a")), Remove(P("b")), Move(P("c"), P("x")), Remove(P("x"))]
    asked = 0
    with ExitStack() as disk:

        def stop() -> bool:
            nonlocal asked
            asked += 1
            if asked == len(operations):
                disk.enter_context(killed(0))
                raise Killed
            return False

        with pytest.raises(Killed):
            run_operations(root, operations, Progress(stop=stop))
    os.rename(os.path.join(root.path, "x"), os.path.join(root.path, "kept"))
    make(root.path, {"x": "a stranger's", "a": "another stranger's"})
    recover(root)
    found = {path: what[2] for path, what in picture(root.path).items()}
    # b was removed and is back; c is where its new owner has put it; a was removed and is taken by now.
    assert found == {"a": "another stranger's", "b": "2", "x": "a stranger's", "kept": "3"}
    [entry] = Trash(root).entries()
    assert (entry.path, entry.deleted_by) == (P("a"), "")
    Trash(root).restore(entry.id, P("a.1"))
    assert picture(root.path)["a.1"][2] == "1"
    assert ours(root.path) == []
