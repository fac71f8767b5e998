"""The list of servers: it shows what the API says, and follows it whatever happens to the daemon."""

import signal

from playwright.sync_api import Locator, Page, expect

from ..system import processes
from .axe import accessible
from .faults import Faults
from .shots import shot
from .site import Site
from .visitor import fits


def row(page: Page, name: str) -> Locator:
    """Return where a server stands in the list."""
    link = page.get_by_role("link", name=name, exact=True)
    return page.get_by_role("main").locator("li, tr, article").filter(has=link)


def test_the_list_shows_what_runs_and_follows_it(home: Site, page: Page) -> None:
    assert home.servers() == {"app": 1, "chat": 1, "off": 0}
    for name, state in (("app", "running"), ("chat", "running"), ("off", "stopped")):
        expect(row(page, name)).to_contain_text(state)
    fits(page)
    accessible(page)
    shot(page, "servers")
    home.order("app", "KILL")
    expect(row(page, "app")).to_contain_text("stopped")
    home.order("off", "START")
    expect(row(page, "off")).to_contain_text("running")


def test_the_list_fits_a_phone(phone: Page) -> None:
    expect(phone.get_by_role("link", name="app")).to_be_visible()
    fits(phone)
    accessible(phone)
    shot(phone, "servers-phone")


CUT = r"ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE"
"""What Chromium's console tells of requests while no daemon is there."""


def test_a_page_goes_on_by_itself_when_the_daemon_was_killed(home: Site, page: Page, faults: Faults) -> None:
    faults.allow(CUT)
    expect(row(page, "app")).to_contain_text("running")
    daemon = home.daemon
    assert daemon is not None
    processes.kill(daemon)
    home.until_it_answers()
    home.order("app", "KILL")
    expect(row(page, "app")).to_contain_text("stopped")


def test_a_page_says_when_nobody_answers_and_no_more_when_somebody_does(
    home: Site, page: Page, faults: Faults
) -> None:
    faults.allow(CUT)
    told = page.get_by_text("The connection is cut; what you see may be old.")
    expect(row(page, "app")).to_contain_text("running")
    daemon = home.daemon
    assert daemon is not None
    # A supervisor that is stopped does not start the next one.
    home.signal(signal.SIGSTOP)
    try:
        processes.kill(daemon)
        expect(told).to_be_visible()
        expect(row(page, "app")).to_contain_text("running")  # what was known stays
        accessible(page)
        shot(page, "connection-cut")
    finally:
        home.signal(signal.SIGCONT)
    expect(told).to_be_hidden()
    home.order("app", "KILL")
    expect(row(page, "app")).to_contain_text("stopped")
