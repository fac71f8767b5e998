"""`holdfast man`: the manual page, made from the commands themselves (man(7))."""

import re
import sys
from collections.abc import Iterator, Sequence

import click

from .shape import Shaped

DATE = "2026-11-21"
"""Of the page; changed when what it tells is another thing."""


@click.command("man", cls=Shaped)
def man() -> None:
    """Write the manual page, in roff.

    To read it: holdfast man | man -l -
    """
    sys.stdout.write(page())


def page() -> str:
    """Return the page."""
    return "".join(f"{line}\n" for line in _lines())


def _lines() -> Iterator[str]:
    from . import reference  # noqa: PLC0415  (imports all commands)

    yield '.\\" Made by `holdfast man` from the commands themselves.'
    yield f'.TH HOLDFAST 1 "{DATE}" "Holdfast" "User Commands"'
    yield from (".SH NAME", f"holdfast \\- {_text(_small(reference.summary()))}")
    yield from (".SH SYNOPSIS", ".B holdfast", r"\fICOMMAND\fR [\fIOPTIONS\fR] [\fIARGUMENTS\fR]")
    yield from (".SH DESCRIPTION", _text("Servers are named by their names in the config, or by patterns."))
    yield ".PP"
    yield from _paragraph(reference.FINDING)
    yield ".SH COMMANDS"
    section = ""
    for one in reference.told():
        if one.section and one.section != section:
            section = one.section
            yield f'.SS "{_text(section)}"'
        yield ".TP"
        yield rf"\fB{_text(one.usage)}\fR"
        for index, paragraph in enumerate(one.help):
            if index:
                yield ".IP"
            yield from _paragraph(paragraph)
        if one.aliases:
            yield ".IP"
            yield f"Also called {_text(', '.join(one.aliases))}."
        if one.options:
            yield ".RS"
            yield from _rows(one.options)
            yield ".RE"
    for title, rows in (
        ("OPTIONS OF ALL COMMANDS", reference.general_options()),
        ("EXIT STATUS", reference.exit_codes()),
        ("ENVIRONMENT", reference.ENVIRONMENT),
        ("FILES", reference.FILES),
    ):
        yield f'.SH "{title}"'
        yield from _rows(rows)


def _rows(rows: Sequence[tuple[str, str]]) -> Iterator[str]:
    for name, said in rows:
        yield ".TP"
        yield rf"\fB{_text(name)}\fR"
        yield from _paragraph(said)


def _paragraph(text: str) -> Iterator[str]:
    lines = text.strip().splitlines()
    if lines and lines[0].strip() == "\b":
        yield ".nf"
        yield from (_line(_text(line)) for line in lines[1:])
        yield ".fi"
    else:
        yield _line(_bold(_text(" ".join(line.strip() for line in lines))))


def _small(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


def _bold(text: str) -> str:
    return re.sub(r"`([^`]*)`", r"\\fB\1\\fR", text)


def _line(text: str) -> str:
    """Return a line that does not begin like a request."""
    return f"\\&{text}" if text.startswith((".", "'")) else text


def _text(text: str) -> str:
    """Return a text as roff writes it: no sign of it is a command, whatever the terminal can show."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace("^", "\\(ha").replace("~", "\\(ti")
    escaped = escaped.replace('"', "\\(dq")
    return "".join(one if ord(one) < 128 else f"\\[u{ord(one):04X}]" for one in escaped)
