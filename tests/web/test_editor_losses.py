"""Nothing that was typed is lost, whatever happens to the session, the server, the daemon or the page."""

import os
import re
import signal

import pytest
from playwright.sync_api import Dialog, Route, expect

from ..system.house import sleeper
from .faults import Faults
from .houses import the_town
from .site import Site
from .textedit import ROOT, at_end, content, edit, filled, put, save, saved, text
from .visitor import Visitor

house = the_town


@pytest.fixture
def disk(house: Site) -> Site:
    """It, with some files in the folder of `app`."""
    return filled(house)


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


def test_a_session_that_ends_while_a_save_is_under_way_loses_nothing(
    disk: Site, visit: Visitor, faults: Faults
) -> None:
    faults.allow("status of 401")
    faults.allow("WebSocket connection")
    page = edit(visit, "notes.txt")
    at_end(page, "notes.txt", "six\n")

    def ends(route: Route) -> None:
        disk.local.delete("/sessions", params={"user": "admin"}).raise_for_status()
        route.continue_()

    page.route(re.compile(r"/api/server/app/file"), ends, times=1)
    page.keyboard.press("Control+s")
    page.keyboard.press("Control+s")  # twice, as people do
    dialog = page.get_by_role("dialog", name="Log in again")
    dialog.get_by_role("textbox", name="Password").fill(disk.password)
    dialog.get_by_role("button", name="Log in", exact=True).click()
    saved(page)
    assert content(disk, "notes.txt") == b"one\ntwo\nthree\nfour\nfive\nsix\n"


def test_what_was_typed_outlives_its_server(disk: Site, visit: Visitor, faults: Faults) -> None:
    faults.allow("status of 404")
    os.makedirs(disk.path("programs", "other"), exist_ok=True)
    page = visit("#/server/other/edit/new.txt")
    page.get_by_role("button", name="Make this file").click()
    at_end(page, "new.txt", "typed")
    disk.configure(app=sleeper())
    disk.local.post("/config/reload").raise_for_status()
    expect(page.get_by_text("There is no server other any more")).to_be_visible()
    text(page, "new.txt").click()
    page.keyboard.press("Control+End")
    page.keyboard.type(" more")
    page.keyboard.press("Control+s")
    expect(page.get_by_text("What you typed is kept here.")).to_be_visible()
    disk.configure(app=sleeper(), other=sleeper(enabled=False))
    disk.local.post("/config/reload").raise_for_status()
    expect(page.get_by_text("There is no server other any more")).to_have_count(0)
    save(page)
    with open(disk.path("programs", "other", "new.txt"), "rb") as file:
        assert file.read() == b"typed more"


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


def test_the_page_is_not_left_unasked_while_something_is_not_saved(disk: Site, visit: Visitor) -> None:
    page = edit(visit, "notes.txt")
    at_end(page, "notes.txt", "six")
    page.once("dialog", Dialog.dismiss)
    page.get_by_role("link", name="Console", exact=True).click()
    expect(page.locator(".cm-line", has_text="six")).to_be_visible()
    for leave in (page.get_by_role("button", name="Log out").click, page.go_back):
        with page.expect_event("dialog") as asked:
            page.once("dialog", Dialog.dismiss)
            leave()
        assert "not saved" in asked.value.message
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
