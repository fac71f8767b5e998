"""`holdfast files cp`: within a server, between servers, and between them and this machine."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from ..uploads import SMALL
from .bars import Bar
from .carrying import Carrying
from .completing import PLACE
from .exits import Exit, Stop
from .filegetting import get_all
from .filemoving import carry_out, orders_of
from .fileputting import put_all
from .invocation import Invocation, pass_invocation
from .output import shown
from .remotepath import RemotePath, about, expand, is_folder, look
from .shape import Shaped

if TYPE_CHECKING:
    from ..files import Entry


@click.command(cls=Shaped)
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...", type=PLACE)
@click.argument("dest", metavar="DEST", type=PLACE)
@click.option("-f", "--force", is_flag=True, help="Replace what is there on the server.")
@click.option("-n", "--no-clobber", is_flag=True, help="Leave what is there as it is, without a word.")
@click.option("-q", "--quiet", is_flag=True, help="Show no progress.")
@pass_invocation
def cp(
    invocation: Invocation, sources: Sequence[str], dest: str, force: bool, no_clobber: bool, quiet: bool
) -> int:
    """Copy files and folders, also between servers and this machine.

    SOURCE and DEST are NAME:path, or paths of this machine (then it is get or put). Folders are copied with
    all that is in them. Within one server, the server copies: nothing goes over the network.
    """
    where = RemotePath.read(dest)
    remote = [RemotePath.read(one) is not None for one in sources]
    if where is None:
        if not all(remote):
            local = sources[remote.index(False)]
            raise Stop(f"{shown(local)} and {shown(dest)} are both of this machine: use cp", Exit.USAGE)
        return get_all(invocation, sources, dest, keep=no_clobber, quiet=quiet)
    if not any(remote):
        return put_all(invocation, sources, where, keep=no_clobber, quiet=quiet)
    if not all(remote):
        raise Stop("copy from servers and from this machine one after the other", Exit.USAGE)
    found = expand(invocation.client, sources)
    if all(one.server == where.server for one in found):
        orders = list(orders_of(invocation.client, found, where, "cp", force=force, keep=no_clobber))
        carry_out(invocation, where, orders)
        return Exit.DONE
    with Bar(quiet=quiet) as bar:
        across = _Across(invocation, bar, force=force, keep=no_clobber)
        across.all(found, where)
        return across.code


class _Across(Carrying):
    """Copies from server to server, through this machine, where no file is ever whole."""

    def __init__(self, invocation: Invocation, bar: Bar, *, force: bool, keep: bool) -> None:
        super().__init__(invocation, bar, keep=keep)
        self._force = force

    def all(self, sources: Sequence[RemotePath], dest: RemotePath) -> None:
        """Copy what a person has named."""
        there = look(self.client, dest)
        inside = is_folder(self.client, dest, there)
        if not inside and (len(sources) > 1 or dest.as_folder):
            raise Stop(f"{dest}: there is no such folder", Exit.NOT_THERE)
        for source in sources:
            entry = look(self.client, source)
            if entry is None:
                self.complain(f"{source}: there is no such file or folder", Exit.NOT_THERE)
                continue
            to = dest / (source.name or source.server) if inside else dest
            taken = look(self.client, to) if inside else there
            if taken is not None and not self.keep and not self._force:
                sentence = f"{to}: there is something of this name already (-f replaces it)"
                self.complain(sentence, Exit.CONFLICT)
            elif is_folder(self.client, source, entry):
                self._folder(source, to, taken)
            else:
                self._file(source, to, taken)

    def _folder(self, source: RemotePath, dest: RemotePath, there: "Entry | None") -> None:
        with about(dest):
            if there is None:
                self.client.files.make_folder(dest.server, dest.path)
            known = {one.name: one for one in self.client.files.list(dest.server, dest.path)}
        with about(source):
            entries = self.client.files.list(source.server, source.path)
        for entry in entries:
            one, to = source / entry.name, dest / entry.name
            if entry.kind == "folder":
                self._folder(one, to, known.get(entry.name))
            elif entry.kind == "special" or is_folder(self.client, one, entry):
                self.complain(f"{one} is no file, and left out")
            else:
                self._file(one, to, known.get(entry.name))

    def _file(self, source: RemotePath, dest: RemotePath, there: "Entry | None") -> None:
        if there is not None and self.keep:
            return
        with self.one(dest, onward=""):
            self._stream(source, dest)

    def _stream(self, source: RemotePath, dest: RemotePath) -> None:
        files = self.client.files
        with about(source):
            state = files.state(source.server, source.path)
        if state.size <= SMALL:
            with about(source):
                content = files.read(source.server, source.path).data
            files.write(dest.server, dest.path, content)
            self.progress(len(content), len(content))
            return
        with files.pieces(source.server, source.path, state) as pieces:
            files.upload(
                dest.server,
                dest.path,
                pieces,
                progress=lambda done, _: self.progress(done, state.size),
            )
