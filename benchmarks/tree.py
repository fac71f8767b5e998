"""A realistic tree of files, made of what the machine has: program texts, documentation, binaries.

The same machine gives the same tree: folders are walked by name, and each kind of files has its share of the
bytes. Two machines give two trees; so figures of archives are compared within one run.
"""

import filecmp
import os
import shutil
import sysconfig
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

MULTIARCH = sysconfig.get_config_var("MULTIARCH") or f"{os.uname().machine}-linux-gnu"

KINDS: Mapping[str, tuple[float, tuple[str, ...]]] = {
    "texts": (
        0.2,
        (
            "/usr/lib/python3",
            sysconfig.get_paths()["stdlib"],
            "/usr/include",
            "/usr/share/perl",
            "/usr/share/vim",
        ),
    ),
    "documentation": (0.25, ("/usr/share/doc", "/usr/share/locale", "/usr/share/man")),
    "binaries": (0.55, ("/usr/bin", f"/usr/lib/{MULTIARCH}", "/usr/lib")),
}
"""By kind, its share of the bytes and whence; what the first folders lack, the next ones give."""

LARGEST = 0.1
"""Of all bytes, what one file may have at most: no file shall be what is measured."""

_MADE = 1_600_000_000
"""When all folders of a tree were changed last, so that it is the same tree each time."""


@dataclass(frozen=True, slots=True)
class Tree:
    """What a tree holds."""

    folder: Path
    bytes: int
    files: int


def grow(folder: Path, size: int) -> Tree:
    """Copy so many bytes of files into a new folder, or all there are; no links, and nothing unreadable."""
    total = files = 0
    for kind, (share, sources) in KINDS.items():
        left = int(size * share)
        for number, source in enumerate(sources):
            for path, name in _found(source):
                if left <= 0:
                    break
                length = os.path.getsize(path)
                if length > size * LARGEST or length > left + size // 100:
                    continue
                copy = folder / kind / str(number) / name
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(path, copy)
                left -= length
                total += length
                files += 1
    for above, _, _ in os.walk(folder):
        os.utime(above, (_MADE, _MADE))
    return Tree(folder, total, files)


def difference(one: Path, other: Path) -> str | None:
    """Return what is not the same in two trees (names, contents, permissions, times), None if all is."""
    names = _names(one)
    if names != _names(other):
        return f"{len(names ^ _names(other))} names"
    for name in sorted(names):
        first, second = (one / name).lstat(), (other / name).lstat()
        if first.st_mode & 0o777 | 0o600 != second.st_mode & 0o777 | 0o600:
            return f"the permissions of {name}"
        if int(first.st_mtime) // 2 != int(second.st_mtime) // 2:
            return f"the time of {name}"
        if (one / name).is_file() and not filecmp.cmp(one / name, other / name, shallow=False):
            return f"the content of {name}"
    return None


def _found(source: str) -> Iterator[tuple[str, str]]:
    """Yield the regular files below a folder that can be read, sorted, with their paths in it."""
    for above, folders, names in os.walk(source):
        # What Python caches differs from run to run, and debug symbols are on few machines.
        folders[:] = sorted(name for name in folders if name not in ("__pycache__", "debug"))
        for name in sorted(names):
            path = os.path.join(above, name)
            if not os.path.islink(path) and os.path.isfile(path) and os.access(path, os.R_OK):
                yield path, os.path.relpath(path, source)


def _names(folder: Path) -> set[str]:
    return {
        os.path.relpath(os.path.join(above, name), folder)
        for above, folders, files in os.walk(folder)
        for name in (*folders, *files)
    }
