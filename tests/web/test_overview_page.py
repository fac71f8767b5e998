"""The page of one server in a browser, its schedules, and the machine's page."""

import os
import re
import signal
from typing import cast

from playwright.sync_api import Route, expect

from ..system.house import program, sleeper
from .axe import accessible
from .faults import Faults
from .houses import one_house
from .people import Servers
from .shots import shot
from .site import Site
from .visitor import Visitor, fits

SCHEDULES = {
    "save": {
        "cron": "0 4 * * *",
        "timeZone": "Europe/Berlin",
        "action": "command",
        "command": ["echo", "saved"],
    },
    "never": {"cron": "*/15 * * * *", "action": "stop", "enabled": False},
}

CRASHER = {"command": ["sh", "-c", "read line; echo I cannot go on; exit 3"]}

SERVERS: Servers = {
    "app": sleeper(checks={"up": {"type": "tcp", "address": "127.0.0.1:1", "failures": 1}}),
    "chat": program("echo"),
    "crasher": {**CRASHER, "backoff": {"initial": 600, "cap": 600}},
    "plain": sleeper(),
    "timed": sleeper(schedules=SCHEDULES),
}


house = one_house(SERVERS, usage={"interval": 1})


def test_a_crash_is_shown_with_its_reason_its_last_words_and_the_restart(house: Site, visit: Visitor) -> None:
    page = visit("#/server/crasher")
    how = page.get_by_role("region", name="How it is")
    expect(how).to_contain_text("running")
    history = page.get_by_role("region", name="History")
    expect(history.get_by_role("listitem").first).to_contain_text("running")

    console = house.console("crasher")
    console.type("go")
    console.connection.close()
    expect(how).to_contain_text("exited with code 3")
    expect(how).to_contain_text(re.compile(r"restarts in \d+ min( \d+ s)?, 1 of 5"))
    latest = history.get_by_role("listitem").first
    expect(latest).to_contain_text("exited with code 3")
    latest.get_by_text("Its last 1 line").click()
    expect(latest.get_by_text("I cannot go on")).to_be_visible()
    page.get_by_role("button", name="Start now crasher").click()
    expect(how).to_contain_text("running")
    expect(page.get_by_role("region", name="Facts")).to_contain_text("no. 2")
    accessible(page)
    shot(page, "overview-history")


def test_what_it_uses_is_drawn_and_goes_on(visit: Visitor) -> None:
    page = visit("#/server/app")
    usage = page.get_by_role("region", name="Usage")
    expect(usage.locator("canvas")).to_have_count(4)
    memory = usage.get_by_role("group", name="Memory")
    told = memory.locator("p.hidden")
    expect(told).to_have_text(re.compile(r"Memory: [\d.]+ [KM]iB now, .* on average"))
    expect(memory.locator(".graph-legend b").last).to_have_text(re.compile(r"[KM]iB"))
    checks = page.get_by_role("region", name="Health checks")
    expect(checks).to_contain_text("Connection refused")
    usage.get_by_role("button", name="24 h").click()
    expect(usage.get_by_role("button", name="24 h")).to_have_attribute("aria-pressed", "true")
    accessible(page)
    shot(page, "overview")

    memory.scroll_into_view_if_needed()
    box = memory.locator(".u-over").bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.5, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.7, middle, steps=4)
    page.mouse.up()
    expect(usage.get_by_text("Nothing was measured in this time.").first).to_be_visible()
    usage.get_by_role("button", name="Back to all of it").click()
    expect(usage.get_by_text("Nothing was measured in this time.")).to_have_count(0)

    phone = visit("#/server/app", phone=True)
    expect(phone.locator("canvas")).to_have_count(4)
    fits(phone)
    accessible(phone)
    shot(phone, "overview-phone")


def test_the_page_goes_on_when_the_daemon_was_killed(house: Site, visit: Visitor, faults: Faults) -> None:
    faults.allow(r"WebSocket connection|ERR_CONNECTION|status of 50\d|Failed to load resource")
    page = visit("#/server/chat")
    history = page.get_by_role("region", name="History")
    expect(history.get_by_role("listitem").first).to_contain_text("running")
    os.kill(cast("int", house.daemon), signal.SIGKILL)
    house.until_it_answers()
    house.order("chat", "TERM")
    expect(history.get_by_role("listitem").first).to_contain_text("by somebody at the machine")
    expect(page.get_by_role("region", name="How it is")).to_contain_text("stopped")


def test_what_happens_while_the_history_is_fetched_is_in_it(house: Site, visit: Visitor) -> None:
    page = visit()
    held: list[Route] = []
    page.route("**/server/timed/history*", lambda route: held.append(route))
    page.goto(f"{house.address}#/server/timed")
    how = page.get_by_role("region", name="How it is")
    expect(how).to_contain_text("running")
    house.until(lambda: page.evaluate("() => 1") and held, "the history is asked for")
    answer = held[0].fetch()
    house.order("timed", "TERM")
    expect(how).to_contain_text("stopped")
    held[0].fulfill(response=answer)
    latest = page.get_by_role("region", name="History").get_by_role("listitem").first
    expect(latest).to_contain_text("by somebody at the machine")


def test_a_signal_is_sent_and_a_server_paused(visit: Visitor) -> None:
    page = visit("#/server/plain")
    how = page.get_by_role("region", name="How it is")
    expect(how).to_contain_text("running")
    page.get_by_role("button", name="More for plain").click()
    page.get_by_role("menuitem", name="Pause").click()
    expect(how).to_contain_text("It is paused")
    page.get_by_role("button", name="Resume plain").click()
    expect(how).not_to_contain_text("It is paused")

    page.get_by_role("button", name="More for plain").click()
    page.get_by_role("menuitem", name="Send a signal…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox", name="Signal").fill("USR1")
    dialog.get_by_role("button", name="Send").click()
    history = page.get_by_role("region", name="History")
    expect(history).to_contain_text("SIGUSR1")
    page.get_by_role("button", name="Kill plain").click()
    page.get_by_role("dialog").get_by_role("button", name="Kill").click()
    expect(how).to_contain_text("stopped")


def test_schedules_are_told_in_words_and_run_when_asked(house: Site, visit: Visitor) -> None:
    page = visit("#/server/timed/schedules")
    save = page.get_by_role("region", name="save")
    expect(save).to_contain_text("every day at 04:00")
    expect(save).to_contain_text("time of Europe/Berlin")
    expect(page.get_by_role("region", name="never")).to_contain_text("switched off")
    expect(page.get_by_role("region", name="never")).to_contain_text("every 15 minutes")
    page.get_by_role("button", name="Run now save").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("A command is run in the folder of timed.")
    dialog.get_by_role("button", name="Run now").click()
    expect(save).to_contain_text("done")
    expect(save).to_contain_text("asked for by admin")
    save.get_by_text("What it said").click()
    expect(save.get_by_text("saved")).to_be_visible()
    accessible(page)
    shot(page, "schedules")
    page.goto(f"{house.address}#/server/plain/schedules")
    expect(page.get_by_text("This server has no schedules.")).to_be_visible()


def test_the_machine_is_shown(visit: Visitor) -> None:
    page = visit("#/host")
    expect(page.get_by_role("region", name="Disks").get_by_role("progressbar").first).to_be_visible()
    expect(page.get_by_role("region", name="Machine").get_by_text("Load")).to_be_visible()
    expect(page.locator("canvas").first).to_be_visible()
    accessible(page)
    shot(page, "host")
    phone = visit("#/host", phone=True)
    expect(phone.locator("canvas").first).to_be_visible()
    fits(phone)
    shot(phone, "host-phone")
