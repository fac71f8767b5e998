"""Passwords and codes: typed where nobody sees them, or read from standard input."""

import sys

import click

from .exits import Exit, Stop

LONGEST = 4096

ATTEMPTS = 3

from_stdin = click.option(
    "--password-stdin", "stdin", is_flag=True, help="Read the password from standard input."
)
"""The option of all commands that need a password."""


def new_password(name: str, *, stdin: bool) -> str:
    """Return a password that was typed twice, or the line that stands in standard input; raises `Stop`."""
    if stdin:
        return secret_line("password")
    for _ in range(ATTEMPTS):
        first = asked_secretly(f"New password for {name}: ")
        if first == asked_secretly("The same again: "):
            return first
        sys.stderr.write("These were two different ones.\n")
    raise Stop("nothing was changed, since the two passwords were different ones")


def shown_password(name: str, *, stdin: bool) -> str:
    """Return a password that somebody has already; raises `Stop`."""
    return secret_line("password") if stdin else asked_secretly(f"Password of {name}: ")


def asked_secretly(question: str, otherwise: str = "--password-stdin") -> str:
    """Return what is typed in answer to a question, without showing it; raises `Stop` without a terminal."""
    import getpass  # noqa: PLC0415

    if not sys.stdin.isatty():
        raise Stop(f"there is no terminal to type a secret into: hand it over with {otherwise}", Exit.USAGE)
    try:
        answer = getpass.getpass(question)
    except EOFError:
        raise Stop("there was no answer, so nothing was done", Exit.INTERRUPTED) from None
    if not answer:
        raise Stop("nothing was typed, so nothing was done")
    return answer


def asked(question: str, otherwise: str) -> str:
    """Return what is typed in answer to a question; raises `Stop` without a terminal."""
    if not sys.stdin.isatty():
        raise Stop(f"there is no terminal to ask in: say it with {otherwise}", Exit.USAGE)
    sys.stderr.write(question)
    sys.stderr.flush()
    answer = sys.stdin.readline()
    if not answer:
        raise Stop("there was no answer, so nothing was done", Exit.INTERRUPTED)
    return answer.strip()


def agreed(question: str) -> bool:
    """Ask a person yes or no, where Enter means yes; without a terminal, it is no."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    return asked(f"{question} [Y/n] ", "").lower() in ("", "y", "yes")


def secret_line(what: str) -> str:
    """Return the one line that standard input holds; raises `Stop`."""
    if sys.stdin.isatty():
        return asked_secretly(f"The {what}: ")
    data = sys.stdin.buffer.read(LONGEST + 1)
    try:
        text = data.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise Stop(f"the {what} in standard input is no UTF-8", Exit.USAGE) from None
    if not text or len(data) > LONGEST or not text.isprintable():
        raise Stop(f"standard input should hold the {what}, in one line, and nothing else", Exit.USAGE)
    return text
