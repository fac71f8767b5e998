"""Files are edited in the page: what is saved is exact, and nothing that was typed is lost."""

import os
import re
import signal
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Dialog, Locator, Page, expect

from ..system.house import sleeper
from .axe import accessible
from .faults import Faults
from .shots import shot
from .site import Site
from .visitor import Visitor, fits

ROOT = "programs/app"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Site]:
    """One Holdfast for all of these tests: they use files of their own."""
    house = Site(str(tmp_path_factory.mktemp("house")))
    try:
        house.configure(app=sleeper())
        house.start()
        yield house
    finally:
        house.end()


@pytest.fixture
def disk(house: Site) -> Site:
    """It, with some files in the folder of `app`."""
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


def test_what_is_saved_is_exact_to_the_byte(disk: Site, visit: Visitor) -> None:
    page = visit()
    for name, typed, wanted in (
        ("notes.txt", "six\n", b"one\ntwo\nthree\nfour\nfive\nsix\n"),
        ("server.properties", "\nmore=\u00e4", b"# Minecraft\r\nmotd=Hello\r\nport=25565\r\nmore=\xc3\xa4"),
        ("config/app.yml", "x: 1", b"\xef\xbb\xbfname: app\nlist:\n  - 1\n  - 2\nx: 1"),
        ("mixed.txt", "\nf", b"a\r\nb\nc\rd\r\ne\nf"),
        ("we ird/#1?&%25 \u00e4.txt", "y", b"x\ny"),
    ):
        page.goto(f"{disk.address}#/server/app/edit/{quote(name)}")
        at_end(page, name, typed)
        expect(page.get_by_text("not saved", exact=True)).to_be_visible()
        save(page)
        assert content(disk, name) == wanted
    page.goto(f"{disk.address}#/server/app/edit/mixed.txt")
    page.get_by_label("How lines end").select_option("crlf")
    expect(page.get_by_text("not saved", exact=True)).to_be_visible()
    page.get_by_role("button", name="Save", exact=True).click()
    saved(page)
    assert content(disk, "mixed.txt") == b"a\r\nb\r\nc\r\nd\r\ne\r\nf"


def test_it_can_be_used_by_all(disk: Site, visit: Visitor) -> None:
    page = edit(visit, "config/app.yml")
    expect(page.locator(".cm-line").first).to_contain_text("name")
    accessible(page)
    shot(page, "editor")
    page.keyboard.press("Control+f")
    accessible(page)
    phone = edit(visit, "server.properties", phone=True)
    fits(phone)
    accessible(phone)
    shot(phone, "editor-phone")


def test_tab_indents_and_after_escape_leaves(disk: Site, visit: Visitor) -> None:
    page = edit(visit, "notes.txt")
    at_end(page, "notes.txt", "x")
    page.keyboard.press("Home")
    page.keyboard.press("Tab")
    expect(page.locator(".cm-line").last).to_have_text("  x")
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    expect(text(page, "notes.txt")).not_to_be_focused()


def test_it_goes_to_a_line_finds_and_replaces(disk: Site, visit: Visitor) -> None:
    page = visit("#/server/app/edit/notes.txt?line=4")
    expect(page.locator(".cm-activeLine")).to_have_text("four")
    expect(page.get_by_text("line 4, column 1")).to_be_visible()
    text(page, "notes.txt").click()
    page.keyboard.press("Control+f")
    page.get_by_role("textbox", name="Find").fill("t(wo|hree)")
    page.get_by_label("regular expression").check()
    page.get_by_role("textbox", name="Replace").fill("<$1>")
    page.get_by_role("button", name="replace all").click()
    save(page)
    assert content(disk, "notes.txt") == b"one\n<wo>\n<hree>\nfour\nfive\n"


def test_two_who_write_are_joined(disk: Site, visit: Visitor, faults: Faults) -> None:
    faults.allow("status of 412")
    page = edit(visit, "notes.txt")
    at_end(page, "notes.txt", "six\n")
    put(disk, "notes.txt", b"ONE\ntwo\nthree\nfour\nfive\n")
    page.keyboard.press("Control+s")
    page.get_by_role("button", name="Merge").click()
    expect(page.get_by_text("nothing clashes")).to_be_visible()
    page.get_by_role("button", name="Save merged").click()
    saved(page)
    assert content(disk, "notes.txt") == b"ONE\ntwo\nthree\nfour\nfive\nsix\n"


def test_where_both_have_written_the_person_decides(disk: Site, visit: Visitor, faults: Faults) -> None:
    faults.allow("status of 412")
    page = edit(visit, "notes.txt")
    text(page, "notes.txt").click()
    page.keyboard.press("Control+Home")
    page.keyboard.type("mine ")
    put(disk, "notes.txt", b"theirs one\ntwo\nthree\nfour\nFIVE\n")
    page.keyboard.press("Control+s")
    page.get_by_role("button", name="Merge").click()
    expect(page.get_by_text("1 place changed by both")).to_be_visible()
    accessible(page)
    shot(page, "editor-merge")
    page.get_by_role("button", name="Side by side").click()
    accessible(page)
    shot(page, "editor-merge-unified")
    page.get_by_role("button", name="Take theirs", exact=True).click()
    expect(page.get_by_text("0 differences")).to_be_visible()
    page.get_by_role("button", name="Save merged").click()
    saved(page)
    assert content(disk, "notes.txt") == b"theirs one\ntwo\nthree\nfour\nFIVE\n"


def test_a_session_that_ends_while_one_types_loses_nothing(
    disk: Site, visit: Visitor, faults: Faults
) -> None:
    faults.allow("status of 401")
    faults.allow("WebSocket connection")
    page = edit(visit, "notes.txt")
    at_end(page, "notes.txt", "six\n")
    disk.local.delete("/sessions", params={"user": "admin"}).raise_for_status()
    dialog = page.get_by_role("dialog", name="Log in again")
    dialog.get_by_role("textbox", name="Password").fill(disk.password)
    dialog.get_by_role("button", name="Log in", exact=True).click()
    expect(dialog).to_have_count(0)
    save(page)
    assert content(disk, "notes.txt") == b"one\ntwo\nthree\nfour\nfive\nsix\n"


def test_what_was_typed_outlives_the_daemon_and_the_page(disk: Site, visit: Visitor, faults: Faults) -> None:
    faults.allow("")
    page = edit(visit, "notes.txt")
    at_end(page, "notes.txt", "six\n")
    page.route(re.compile(r"/api/server/app/file"), lambda route: route.abort())
    page.keyboard.press("Control+s")
    expect(page.get_by_text("What you typed is kept here.")).to_be_visible()
    page.unroute_all()
    page.on("dialog", Dialog.accept)
    page.reload()
    page.get_by_role("button", name="Go on with it").click()
    expect(page.locator(".cm-line", has_text="six")).to_be_visible()
    text(page, "notes.txt").click()
    save(page)
    assert content(disk, "notes.txt") == b"one\ntwo\nthree\nfour\nfive\nsix\n"


def test_a_daemon_that_is_killed_takes_nothing_with_it(disk: Site, visit: Visitor, faults: Faults) -> None:
    faults.allow("")  # whatever it was just asked
    page = edit(visit, "notes.txt")
    at_end(page, "notes.txt", "six\n")
    daemon = disk.daemon
    assert daemon is not None
    os.kill(daemon, signal.SIGKILL)
    page.keyboard.press("Control+s")
    disk.until(lambda: disk.daemon not in (None, daemon) and disk.answers(), "it is back")
    expect(page.locator("main button[aria-busy=true]")).to_have_count(0)
    text(page, "notes.txt").click()
    save(page)
    assert content(disk, "notes.txt") == b"one\ntwo\nthree\nfour\nfive\nsix\n"


def test_what_would_be_damaged_cannot_be_saved(disk: Site, visit: Visitor, faults: Faults) -> None:
    faults.allow("status of 400")  # of the folder
    page = visit()
    for name, why in (
        ("latin.txt", "This file is not UTF-8"),
        ("world.dat", "This file is not text"),
        ("large.log", "can be edited here"),
    ):
        before = content(disk, name)
        page.goto(f"{disk.address}#/server/app/edit/{name}")
        expect(page.get_by_text(why)).to_be_visible()
        expect(page.get_by_role("button", name="Save", exact=True)).to_have_count(0)
        text(page, name).click()
        page.keyboard.type("x")
        page.keyboard.press("Control+s")
        with page.expect_download() as download:
            page.get_by_role("link", name="Download").last.click()
        with open(download.value.path(), "rb") as file:
            assert file.read() == before
        assert content(disk, name) == before
    page.goto(f"{disk.address}#/server/app/edit/config")
    expect(page.get_by_text("This is not a file!")).to_be_visible()


def test_the_page_is_not_left_unasked_while_something_is_not_saved(disk: Site, visit: Visitor) -> None:
    page = edit(visit, "notes.txt")
    at_end(page, "notes.txt", "six")
    page.once("dialog", Dialog.dismiss)
    page.get_by_role("link", name="Console", exact=True).click()
    expect(page.locator(".cm-line", has_text="six")).to_be_visible()
    page.once("dialog", Dialog.accept)
    page.get_by_role("link", name="Console", exact=True).click()
    expect(text(page, "notes.txt")).to_have_count(0)


def test_a_change_on_the_disk_is_noticed_when_one_comes_back(disk: Site, visit: Visitor) -> None:
    page = edit(visit, "notes.txt")
    put(disk, "notes.txt", b"other\n")
    page.evaluate("() => dispatchEvent(new Event('focus'))")
    expect(page.locator(".cm-line").first).to_have_text("other")
    at_end(page, "notes.txt", "mine")
    put(disk, "notes.txt", b"other again\n")
    page.evaluate("() => dispatchEvent(new Event('focus'))")
    expect(page.get_by_text("Somebody else has changed this")).to_be_visible()
    expect(page.locator(".cm-line").last).to_have_text("mine")


def test_a_file_that_is_gone_is_made_anew_or_saved_as_another(
    disk: Site, visit: Visitor, faults: Faults
) -> None:
    faults.allow("status of 4(04|12)")
    page = edit(visit, "notes.txt")
    at_end(page, "notes.txt", "six\n")
    os.remove(disk.path(ROOT, "notes.txt"))
    page.keyboard.press("Control+s")
    expect(page.get_by_text("Not saved: this was removed")).to_be_visible()
    page.get_by_role("button", name="Save as…").last.click()
    page.get_by_label("Path").fill("server.properties")
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(page.get_by_text("There is a file of this name already.")).to_be_visible()
    page.get_by_label("Path").fill("other.txt")
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(text(page, "other.txt")).to_be_visible()
    assert content(disk, "other.txt") == b"one\ntwo\nthree\nfour\nfive\nsix\n"
    assert content(disk, "server.properties").startswith(b"# Minecraft")
