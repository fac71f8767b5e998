"""`holdfast files get` and `cat`: files and folders of a server come to this machine.

What a server calls its files is not believed: no name leads out of the folder that was named here.
"""

import os
import stat
import sys
from collections.abc import Sequence

import click

from ..failures import Refused
from ..localfiles import CannotWrite, writing
from .bars import Bar
from .carrying import ONWARD, Carrying
from .completing import PLACE, REMOTE
from .exits import Exit, Stop
from .invocation import Invocation, pass_invocation
from .output import shown
from .remotepath import RemotePath, about, expand, look, refused
from .shape import Shaped

ARCHIVES = ("zip", "tar.zst")


@click.command(cls=Shaped)
@click.argument("paths", nargs=-1, required=True, metavar="NAME:path...", type=REMOTE)
@pass_invocation
def cat(invocation: Invocation, paths: Sequence[str]) -> int:
    """Write files to standard output."""
    with Bar(quiet=True) as bar:
        getting = Getting(invocation, bar, keep=False)
        for path in expand(invocation.client, paths):
            getting.to_stdout(path)
        return getting.code


@click.command(cls=Shaped)
@click.argument("paths", nargs=-1, required=True, metavar="NAME:path... [LOCAL]", type=PLACE)
@click.option("-n", "--no-clobber", is_flag=True, help="Leave files that are here as they are.")
@click.option(
    "--as", "archive", type=click.Choice(ARCHIVES), help="A folder as one archive, made on the way."
)
@click.option("-q", "--quiet", is_flag=True, help="Show no progress.")
@pass_invocation
def get(
    invocation: Invocation, paths: Sequence[str], no_clobber: bool, archive: str | None, quiet: bool
) -> int:
    """Bring files and folders to this machine.

    They go into LOCAL if that is a folder, else a single one gets that name; without LOCAL, into the present
    folder. LOCAL can be - for standard output. What was stopped goes on where it was, by the same command.
    """
    *sources, dest = paths
    if RemotePath.read(dest) is not None:
        sources, dest = [*paths], "."
    if not sources:
        raise click.UsageError("name what shall come, as NAME:path")
    return get_all(invocation, sources, dest, keep=no_clobber, quiet=quiet, archive=archive)


def get_all(
    invocation: Invocation,
    sources: Sequence[str],
    dest: str,
    *,
    keep: bool,
    quiet: bool = False,
    archive: str | None = None,
) -> int:
    """Bring all of them; return the exit code."""
    found = expand(invocation.client, sources)
    inside = os.path.isdir(dest)
    if not inside and dest != "-" and (len(found) > 1 or dest.endswith("/")):
        raise Stop(f"{shown(dest)}: there is no such folder here", Exit.NOT_THERE)
    with Bar(quiet=quiet or (dest == "-" and sys.stdout.isatty())) as bar:
        getting = Getting(invocation, bar, keep=keep)
        for path in found:
            name = path.name or path.server
            if archive is not None:
                getting.archive(path, "-" if dest == "-" else _into(dest, f"{name}.{archive}"), archive)
            elif dest == "-":
                getting.to_stdout(path)
            else:
                getting.top(path, _into(dest, name))
        return getting.code


class Getting(Carrying):
    """Brings files here."""

    def to_stdout(self, path: RemotePath) -> None:
        """Write a file to standard output."""
        sys.stdout.flush()
        out = sys.stdout.buffer
        with self.one(path, onward="", told=False):
            self.client.files.download(path.server, path.path, out.write, progress=self.progress)
            out.flush()

    def archive(self, path: RemotePath, dest: str, kind: str) -> None:
        """Bring a folder as an archive."""
        if self.keep and os.path.lexists(dest):
            return
        with self.one(path, onward="", told=dest != "-"):
            to = sys.stdout.buffer.write if dest == "-" else dest
            self.client.archives.download(path.server, path.path, to, kind=kind, progress=self.progress)
            sys.stdout.flush()

    def top(self, path: RemotePath, dest: str) -> None:
        """Bring what a person has named."""
        entry = look(self.client, path)
        if entry is None:
            self.complain(f"{path}: there is no such file or folder", Exit.NOT_THERE)
        elif entry.kind == "folder" or (entry.kind == "link" and self._is_folder(path)):
            self._folder(path, dest)
        elif os.path.exists(dest) and not stat.S_ISREG(os.stat(dest).st_mode):
            self._onto(path, dest)
        else:
            self._file(path, dest)

    def _file(self, path: RemotePath, dest: str) -> None:
        if os.path.isdir(dest) and not os.path.islink(dest):
            self.complain(f"{shown(dest)} is a folder here, but {path} is a file", Exit.CONFLICT)
        elif not self.keep or not os.path.lexists(dest):
            with self.one(path, onward=f"{ONWARD}, with what is in {shown(dest)}.….part"):
                self.client.files.download(path.server, path.path, dest, progress=self.progress)

    def _onto(self, path: RemotePath, dest: str) -> None:
        """Write to what is no file here: a FIFO, a device."""
        if os.path.isdir(dest):
            self.complain(f"{shown(dest)} is a folder here, but {path} is a file", Exit.CONFLICT)
            return
        with self.one(path, onward=""), writing(dest), open(dest, "wb", buffering=0) as file:

            def write(data: bytes) -> None:
                rest = memoryview(data)
                with writing(dest):
                    while rest:
                        rest = rest[file.write(rest) :]

            self.client.files.download(path.server, path.path, write, progress=self.progress)

    def _folder(self, path: RemotePath, dest: str) -> None:
        """Bring a folder; what is a link here is not gone through, wherever it leads."""
        with about(path):
            entries = self.client.files.list(path.server, path.path)
        _make(dest)
        for entry in entries:
            if entry.name in ("", ".", "..") or "/" in entry.name or "\0" in entry.name:
                self.complain(f"{path}: {shown(entry.name)!r} is no name that a file here can have; left out")
                continue
            one, here = path / entry.name, os.path.join(dest, entry.name)
            match entry.kind:
                case "folder" if os.path.islink(here):
                    self.complain(
                        f"{shown(here)} is a link here, and not gone through; left out", Exit.CONFLICT
                    )
                case "folder":
                    self._folder(one, here)
                case "link" if self._is_folder(one):
                    self.complain(f"{one} is a link to a folder, and left out")
                case "special":
                    self.complain(f"{one} is no file, and left out")
                case _:
                    self._file(one, here)

    def _is_folder(self, path: RemotePath) -> bool:
        try:
            self.client.files.list(path.server, path.path)
        except Refused as exc:
            if exc.kind in ("not-a-folder", "no-such-file", "invalid-path"):
                return False
            raise refused(path, exc) from exc
        return True


def _into(dest: str, name: str) -> str:
    return os.path.join(dest, name) if os.path.isdir(dest) else dest


def _make(folder: str) -> None:
    with writing(folder):
        try:
            os.mkdir(folder)
        except FileExistsError:
            if not os.path.isdir(folder):
                raise CannotWrite(f"{shown(folder)} is here already, and is no folder") from None
