"""One's own account: what one may, another password, the second factor."""

import pyotp
from playwright.sync_api import Page, expect

from .axe import accessible
from .faults import Faults
from .houses import one_house, same_home
from .people import let_in, person
from .shots import shot
from .site import Site
from .visitor import Visitor, fits

PASSWORD = "ann's password"


house = one_house()
home = same_home


def own(home: Site, visit: Visitor, faults: Faults, name: str, *, phone: bool = False) -> Page:
    faults.allow("status of 401")
    person(home, name, PASSWORD, "audit.view", {"permissions": ["server.view"], "servers": ["app"]})
    page = visit(logged_in=False, phone=phone)
    let_in(home, page.context, name, PASSWORD)
    page.goto(f"{home.address}#/account")
    page.reload()
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    return page


def test_one_sees_what_one_may(home: Site, visit: Visitor, faults: Faults) -> None:
    page = own(home, visit, faults, "ann")
    expect(page.get_by_text("Everywhere: read the audit log")).to_be_visible()
    expect(page.get_by_text("On app: see servers")).to_be_visible()
    page.get_by_label("Light or dark").select_option("light")
    shot(page, "account-light")
    page.get_by_label("Light or dark").select_option("system")
    accessible(page)


def test_a_new_password_is_said_to_end_the_session_and_does(
    home: Site, visit: Visitor, faults: Faults
) -> None:
    faults.allow("status of 403")
    page = own(home, visit, faults, "bob")
    page.get_by_label("Old password").fill("not this")
    page.get_by_label("New password").fill("ann's new password")
    page.get_by_role("button", name="Change password").click()
    page.get_by_role("dialog").get_by_role("button", name="Change password").click()
    expect(page.get_by_role("alert")).to_contain_text("old password is wrong")
    page.get_by_label("Old password").fill(PASSWORD)
    page.get_by_role("button", name="Change password").click()
    question = page.get_by_role("dialog")
    expect(question).to_contain_text("ends all your sessions")
    question.get_by_role("button", name="Change password").click()
    expect(page.get_by_text("The password is changed.")).to_be_visible()
    page.get_by_label("Name").fill("bob")
    page.get_by_label("Password", exact=True).fill("ann's new password")
    page.get_by_role("button", name="Log in", exact=True).click()
    expect(page.get_by_role("heading", name="bob")).to_be_visible()


def test_a_second_factor_is_turned_on_renewed_and_turned_off(
    home: Site, visit: Visitor, faults: Faults
) -> None:
    faults.allow("status of 403")
    page = own(home, visit, faults, "cleo", phone=True)
    page.get_by_role("button", name="Turn on").click()
    dialog = page.get_by_role("dialog", name="Turn on")
    dialog.get_by_label("Your password").fill(PASSWORD)
    dialog.get_by_role("button", name="Next").click()
    expect(dialog.get_by_role("img", name="QR code")).to_be_visible()
    totp = pyotp.TOTP(dialog.get_by_label("Secret", exact=True).inner_text().replace(" ", ""))
    fits(page)
    accessible(page)
    shot(page, "second-factor-phone")
    code = totp.now()
    wrong = "000000" if code != "000000" else "111111"
    dialog.get_by_label("Code", exact=True).fill(wrong)
    dialog.get_by_role("button", name="Turn on").click()
    expect(dialog.get_by_role("alert")).to_be_visible()
    dialog.get_by_label("Code", exact=True).fill(f"{code[:3]} {code[3:]}")
    dialog.get_by_role("button", name="Turn on").click()
    shown = page.get_by_role("dialog", name="Recovery codes")
    expect(shown.get_by_role("listitem")).to_have_count(10)
    codes = [one.inner_text() for one in shown.get_by_role("listitem").all()]
    accessible(page)
    with page.expect_download() as download:
        shown.get_by_role("button", name="Save as a file").click()
    with open(download.value.path(), encoding="utf-8") as file:
        assert file.read().endswith("\n".join([*codes, ""]))
    shown.get_by_role("button", name="I have kept it").click()
    expect(page.get_by_text("10 recovery codes left.")).to_be_visible()

    page.get_by_role("button", name="New recovery codes").click()
    dialog = page.get_by_role("dialog", name="New recovery codes")
    dialog.get_by_label("Your password").fill(PASSWORD)
    dialog.get_by_label("Code", exact=True).fill(codes[0])
    dialog.get_by_role("button", name="New recovery codes").click()
    shown = page.get_by_role("dialog", name="Recovery codes")
    expect(shown.get_by_text(codes[1])).to_have_count(0)
    fresh = shown.get_by_role("listitem").first.inner_text()
    shown.get_by_role("button", name="I have kept it").click()

    page.get_by_role("button", name="Turn off").click()
    dialog = page.get_by_role("dialog", name="Turn off")
    dialog.get_by_label("Your password").fill(PASSWORD)
    dialog.get_by_label("Code", exact=True).fill(fresh)
    dialog.get_by_role("button", name="Turn off").click()
    expect(page.get_by_role("button", name="Turn on")).to_be_visible()
    accounts = home.local.get("/accounts?extrainfo=true").json()["accounts"]
    assert accounts["cleo"]["secondFactor"] is False
