"""Coming in: the password, the second factor, too many attempts, and a session that ends meanwhile."""

import httpx
import pyotp
from playwright.sync_api import Page, expect

from .axe import accessible
from .faults import Faults
from .houses import one_house, same_home
from .people import factor_of, person
from .shots import shot
from .site import Site
from .visitor import Visitor, fits

house = one_house()
home = same_home


def come_in(page: Page, name: str, password: str) -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Log in", exact=True).click()


def test_the_form_is_one_that_password_managers_know(home: Site, visit: Visitor, faults: Faults) -> None:
    faults.allow("status of 401")
    page = visit(logged_in=False)
    name, password = page.get_by_label("Name"), page.get_by_label("Password", exact=True)
    expect(name).to_have_attribute("autocomplete", "username")
    expect(name).to_be_focused()
    expect(password).to_have_attribute("autocomplete", "current-password")
    expect(password).to_have_attribute("type", "password")
    page.get_by_role("button", name="Show password").click()
    expect(password).to_have_attribute("type", "text")
    page.get_by_text("First time here?").click()
    expect(page.get_by_text("holdfast accounts passwd admin")).to_be_visible()
    accessible(page)
    shot(page, "login")
    come_in(page, "admin", "not this")
    expect(page.get_by_role("alert")).to_contain_text("Invalid username or password")
    accessible(page)
    shot(page, "login-refused")
    come_in(page, "admin", home.password)
    expect(page.get_by_role("heading", name="Servers")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Servers")).to_be_visible()  # the session is in a cookie


def test_one_comes_in_by_keyboard_on_a_phone_and_who_logs_out_is_out(
    home: Site, visit: Visitor, faults: Faults
) -> None:
    faults.allow("status of 401")
    page = visit(phone=True, logged_in=False)
    expect(page.get_by_label("Name")).to_be_focused()
    fits(page)
    accessible(page)
    shot(page, "login-phone")
    page.keyboard.type("admin")
    page.keyboard.press("Tab")
    page.keyboard.type(home.password)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Servers")).to_be_visible()
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_label("Password", exact=True)).to_be_visible()
    page.reload()
    expect(page.get_by_label("Password", exact=True)).to_be_visible()


def test_a_second_factor_is_asked_for_and_a_recovery_code_will_do(
    home: Site, visit: Visitor, faults: Faults
) -> None:
    faults.allow("status of 401")
    person(home, "ann", "ann's password", "server.view")
    secret, codes = factor_of(home, "ann")
    page = visit(logged_in=False, phone=True)
    come_in(page, "ann", "ann's password")
    code = page.get_by_label("Code of your second factor")
    expect(code).to_be_focused()
    expect(code).to_have_attribute("autocomplete", "one-time-code")
    fits(page)
    accessible(page)
    shot(page, "login-second-factor-phone")
    code.fill("000000" if pyotp.TOTP(secret).now() != "000000" else "111111")
    page.get_by_role("button", name="Log in", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("code")
    code.fill(codes[0])
    page.get_by_role("button", name="Log in", exact=True).click()
    expect(page.get_by_role("heading", name="Servers")).to_be_visible()


def test_a_session_that_ends_takes_nothing_that_was_typed(home: Site, visit: Visitor, faults: Faults) -> None:
    faults.allow("status of 401|no valid credentials")
    page = visit("#/accounts")
    page.get_by_role("button", name="New account").click()
    form = page.get_by_role("dialog", name="New account")
    expect(form.get_by_label("Name", exact=True)).to_be_focused()
    page.keyboard.type("eve")
    form.get_by_label("New password").fill("eve's password")
    home.local.delete("/sessions?user=admin").raise_for_status()
    again = page.get_by_role("dialog", name="Log in again")
    expect(again).to_be_visible()
    expect(again.get_by_label("Name")).to_have_value("admin")
    expect(again.get_by_label("Password", exact=True)).to_be_focused()
    accessible(page)
    shot(page, "login-again")
    for _ in range(3):  # the browser closes a dialog at the second, whatever the page says
        page.keyboard.press("Escape")
    expect(again).to_be_visible()
    again.get_by_label("Password", exact=True).fill(home.password)
    again.get_by_role("button", name="Log in", exact=True).click()
    expect(again).to_have_count(0)
    home.local.delete("/sessions?user=admin").raise_for_status()
    expect(again).to_be_visible()
    other = page.context.new_page()
    other.goto(home.address)
    come_in(other, "admin", home.password)  # the cookie is that of all tabs
    expect(again).to_have_count(0)
    expect(form.get_by_label("Name", exact=True)).to_have_value("eve")
    form.get_by_role("button", name="Make the account").click()
    expect(page.get_by_role("dialog", name="eve is made")).to_contain_text("eve's password")
    assert "eve" in home.local.get("/accounts").json()


def test_after_too_many_attempts_the_page_counts_down(home: Site, visit: Visitor, faults: Faults) -> None:
    faults.allow("status of 4(01|29)")
    person(home, "bob", "bob's password", "server.view")
    page = visit(logged_in=False)
    with httpx.Client(base_url=home.address, trust_env=False) as stranger:
        while stranger.post("api/login", headers={"Username": "bob", "Password": "x"}).status_code != 429:
            pass
    come_in(page, "bob", "bob's password")
    button = page.get_by_role("button", name="Log in", exact=True)
    expect(page.get_by_role("alert")).to_contain_text("Too many attempts")
    expect(button).to_be_disabled()
    expect(page.get_by_text("You can try again now.")).to_be_visible()
    expect(button).to_be_enabled()
    button.click()
    expect(page.get_by_role("heading", name="Servers")).to_be_visible()
