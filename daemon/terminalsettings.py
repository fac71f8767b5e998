"""Whether a server runs in a terminal, and how large that is when it starts."""

from collections.abc import Mapping

from supervisor import Terminal

from .values import Section

LARGEST = 1000
"""Rows, and columns."""


def read_terminal(section: Section) -> Terminal | None:
    """Return the terminal of a server: `terminal: true`, or with its size; raises `ConfigError`."""
    value = section.get("terminal")
    if value is None or value.data is False:
        return None
    if value.data is True:
        return Terminal()
    if not isinstance(value.data, Mapping):
        raise value.expected("true, false, or an object with rows and columns")
    size = Section(value)
    usual = Terminal()
    terminal = Terminal(
        rows=size.whole("rows", usual.rows, 1, LARGEST),
        columns=size.whole("columns", usual.columns, 1, LARGEST),
    )
    size.warn_unknown()
    return terminal
