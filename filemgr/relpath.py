"""Paths below a root, as names.

Rules:
- `/` separates; empty names and `.` mean nothing, so leading, doubled and trailing slashes do not matter.
- `..` is taken away with the name before it, in the text, before anything is looked up; at the front of a
  path that begins with `/` it means nothing, elsewhere at the front it is refused. Octyne does it like this.
- Refused: NUL, text that is not UTF-8, `..` between backslashes (no name that anybody means), names over 255
  and paths over 4,095 bytes (the kernel's limits: path_resolution(7)), and our own hidden names.
"""

from dataclasses import dataclass
from typing import Self

from .errors import InvalidPath

HIDDEN = ".holdfast"
"""The folder at the top of a root in which we keep what is ours: trash, journals, partial uploads."""

STAGED = ".holdfast-"
"""How the names begin of what is not finished."""

_LONGEST_NAME = 255
_LONGEST_PATH = 4095


def is_ours(name: str) -> bool:
    """Tell whether a name is reserved for what we keep; such are neither shown nor taken."""
    return name == HIDDEN or name.startswith(STAGED)


@dataclass(frozen=True, slots=True, order=True)
class RelPath:
    """A path below a root: names that are none of empty, `.`, `..`. No names: the root itself."""

    names: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the path that a client means; raises `InvalidPath`."""
        if "\0" in text:
            raise InvalidPath("there is a NUL in it")
        try:
            if len(text.encode()) > _LONGEST_PATH:
                raise InvalidPath(f"it is longer than {_LONGEST_PATH} bytes")
        except UnicodeEncodeError as exc:
            raise InvalidPath("it is not UTF-8") from exc
        names: list[str] = []
        for name in text.split("/"):
            if name == "..":
                if names:
                    names.pop()
                elif not text.startswith("/"):
                    raise InvalidPath("it leads out of the folder")
            elif name not in ("", "."):
                names.append(_checked(name))
        return cls(tuple(names))

    @property
    def is_root(self) -> bool:
        """Whether this is the root itself."""
        return not self.names

    @property
    def name(self) -> str:
        """The last name; the root has none, which is an empty one."""
        return self.names[-1] if self.names else ""

    @property
    def parent(self) -> "RelPath":
        """The folder that it is in; the root's is the root."""
        return RelPath(self.names[:-1])

    def __truediv__(self, name: str) -> "RelPath":
        """Return the path of something in this folder; raises `InvalidPath` for what is no name."""
        if name in ("", ".", "..") or "/" in name or "\0" in name:
            raise InvalidPath(f"{name!r} is no name for a file")
        return RelPath((*self.names, _checked(name)))

    def is_within(self, other: "RelPath") -> bool:
        """Tell whether this is the other, or something below it."""
        return self.names[: len(other.names)] == other.names

    def relative_to(self, other: "RelPath") -> str:
        """Return what has to be added to the other to come here, without a leading slash."""
        if not self.is_within(other):
            raise InvalidPath(f"{self} is not in {other}")
        return "/".join(self.names[len(other.names) :])

    @property
    def relative(self) -> str:
        """The path for the kernel, from the root; `.` for the root itself."""
        return "/".join(self.names) or "."

    def __str__(self) -> str:
        return "/" + "/".join(self.names)


ROOT = RelPath()


def _checked(name: str) -> str:
    if len(name.encode("utf-8", "surrogateescape")) > _LONGEST_NAME:
        raise InvalidPath(f"a name in it is longer than {_LONGEST_NAME} bytes")
    if "\\" in name and ".." in name.split("\\"):
        raise InvalidPath("it leads out of the folder")
    if is_ours(name):
        raise InvalidPath(f"names like {name} are Holdfast's own")
    return name
