"""A write that is cut short at each of its steps, and what is on the disk then.

Each attempt is made by a process of its own, in a folder of its own, in which the calls to the kernel that
change files are counted; it ends at once at its step, without a word. In which of three ways it ends:

- `killed`: what was asked of the kernel happens.
- `power cut`: what was written and not synced is torn in half. Names that were not synced are there already.
- `power cut, names lost`: the same, and names that were not synced are as they were before.
"""

import importlib
import itertools
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import NoReturn, cast

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

WAYS = ("killed", "power cut", "power cut, names lost")

CUT = 77
"""The exit code of an attempt that came to its step."""

Action = Callable[[str], None]
Damage = Callable[[bytes], bytes]

DAMAGES: dict[str, Damage] = {
    "empty": lambda _: b"",
    "one byte": lambda text: text[:1],
    "half": lambda text: text[: len(text) // 2],
    "all but one": lambda text: text.rstrip()[:-1],
    "garbage": lambda text: bytes(byte ^ 0xA5 for byte in text),
    "garbage at the end": lambda text: text[:-20] + b"\xff" * 20,
    "zeros": lambda text: b"\0" * len(text),
    "zeros at the end": lambda text: text[:-20] + b"\0" * 20,
}
"""What may stand where a text stood, on a disk that lies about what it has written."""


@dataclass(frozen=True)
class Cut:
    """One attempt: the folder that it worked in, the step before which it was cut, whether there was none."""

    folder: str
    step: str
    done: bool


def cut_at_each_step(root: str, way: str, prepare: Action, write: Action) -> list[Cut]:
    """Return all attempts; `prepare` and `write` are functions of modules, and are given the folder."""
    names = [f"{action.__module__}:{action.__qualname__}" for action in (prepare, write)]
    process = subprocess.run(
        [sys.executable, "-m", "tests.cuts", root, way, *names],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    cuts = [Cut(**entry) for entry in json.loads(process.stdout)]
    assert cuts[-1].done
    assert not any(cut.done for cut in cuts[:-1])
    return cuts


class Disk:
    """The calls of `os` that change what is below a folder, counted; the last one is never made."""

    def __init__(self, root: str, folder: str, last: int, way: str) -> None:
        self._folder = folder
        self._last = last
        self._torn, self._lost = way != WAYS[0], way == WAYS[2]
        self._spare = os.path.join(root, f"spare-{last}")
        os.mkdir(self._spare)
        self._steps = 0
        self._dirty: dict[int, int] = {}  # inode: a descriptor of its file
        self._undo: list[tuple[str, Callable[[], None]]] = []  # the folder, and how it was before
        self._kept = itertools.count()
        self.step = ""

    def install(self) -> None:
        """Take the place of the calls."""
        self._open, self._write, self._fsync = os.open, os.write, os.fsync
        self._rename, self._link, self._unlink = os.rename, os.link, os.unlink
        self._fchmod, self._fchown, self._mkdir = os.fchmod, os.fchown, os.mkdir
        ours = [self.open, self.write, self.fsync, self.rename, self.link, self.unlink]
        ours += [self.fchmod, self.fchown, self.mkdir]
        for call in ours:
            setattr(os, call.__name__, call)
        os.replace, os.remove = self.rename, self.unlink  # type: ignore[assignment]

    def end(self, step: str) -> NoReturn:
        """End as the way has it; whatever was not synced is not on the disk."""
        if self._torn:
            for fd in self._dirty.values():
                os.ftruncate(fd, os.fstat(fd).st_size // 2)
        if self._lost:
            for _, undo in reversed(self._undo):
                undo()
        with open(os.path.join(self._spare, "step"), "w", encoding="utf-8") as file:
            file.write(step)
        os._exit(0 if step == "done" else CUT)

    def open(self, path: str, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        """Open; to make a file is a step."""
        if not (flags & os.O_CREAT and self._ours(path)):
            return self._open(path, flags, mode, dir_fd=dir_fd)
        self._count("open", path)
        new = not os.path.lexists(path)
        fd = self._open(path, flags, mode)
        if new:
            self._undo.append((os.path.dirname(path), lambda: self._unlink(path)))
        return fd

    def write(self, fd: int, data: "bytes | memoryview") -> int:
        """Write; to have written a half is a step too."""
        path = self._path(fd)
        if not self._ours(path):
            return self._write(fd, data)
        self._count("write", path)
        self._dirty.setdefault(os.fstat(fd).st_ino, os.dup(fd))
        half = self._write(fd, data[: len(data) // 2])
        self._count("write the other half of", path)
        return half + self._write(fd, data[half:])

    def fsync(self, fd: int) -> None:
        """Sync a file or the names in a folder."""
        path = self._path(fd)
        if self._ours(path):
            self._count("fsync", path)
            self._dirty.pop(os.fstat(fd).st_ino, None)
            self._undo = [entry for entry in self._undo if entry[0] != path]
        self._fsync(fd)

    def rename(self, old: str, new: str) -> None:
        """Rename."""
        if self._ours(old):
            self._count("rename", old)
            kept = self._keep(new)
            if kept is not None and os.path.samefile(old, new):
                return self._rename(old, new)

            def undo() -> None:
                self._rename(new, old)
                if kept is not None:
                    self._rename(kept, new)

            self._undo.append((os.path.dirname(new), undo))
        return self._rename(old, new)

    def link(self, old: str, new: str) -> None:
        """Give another name."""
        self._count("link", new)
        self._link(old, new)
        self._undo.append((os.path.dirname(new), lambda: self._unlink(new)))

    def unlink(self, path: str) -> None:
        """Remove a name."""
        if self._ours(path) and os.path.lexists(path):
            self._count("unlink", path)
            if (kept := self._keep(path)) is not None:
                self._undo.append((os.path.dirname(path), lambda: self._rename(kept, path)))
        self._unlink(path)

    def fchmod(self, fd: int, mode: int) -> None:
        """Change the mode."""
        self._count("fchmod", self._path(fd))
        self._fchmod(fd, mode)

    def fchown(self, fd: int, user: int, group: int) -> None:
        """Change the owner."""
        self._count("fchown", self._path(fd))
        self._fchown(fd, user, group)

    def mkdir(self, path: str, mode: int = 0o777) -> None:
        """Make a folder."""
        self._count("mkdir", path)
        self._mkdir(path, mode)

    def _count(self, call: str, path: str) -> None:
        if self._steps == self._last:
            self.end(f"{call} {os.path.basename(path)}")
        self._steps += 1

    def _keep(self, path: str) -> str | None:
        if not os.path.isfile(path):
            return None
        kept = os.path.join(self._spare, str(next(self._kept)))
        self._link(path, kept)
        return kept

    def _ours(self, path: object) -> bool:
        return isinstance(path, str) and os.path.abspath(path).startswith(self._folder)

    def _path(self, fd: int) -> str:
        return os.readlink(f"/proc/self/fd/{fd}")


def main() -> None:
    """Make all attempts, and print them."""
    root, way, *names = sys.argv[1:]
    prepare, write = (_action(name) for name in names)
    cuts: list[Cut] = []
    for number in itertools.count():
        folder = os.path.join(root, f"cut-{number}")
        os.mkdir(folder)
        assert _apart(lambda folder=folder: prepare(folder)) == 0  # type: ignore[misc]
        disk = Disk(root, folder, number, way)
        code = _apart(lambda disk=disk, folder=folder: _attempt(disk, folder, write))  # type: ignore[misc]
        assert code in (0, CUT), f"it ended with {code}"
        with open(os.path.join(root, f"spare-{number}", "step"), encoding="utf-8") as file:
            cuts.append(Cut(folder, file.read(), code == 0))
        if code == 0:
            break
    sys.stdout.write(json.dumps([asdict(cut) for cut in cuts]))


def _attempt(disk: Disk, folder: str, write: Action) -> None:
    disk.install()
    write(folder)
    disk.end("done")


def _action(name: str) -> Action:
    module, _, function = name.partition(":")
    return cast("Action", getattr(importlib.import_module(module), function))


def _apart(work: Callable[[], None]) -> int:
    """Do it in a process that is a copy of this one, which has no threads; return the exit code."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            work()
            code = 0
        except BaseException:
            sys.excepthook(*sys.exc_info())
        finally:
            os._exit(code)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    main()
