"""The pages of keys, shares, sessions and notifications."""

import os

import httpx
from playwright.sync_api import Page, expect

from .axe import accessible
from .faults import Faults
from .houses import one_house, same_home
from .shots import shot
from .site import Site
from .visitor import Visitor, fits

TARGETS = {
    "good": {"type": "command", "command": ["/bin/true"], "on": ["crashed"], "servers": ["mc-*"]},
    "bad": {"type": "command", "command": ["/bin/false"], "retries": 0},
}


house = one_house(notifications={"targets": TARGETS})
home = same_home


def test_a_key_is_shown_once_and_opens_what_it_should(home: Site, page: Page) -> None:
    page.goto(f"{home.address}#/keys")
    page.get_by_role("button", name="New API key").click()
    form = page.get_by_role("dialog", name="New API key")
    form.get_by_label("What it is for").fill("backup")
    form.get_by_role("button", name="Add a grant").click()
    form.get_by_label("see a server, how it is and why").check()
    form.get_by_label("Good for").select_option("week")
    form.get_by_role("button", name="Make the key").click()
    made = page.get_by_role("dialog", name="The key backup")
    key = made.get_by_label("Key", exact=True).inner_text()
    expect(made.get_by_label("To try it")).to_contain_text(
        f'curl {home.address}api/servers -H "X-API-Key: {key}"'
    )
    made.get_by_role("button", name="Copy", exact=True).first.click()
    expect(made.get_by_text("Copied.")).to_be_visible()
    accessible(page)
    made.get_by_role("button", name="I have kept it").click()
    with httpx.Client(base_url=f"{home.address}api", headers={"X-API-Key": key}, trust_env=False) as program:
        assert set(program.get("/servers").json()["servers"]) == {"app", "chat", "off"}
        assert program.get("/config").status_code == 403
        page.reload()
        expect(page.get_by_text("just now from 127.0.0.1")).to_be_visible()
        accessible(page)
        shot(page, "keys")
        page.get_by_role("button", name="Delete the key backup").click()
        page.get_by_role("dialog").get_by_role("button", name="Delete").click()
        expect(page.get_by_text("You have no API keys.")).to_be_visible()
        assert program.get("/servers").status_code == 401


def test_a_shared_file_is_read_by_its_link_until_the_share_ends(home: Site, page: Page) -> None:
    with open(os.path.join(home.path("programs", "app"), "map #1.txt"), "w", encoding="utf-8") as file:
        file.write("here")
    page.goto(f"{home.address}#/shares?new=file&server=app&path=map%20%231.txt")
    page.get_by_role("dialog").get_by_role("button", name="Make the link").click()
    dialog = page.get_by_role("dialog", name="The link")
    link = dialog.get_by_label("Link", exact=True).inner_text()
    accessible(page)
    dialog.get_by_role("button", name="I have kept it").click()
    assert httpx.get(link, trust_env=False).text == "here"
    accessible(page)
    shot(page, "shares")
    page.get_by_role("button", name="End the share").click()
    page.get_by_role("dialog").get_by_role("button", name="End", exact=True).click()
    expect(page.get_by_text("You share nothing.")).to_be_visible()
    assert httpx.get(link, trust_env=False).status_code == 401


def test_a_shared_console_is_read_along_without_an_account(
    home: Site, visit: Visitor, faults: Faults
) -> None:
    faults.allow("status of 401")
    page = visit("#/shares")
    page.get_by_role("button", name="New share").click()
    form = page.get_by_role("dialog", name="New share")
    form.get_by_label("What is shared").select_option("console")
    form.get_by_label("Server", exact=True).select_option("chat")
    accessible(page)
    form.get_by_role("button", name="Make the link").click()
    dialog = page.get_by_role("dialog", name="The link")
    link = dialog.get_by_label("Link", exact=True).inner_text()
    dialog.get_by_role("button", name="I have kept it").click()
    guest = visit(link.removeprefix(home.address), phone=True, logged_in=False)
    expect(guest.get_by_text("Live", exact=True)).to_be_visible()
    console = home.console("chat")
    console.type("hello to all")
    console.until("hello to all")
    console.connection.close()
    output = guest.get_by_role("region", name="Output")
    expect(output.get_by_text("hello to all").first).to_be_attached()
    fits(guest)
    accessible(guest)
    shot(guest, "shared-console-phone")
    page.get_by_role("button", name="End the share").click()
    page.get_by_role("dialog").get_by_role("button", name="End", exact=True).click()
    expect(guest.get_by_text("has ended the share")).to_be_visible()
    guest.reload()
    expect(guest.get_by_text("This link is good for nothing")).to_be_visible()


def test_sessions_are_ended_one_by_one_and_all_others_at_once(
    home: Site, visit: Visitor, faults: Faults
) -> None:
    faults.allow("status of 401")
    home.local.delete("/sessions?user=admin").raise_for_status()
    page, others = visit("#/sessions"), [visit("#/account"), visit(phone=True)]
    expect(others[0].get_by_role("heading", name="admin")).to_be_visible()
    page.reload()
    entries = page.get_by_role("listitem").filter(has=page.get_by_role("heading", name="Chrom"))
    expect(entries.first).to_contain_text("this device")
    expect(entries).to_have_count(3)
    accessible(page)
    shot(page, "sessions")
    page.get_by_role("button", name="End all others").click()
    page.get_by_role("dialog").get_by_role("button", name="End", exact=True).click()
    expect(entries).to_have_count(1)
    for other in others:
        expect(other.get_by_role("dialog", name="Log in again")).to_be_visible()
    entries.first.get_by_role("button", name="Log out").click()
    question = page.get_by_role("dialog")
    expect(question).to_contain_text("the session of this page")
    question.get_by_role("button", name="End", exact=True).click()
    expect(page.get_by_role("form", name="Log in")).to_be_visible()


def test_targets_are_tested_and_what_comes_of_it_is_said(home: Site, visit: Visitor) -> None:
    page = visit("#/notifications", phone=True)
    page.get_by_role("button", name="Test good").click()
    expect(page.get_by_text("The command has taken the test (exit code 0).")).to_be_visible()
    page.get_by_role("button", name="Test bad").click()
    expect(page.get_by_text("The test has not arrived")).to_be_visible()
    fits(page)
    accessible(page)
    shot(page, "notifications-phone")
