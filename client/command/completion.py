"""`holdfast completion`: what a shell needs to complete the command; and the answers when it asks.

The scripts ask with `_HOLDFAST_COMPLETE` in the environment, and are told a line for each candidate: kind,
value and what it is, with tabs between. A `word` is whole, an `open` one goes on; `file` and `dir` leave it
to the shell.
"""

import os
import signal
import sys
from collections.abc import Iterator, Sequence
from types import FrameType

import click

from .shape import Shaped

SHELLS = ("bash", "zsh", "fish")

ASKED = "_HOLDFAST_COMPLETE"
"""Names the shell that asks."""

PATIENCE = 2.0
"""Seconds after which there is nothing to complete: somebody sits there and waits."""

MOST = 2000
"""Candidates that are told."""


@click.command(cls=Shaped)
@click.argument("shell", type=click.Choice(SHELLS))
def completion(shell: str) -> None:
    """Print what bash, zsh or fish needs to complete commands.

    \b
    bash: eval "$(holdfast completion bash)"    in ~/.bashrc
    zsh:  eval "$(holdfast completion zsh)"     in ~/.zshrc
    fish: holdfast completion fish > ~/.config/fish/completions/holdfast.fish
    """  # noqa: D301  (click wants the backspace itself)
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "shells", f"holdfast.{shell}")
    with open(path, encoding="utf-8") as file:
        sys.stdout.write(file.read())


def answer(shell: str, arguments: Sequence[str]) -> int:
    """Tell a shell how the word at the cursor may go on; nothing if nobody knows."""
    signal.signal(signal.SIGALRM, _too_late)
    signal.setitimer(signal.ITIMER_REAL, PATIENCE)
    try:
        for count, line in enumerate(_bash() if shell == "bash" else _others(shell, arguments)):
            if count == MOST:
                break
            sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
    except Exception:  # noqa: BLE001  (whatever it is, it must not be written between what somebody types)
        return 1
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return 0


def _too_late(_: int, __: FrameType | None) -> None:
    os._exit(1)


def _bash() -> Iterator[str]:
    from .shellwords import parted, written  # noqa: PLC0415

    line = parted(os.environ.get("_HOLDFAST_LINE", ""), os.environ.get("_HOLDFAST_BREAKS", ""))
    if line.redirected:
        yield "file\t"
        return
    for kind, value, _ in _candidates(line.words[1:], line.current):
        if value.startswith(line.head):
            yield f"{kind}\t{written(value.removeprefix(line.head), line.quote)}"


def _others(shell: str, arguments: Sequence[str]) -> Iterator[str]:
    _, *words, current = arguments  # `--` comes first
    if shell == "fish":
        from .shellwords import parted  # noqa: PLC0415  (fish tells the word at the cursor with its quotes)

        current = parted(current).current
    for kind, value, about in _candidates(words, current):
        yield f"{kind}\t{value}\t{about}"


def _candidates(words: Sequence[str], current: str) -> Iterator[tuple[str, str, str]]:
    """Yield kind, value and description of what the current word can become."""
    from click.shell_completion import ShellComplete  # noqa: PLC0415

    from .shell import shell  # noqa: PLC0415

    # `--option=value` is completed by click as a value, but it is one word to a shell.
    option, equals, _ = current.partition("=")
    before = option + equals if equals and option.startswith("--") else ""
    for item in ShellComplete(shell(), {}, "holdfast", ASKED).get_completions(list(words), current):
        value = before + item.value
        if item.type in ("file", "dir") and not before:
            yield item.type, "", ""
        elif value.isprintable():  # what would steer a terminal is not offered
            kind = "open" if item.open or value.endswith("=") else "word"
            yield kind, value, " ".join((item.help or "").split())
