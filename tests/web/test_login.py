"""Coming in: by name and password, with a second factor, and what is said to who gets it wrong."""

import time

from playwright.sync_api import Page, expect

from .axe import accessible
from .faults import Faults
from .shots import shot
from .site import Site
from .visitor import Visitor, fits

OUT = r"status of 401"
"""Chromium's console tells of each refusal; a login begins with one, and a wrong password is another."""


def fill(page: Page, password: str) -> None:
    page.get_by_label("Name").fill("admin")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()


def test_the_right_password_opens_the_list_of_servers_and_a_wrong_one_is_told(
    home: Site, visit: Visitor, faults: Faults
) -> None:
    faults.allow(OUT)
    page = visit(logged_in=False)
    accessible(page)
    fits(page)
    shot(page, "login")
    fill(page, "wrong")
    expect(page.get_by_role("alert")).to_have_text("Invalid username or password!")
    accessible(page)
    shot(page, "login-refused")
    fill(page, home.password)
    expect(page.get_by_role("link", name="app")).to_be_visible()
    page.reload()
    expect(page.get_by_role("link", name="app")).to_be_visible()  # the session is in a cookie


def test_a_login_is_made_by_keyboard_and_fits_a_phone(home: Site, visit: Visitor, faults: Faults) -> None:
    faults.allow(OUT)
    page = visit(phone=True, logged_in=False)
    expect(page.get_by_label("Name")).to_be_focused()
    fits(page)
    accessible(page)
    shot(page, "login-phone")
    page.keyboard.type("admin")
    page.keyboard.press("Tab")
    page.keyboard.type(home.password)
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="app")).to_be_visible()


def test_a_second_factor_is_asked_for_when_it_is_needed(home: Site, visit: Visitor, faults: Faults) -> None:
    faults.allow(OUT)
    device = home.turn_on_factor()
    page = visit(logged_in=False)
    fill(page, home.password)
    code = page.get_by_label("Code of your second factor")
    expect(code).to_be_focused()
    accessible(page)
    shot(page, "login-factor")
    near = {device.at(int(time.time()) + ahead * device.interval) for ahead in range(-3, 4)}
    code.fill(next(wrong for wrong in map("{:06}".format, range(100)) if wrong not in near))
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("The code of your second factor is wrong!")
    code.fill(device.now())
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="app")).to_be_visible()


def test_who_logs_out_is_out(page: Page, faults: Faults) -> None:
    faults.allow(OUT)
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_label("Password")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Password")).to_be_visible()
