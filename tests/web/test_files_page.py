"""The page of a server's files: what is in them, what is done to them, and what is uploaded."""

import os
import signal
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from .axe import accessible
from .faults import Faults
from .shots import shot
from .site import Site
from .visitor import Visitor, fits

FILES = "#/server/app/files"

TAKEN = r"status of 412"
"""A file is there already: the browser tells of that as of an error."""


@pytest.fixture
def folder(home: Site) -> Path:
    """The folder of `app`, with something in it."""
    folder = Path(home.path("programs", "app"))
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


def chosen_file(page: Page) -> Locator:
    """Return what the button for uploads opens the browser's own dialog for."""
    return page.locator("input[type=file][multiple]").first


def drop(page: Page, *paths: Path) -> None:
    """Drag files and folders from the desktop into the middle of the page, and drop them."""
    session = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        session.send("Input.dispatchDragEvent", {"type": kind, "x": 640, "y": 500, "data": data})
    session.detach()


@contextmanager
def slow(page: Page, throughput: int) -> Iterator[None]:
    """Let the page send only so many bytes a second."""
    session = page.context.new_cdp_session(page)
    limits = {"offline": False, "latency": 0, "downloadThroughput": -1}
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", {**limits, "uploadThroughput": throughput})
    try:
        yield
    finally:
        session.send("Network.emulateNetworkConditions", {**limits, "uploadThroughput": -1})


def until_under_way(page: Page, name: str) -> None:
    """Wait until some of an upload has arrived, but not all."""
    bar = page.get_by_role("progressbar", name=f"Upload of {name}")
    expect(bar).to_be_visible()
    page.wait_for_function("(bar) => bar.value > 0 && bar.value < bar.max", arg=bar.element_handle())


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


def test_files_and_folders_are_uploaded(folder: Path, visit: Visitor, tmp_path: Path, faults: Faults) -> None:
    faults.allow(TAKEN)
    desk = tmp_path / "desk"
    (desk / "pack" / "deep" / "er").mkdir(parents=True)
    (desk / "pack" / "empty").mkdir()
    (desk / "pack" / "deep" / "er" / "a b#.txt").write_text("deep")
    (desk / "large.bin").write_bytes(os.urandom(9_000_000))
    (desk / "notes2.txt").write_text("from the desk")
    page = visit(FILES)
    named(page, "world").wait_for()
    drop(page, desk / "pack", desk / "large.bin")
    expect(page.get_by_text("3 files uploaded")).to_be_visible()
    expect(named(page, "pack")).to_be_visible()
    assert (folder / "pack" / "empty").is_dir()
    assert (folder / "pack" / "deep" / "er" / "a b#.txt").read_text() == "deep"
    assert (folder / "large.bin").read_bytes() == (desk / "large.bin").read_bytes()
    chosen_file(page).set_input_files([desk / "notes2.txt", desk / "large.bin"])
    dialog = page.get_by_role("dialog", name="The file is there already")
    expect(dialog).to_contain_text("notes2.txt")
    accessible(page)
    shot(page, "files-conflict")
    dialog.get_by_role("checkbox").check()
    dialog.get_by_role("button", name="Keep both").click()
    expect(named(page, "notes2 (2).txt")).to_be_visible()
    expect(named(page, "large (2).bin")).to_be_visible()
    assert (folder / "notes2.txt").read_text() == "two"
    assert (folder / "notes2 (2).txt").read_text() == "from the desk"


def test_an_upload_goes_on_after_a_pause_and_after_the_daemon_was_killed(
    home: Site, folder: Path, visit: Visitor, tmp_path: Path, faults: Faults
) -> None:
    # Chromium sends a request again whose connection was lost; its offset is an old one then.
    faults.allow(r"ERR_|WebSocket|status of (409|50.)")
    large = tmp_path / "large.bin"
    large.write_bytes(os.urandom(24 << 20))
    page = visit(FILES)
    named(page, "world").wait_for()
    begun: list[str] = []
    page.on("request", lambda one: begun.append(one.url) if one.method == "POST" else None)
    with slow(page, 5 << 20):
        chosen_file(page).set_input_files(large)
        until_under_way(page, "large.bin")
        page.get_by_role("button", name="Pause large.bin").click()
        expect(page.get_by_text("1 upload paused")).to_be_visible()
        accessible(page)
        shot(page, "files-upload")
        assert not (folder / "large.bin").exists()
        page.get_by_role("button", name="Go on with large.bin").click()
        until_under_way(page, "large.bin")
        daemon = home.daemon
        assert daemon is not None
        with page.expect_response(lambda one: one.request.method == "HEAD" and one.ok):
            os.kill(daemon, signal.SIGKILL)
    assert not (folder / "large.bin").exists()
    page.get_by_role("link", name="Jobs").click()  # the uploads go on wherever one is
    expect(page.get_by_text("1 file uploaded")).to_be_visible()
    assert (folder / "large.bin").read_bytes() == large.read_bytes()
    assert len([url for url in begun if url.endswith("/uploads")]) == 1  # it went on, and did not begin anew


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
