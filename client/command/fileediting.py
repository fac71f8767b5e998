"""`holdfast files edit`: a file in the person's editor, saved if nobody else has changed it meanwhile."""

import contextlib

import click

from ..failures import Failure, Refused
from .amounts import size
from .completing import REMOTE
from .drafts import Draft
from .exits import Exit, Stop, code_of, sentence_of
from .invocation import Invocation, pass_invocation
from .remotepath import RemotePath, about, is_folder, look, refused
from .shape import Shaped

LARGEST = 64 << 20
"""Bytes: nobody edits more."""


@click.command(cls=Shaped)
@click.argument("path", metavar="NAME:path", type=REMOTE)
@pass_invocation
def edit(invocation: Invocation, path: str) -> int:
    """Edit a file with your editor.

    That is $VISUAL or $EDITOR. The file is saved when the editor ends, but not if somebody else has changed
    it meanwhile: then your text is kept here, and exit code 6 says so. A file that is not there is made.
    """
    where, out = RemotePath.parse(path), invocation.out
    if not where.path:
        raise Stop(f"{where} is a folder: name a file in it", Exit.USAGE)
    with about(where):
        before, etag = _read(invocation, where)
    with Draft(before if etag else None, where.name) as draft:
        after = draft.edited()
        if after is None or (after == before and etag):
            out.note(f"{where}: nothing changed")
            invocation.succeeded()
            return Exit.DONE
        _save(invocation, where, after, etag)
    out.note(f"{where}: saved")
    invocation.succeeded()
    return Exit.DONE


def _read(invocation: Invocation, where: RemotePath) -> tuple[bytes, str]:
    """Return the text and its ETag; both are empty for a new file."""
    files = invocation.client.files
    try:
        state = files.state(where.server, where.path)
    except Refused as exc:
        if exc.kind != "no-such-file":
            raise
        if not is_folder(invocation.client, where.folder, look(invocation.client, where.folder)):
            raise Stop(f"{where}: the folder does not exist", Exit.NOT_THERE) from exc
        return b"", ""
    if state.size > LARGEST:
        raise Stop(f"{where} has {size(state.size)}, too much for an editor: get it, and put it back")
    content = files.read(where.server, where.path)
    return content.data, content.etag


def _save(invocation: Invocation, where: RemotePath, text: bytes, etag: str) -> None:
    """Write it; raises `Stop`."""
    files = invocation.client.files
    try:
        files.write(where.server, where.path, text, if_match=etag or None, new=not etag)
    except Failure as exc:
        modified = isinstance(exc, Refused) and exc.status == 412
        with contextlib.suppress(Failure):
            # It may have been saved all the same, if only the answer was lost.
            if files.read(where.server, where.path).data == text:
                return
        stop = refused(where, exc) if isinstance(exc, Refused) else Stop(sentence_of(exc), code_of(exc))
        sentence = f"{where}: somebody has changed it meanwhile" if modified else str(stop)
        raise Stop(f"{sentence}; it was not saved", stop.code) from exc
