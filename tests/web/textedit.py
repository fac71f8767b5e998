"""Files of `app` on the disk and in the editor of the page, as tests look at them."""

import os

from playwright.sync_api import Locator, Page, expect

from .site import Site
from .visitor import Visitor

ROOT = "programs/app"


def filled(house: Site) -> Site:
    """Put some files into the folder of `app`."""
    put(house, "notes.txt", b"one\ntwo\nthree\nfour\nfive\n")
    put(house, "server.properties", b"# Minecraft\r\nmotd=Hello\r\nport=25565")
    put(house, "config/app.yml", b"\xef\xbb\xbfname: app\nlist:\n  - 1\n  - 2\n")
    put(house, "mixed.txt", b"a\r\nb\nc\rd\r\ne")
    put(house, "we ird/#1?&%25 \u00e4.txt", b"x\n")
    put(house, "latin.txt", b"caf\xe9\n")
    put(house, "world.dat", bytes(range(256)) * 8)
    put(house, "large.log", b"line\n" * (1 << 20))
    return house


def put(site: Site, name: str, content: bytes) -> None:
    """Write a file of `app`, as another program would."""
    path = site.path(ROOT, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(f"{path}.new", "wb") as file:
        file.write(content)
    os.replace(f"{path}.new", path)


def content(site: Site, name: str) -> bytes:
    """Return what stands in a file of `app`."""
    with open(site.path(ROOT, name), "rb") as file:
        return file.read()


def edit(visit: Visitor, name: str, *, phone: bool = False) -> Page:
    """Open a file of `app` in the editor."""
    page = visit(f"#/server/app/edit/{name}", phone=phone)
    expect(text(page, name)).to_be_visible()
    return page


def text(page: Page, name: str) -> Locator:
    """Return the text of the editor."""
    return page.get_by_label(f"Text of {name}")


def at_end(page: Page, name: str, typed: str) -> None:
    """Type at the end of the text."""
    text(page, name).click()
    page.keyboard.press("Control+End")
    page.keyboard.type(typed)


def save(page: Page) -> None:
    """Save by the keyboard, and wait until it is done."""
    page.keyboard.press("Control+s")
    saved(page)


def saved(page: Page) -> None:
    """Wait until it is saved."""
    expect(page.get_by_text("not saved", exact=True)).to_have_count(0)
    expect(page.get_by_role("button", name="Save", exact=True)).to_be_disabled()
