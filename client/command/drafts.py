"""A text that somebody changes in his editor: a private copy, not lost if it cannot be saved."""

import contextlib
import os
import shlex
import signal
import sys
from collections.abc import Iterator
from types import TracebackType
from typing import Self

from .exits import Exit, Stop
from .output import shown

USUAL = ("sensible-editor", "editor", "nano", "vi")
"""Who asks, in this order, if nobody has said which editor he likes."""


class Draft:
    """The copy. It goes when all is well, and stays if something failed after it was changed."""

    def __init__(self, text: bytes | None, name: str) -> None:
        """Make it; `name` is that of the file, by which editors know what they edit.

        Without a text there is no file until the editor makes it. Raises `Stop`.
        """
        self._editor = _editor()
        import tempfile  # noqa: PLC0415

        self._text = text
        self._folder = tempfile.mkdtemp(prefix="holdfast-")
        self.path = os.path.join(self._folder, name)
        if text is not None:
            with open(self.path, "xb", opener=_private) as file:
                file.write(text)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None and self._is_changed():
            sys.stderr.write(f"Your text is kept in {self.path}\n")
            return
        import shutil  # noqa: PLC0415

        shutil.rmtree(self._folder, ignore_errors=True)

    def edited(self) -> bytes | None:
        """Open it in the editor, and return the text when that has ended; None if there is no file then.

        Raises `Stop`.
        """
        import subprocess  # noqa: PLC0415

        program = self._editor[0]
        try:
            with _unheard(signal.SIGINT, signal.SIGQUIT):
                code = subprocess.run([*self._editor, self.path], check=False).returncode
        except OSError as exc:
            why = os.strerror(exc.errno or 0).lower()
            raise Stop(f"the editor {shown(program)} cannot be started: {why}; see $EDITOR") from exc
        if code:
            raise Stop(f"nothing was saved, since the editor ended with code {code}")
        return self._read()

    def _read(self) -> bytes | None:
        try:
            with open(self.path, "rb") as file:
                return file.read()
        except FileNotFoundError:
            return None

    def _is_changed(self) -> bool:
        with contextlib.suppress(OSError):
            return self._read() not in (None, self._text)
        return False


def _editor() -> list[str]:
    import shutil  # noqa: PLC0415

    for variable in ("VISUAL", "EDITOR"):
        if named := os.environ.get(variable, "").strip():
            try:
                return shlex.split(named)
            except ValueError:
                raise Stop(f"${variable} cannot be understood: {named}", Exit.USAGE) from None
    for name in USUAL:
        if shutil.which(name):
            return [name]
    raise Stop("there is no editor here: name one in the variable EDITOR, such as EDITOR=nano", Exit.USAGE)


@contextlib.contextmanager
def _unheard(*signals: signal.Signals) -> Iterator[None]:
    """Leave the keys that end a program to the editor, which has the terminal."""
    # A handler that does nothing, for what is ignored would stay ignored in the editor.
    before = [(one, signal.signal(one, lambda *_: None)) for one in signals]
    try:
        yield
    finally:
        for one, handler in before:
            signal.signal(one, handler)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
