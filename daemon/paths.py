"""Which row of a table a path is for: templates with parameters, such as `/server/{id}/file`.

A parameter is one segment of a path, and not empty. A path without parameters goes before one with them.
"""

from collections.abc import Mapping
from typing import Generic, TypeAlias, TypeVar

T = TypeVar("T")


_Shape: TypeAlias = dict[tuple[str, ...], tuple[tuple[str, ...], T]]
"""By the segments that are no parameters: the names of those that are, and the row."""


class Paths(Generic[T]):
    """A table by templates."""

    def __init__(self, table: Mapping[str, T]) -> None:
        self._plain: dict[str, T] = {}
        # By the number of segments, and by which of them are parameters.
        self._shapes: dict[int, dict[tuple[int, ...], _Shape[T]]] = {}
        for template, row in table.items():
            segments = template.split("/")
            places = tuple(at for at, text in enumerate(segments) if text.startswith("{"))
            if not places:
                self._plain[template] = row
                continue
            names = tuple(segments[at][1:-1] for at in places)
            shape = self._shapes.setdefault(len(segments), {}).setdefault(places, {})
            shape[_others(segments, places)] = names, row

    def find(self, path: str) -> tuple[T, Mapping[str, str]] | None:
        """Return the row that a path is for, and its parameters."""
        if (plain := self._plain.get(path)) is not None:
            return plain, {}
        segments = path.split("/")
        for places, rows in self._shapes.get(len(segments), {}).items():
            found = rows.get(_others(segments, places))
            if found is not None and all(segments[at] for at in places):
                names, row = found
                return row, dict(zip(names, [segments[at] for at in places], strict=True))
        return None


def _others(segments: list[str], places: tuple[int, ...]) -> tuple[str, ...]:
    return tuple([text for at, text in enumerate(segments) if at not in places])
