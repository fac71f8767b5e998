"""Random trees with links, random fences, random work: nothing outside is read, listed or changed."""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from filemgr import (
    Continued,
    Copy,
    FileError,
    Incoming,
    Move,
    Operation,
    OutOfBounds,
    Progress,
    Query,
    RelPath,
    Remove,
    Root,
    Trash,
    change_mode,
    copy,
    create_upload,
    delete,
    find,
    find_upload,
    list_folder,
    make_folder,
    move,
    open_download,
    outermost,
    remove_upload,
    run_operations,
    size_of,
)
from filemgr.archive import Format, Limits, pack_to, unpack

from .operations.trees import Picture, picture

NAMES = ("a", "b", "c")
EXAMPLES = 200

names = st.sampled_from([*NAMES, "in", "in", "new", "out", "l", "m", ".."])
some_names = st.lists(names, min_size=1, max_size=2).map("/".join)
folders = st.lists(st.sampled_from(NAMES), min_size=1, max_size=2).map("/".join)
starts = st.sampled_from([0, 0, 0, 0, 1, 1, None])
"""From which fence a path goes on, so that most are about something."""

paths = st.tuples(starts, some_names)
targets = st.tuples(st.sampled_from(["", "", "../", "../../", "../../../", "TOP/"]), some_names).map("".join)
links = st.lists(
    st.tuples(starts, st.sampled_from(["", *NAMES]), st.sampled_from(["l", "m", "c"]), targets), max_size=8
)
fences = st.lists(
    st.lists(st.sampled_from(NAMES), min_size=1, max_size=2).map("/".join), min_size=1, max_size=2
)

Path = tuple[int | None, str]
Link = tuple[int | None, str, str, str]


@dataclass
class World:
    """A root behind fences, and what is known of it."""

    root: Root
    fences: list[str]
    before: Picture = field(default_factory=dict)

    def inside(self, path: str) -> bool:
        """Tell whether what has this path, without links, is inside."""
        return any((path + "/").startswith(fence + "/") for fence in self.fences)

    def really_inside(self, path: RelPath) -> bool:
        top = os.path.realpath(self.root.path)
        real = os.path.realpath(os.path.join(top, path.relative))
        return self.inside(os.path.relpath(real, top))

    def outside(self) -> Picture:
        """Return all that is outside, and the fences themselves."""
        seen = picture(self.root.path)
        return {path: what for path, what in seen.items() if path in self.fences or not self.inside(path)}


def whole(kept: list[str], start: int | None, rest: str) -> str:
    """Return the path that begins at one of the fences, or at the top."""
    return f"/{rest}" if start is None or not kept else f"/{kept[start % len(kept)]}/{rest}"


def make(top: str, kept: list[str], some: list[Path], linked: list[Link]) -> None:
    """Fill a root: files are called and say `in` or `out`."""

    def is_inside(path: str) -> bool:
        return any((path + "/").startswith(fence + "/") for fence in kept)

    for path in [*some, *((None, fence) for fence in kept)]:
        os.makedirs(top + whole(kept, *path), exist_ok=True)
    for folder, _, _ in list(os.walk(top)):
        word = "in" if is_inside(os.path.relpath(folder, top)) else "out"
        with open(os.path.join(folder, word), "w", encoding="utf-8") as file:
            file.write(f"{word}side")
    for start, folder, name, target in linked:
        with suppress(OSError):
            place = os.path.normpath(top + whole(kept, start, folder))
            if os.path.realpath(place) == place:
                os.symlink(target.replace("TOP", top) or ".", os.path.join(place, name))


def reads(world: World, path: RelPath, other: RelPath) -> None:
    del other
    with open_download(world.root, path) as found:
        assert found.read(0, 100) != b"outside"
    assert world.really_inside(path)


def lists(world: World, path: RelPath, other: RelPath) -> None:
    del other
    listed = {one.name for one in list_folder(world.root, path)}
    if world.inside(path.relative):
        assert world.really_inside(path)
    else:
        depth = len(path.names)
        leading = {fence.split("/")[depth] for fence in world.fences if RelPath.parse(fence).is_within(path)}
        assert listed <= leading


def looks(world: World, path: RelPath, other: RelPath) -> None:
    del other
    world.root.stat(path)
    assert world.really_inside(path)


def searches(world: World, path: RelPath, other: RelPath) -> None:
    del other
    for content in (False, True):
        for found in find(world.root, path, Query("o", content=content), Progress()):
            assert "outside" not in (found.text or "")
            assert world.really_inside(RelPath.parse(found.path).parent)


def measures(world: World, path: RelPath, other: RelPath) -> None:
    del other
    size_of(world.root, path, Progress())
    assert world.really_inside(path)


def makes(world: World, path: RelPath, other: RelPath) -> None:
    del other
    make_folder(world.root, path)


def writes(world: World, path: RelPath, other: RelPath) -> None:
    del other
    with Incoming(world.root, path, 100) as file:
        file.write(b"inside")
        file.publish()


def uploads(world: World, path: RelPath, other: RelPath) -> None:
    del other
    upload = create_upload(world.root, path, 6, "")
    try:
        with Continued(world.root, upload) as sent:
            sent.begin(6, 100, None)
            sent.write(b"inside")
            sent.end()
            sent.publish()
    finally:
        find_upload(world.root, upload)
        remove_upload(world.root, upload)


def trashes(world: World, path: RelPath, other: RelPath) -> None:
    trash = Trash(world.root)
    gone = trash.put(path, "somebody")
    assert {one.id for one in trash.entries()} <= {gone}
    try:
        trash.restore(gone, other)
    except FileError:
        trash.restore(gone)


def throws_away(world: World, path: RelPath, other: RelPath) -> None:
    del other
    Trash(world.root).put(path, "somebody")
    assert Trash(world.root).purge(None, Progress()) <= 1


def does_all(world: World, path: RelPath, other: RelPath) -> None:
    work: list[Operation] = [Move(path, other), Copy(other, path), Remove(other)]
    run_operations(world.root, work, Progress()).purge(world.root, Progress())


def packs(world: World, path: RelPath, other: RelPath) -> None:
    base = path.parent
    pack_to(world.root, [path], base, other, Format.TAR, Progress())
    with open_download(world.root, other) as found:
        assert b"outside" not in found.read(0, found.size)


def unpacks(world: World, path: RelPath, other: RelPath) -> None:
    archive = other / "packed.tar"
    pack_to(world.root, [path], path.parent, archive, Format.TAR, Progress())
    unpack(world.root, archive, other, Limits(), Progress())


WORK: list[Callable[[World, RelPath, RelPath], object]] = [
    reads,
    lists,
    looks,
    searches,
    measures,
    makes,
    writes,
    uploads,
    trashes,
    throws_away,
    does_all,
    packs,
    unpacks,
    lambda world, path, other: move(world.root, path, other, Progress()),
    lambda world, path, other: copy(world.root, path, other, Progress()),
    lambda world, path, _: delete(world.root, path, Progress()),
    lambda world, path, _: change_mode(world.root, path, 0o700),
]

orders = st.lists(st.tuples(st.sampled_from(WORK), paths, paths), min_size=1, max_size=16)


@contextmanager
def hurried() -> Iterator[None]:
    """Do not wait for the disk."""
    with ExitStack() as stack:
        stack.enter_context(patch("os.fsync", lambda _: None))
        for place in ("filemgr.staging", "filemgr.archive.unpack"):
            stack.enter_context(patch(f"{place}.sync_file_system", lambda _: None))
        yield


@pytest.mark.parametrize("kernel", [True, False], ids=["openat2", "walk"])
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(kept=fences, some=st.lists(st.tuples(starts, folders), max_size=8), linked=links, todo=orders)
def test_nothing_outside_is_read_listed_or_changed(
    kernel: bool,
    kept: list[str],
    some: list[Path],
    linked: list[Link],
    todo: list[tuple[Callable[[World, RelPath, RelPath], object], Path, Path]],
) -> None:
    with tempfile.TemporaryDirectory() as made, hurried():
        folder = os.path.realpath(made)
        top = os.path.join(folder, "root")
        os.mkdir(top)
        make(top, kept, some, linked)
        with Root(top, [RelPath.parse(fence) for fence in kept], kernel=kernel) as root:
            world = World(root, [fence.relative for fence in outermost([*map(RelPath.parse, kept)]) or ()])
            before = world.outside()
            for work, one, other in todo:
                path, second = (RelPath.parse(whole(kept, *said)) for said in (one, other))
                try:
                    work(world, path, second)
                except FileError:
                    pass
                else:
                    assert world.inside(path.relative) or work is lists
                if not world.inside(path.relative) and work is not lists:
                    with pytest.raises(OutOfBounds):
                        root.stat(path)
                assert world.outside() == before, (work, one, other)
            there = picture(top)
            assert all(what[2] != "outside" for path, what in there.items() if world.inside(path))
            assert sorted(os.listdir(folder)) == ["root"]
