"""Long output a page at a time, by the program that people have chosen for that."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from .output import Output

USUAL = "less -FRX"


@contextmanager
def paged(out: Output, *, wanted: bool, builtin: bool = False) -> Iterator[Callable[[str], object]]:
    """Give what writes a text: into `$PAGER`, if a person sees it, wants that, and there is one.

    NOPAGER=true means that nobody wants it. That somebody leaves the pager ends the block.
    """
    off = os.environ.get("NOPAGER", "").lower() in ("1", "true", "yes")
    if not (wanted and out.terminal) or off:
        yield sys.stdout.write
    elif builtin:
        with _builtin() as write:
            yield write
    elif (command := _command()) is None:
        yield sys.stdout.write
    else:
        with _external(command) as write:
            yield write


def _command() -> str | None:
    import shlex  # noqa: PLC0415  (only people at terminals need it)
    import shutil  # noqa: PLC0415

    for command in (os.environ.get("PAGER"), USUAL, "more"):
        if command is None:
            continue
        try:
            program = next(iter(shlex.split(command)), "")
        except ValueError:
            continue
        if program in ("", "cat"):
            return None
        if shutil.which(program):
            return command
    return None


@contextmanager
def _external(command: str) -> Iterator[Callable[[str], object]]:
    import shlex  # noqa: PLC0415
    import signal  # noqa: PLC0415
    import subprocess  # noqa: PLC0415

    environment = {"LESS": "FRX", "LV": "-c", **os.environ}
    sys.stdout.flush()
    pager = subprocess.Popen(
        shlex.split(command),
        stdin=subprocess.PIPE,
        env=environment,
        text=True,
        encoding="utf-8",
        errors="replace",
    )
    assert pager.stdin is not None  # noqa: S101  (it was asked for)
    # Ctrl-C is for the pager: it ends a search there.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        try:
            yield pager.stdin.write
            pager.stdin.close()
        except BrokenPipeError:
            pass  # whoever reads has seen enough
        finally:
            with suppress(BrokenPipeError):
                pager.stdin.close()
            pager.wait()
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _builtin() -> Iterator[Callable[[str], object]]:
    import pydoc  # noqa: PLC0415

    pieces: list[str] = []
    yield pieces.append
    pydoc.ttypager("".join(pieces))
