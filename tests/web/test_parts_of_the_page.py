"""Parts of the page that are loaded when they are first shown: what becomes of it when they cannot be."""

from playwright.sync_api import Page, expect

from .faults import Faults


def test_a_part_that_cannot_be_loaded_says_why_and_never_costs_the_page_that_is_there(
    page: Page, faults: Faults
) -> None:
    faults.allow(r"ERR_INTERNET_DISCONNECTED|status of 404|MIME type|WebSocket connection")
    page.goto(page.url.split("#")[0] + "#/server/app")
    expect(page.get_by_role("heading", name="app", exact=True)).to_be_visible()
    page.context.set_offline(True)
    page.get_by_role("link", name="Schedules").click()
    expect(page.get_by_text("Holdfast does not answer.").first).to_be_visible()
    # To load the page anew would put the browser's own in its place.
    again = page.get_by_role("main").get_by_role("button", name="Try again")
    again.click()
    expect(page.get_by_role("heading", name="app", exact=True)).to_be_visible()
    page.context.set_offline(False)
    again.click()
    expect(page.get_by_text("This server has no schedules.")).to_be_visible()
    # After an upgrade other files are there.
    page.route("**/assets/*.js", lambda route: route.fulfill(status=404, body="{}"))
    page.get_by_role("link", name="Logs").click()
    expect(page.get_by_text("Holdfast may have been upgraded")).to_be_visible()
    page.unroute_all()
    again.click()
    expect(page.get_by_role("searchbox").first).to_be_visible()


def test_an_address_that_is_no_page_says_so_whatever_it_is_called(page: Page) -> None:
    for name in ("nowhere", "constructor", "__proto__"):
        page.goto(f"{page.url.split('#')[0]}#/{name}")
        expect(page.get_by_text("There is no such page.")).to_be_visible()
