"""The list of servers in a browser: it is live, says what comes next, and asks before it hurts."""

import os
import re
import signal
from typing import cast

from playwright.sync_api import FloatRect, Locator, Page, expect

from ..system import processes
from ..system.house import program, sleeper
from .axe import accessible
from .faults import Faults
from .houses import one_house
from .people import Servers, let_in, person
from .shots import shot
from .site import Site
from .visitor import Visitor, fits

FAILS = {"command": ["sh", "-c", "echo last words; exit 3"]}

LOST = r"WebSocket connection|ERR_CONNECTION|ERR_INCOMPLETE|ERR_EMPTY|status of 50\d|Failed to load resource"
"""What Chromium's console tells while no daemon is there."""

TOGETHER = [f"one-{number}" for number in range(4)]


def servers() -> Servers:
    """Return those of these tests; each test leaves those up that it has found up."""
    return {
        "app": sleeper(),
        "chat": program("echo"),
        "off": sleeper(enabled=False),
        "parked": {**FAILS, "budget": {"restarts": 0}},
        "crasher": {**FAILS, "backoff": {"initial": 600, "cap": 600, "jitter": 0}},
        "waits": sleeper(requires="late"),
        "late": sleeper(ready="notify"),
        "stubborn": program("stubborn", stopGrace=20, enabled=False),
        **{name: sleeper() for name in TOGETHER},
    }


house = one_house(servers())


def row(page: Page, name: str) -> Locator:
    """The row of a server."""
    return page.locator(f'[data-server="{name}"]')


def state(page: Page, name: str, word: str) -> None:
    """Wait until a server is shown in a state."""
    expect(row(page, name)).to_have_attribute("data-state", word)


def test_the_list_shows_how_servers_are_and_why(house: Site, visit: Visitor) -> None:
    page = visit()
    expect(page.get_by_text("7 of 12 servers up")).to_be_visible()
    expect(page.get_by_text("2 crashed")).to_be_visible()
    expect(row(page, "parked")).to_contain_text("exited with code 3")
    expect(row(page, "parked")).to_contain_text("stays down until somebody starts it")
    expect(row(page, "waits")).to_contain_text("starts when late is ready")
    counted = row(page, "crasher").get_by_text(re.compile(r"restarts in \d+ min( \d+ s)?, 1 of 5"))
    expect(counted).to_be_visible()
    first = counted.inner_text()
    expect(counted).not_to_have_text(first)  # it counts
    expect(row(page, "app").locator(".memory .number")).to_have_text(re.compile(r"[1-9].* [KM]iB"))
    accessible(page)
    shot(page, "servers")

    page.keyboard.press("/")
    page.keyboard.type("PAR")
    expect(page.locator("[data-server]")).to_have_count(1)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Crashed").click()
    expect(page.locator("[data-server]")).to_have_count(2)
    page.get_by_role("button", name=re.compile("^All")).click()
    page.get_by_role("columnheader", name="State").get_by_role("button").click()
    expect(page.locator("[data-server]").first).to_have_attribute("data-server", "parked")
    page.reload()
    expect(page.locator("[data-server]").first).to_have_attribute("data-server", "parked")

    phone = visit(phone=True)
    expect(row(phone, "crasher")).to_contain_text("restarts in")
    fits(phone)
    accessible(phone)
    shot(phone, "servers-phone")
    phone.get_by_role("checkbox", name="Select app").check()
    bar = phone.get_by_role("toolbar")
    bar.get_by_role("button", name="Select all").click()
    expect(bar).to_contain_text("12 selected")
    count, start = (bar.get_by_text("12 selected"), bar.get_by_role("button", name="Start", exact=True))
    boxes = [one.bounding_box() or FloatRect(x=0, y=0, width=0, height=0) for one in (count, start)]
    assert boxes[0]["y"] + boxes[0]["height"] <= boxes[1]["y"], f"one lies on the other: {boxes}"
    accessible(phone)
    shot(phone, "servers-phone-selected")


def test_a_stop_is_asked_for_and_one_that_takes_long_can_be_killed(house: Site, visit: Visitor) -> None:
    house.order("stubborn", "START")
    console = house.console("stubborn")
    console.until("ready")
    console.connection.close()
    page = visit()
    state(page, "stubborn", "running")

    page.get_by_role("button", name="Stop app").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("killed if it has not ended after 30 s")
    accessible(page)
    house.order("chat", "TERM")
    told = dialog.get_by_role("status").filter(has_text="chat was stopped")
    told.get_by_role("button", name="Dismiss").click()  # a message is not below the dialog
    expect(told).to_have_count(0)
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_be_hidden()
    state(page, "app", "running")
    page.get_by_role("button", name="Stop app").click()
    page.get_by_role("dialog").get_by_role("button", name="Stop").click()
    state(page, "app", "stopped")
    expect(row(page, "app")).to_contain_text("by admin")
    page.get_by_role("button", name="Start app").click()  # without a question
    state(page, "app", "running")
    before = house.pid("app")
    page.get_by_role("button", name="Restart app").click()
    page.get_by_role("dialog").get_by_role("button", name="Restart").click()
    house.until(lambda: house.about("app")["pid"] not in (None, before), "app runs anew")

    page.get_by_role("button", name="Stop stubborn").click()
    page.get_by_role("dialog").get_by_role("button", name="Stop").click()
    state(page, "stubborn", "stopping")
    expect(row(page, "stubborn")).to_contain_text(re.compile(r"is killed in \d+ s, if it has not ended"))
    page.get_by_role("button", name="Stopping… stubborn").click()
    page.get_by_role("dialog").get_by_role("button", name="Kill").click()
    state(page, "stubborn", "stopped")
    house.order("chat", "START")


def test_several_are_stopped_and_started_at_once(house: Site, visit: Visitor) -> None:
    page = visit()
    state(page, "one-3", "running")
    for name in ("one-0", "one-2"):
        page.get_by_role("checkbox", name=f"Select {name}").check()
    bar = page.get_by_role("toolbar")
    expect(bar).to_contain_text("2 selected")
    bar.get_by_role("button", name="Stop").click()
    page.get_by_role("dialog").get_by_role("button", name="Stop").click()
    expect(page.get_by_text("Stop: done for 2 servers.")).to_be_visible()
    for name, word in zip(TOGETHER, ("stopped", "running", "stopped", "running"), strict=True):
        state(page, name, word)
    page.get_by_role("searchbox").fill("one-")
    page.get_by_role("checkbox", name="Select all that are shown").check()
    expect(bar).to_contain_text("4 selected")
    bar.get_by_role("button", name="Start", exact=True).click()
    for name in TOGETHER:
        state(page, name, "running")


def test_what_others_do_and_crashes_are_told_and_the_list_follows(house: Site, visit: Visitor) -> None:
    page = visit()
    state(page, "app", "running")

    house.configure(**servers(), new=sleeper())
    state(page, "new", "running")
    house.configure(**servers())
    expect(row(page, "new")).to_contain_text("it is gone when it has ended")
    house.order("new", "TERM")
    expect(row(page, "new")).to_have_count(0)

    house.order("chat", "TERM")
    messages = page.get_by_role("region", name="Messages")
    expect(messages).to_contain_text("chat was stopped by somebody at the machine")
    os.kill(house.pid("app"), signal.SIGSEGV)
    expect(messages).to_contain_text("app crashed: was ended by SIGSEGV")
    expect(messages).to_contain_text("app is up again.")
    messages.get_by_role("status").filter(has_text="app is up").get_by_role("button", name="Show").click()
    expect(page.get_by_role("navigation", name="Pages of this server")).to_be_visible()
    house.order("chat", "START")


def test_the_page_says_when_nobody_answers_and_goes_on_by_itself_when_somebody_does(
    house: Site, visit: Visitor, faults: Faults
) -> None:
    faults.allow(LOST)
    page = visit()
    state(page, "app", "running")
    pid = house.pid("app")
    told = page.get_by_text("The connection is cut; what you see may be old.")
    # A supervisor that is stopped does not start the next one.
    house.signal(signal.SIGSTOP)
    try:
        processes.kill(cast("int", house.daemon))
        expect(told).to_be_visible()
        state(page, "app", "running")  # what was known stays
        accessible(page)
        shot(page, "connection-cut")
    finally:
        house.signal(signal.SIGCONT)
    expect(told).to_be_hidden()
    house.until_it_answers()
    house.order("app", "TERM")
    state(page, "app", "stopped")
    page.get_by_role("button", name="Start app").click()
    state(page, "app", "running")
    assert house.pid("app") != pid


def test_who_may_only_look_is_offered_no_more_and_what_is_taken_away_is_gone_at_once(
    house: Site, visit: Visitor, faults: Faults
) -> None:
    faults.allow("status of 401")
    everything = {"permissions": ["server.*"], "servers": ["app", "off"]}
    person(house, "maria", "maria's word", everything)
    page = visit(logged_in=False)
    let_in(house, page.context, "maria", "maria's word")
    page.reload()
    state(page, "app", "running")
    expect(row(page, "chat")).to_have_count(0)
    stop = row(page, "app").get_by_role("button", name="Stop app")
    expect(stop).to_be_visible()

    def may(*grants: object) -> None:
        wish = {"grants": [*grants], "roles": []}
        house.local.patch("/accounts?username=maria", json=wish).raise_for_status()

    may({"permissions": ["server.view"], "servers": ["app", "chat"]})
    expect(stop).to_have_count(0)
    expect(row(page, "app").get_by_role("checkbox")).to_have_count(0)
    expect(row(page, "app").get_by_role("button", name="More for app")).to_be_disabled()
    expect(row(page, "off")).to_have_count(0)
    state(page, "chat", "running")
    may()
    expect(page.get_by_text("There are no servers")).to_be_visible()
