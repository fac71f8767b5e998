"""A text that somebody changes in his editor: a private copy, not lost if it cannot be saved."""

import contextlib
import os
import shlex
import signal
import sys
from types import TracebackType
from typing import Self

from .exits import Exit, Stop

USUAL = ("nano", "vi")


class Draft:
    """The copy. It goes when all is well, and stays if something failed after it was changed."""

    def __init__(self, text: bytes, name: str) -> None:
        """Make it; `name` is that of the file, by which editors know what they edit."""
        import tempfile  # noqa: PLC0415

        self._text = text
        self._folder = tempfile.mkdtemp(prefix="holdfast-")
        self.path = os.path.join(self._folder, name)
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

    def edited(self) -> bytes:
        """Open it in the editor, and return the text when that has ended; raises `Stop`."""
        import subprocess  # noqa: PLC0415

        command = [*_editor(), self.path]
        # Ctrl-C is for the editor, which has the terminal.
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            code = subprocess.run(command, check=False, preexec_fn=_heed).returncode
        except OSError as exc:
            raise Stop(f"the editor {command[0]} cannot be started: {exc.strerror}; see EDITOR") from exc
        finally:
            signal.signal(signal.SIGINT, before)
        if code:
            raise Stop(f"nothing was saved, since the editor ended with code {code}")
        return self._read()

    def _read(self) -> bytes:
        with open(self.path, "rb") as file:
            return file.read()

    def _is_changed(self) -> bool:
        with contextlib.suppress(OSError):
            return self._read() != self._text
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
    raise Stop("there is no editor here: name one in the variable EDITOR, such as EDITOR=nano")


def _heed() -> None:
    """Give the editor back what we ignore while it runs."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
