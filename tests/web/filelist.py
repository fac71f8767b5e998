"""The list of files on the page, as tests look at it."""

import os
import shutil
from pathlib import Path

from playwright.sync_api import Locator, Page

from .site import Site

FILES = "#/server/app/files"


def filled(home: Site) -> Path:
    """Put this into the folder of `app`, and nothing else; return where that is."""
    folder = Path(home.path("programs", "app"))
    for old in folder.iterdir():
        if old.is_dir() and not old.is_symlink():
            shutil.rmtree(old)
        else:
            old.unlink()
    for name in ("world", "world/region", "logs", "plugins"):
        (folder / name).mkdir()
    (folder / "server.properties").write_text("motd=A needle in a haystack\n")
    (folder / "world" / "level.dat").write_bytes(os.urandom(30_000))
    (folder / "logs" / "latest.log").write_text("one\ntwo needle\nthree\n")
    (folder / "notes10.txt").write_text("ten")
    (folder / "notes2.txt").write_text("two")
    return folder


def grid(page: Page) -> Locator:
    """Return the list."""
    return page.get_by_role("grid")


def named(page: Page, name: str) -> Locator:
    """Return the link of what has this name in the list."""
    return grid(page).get_by_role("link", name=name, exact=True)


def choose(page: Page, *names: str) -> None:
    """Tick what has these names."""
    for name in names:
        page.get_by_role("checkbox", name=f"Select {name}", exact=True).check()
