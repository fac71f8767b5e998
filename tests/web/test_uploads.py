"""Uploads on the page of files: by button and by drag and drop, paused, and past the end of the daemon."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from .axe import accessible
from .faults import Faults
from .filelist import FILES, filled, named
from .houses import the_town
from .shots import shot
from .site import Site
from .visitor import Visitor

TAKEN = r"status of 412"
"""A file is there already: the browser tells of that as of an error."""


house = the_town


@pytest.fixture
def folder(house: Site) -> Path:
    """The folder of `app`, with something in it."""
    return filled(house)


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


def after_making(file: Path) -> Callable[[Route], None]:
    """Let a request go on when somebody has made a file."""

    def goes_on(route: Route) -> None:
        file.write_text("theirs")
        route.continue_()

    return goes_on


def until_under_way(page: Page, name: str) -> None:
    """Wait until some of an upload has arrived, but not all."""
    bar = page.get_by_role("progressbar", name=f"Upload of {name}")
    expect(bar).to_be_visible()
    page.wait_for_function("(bar) => bar.value > 0 && bar.value < bar.max", arg=bar.element_handle())


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


def test_what_somebody_makes_meanwhile_is_not_replaced(
    folder: Path, visit: Visitor, tmp_path: Path, faults: Faults
) -> None:
    faults.allow(TAKEN)
    page = visit(FILES)
    named(page, "world").wait_for()
    dialog = page.get_by_role("dialog", name="The file is there already")
    for name, answer in (("late.bin", "Keep both"), ("later.bin", "Replace")):
        large = tmp_path / name
        large.write_bytes(os.urandom(5_000_000))
        page.route("**/uploads/*", after_making(folder / name), times=1)
        chosen_file(page).set_input_files(large)
        expect(dialog).to_contain_text(name)
        assert (folder / name).read_text() == "theirs"
        dialog.get_by_role("button", name=answer).click()
        expect(page.get_by_text("1 file uploaded")).to_be_visible()
    assert (folder / "late.bin").read_text() == "theirs"
    assert (folder / "late (2).bin").read_bytes() == (tmp_path / "late.bin").read_bytes()
    assert (folder / "later.bin").read_bytes() == (tmp_path / "later.bin").read_bytes()
    assert not list(folder.glob(".holdfast/uploads/*.part"))


def test_an_upload_goes_on_after_a_pause_and_after_the_daemon_was_killed(
    house: Site, folder: Path, visit: Visitor, tmp_path: Path, faults: Faults
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
        daemon = house.daemon
        assert daemon is not None
        with page.expect_response(lambda one: one.request.method == "HEAD" and one.ok):
            os.kill(daemon, signal.SIGKILL)
    assert not (folder / "large.bin").exists()
    page.get_by_role("link", name="Jobs").click()  # the uploads go on wherever one is
    expect(page.get_by_text("1 file uploaded")).to_be_visible()
    assert (folder / "large.bin").read_bytes() == large.read_bytes()
    assert len([url for url in begun if url.endswith("/uploads")]) == 1  # it went on, and did not begin anew
