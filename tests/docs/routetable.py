"""The table of routes in docs/api.md: made of the rows, written into the page, and read from it."""

import pathlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from daemon.access import Rule
from daemon.described import prose_of
from daemon.routes import ROUTES, SOCKET_ROUTES

PAGE = pathlib.Path(__file__).parents[2] / "docs" / "api.md"

HEAD = ("| method | path | needs | ticket | |", "|---|---|---|---|---|")

_ROW = re.compile(r"\| (\w+) \| `(.+?)` \| (?:`(.+?)`|nothing) \| (yes )?\| (.*) \|")
_TABLE = re.compile(r"(?<=\n)(<!-- routes:.*?-->\n\n)(.*?)(?=\n\n)", re.DOTALL)


@dataclass(frozen=True)
class Documented:
    """One row as it stands on the page."""

    method: str
    path: str
    needs: str | None
    ticket: bool


def row(method: str, path: str, rule: Rule, summary: str) -> str:
    needs = f"`{rule.needs}`" if rule.needs else "nothing"
    return f"| {method} | `{path}` | {needs} | {'yes ' if rule.ticket else ''}| {summary} |"


def table() -> list[str]:
    """Return the lines that the page must have."""
    rows = [row(one.method, one.path, one.rule, prose_of(one.endpoint)[0]) for one in ROUTES]
    sockets = [row("WS", one.path, one.rule, prose_of(one.endpoint)[0]) for one in SOCKET_ROUTES]
    return [*HEAD, *rows, *sockets]


def written() -> list[str]:
    """Return the lines that the page has."""
    found = _TABLE.search(PAGE.read_text(encoding="utf-8"))
    assert found is not None, "the page has lost the marks of its table"
    return found[2].splitlines()


def documented() -> Iterator[Documented]:
    """Yield what the page says."""
    for line in written()[len(HEAD) :]:
        found = _ROW.fullmatch(line)
        assert found is not None, line
        yield Documented(found[1], found[2], found[3], found[4] is not None)


def main() -> None:
    """Write the table anew."""
    text = PAGE.read_text(encoding="utf-8")
    lines = "\n".join(table())
    PAGE.write_text(_TABLE.sub(lambda found: found[1] + lines, text, count=1), encoding="utf-8")


if __name__ == "__main__":
    main()
