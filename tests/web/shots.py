"""Pictures of the page, kept as artefacts of the run: in build/screenshots, or where HOLDFAST_SHOTS says."""

import glob
import os
import re

from playwright.sync_api import Error, Page

from ..system.house import ROOT
from .scheme import schemes

FOLDER = os.environ.get("HOLDFAST_SHOTS") or os.path.join(ROOT, "build", "screenshots")


def shot(page: Page, name: str, *, whole: bool = False) -> None:
    """Keep two pictures of what is seen, or of the whole page: `NAME-light.png` and `NAME-dark.png`."""
    for scheme in schemes(page):
        page.screenshot(path=_path(f"{name}-{scheme}.png"), full_page=whole, animations="disabled")


def remains(page: Page, name: str, log: list[str]) -> None:
    """Keep what can be known of a page in which a test has failed: a picture, its HTML, its console."""
    name = "failed-" + re.sub(r"[^\w.-]+", "-", name)
    try:
        with open(_path(f"{name}.html"), "w", encoding="utf-8") as file:
            file.write(page.content())
        page.screenshot(path=_path(f"{name}.png"))
    except Error as error:
        log = [*log, f"the page could not be kept: {error}"]
    with open(_path(f"{name}.txt"), "w", encoding="utf-8") as file:
        file.write("\n".join((page.url, *log)) + "\n")


def forget_failures() -> None:
    """Remove what remained of an earlier run; pictures are written over."""
    for path in glob.glob(os.path.join(glob.escape(FOLDER), "failed-*")):
        os.unlink(path)


def _path(name: str) -> str:
    os.makedirs(FOLDER, exist_ok=True)
    return os.path.join(FOLDER, name)
