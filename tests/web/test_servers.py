"""The list of servers: it shows what the API says, and follows it whatever happens to the daemon."""

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


def test_a_daemon_that_is_killed_is_told_of_and_back_by_itself(
    home: Site, page: Page, faults: Faults
) -> None:
    faults.allow(
        r"ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE"
    )
    expect(row(page, "app")).to_contain_text("running")
    daemon = home.daemon
    assert daemon is not None
    processes.kill(daemon)
    home.until_it_answers()
    home.order("app", "KILL")
    expect(row(page, "app")).to_contain_text("stopped")
