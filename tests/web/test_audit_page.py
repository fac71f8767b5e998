"""The page of the audit log: sentences, filters in the address, older entries, an export."""

import json

from playwright.sync_api import Page, expect

from .axe import accessible
from .houses import one_house, same_home
from .shots import shot
from .site import Site
from .visitor import Visitor, fits

house = one_house()
home = same_home


def test_who_did_what_is_told_in_sentences_and_can_be_filtered(home: Site, visit: Visitor) -> None:
    home.local.post("/accounts", json={"username": "eve", "password": "eve's password"}).raise_for_status()
    home.local.post("/server/chat", content="TERM").raise_for_status()
    home.remote.post("/login", headers={"Username": "eve", "Password": "wrong"})
    page = visit("#/audit")
    log = page.get_by_role("region", name="Entries")
    expect(log.get_by_text("@local made the account eve")).to_be_visible()
    expect(log.get_by_text("eve tried to log in (failed: wrong password)")).to_be_visible()
    accessible(page)
    shot(page, "audit")
    page.get_by_label("Result").select_option("failed")
    expect(log.get_by_text("made the account")).to_have_count(0)
    expect(log.get_by_text("tried to log in")).to_be_visible()
    assert "result=failed" in page.url
    page.go_back()
    expect(log.get_by_text("@local made the account eve")).to_be_visible()
    page.get_by_label("Action").fill("server")
    page.get_by_label("When").select_option("24h")
    expect(log.get_by_text("made the account")).to_have_count(0)
    expect(log.get_by_text("@local stopped chat")).to_be_visible()
    log.get_by_text("@local stopped chat").click()
    raw = log.get_by_label("The entry as it was written")
    assert json.loads(raw.inner_text())["action"] == "server.stop"
    with page.expect_download() as download:
        page.get_by_role("link", name="Export").click()
    with open(download.value.path(), encoding="utf-8") as file:
        assert {json.loads(line)["action"].split(".")[0] for line in file} == {"server"}


def test_older_entries_come_when_one_scrolls(home: Site, phone: Page) -> None:
    for _ in range(250):
        home.local.get("/config").raise_for_status()
    phone.goto(f"{home.address}#/audit?action=config")
    log = phone.get_by_role("region", name="Entries")
    entries = log.get_by_role("listitem")
    expect(entries).to_have_count(200)
    fits(phone)
    accessible(phone)
    shot(phone, "audit-phone")
    entries.last.scroll_into_view_if_needed()
    expect(entries).to_have_count(250)
    expect(log.get_by_text("250 entries", exact=True)).to_be_visible()
