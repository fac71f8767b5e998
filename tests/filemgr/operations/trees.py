"""Trees for tests: made from a table, and looked at as a table."""

import os
import stat
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from filemgr import Root, is_ours, syscalls

_HERE = -100  # AT_FDCWD, open(2)
_EXCHANGE = 2  # RENAME_EXCHANGE, renameat2(2)

Picture = dict[str, tuple[str, int, str]]
"""Of each path: its kind, its mode (of a link 0), and its content or where it points."""


def make(top: str, tree: Mapping[str, str | None]) -> None:
    """Make folders ("a/": None), files ("a/f": content) and links ("a/l@": where)."""
    for path, content in tree.items():
        full = os.path.join(top, path.rstrip("/@"))
        os.makedirs(os.path.dirname(full), exist_ok=True)
        if content is None:
            os.makedirs(full, exist_ok=True)
        elif path.endswith("@"):
            os.symlink(content, full)
        else:
            with open(full, "w", encoding="utf-8") as file:
                file.write(content)


def picture(top: str, *, hidden: bool = False) -> Picture:
    """Return all that is there; what is Holdfast's own only if it is asked for."""
    found: Picture = {}
    for folder, folders, files in os.walk(top):
        if not hidden:
            folders[:] = [name for name in folders if not is_ours(name)]
        for name in folders + files:
            if is_ours(name) and not hidden:
                continue
            path = os.path.join(folder, name)
            found[os.path.relpath(path, top)] = _look(path)
    return found


def ours(top: str) -> list[str]:
    """Return what there is of Holdfast's own."""
    return sorted(
        path for path in picture(top, hidden=True) if any(is_ours(name) for name in path.split("/"))
    )


def _look(path: str) -> tuple[str, int, str]:
    info = os.lstat(path)
    mode = stat.S_IMODE(info.st_mode)
    if stat.S_ISLNK(info.st_mode):
        return "link", 0, os.readlink(path)
    if stat.S_ISDIR(info.st_mode):
        return "folder", mode, ""
    if stat.S_ISREG(info.st_mode):
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            return "file", mode, file.read()
    return "other", mode, ""


def below(root: Root, path: str) -> str:
    """Return where something in a root is."""
    return os.path.join(root.path, path)


@contextmanager
def swapping(top: str, name: str, elsewhere: str) -> Iterator[None]:
    """Swap a folder and a link to elsewhere, again and again, while something else happens."""
    done = threading.Event()
    real, link = os.path.join(top, name), os.path.join(top, f"{name}.link")
    os.symlink(elsewhere, link)

    def swap() -> None:
        while not done.is_set():
            syscalls._renameat2(_HERE, real, _HERE, link, _EXCHANGE)

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
