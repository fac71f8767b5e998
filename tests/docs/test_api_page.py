"""docs/api.md names the routes that there are."""

import pathlib

from daemon.access import Rule
from daemon.routes import ROUTES, SOCKET_ROUTES

PAGE = pathlib.Path(__file__).parents[2] / "docs" / "api.md"


def row(method: str, path: str, rule: Rule) -> str:
    needs = f"`{rule.needs}`" if rule.needs else "nothing"
    return f"| {method} | `{path}` | {needs} | {'yes ' if rule.ticket else ''}|"


def test_the_page_has_one_row_for_each_route() -> None:
    wanted = [row(route.method, route.path, route.rule) for route in ROUTES]
    wanted += [row("WS", route.path, route.rule) for route in SOCKET_ROUTES]
    page = PAGE.read_text(encoding="utf-8")
    table = page[page.index("<!-- routes:") :].split("\n\n")[1]
    assert table.splitlines()[2:] == wanted
