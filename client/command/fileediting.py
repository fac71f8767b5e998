"""`holdfast files edit`: a file in the person's editor, saved if nobody else has changed it meanwhile."""

import contextlib
import os
import shlex
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator

import click

from ..failures import Failure, Refused
from ..localfiles import reading, writing
from .amounts import size
from .completing import REMOTE
from .exits import Exit, Stop, code_of, sentence_of
from .invocation import Invocation, pass_invocation
from .output import shown
from .remotepath import RemotePath, about, is_folder, look, refused
from .shape import Shaped

LARGEST = 64 << 20
"""Bytes: nobody edits more."""

EDITORS = ("sensible-editor", "editor", "nano", "vi")


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
    editor = _editor()
    with about(where):
        before, etag = _read(invocation, where)
    folder = tempfile.mkdtemp(prefix="holdfast-edit-")
    copy = os.path.join(folder, where.name)
    kept = False
    try:
        if etag:  # a new file begins to be when the editor writes it
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
            with writing(copy), open(os.open(copy, flags, 0o600), "wb") as file:
                file.write(before)
        code = _run([*editor, copy])
        after = _after(copy)
        if code:
            kept = after is not None and after != before
            hint = f"; your text is in {copy}" if kept else ""
            raise Stop(f"{where} was not saved: the editor ended with {code}{hint}")
        if after is None or (after == before and etag):
            out.note(f"{where}: nothing changed")
            invocation.succeeded()
            return Exit.DONE
        kept = True
        _save(invocation, where, after, etag, copy)
        kept = False
        out.note(f"{where}: saved")
        invocation.succeeded()
        return Exit.DONE
    finally:
        if not kept:
            shutil.rmtree(folder, ignore_errors=True)


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


def _save(invocation: Invocation, where: RemotePath, text: bytes, etag: str, copy: str) -> None:
    """Write it; raises `Stop`, which says where the text is."""
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
        raise Stop(f"{sentence}; it was not saved, and your text is in {copy}", stop.code) from exc


def _editor() -> list[str]:
    for name in ("VISUAL", "EDITOR"):
        if said := os.environ.get(name, "").strip():
            try:
                return shlex.split(said)
            except ValueError:
                raise Stop(f"${name} cannot be understood: {said}", Exit.USAGE) from None
    for name in EDITORS:
        if found := shutil.which(name):
            return [found]
    raise Stop("there is no editor here: say in $EDITOR which one you like", Exit.USAGE)


def _run(command: list[str]) -> int:
    """Let a person edit; Ctrl-C is the editor's own matter."""
    with _unheard(signal.SIGINT, signal.SIGQUIT):
        try:
            return subprocess.run(command, check=False).returncode
        except OSError as exc:
            why = os.strerror(exc.errno or 0).lower()
            raise Stop(f"the editor {shown(command[0])} cannot be started: {why}; see $EDITOR") from exc


def _after(copy: str) -> bytes | None:
    """Return what is in the file now; None if the editor has deleted it."""
    with reading(copy):
        try:
            with open(copy, "rb") as file:
                return file.read()
        except FileNotFoundError:
            return None


@contextlib.contextmanager
def _unheard(*signals: signal.Signals) -> Iterator[None]:
    # A handler that does nothing, for what is ignored would stay ignored in the editor.
    before = [(one, signal.signal(one, lambda *_: None)) for one in signals]
    try:
        yield
    finally:
        for one, handler in before:
            signal.signal(one, handler)
