"""`holdfast files put`: files and folders of this machine go to a server."""

import contextlib
import itertools
import os
import stat
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from ..failures import Refused
from ..localfiles import CannotRead, reading
from ..uploads import SMALL
from .bars import Bar
from .carrying import Carrying
from .completing import REMOTE
from .exits import Exit, Stop
from .invocation import Invocation, pass_invocation
from .output import shown
from .remotepath import RemotePath, about, is_folder, look, refused
from .shape import FILE, Shaped
from .uploadnotes import UploadNotes

if TYPE_CHECKING:
    from ..files import Entry

_PIECE = 1 << 18


@click.command(cls=Shaped)
@click.argument("sources", nargs=-1, required=True, metavar="LOCAL...", type=FILE)
@click.argument("dest", metavar="NAME:path", type=REMOTE)
@click.option("-n", "--no-clobber", is_flag=True, help="Leave files that are there as they are.")
@click.option("-q", "--quiet", is_flag=True, help="Show no progress.")
@pass_invocation
def put(invocation: Invocation, sources: Sequence[str], dest: str, no_clobber: bool, quiet: bool) -> int:
    """Send files and folders of this machine.

    They go into NAME:path if that is a folder, else a single one gets that name. LOCAL can be - for standard
    input. Files that are there are overwritten. What was stopped goes on where it was, by the same command.
    """
    return put_all(invocation, sources, RemotePath.parse(dest), keep=no_clobber, quiet=quiet)


def put_all(
    invocation: Invocation, sources: Sequence[str], dest: RemotePath, *, keep: bool, quiet: bool = False
) -> int:
    """Send all of them; return the exit code."""
    with Bar(quiet=quiet) as bar:
        putting = _Putting(invocation, bar, keep=keep)
        there = look(putting.client, dest)
        inside = is_folder(putting.client, dest, there)
        if not inside and (dest.as_folder or len(sources) > 1):
            what = "there is no such folder; make it with holdfast files mkdir -p"
            if there is None:
                raise Stop(f"{dest}: {what}", Exit.NOT_THERE)
            raise Stop(f"{dest}: that is no folder", Exit.CONFLICT)
        for source in sources:
            putting.top(source, dest, there, inside=inside)
        return putting.code


class _Putting(Carrying):
    def __init__(self, invocation: Invocation, bar: Bar, *, keep: bool) -> None:
        super().__init__(invocation, bar, keep=keep)
        self._notes = UploadNotes(self.target.where)
        self._checked = self.target.url.startswith("http:")

    def top(self, source: str, dest: RemotePath, there: "Entry | None", *, inside: bool) -> None:
        """Send what a person has named."""
        if source == "-":
            if inside:
                raise Stop(f"{dest} is a folder: say what the file shall be called", Exit.USAGE)
            if there is None or not self.keep:
                self._stdin(dest)
            return
        name = os.path.basename(os.path.abspath(source))
        if not inside:
            self._any(source, dest, there)
            return
        if name:
            known = {one.name: one for one in self._entries(dest)}
            self._any(source, dest / name, known.get(name))
        else:
            self._folder_inside(source, dest)

    def _any(self, source: str, dest: RemotePath, there: "Entry | None") -> None:
        try:
            dest.path.encode()
            info = os.stat(source)
        except UnicodeEncodeError:
            self.complain(f"{shown(source)}: the name is not UTF-8, which no name of a server's file can be")
            return
        except OSError as exc:
            code = Exit.NOT_THERE if isinstance(exc, FileNotFoundError) else Exit.FAILED
            self.complain(f"{shown(source)}: {os.strerror(exc.errno or 0).lower()}", code)
            return
        if stat.S_ISDIR(info.st_mode):
            self._folder(source, dest, there)
        elif stat.S_ISREG(info.st_mode):
            self._file(source, dest, there, info)
        else:
            self._special(source, dest, there)

    def _file(self, source: str, dest: RemotePath, there: "Entry | None", info: os.stat_result) -> None:
        if there is not None and self.keep:
            return
        with self.one(dest):
            if info.st_size:
                self.client.files.upload(
                    dest.server,
                    dest.path,
                    source,
                    progress=self.progress,
                    memory=self._notes,
                    checked=self._checked,
                )
            else:  # or so it says: files in /proc do, whatever is in them
                with reading(source), open(source, "rb", buffering=0) as file:
                    self._stream(file.fileno(), dest)
            if there is None and info.st_mode & 0o111:
                with contextlib.suppress(Refused):  # who may upload may not always do that
                    self.client.files.chmod(dest.server, dest.path, info.st_mode & 0o777)
            _check_same(source, info)

    def _special(self, source: str, dest: RemotePath, there: "Entry | None") -> None:
        """Send what a named FIFO or device gives, as a person may want with `<(…)`."""
        if there is not None and self.keep:
            return
        with self.one(dest, onward=""), reading(source), open(source, "rb", buffering=0) as file:
            self._stream(file.fileno(), dest)

    def _stdin(self, dest: RemotePath) -> None:
        with self.one(dest, onward=""), reading("standard input"):
            self._stream(sys.stdin.fileno(), dest)

    def _stream(self, fd: int, dest: RemotePath) -> None:
        """Send what can be read only once: at once if it is little, else in stretches."""
        pieces = iter(lambda: os.read(fd, _PIECE), b"")
        first: list[bytes] = []
        for piece in pieces:
            first.append(piece)
            if sum(map(len, first)) > SMALL:
                whole = itertools.chain(first, pieces)
                self.client.files.upload(dest.server, dest.path, whole, progress=self.progress)
                return
        self.client.files.write(dest.server, dest.path, b"".join(first))
        self.progress(sum(map(len, first)), None)

    def _folder(self, source: str, dest: RemotePath, there: "Entry | None") -> None:
        if there is None:
            with about(dest):
                self.client.files.make_folder(dest.server, dest.path)
        elif not there.folder:
            self.complain(f"{dest}: that is no folder, but {shown(source)} is one", Exit.CONFLICT)
            return
        self._folder_inside(source, dest)

    def _folder_inside(self, source: str, dest: RemotePath) -> None:
        known = {one.name: one for one in self._entries(dest)}
        try:
            found = sorted(os.scandir(source), key=lambda one: one.name)
        except OSError as exc:
            self.complain(f"{shown(source)}: {os.strerror(exc.errno or 0).lower()}")
            return
        for one in found:
            if one.is_symlink() and one.is_dir():
                self.complain(f"{shown(one.path)} is a link to a folder, and left out")
            elif one.is_dir() or one.is_file():
                self._any(one.path, dest / one.name, known.get(one.name))
            else:
                self.complain(f"{shown(one.path)} is no file, and left out")

    def _entries(self, folder: RemotePath) -> "Sequence[Entry]":
        try:
            return self.client.files.list(folder.server, folder.path)
        except Refused as exc:
            raise refused(folder, exc) from exc


def _check_same(source: str, before: os.stat_result) -> None:
    """Raise `CannotRead` if a file has changed while it was sent: what is there now may be half of each."""
    with reading(source):
        now = os.stat(source)
    if (now.st_size, now.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
        raise CannotRead(
            f"{source} changed while it was sent, which may have mixed old and new: send it again"
        )
