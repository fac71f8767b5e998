"""The table of resources in docs/client.md: made of the library itself, and written into the page."""

import pathlib
import re

from ..client.documented import Offered, methods, nouns, offered, sentence, signature

PAGE = pathlib.Path(__file__).parents[2] / "docs" / "client.md"

HEAD = ("| | |", "|---|---|")

_TABLE = re.compile(r"(?<=\n)(<!-- resources:.*?-->\n\n)(.*?)(?=\n\n|\n?\Z)", re.DOTALL)


def row(one: Offered) -> str:
    """Return the line of an operation; that of a stream says so."""
    called = f"{one.resource}.{signature(one)}".lstrip(".")
    return f"| `{called}` | {'*a stream:* ' if one.followed else ''}{sentence(one)} |"


def table() -> list[str]:
    """Return the lines that the page must have."""
    each = sorted(offered(), key=lambda one: sorted(nouns()).index(one.resource))
    own = sorted((one for one in methods() if one.name != "close"), key=lambda one: one.name)
    return [*HEAD, *map(row, own), *map(row, each)]


def written() -> list[str]:
    """Return the lines that the page has."""
    found = _TABLE.search(PAGE.read_text(encoding="utf-8"))
    assert found is not None, "the page has lost the marks of its table"
    return found[2].splitlines()


def main() -> None:
    """Write the table anew."""
    text = PAGE.read_text(encoding="utf-8")
    lines = "\n".join(table())
    PAGE.write_text(_TABLE.sub(lambda found: found[1] + lines, text, count=1), encoding="utf-8")


if __name__ == "__main__":
    main()
