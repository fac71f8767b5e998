"""The page of a server's files: what is in them, and what is done to them."""

import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import expect

from .axe import accessible
from .filelist import FILES, choose, filled, grid, named
from .houses import the_town
from .shots import shot
from .site import Site
from .visitor import Visitor, fits

house = the_town


@pytest.fixture
def folder(house: Site) -> Path:
    """The folder of `app`, with something in it."""
    return filled(house)


def test_a_folder_is_listed_sorted_and_filtered(folder: Path, visit: Visitor) -> None:
    (folder / "two\nlines #1 100%?").write_text("odd")
    page = visit(FILES)
    links = grid(page).get_by_role("link")
    expect(links).to_have_text(
        ["logs", "plugins", "world", "notes2.txt", "notes10.txt", "server.properties", "two␊lines #1 100%?"]
    )
    page.get_by_role("columnheader", name="Size").get_by_role("button").click()
    expect(links.nth(3)).to_have_text("server.properties")
    page.get_by_role("searchbox", name="Filter this folder").fill("NOTES")
    expect(links).to_have_text(["notes2.txt", "notes10.txt"])
    page.get_by_role("searchbox", name="Filter this folder").fill("")
    accessible(page)
    fits(page)
    shot(page, "files")
    named(page, "two␊lines #1 100%?").click()
    expect(page.get_by_role("dialog")).to_contain_text("odd")
    accessible(page)
    shot(page, "files-preview")


def test_the_keyboard_alone_does_everything(folder: Path, visit: Visitor) -> None:
    page = visit(FILES)
    named(page, "world").wait_for()
    row = grid(page).locator('[role=row][tabindex="0"]')
    row.focus()
    page.keyboard.type("wor")
    expect(row).to_contain_text("world")
    page.keyboard.press("Enter")
    expect(named(page, "level.dat")).to_be_visible()
    expect(row).to_be_focused()
    page.keyboard.press("Backspace")
    expect(named(page, "world")).to_be_visible()
    expect(row).to_be_focused()
    expect(row).to_contain_text("world")
    page.keyboard.type("notes2")
    page.keyboard.press("F2")
    page.get_by_role("textbox", name="Name").fill("renamed.txt")
    page.keyboard.press("Enter")
    expect(row).to_contain_text("renamed.txt")
    expect(row).to_be_focused()
    page.keyboard.press("Control+c")
    page.keyboard.type("plug")
    page.keyboard.press("Enter")
    nothing = page.get_by_role("group", name="Files in plugins")
    expect(nothing).to_be_focused()
    page.keyboard.press("Control+v")
    expect(named(page, "renamed.txt")).to_be_visible()
    row.focus()
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    expect(nothing).to_be_focused()
    page.get_by_role("button", name="Undo").press("Enter")
    expect(named(page, "renamed.txt")).to_be_visible()
    row.focus()
    page.keyboard.press("Backspace")
    expect(row).to_contain_text("plugins")
    expect(row).to_be_focused()
    page.keyboard.type("notes10")
    page.keyboard.press("Delete")
    expect(named(page, "notes10.txt")).not_to_be_attached()
    expect(row).to_be_focused()
    page.keyboard.press("Shift+F10")
    expect(page.get_by_role("menu")).to_be_visible()
    accessible(page)
    shot(page, "files-menu")
    page.keyboard.press("Escape")
    expect(row).to_be_focused()
    assert (folder / "plugins" / "renamed.txt").read_text() == "two"
    assert (folder / "renamed.txt").read_text() == "two"


def test_what_was_deleted_is_undone_or_found_in_the_trash(folder: Path, visit: Visitor) -> None:
    page = visit(FILES)
    choose(page, "world", "notes2.txt")
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(named(page, "world")).not_to_be_attached()
    expect(named(page, "notes2.txt")).not_to_be_attached()
    page.get_by_role("button", name="Undo").click()
    expect(named(page, "world")).to_be_visible()
    assert (folder / "world" / "level.dat").stat().st_size == 30_000
    choose(page, "notes10.txt")
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(named(page, "notes10.txt")).not_to_be_attached()
    page.get_by_role("button", name="More", exact=True).click()
    page.get_by_role("menuitem", name="Trash").click()
    expect(page.get_by_role("list", name="What is in the trash")).to_contain_text("/notes10.txt")
    accessible(page)
    shot(page, "files-trash")
    page.get_by_role("button", name="Restore", exact=True).click()
    expect(page.get_by_text("The trash is empty.")).to_be_visible()
    assert (folder / "notes10.txt").read_text() == "ten"


def test_files_are_moved_archived_and_extracted(folder: Path, visit: Visitor) -> None:
    with zipfile.ZipFile(folder / "odd.zip", "w") as archive:
        for name in ("good.txt", "../evil.txt", "/worse.txt"):
            archive.writestr(name, "x")
    page = visit(FILES)
    choose(page, "notes2.txt", "notes10.txt")
    page.get_by_role("button", name="Move to…").click()
    picker = page.get_by_role("dialog")
    picker.get_by_role("button", name="world").click()
    picker.get_by_role("button", name="region").click()
    expect(picker.get_by_text("There are no folders here.")).to_be_visible()
    accessible(page)
    picker.get_by_role("button", name="Move here").click()
    expect(named(page, "notes2.txt")).not_to_be_attached()
    assert {one.name for one in (folder / "world" / "region").iterdir()} == {"notes2.txt", "notes10.txt"}
    choose(page, "world", "server.properties")
    page.get_by_role("button", name="Archive…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox").fill("backup")
    dialog.get_by_role("combobox").select_option("tar.zst")
    dialog.get_by_role("button", name="Archive", exact=True).click()
    expect(page.get_by_text("backup.tar.zst is made.")).to_be_visible()
    named(page, "backup.tar.zst").wait_for()
    page.get_by_role("button", name="What can be done with backup.tar.zst").click()
    page.get_by_role("menuitem", name="Extract…").click()
    page.get_by_role("dialog").get_by_role("button", name="Extract").click()
    named(page, "backup").click()
    expect(named(page, "server.properties")).to_be_visible()
    page.get_by_role("navigation", name="Where you are").get_by_role("link", name="All files").click()
    choose(page, "logs", "server.properties")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download", exact=True).click()
    with zipfile.ZipFile(download.value.path()) as archive:
        assert set(archive.namelist()) == {"logs/", "logs/latest.log", "server.properties"}
    page.get_by_role("button", name="What can be done with odd.zip").click()
    page.get_by_role("menuitem", name="Extract…").click()
    page.get_by_role("dialog").get_by_role("button", name="Extract").click()
    expect(page.get_by_text("1 entry extracted, 2 left out.")).to_be_visible()
    was, came = (root / "world" / "level.dat" for root in (folder, folder / "backup"))
    assert came.read_bytes() == was.read_bytes()


def test_names_and_contents_are_searched(folder: Path, visit: Visitor) -> None:
    page = visit(FILES)
    named(page, "world").wait_for()
    page.get_by_role("button", name="Search").click()
    page.get_by_role("searchbox", name="Search for").fill("*.dat")
    page.keyboard.press("Enter")
    results = page.get_by_role("list", name="What was found")
    expect(results.get_by_role("listitem")).to_have_count(1)
    expect(results).to_contain_text("world/level.dat")
    page.get_by_role("searchbox", name="Search for").fill("N[e]+dle")
    page.get_by_role("combobox", name="In").select_option("content")
    page.get_by_role("checkbox", name="Regular expression").check()
    page.get_by_role("button", name="Search").click()
    expect(results.get_by_role("listitem")).to_have_count(2)
    expect(results).to_contain_text("two needle")
    link = results.get_by_role("link", name="logs/latest.log, line 2")
    expect(link).to_have_attribute("href", "#/server/app/edit/logs/latest.log?line=2")
    accessible(page)
    shot(page, "files-search")


def test_ten_thousand_files_are_listed_as_few_rows(folder: Path, visit: Visitor) -> None:
    for number in range(10_000):
        (folder / "plugins" / f"p{number}").touch()
    page = visit(f"{FILES}/plugins")
    expect(page.get_by_text("10,000 entries")).to_be_visible()
    assert grid(page).get_by_role("row").count() < 60
    grid(page).locator('[role=row][tabindex="0"]').focus()
    page.keyboard.press("End")
    expect(named(page, "p9999")).to_be_visible()
    page.keyboard.press("Control+a")
    expect(page.get_by_text("10,000 selected")).to_be_visible()
    assert grid(page).get_by_role("row").count() < 60


def test_a_phone_has_it_all_below_the_thumb(folder: Path, visit: Visitor) -> None:
    page = visit(FILES, phone=True)
    named(page, "world").wait_for()
    fits(page)
    accessible(page)
    shot(page, "files-phone")
    choose(page, "notes2.txt")
    named(page, "notes10.txt").tap()  # while something is chosen, a tap chooses
    expect(page.get_by_text("2 selected")).to_be_visible()
    fits(page)
    shot(page, "files-phone-selected")
    page.get_by_role("button", name="Delete", exact=True).tap()
    expect(named(page, "notes2.txt")).not_to_be_attached()
    named(page, "world").tap()
    expect(named(page, "level.dat")).to_be_visible()
