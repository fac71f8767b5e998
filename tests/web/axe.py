"""Accessibility: axe-core looks at the page, in the dark and in the light."""

import functools
import os
from typing import TypedDict, cast

from playwright.sync_api import Page

from ..system.house import ROOT
from .scheme import schemes

SCRIPT = os.path.join(ROOT, "webui", "node_modules", "axe-core", "axe.min.js")

LOOK = """() => axe.run(document, {
  runOnly: { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"] },
  resultTypes: ["violations"],
}).then(({ violations }) => violations.map(({ id, help, nodes }) => ({
  id, help, nodes: nodes.map(({ html, failureSummary }) => ({ html, failureSummary: failureSummary ?? "" })),
})))"""


class Node(TypedDict):
    """An element that violates a rule."""

    html: str
    failureSummary: str


class Violation(TypedDict):
    """A rule that is violated."""

    id: str
    help: str
    nodes: list[Node]


def accessible(page: Page) -> None:
    """Assert that axe finds nothing against WCAG 2.1 A and AA on the page as it is now, light and dark."""
    if page.evaluate("() => typeof axe") == "undefined":
        page.evaluate(_script())
    told: list[str] = []
    for scheme in schemes(page):
        for one in cast("list[Violation]", page.evaluate(LOOK)):
            told.append(f"{scheme}: {one['id']}: {one['help']}")
            told += [f"  {node['html']}\n    {node['failureSummary']}" for node in one["nodes"]]
    assert not told, "not accessible:\n" + "\n".join(told)


@functools.cache
def _script() -> str:
    with open(SCRIPT, encoding="utf-8") as file:
        return file.read()
