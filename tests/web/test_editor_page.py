"""Files are edited in the page: what is saved is exact, and what would be damaged is not."""

from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from .axe import accessible
from .faults import Faults
from .houses import the_town
from .shots import shot
from .site import Site
from .textedit import at_end, content, edit, filled, put, save, saved, text
from .visitor import Visitor, fits

house = the_town


@pytest.fixture
def disk(house: Site) -> Site:
    """It, with some files in the folder of `app`."""
    return filled(house)


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
