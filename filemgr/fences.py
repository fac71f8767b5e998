"""The folders to which somebody is kept within a root.

Rules:
- Inside is what is one of these folders, or below one, by its names; nothing is looked up for that. So what
  is outside answers in the same way whether it is there or not.
- A folder below another one of them adds nothing.
- No link may stand on the way to a fence (`Root` sees to it): who may change something above it could
  otherwise have it lead anywhere.
"""

from collections.abc import Sequence
from typing import TypeAlias

from .errors import OutOfBounds
from .relpath import ROOT, RelPath

Fences: TypeAlias = Sequence[RelPath] | None
"""The folders to which somebody is kept: everywhere if it is None, nowhere if there are none."""


def outermost(fences: Fences) -> tuple[RelPath, ...] | None:
    """Return the same without folders that add nothing; None if that is everything."""
    if fences is None or ROOT in fences:
        return None
    return tuple(
        one
        for one in dict.fromkeys(fences)
        if not any(one != other and one.is_within(other) for other in fences)
    )


def common(one: Fences, other: Fences) -> Fences:
    """Return the folders that are inside both."""
    if one is None or other is None:
        return other if one is None else one
    inner = [a for a in one if any(a.is_within(b) for b in other)]
    return [*inner, *(b for b in other if any(b.is_within(a) for a in one))]


def fence_around(fences: Fences, path: RelPath) -> RelPath:
    """Return the folder that keeps what is at a path, the root without fences; raises `OutOfBounds`."""
    if fences is None:
        return ROOT
    for fence in fences:
        if path.is_within(fence):
            return fence
    raise OutOfBounds(f"{path}: is outside of the folders to which access is limited")


def leading(fences: Fences, path: RelPath) -> frozenset[str] | None:
    """Return the names in a folder above fences that lead to them; None for what is inside, with all names.

    Raises `OutOfBounds` if none does.
    """
    if fences is None or any(path.is_within(fence) for fence in fences):
        return None
    names = frozenset(fence.names[len(path.names)] for fence in fences if fence.is_within(path))
    if not names:
        fence_around(fences, path)
    return names
