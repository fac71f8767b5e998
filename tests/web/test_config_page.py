"""The config is edited in the page: with help, mistakes at their lines, and a look at what would change."""

import json
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from ..system.house import free_port, sleeper
from .axe import accessible
from .faults import Faults
from .shots import shot
from .site import Site
from .visitor import Visitor, fits


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Site]:
    """One Holdfast for all of these tests: each leaves a config behind that the next can do with."""
    house = Site(str(tmp_path_factory.mktemp("house")))
    try:
        house.configure(app=sleeper(), other=sleeper())
        house.start()
        yield house
    finally:
        house.end()


@pytest.fixture
def text(house: Site) -> str:
    """Hjson with a comment, in force."""
    settings = {name: value for name, value in house.settings.items() if name != "port"}
    lines = [f"{name}: {json.dumps(value)}" for name, value in settings.items()]
    lines = ["# Kept by hand.", f"port: {house.port}", *lines, "servers: {"]
    for name in ("app", "other"):
        lines += [f"  {name}: {{", "    // asleep", "    command: sleep 1000"]
        lines += [f"    directory: {json.dumps(house.path('programs', name))}", "  }"]
    return put(house, "\n".join([*lines, "}", ""]))


def put(house: Site, text: str) -> str:
    """Write the config, as somebody else would, and wait until it is in force."""
    house.write(text)
    house.local.post("/config/reload").raise_for_status()
    return text


def config(house: Site) -> str:
    """Return what stands in the file."""
    with open(house.path("config.hjson"), encoding="utf-8") as file:
        return file.read()


def shown(page: Page) -> Locator:
    """Return the text of the page."""
    return page.get_by_label("Text of the config")


def behind(page: Page, line: str, typed: str) -> None:
    """Type at the end of a line that is shown."""
    page.locator(".cm-line", has_text=line).first.click()
    page.keyboard.press("End")
    page.keyboard.type(typed)


def save(page: Page) -> Locator:
    """Ask to save; return the question."""
    page.keyboard.press("Control+s")
    return page.get_by_role("dialog", name="Save the config?")


def test_a_mistake_is_shown_at_its_line(text: str, visit: Visitor) -> None:
    page = visit("#/config")
    behind(page, "port:", "x")
    wrong = page.get_by_role("region", name="What is wrong")
    expect(wrong.get_by_role("button", name="Line 2")).to_contain_text("port")
    expect(page.locator(".cm-lintRange-error")).to_have_count(1)
    expect(page.locator(".cm-gutter-lint .cm-lint-marker-error")).to_have_count(1)
    expect(page.get_by_text("With a mistake in it, it cannot be saved.")).to_be_visible()
    accessible(page)
    shot(page, "config-mistake")
    wrong.get_by_role("button", name="Line 2").click()
    expect(shown(page)).to_be_focused()
    page.keyboard.press("Control+s")
    expect(page.get_by_text("Not saved:")).to_be_visible()


def test_it_is_saved_with_its_comments_after_a_look_at_what_changes(
    text: str, house: Site, visit: Visitor
) -> None:
    page = visit("#/config")
    behind(page, "sleep 1000", "0")
    page.keyboard.press("Enter")
    page.keyboard.type("boot: always")
    expect(page.get_by_text("Changed, and in force only after a restart")).to_be_visible()
    question = save(page)
    expect(question.get_by_text("1 server goes on by its old settings")).to_be_visible()
    expect(question.get_by_text("servers.app.boot: set to always")).to_be_visible()
    accessible(page)
    shot(page, "config-save")
    question.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved, and in force.")).to_be_visible()
    wanted = text.replace("sleep 1000\n", "sleep 10000\n    boot: always\n", 1)
    assert config(house) == wanted
    expect(page.get_by_text("Saving would change nothing.")).to_be_visible()
    before = house.pid("app")
    page.get_by_role("button", name="Restart them").click()
    page.get_by_role("dialog").get_by_role("button", name="Restart").click()
    expect(page.get_by_text("app is restarted.")).to_be_visible()
    house.until(lambda: house.pid("app") != before, "app runs again")
    expect(page.get_by_role("button", name="Restart them")).to_have_count(0)


def test_who_moves_the_page_is_told_so_and_goes_along(
    text: str, house: Site, visit: Visitor, faults: Faults
) -> None:
    faults.allow("ERR_CONNECTION_REFUSED")
    page = visit("#/config")
    before, after = str(urlsplit(page.url).port), str(free_port())
    line = page.locator(".cm-line", has_text=before).first
    moved = (line.text_content() or "").replace(before, after)
    line.click()
    # The editor deletes by itself; what Chromium puts in place of coloured text gets a style from it.
    for key in ("Home", "Shift+End", "Delete"):
        page.keyboard.press(key)
    page.keyboard.insert_text(moved)
    question = save(page)
    expect(question.get_by_text(f"http://127.0.0.1:{after}/")).to_be_visible()
    question.get_by_role("button", name="Save").click()
    page.wait_for_url(f"http://127.0.0.1:{after}/#/config")
    expect(shown(page)).to_contain_text(after)


def test_what_somebody_else_has_written_is_joined(
    text: str, house: Site, visit: Visitor, faults: Faults
) -> None:
    faults.allow("status of 412")
    page = visit("#/config")
    behind(page, "# Kept by hand.", " By me.")
    theirs = put(house, text.replace("// asleep", "// fast asleep"))
    save(page).get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Merge").click()
    expect(page.get_by_text("nothing clashes")).to_be_visible()
    page.get_by_role("button", name="Save merged").click()
    question = page.get_by_role("dialog", name="Save the config?")
    expect(question.get_by_text("only comments or layout")).to_be_visible()
    question.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved, and in force.")).to_be_visible()
    assert config(house) == theirs.replace("by hand.", "by hand. By me.")


def test_it_helps_with_keys_and_values(text: str, visit: Visitor) -> None:
    page = visit("#/config")
    behind(page, "// asleep", "\nbo")
    option = page.get_by_role("option", name="boot")
    expect(option).to_be_visible()
    option.click()
    page.keyboard.press("Control+Space")
    expect(page.get_by_role("option", name="wanted")).to_be_visible()
    shot(page, "config-help")
    page.keyboard.press("Escape")
    expect(page.locator(".config-help")).to_contain_text("servers.app.boot")
    sections = page.get_by_role("navigation", name="Sections")
    sections.get_by_role("button", name="port").click()
    expect(page.get_by_text("line 2, column 1")).to_be_visible()
    expect(page.locator(".config-help")).to_contain_text("TCP port of the API")


def test_it_can_be_used_by_all(text: str, house: Site, visit: Visitor) -> None:
    page = visit("#/config")
    expect(page.get_by_text("Nothing is wrong with it.")).to_be_visible()
    accessible(page)
    shot(page, "config")
    phone = visit("#/config", phone=True)
    expect(phone.get_by_text("Nothing is wrong with it.")).to_be_visible()
    fits(phone)
    accessible(phone)
    shot(phone, "config-phone", whole=True)


def test_who_may_only_see_cannot_type(text: str, house: Site, visit: Visitor, faults: Faults) -> None:
    faults.allow("status of 401")  # nobody is logged in at first
    with open(house.path("programs", "app", "notes.txt"), "w", encoding="utf-8") as file:
        file.write("one")
    grants = ["config.view", "server.view", "server.files.view", "server.files.download"]
    rights = {"grants": grants, "roles": []}
    account = {"username": "guest", "password": "long enough for all", **rights}
    house.local.post("/accounts", json=account).raise_for_status()
    page = visit(logged_in=False)
    page.get_by_label("Name").fill("guest")
    page.get_by_role("textbox", name="Password").fill("long enough for all")
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("link", name="Config").click()
    expect(page.get_by_text("You may see the config, but not change it.")).to_be_visible()
    expect(page.get_by_role("button", name="Review and save")).to_have_count(0)
    shown(page).click()
    page.keyboard.type("x")
    expect(page.locator(".cm-line").first).to_have_text("# Kept by hand.")
    page.goto(f"{house.address}#/server/app/edit/notes.txt")
    expect(page.get_by_text("You are not permitted to change files here.")).to_be_visible()
    page.get_by_label("Text of notes.txt").click()
    page.keyboard.type("x")
    expect(page.get_by_label("Text of notes.txt")).to_have_text("one")
