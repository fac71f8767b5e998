"""Pictures of the page, kept as artefacts of the run: in build/screenshots, or where HOLDFAST_SHOTS says."""

import os
import re

from playwright.sync_api import Error, Page

from ..system.house import ROOT

FOLDER = os.environ.get("HOLDFAST_SHOTS") or os.path.join(ROOT, "build", "screenshots")


def shot(page: Page, name: str, *, whole: bool = False) -> None:
    """Keep a picture of what is seen, or of the whole page, under a name."""
    page.screenshot(path=_path(f"{name}.png"), full_page=whole, animations="disabled")


def remains(page: Page, name: str, log: list[str]) -> None:
    """Keep what can be known of a page in which a test has failed: a picture, its HTML, its console."""
    name = "failed-" + re.sub(r"[^\w.-]+", "-", name)
    try:
        with open(_path(f"{name}.html"), "w", encoding="utf-8") as file:
            file.write(page.content())
        shot(page, name)
    except Error as error:
        log = [*log, f"the page could not be kept: {error}"]
    with open(_path(f"{name}.txt"), "w", encoding="utf-8") as file:
        file.write("\n".join((page.url, *log)) + "\n")


def _path(name: str) -> str:
    os.makedirs(FOLDER, exist_ok=True)
    return os.path.join(FOLDER, name)
