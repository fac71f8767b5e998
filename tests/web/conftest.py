"""A browser in front of `holdfast run`. How to write a test of a page:

    from playwright.sync_api import Page, expect
    from .axe import accessible          # nothing against WCAG AA, light and dark
    from .shots import shot              # pictures, kept in build/screenshots (HOLDFAST_SHOTS)
    from .visitor import Visitor, fits   # fits(page): nobody has to scroll sideways

    def test_the_list_shows_what_runs(home: Site, page: Page) -> None:
        expect(page.get_by_role("link", name="app")).to_be_visible()
        accessible(page)
        shot(page, "servers")

The fixtures:

    house    a `Site`, not started: `house.configure(name=program("echo"), …)`, then `house.start()`
    home     a `house` that runs `app` (does nothing), `chat` (says back what it is told), and has `off`
    town     a `house` for the tests of several modules, which is quicker: it runs `app`, and `other` is off;
             a module takes it by a fixture `house` of its own that returns `town`; its folders are as the
             test before has left them
    visit    `visit("#/server/app/files")` opens a page of `house`: logged in, 1280x800, dark, without motion;
             `visit(phone=True)`: 390x844 with touch; `visit(logged_in=False)`; each in a browser of its own
    page     `visit()` of `home`
    phone    `visit(phone=True)` of `home`
    faults   `faults.allow(r"status of 401")`: without it a test fails whose page had an error in its console,
             an exception that nobody caught, or something that the Content-Security-Policy forbade

A refused or unreachable request is an error in Chromium's console as well: allow what your test provokes.
Wait for conditions, with `expect(…)`, `page.wait_for_function(…)` or `house.until(…)`; never for time. What a
page looked like when its test failed is kept beside the pictures: `failed-….png`, `.html`, and the console.

Without Chromium or without a built page the tests are skipped, unless HOLDFAST_PAGE_TESTS=required.
`scripts/webui.py build` builds the page; the tests take daemon/webui as it is.
"""

from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from ..system.house import program, sleeper
from .faults import Faults
from .shots import forget_failures
from .site import Site
from .visitor import PATIENCE, Visitor, launched

FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let fixtures know at the end whether the test has failed."""
    report = yield
    if report.failed:
        item.stash[FAILED] = True
    return report


@pytest.fixture(autouse=True)
def _never_blocks_the_loop() -> None:
    """Nothing: in place of the fixture of all tests.

    Playwright runs an event loop of its own inside a greenlet and leaves it in the middle of a callback,
    which then takes as long as the test does something else. There is no loop of ours in these tests.
    """


@pytest.fixture(scope="package")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Chromium, for all tests of this folder; not longer, or no other test could run an event loop."""
    expect.set_options(timeout=PATIENCE)
    forget_failures()
    with sync_playwright() as playwright:
        browser = launched(playwright, str(tmp_path_factory.mktemp("browser")))
        yield browser
        browser.close()


@pytest.fixture
def faults() -> Faults:
    """What goes wrong on the pages of a test."""
    return Faults()


@pytest.fixture
def house(tmp_path: Path, browser: Browser) -> Iterator[Site]:  # without a browser there is nothing to start
    """Holdfast on free ports, not started yet; at the end it is stopped, and nothing may be left of it."""
    house = Site(str(tmp_path))
    try:
        yield house
    finally:
        house.end()


@pytest.fixture(scope="package")
def town(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Site]:
    """A Holdfast for all tests that leave nothing behind but files; see above."""
    town = Site(str(tmp_path_factory.mktemp("town")))
    try:
        town.configure(app=sleeper(), other=sleeper(enabled=False))
        town.start()
        yield town
    finally:
        town.end()


@pytest.fixture
def home(house: Site) -> Site:
    """Holdfast with three servers, of which two run."""
    house.configure(app=sleeper(), chat=program("echo"), off=sleeper(enabled=False))
    house.start()
    house.until_status("chat", 1)
    return house


@pytest.fixture
def visit(browser: Browser, house: Site, faults: Faults, request: pytest.FixtureRequest) -> Iterator[Visitor]:
    """Opens pages; at the end they are closed, and nothing may have gone wrong on them."""
    visitor = Visitor(browser, house, faults)
    try:
        yield visitor
        visitor.leave(request.node.name if FAILED in request.node.stash else None)
    finally:
        visitor.close()


@pytest.fixture
def page(home: Site, visit: Visitor) -> Page:
    """The page of `home`, on a desk."""
    return visit()


@pytest.fixture
def phone(home: Site, visit: Visitor) -> Page:
    """The page of `home`, on a phone."""
    return visit(phone=True)
