"""Who packs a tree and takes archives apart: targets by the API, tools by a shell."""

import json
import os
import resource
import shutil
import subprocess
import tarfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from .case import Figures, NotMeasured
from .forms import post
from .target import SPEAKER, Answer, Target
from .tree import Tree

OUT = "taken-apart"
"""The folder of a server into which archives are taken apart."""

QUERIES = {
    "zip": "archiveType=zip&compress=true",
    "tar": "archiveType=tar&compress=false",
    "tar.gz": "archiveType=tar&compress=gzip",
    "tar.zst": "archiveType=tar&compress=zstd",
    "tar.xz": "archiveType=tar&compress=xz",
}


@dataclass(frozen=True, slots=True)
class Tool:
    """A command that packs, or takes apart."""

    name: str
    command: str
    """For a shell; `{tree}`, `{made}` and `{out}` are paths."""
    package: str = ""

    def pack(self, tree: Tree, made: Path) -> Figures:
        """Make an archive, and remove it; raises `NotMeasured`."""
        try:
            figures = self._run(tree, self.command.format(tree=tree.folder.name, made=made))
            if made.is_file():
                figures["ratio"] = made.stat().st_size / tree.bytes
            return figures
        finally:
            _remove(made)

    def take_apart(self, tree: Tree, made: Path, out: Path) -> Figures:
        """Take an archive apart, and remove what came out; raises `NotMeasured`."""
        out.mkdir()
        try:
            return self._run(tree, self.command.format(made=made, out=out))
        finally:
            _remove(out)

    def _run(self, tree: Tree, command: str) -> dict[str, float]:
        begun = time.monotonic()
        process = subprocess.Popen(
            ["sh", "-c", command], cwd=tree.folder.parent, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        with process:
            assert process.stderr is not None
            complaint = process.stderr.read()
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.monotonic() - begun
        if process.returncode:
            raise NotMeasured(complaint.decode(errors="replace").strip() or f"it ended with {status}")
        figures = _figures(tree, seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)
        # What it had before exec was ours: getrusage(2) does not tell of less.
        if used.ru_maxrss <= resource.getrusage(resource.RUSAGE_SELF).ru_maxrss:
            del figures["memory"]
        return figures


class Theirs:
    """A target whose server `speaker` has the tree in its folder."""

    def __init__(self, target: Target, tree: Tree) -> None:
        self.target = target
        self._tree = tree
        self._name = tree.folder.name
        folder = target.folder()
        self._here = None if folder is None else Path(folder)

    def prepare(self) -> None:
        """Put the tree there: by links if the folder is here, else by the API; raises `NotMeasured`."""
        if self._here is None:
            self._send()
            return
        try:
            shutil.copytree(self._tree.folder, self._here / self._name, copy_function=os.link)
        except shutil.Error:  # another file system
            self.remove(self._name)
            shutil.copytree(self._tree.folder, self._here / self._name)

    def pack(self, kind: str) -> Figures:
        """Have an archive made, and remove it; raises `NotMeasured`."""
        name = f"made.{kind}"
        try:
            begun = time.monotonic()
            with self.target.metered() as used:
                self._compress(name, kind)
                seconds = time.monotonic() - begun
            figures = _figures(self._tree, seconds, used.cpu, used.grown)
            return figures | {"ratio": self._size(name) / self._tree.bytes}
        finally:
            self.remove(name)

    def given(self, kind: str) -> Path | None:
        """Make the archive that all take apart; return its path, None if it is not on this machine."""
        if self._here is None:
            return None
        with suppress(NotMeasured, OSError):
            self._compress(f"given.{kind}", kind)
            return self._here / f"given.{kind}"
        return None

    def take(self, kind: str, made: Path | None) -> None:
        """Have the archive that all take apart, or one of its own where that cannot be."""
        name = f"given.{kind}"
        if self._here is None or made is None:
            with suppress(NotMeasured, OSError):
                self._compress(name, kind)
        elif made != self._here / name:
            shutil.copy2(made, self._here / name)

    def take_apart(self, kind: str, check: Callable[[Path], str | None]) -> Figures:
        """Have the archive taken apart, and remove what came out; raises `NotMeasured`.

        `check` looks at it, where it is on this machine, and says what is wrong.
        """
        try:
            begun = time.monotonic()
            with self.target.metered() as used:
                _done(self._ask("POST", f"decompress?path={quote(f'given.{kind}')}", OUT))
                seconds = time.monotonic() - begun
            wrong = check(self._here / OUT) if self._here is not None else None
            if wrong is not None:
                raise NotMeasured(f"what came out is not what went in: {wrong}")
            return _figures(self._tree, seconds, used.cpu, used.grown)
        finally:
            self.remove(OUT)

    def remove(self, name: str) -> None:
        """Remove a file or folder, if it is there."""
        if self._here is not None:
            _remove(self._here / name)
            return
        with suppress(OSError):
            self._ask("DELETE", f"file?path={quote(name)}", "")

    def leave(self) -> None:
        """Remove all that was put there."""
        for name in (self._name, OUT, *(f"given.{kind}" for kind in QUERIES)):
            self.remove(name)

    def _compress(self, name: str, kind: str) -> None:
        body = json.dumps([self._name])
        told = self._ask("POST", f"compress/v2?path={quote(name)}&{QUERIES[kind]}", body)
        if told.status == 404 and kind == "zip":  # before Octyne 1.1
            told = self._ask("POST", f"compress?path={quote(name)}", body)
        _done(told)

    def _ask(self, method: str, rest: str, body: str) -> Answer:
        return self.target.ask(method, f"/server/{SPEAKER}/{rest}", body)

    def _size(self, name: str) -> int:
        if self._here is not None:
            return (self._here / name).stat().st_size
        contents = self._ask("GET", "files?path=/", "").json["contents"]
        assert isinstance(contents, list)
        return next(int(entry["size"]) for entry in contents if entry["name"] == name)

    def _send(self) -> None:
        """Send the tree as a tar, by the form that every Octyne takes."""
        packed, name = self._tree.folder.parent / "sent.tar", "given.tar"
        try:
            with tarfile.open(packed, "w") as tar:
                tar.add(self._tree.folder, self._name)
            answer = post(self.target, name, packed.read_bytes())
        finally:
            _remove(packed)
        _done(answer)
        _done(self._ask("POST", f"decompress?path={name}", "/"))
        self.remove(name)


@contextmanager
def placed(targets: Sequence[Target], tree: Tree) -> Iterator[list[Theirs]]:
    """Put a tree into the folder of each target, and remove it at the end; raises `NotMeasured`."""
    places = [Theirs(target, tree) for target in targets]
    try:
        for place in places:
            place.prepare()
        yield places
    finally:
        for place in places:
            place.leave()


def _figures(tree: Tree, seconds: float, cpu: float, memory: float) -> dict[str, float]:
    return {"seconds": seconds, "MB/s": tree.bytes / 1e6 / seconds, "CPU": cpu, "memory": memory}


def _done(answer: Answer) -> None:
    told = answer.json
    if told.get("success") is not True:
        raise NotMeasured(f"it answers {told}")


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
