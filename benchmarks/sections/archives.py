"""Archives: a realistic tree is packed and taken apart, beside the tools that people use."""

import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from ..archiving import Theirs, Tool, placed
from ..bench import Bench
from ..case import LIMIT, Case, Contender, Goal
from ..tree import Tree, difference, grow

SIZE = 660_000_000
PIECE = 40_000_000
"""Of xz, which takes the tools more than a minute for the whole tree on two processors."""

PACKED = {"seconds": "s", "MB/s": "", "CPU": "s", "ratio": "archive/tree", "memory": "MiB"}
TAKEN_APART = {"seconds": "s", "MB/s": "", "CPU": "s", "memory": "MiB"}

PACKING: Mapping[str, tuple[Tool, ...]] = {
    "zip": (
        Tool("zip", "zip -qr {made} {tree}"),
        Tool("7z", "7z a -bso0 -bsp0 -tzip {made} {tree}", "p7zip-full"),
    ),
    "tar.gz": (
        Tool("pigz", "tar -cf - {tree} | pigz > {made}"),
        Tool("bsdtar", "bsdtar -czf {made} {tree}", "libarchive-tools"),
    ),
    "tar.zst": (Tool("zstd", "tar -cf - {tree} | zstd -q -T0 > {made}"),),
    "tar.xz": (
        Tool("xz", "tar -cf - {tree} | xz -T0 > {made}", "xz-utils"),
        Tool("7z", "tar -cf - {tree} | 7z a -bso0 -bsp0 -txz -si {made}", "p7zip-full"),
    ),
}
BSDTAR = Tool("bsdtar", "bsdtar -xf {made} -C {out}", "libarchive-tools")
TAKING_APART: Mapping[str, tuple[Tool, ...]] = {
    "zip": (
        Tool("unzip", "unzip -q {made} -d {out}"),
        Tool("7z", "7z x -bso0 -bsp0 -o{out} {made}", "p7zip-full"),
        BSDTAR,
    ),
    "tar.gz": (Tool("pigz", "pigz -dc {made} | tar -xf - -C {out}"), BSDTAR),
    "tar.zst": (Tool("zstd", "zstd -qdc {made} | tar -xf - -C {out}"), BSDTAR),
    "tar.xz": (Tool("xz", "xz -T0 -dc {made} | tar -xf - -C {out}", "xz-utils"), BSDTAR),
}

SECONDS = {
    ("pack", "zip"): (2.0, 6.0),
    ("pack", "tar.gz"): (2.0, 6.8),
    ("pack", "tar.zst"): (2.3, 3.3),
    ("take apart", "zip"): (1.9, 3.4),
    ("take apart", "tar.gz"): (1.2, 3.3),
    ("take apart", "tar.zst"): (1.0, 1.5),
}
"""Of a tree of SIZE bytes; one of another size has as much more or less."""

OCTYNE = "octyne"

SIZES = {"zip": 1.03, "tar.zst": 1.0}
"""How large an archive may be, if Octyne's is 1."""

MEMORY = 200.0


def cases(bench: Bench) -> Iterator[Case]:
    """Yield them: each kind of archive, made and taken apart; all take apart the same one."""
    scratch = Path(bench.folder) / "archives"
    try:
        for name, size, kinds in (
            ("whole", SIZE, ("zip", "tar.gz", "tar.zst")),
            ("piece", PIECE, ("tar.xz",)),
        ):
            here = scratch / name
            tree = grow(here / f"tree-{name}", bench.scaled(size))
            with placed(bench.targets, tree) as places:
                for kind in kinds:
                    yield _packing(bench, tree, places, kind)
                    yield _taking_apart(bench, tree, places, kind)
            shutil.rmtree(here)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _packing(bench: Bench, tree: Tree, places: list[Theirs], kind: str) -> Case:
    made = tree.folder.parent / f"made.{kind}"
    contenders: dict[str, Contender] = {place.target.name: partial(place.pack, kind) for place in places}
    contenders |= _tools(bench, PACKING[kind], lambda tool: partial(tool.pack, tree, made))
    copy = Tool("cp", "cp -r {tree} {made}")
    contenders[f"{LIMIT}cp -r"] = partial(copy.pack, tree, made)
    return _case(bench.names, tree, "pack", kind, PACKED, contenders)


def _taking_apart(bench: Bench, tree: Tree, places: list[Theirs], kind: str) -> Case:
    out = tree.folder.parent / "out"
    # The first target that makes it here makes it for all: each takes apart the same bytes.
    made = next((path for path in (place.given(kind) for place in places) if path is not None), None)
    contenders: dict[str, Contender] = {}
    for place in places:
        place.take(kind, made)
        contenders[place.target.name] = partial(place.take_apart, kind, _Check(tree))
    if made is not None:
        tools = TAKING_APART[kind]
        contenders |= _tools(bench, tools, lambda tool: partial(tool.take_apart, tree, made, out))
    copy = Tool("cp", "cp -r {made} {out}")
    contenders[f"{LIMIT}cp -r"] = partial(copy.take_apart, tree, tree.folder, out)
    return _case(bench.names, tree, "take apart", kind, TAKEN_APART, contenders)


def _tools(bench: Bench, tools: tuple[Tool, ...], turn: Callable[[Tool], Contender]) -> dict[str, Contender]:
    return {tool.name: turn(tool) for tool in tools if bench.rival(tool.name, tool.package)}


def _case(
    names: Sequence[str],
    tree: Tree,
    what: str,
    kind: str,
    units: Mapping[str, str],
    contenders: Mapping[str, Contender],
) -> Case:
    goals = [Goal("memory", at_most=MEMORY)]
    if (what, kind) in SECONDS:
        most, octyne = SECONDS[what, kind]
        told = f"Octyne: {octyne}"
        # Trees and machines differ; how many times as fast as Octyne it was does less.
        goals.append(Goal("seconds", at_most=most * tree.bytes / SIZE, octyne=told))
        if OCTYNE in contenders:
            goals.append(Goal("seconds", at_most=most / octyne, of=OCTYNE, octyne=told))
    if what == "pack" and kind in SIZES and OCTYNE in contenders:
        goals.append(Goal("ratio", at_most=SIZES[kind], of=OCTYNE))
    about = f"{tree.files} files. Memory: by how much a target grows, or the largest process of a tool."
    ours = [name for name in names if name != OCTYNE]
    return Case(f"{what} a {kind} of {tree.bytes / 1e6:.0f} MB", contenders, units, goals, ours, about=about)


class _Check:
    """Looks once at what came out: it must be what went in."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._done = False

    def __call__(self, place: Path) -> str | None:
        if self._done:
            return None
        self._done = True
        return difference(self._tree.folder, place / os.path.basename(self._tree.folder))
