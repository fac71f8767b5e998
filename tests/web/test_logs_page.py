"""The page of a server's logs, in front of a program that has said much and one that goes on."""

import os
import re
import signal
from collections.abc import Iterator, Sequence

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from ..system.house import Settings, program
from .axe import accessible
from .faults import Faults
from .shots import shot
from .site import Site
from .visitor import Visitor, fits

LINES = 3000

EARLIER = r"""(before) => [...document.querySelectorAll(".log-row .log-text")]
  .some((row) => /^\d{99}$/.test(row.textContent) && Number(row.textContent) < before)"""


def logged(name: str, *arguments: str, **options: object) -> Settings:
    """Return a server whose output goes to files."""
    return program(name, *arguments, logs={"to": "file"}, **options)


def rows(page: Page) -> Locator:
    """Return the lines that are drawn."""
    return page.locator(".log-row .log-text")


def texts(page: Page) -> Sequence[str]:
    """Return what stands in the lines that are drawn, without having them laid out for it."""
    return rows(page).all_text_contents()


def numbers(page: Page) -> Sequence[int]:
    """Return the numbers that stand in the lines that are drawn."""
    return [int(text) for text in texts(page) if re.fullmatch(r"\d{99}", text)]


def scroll(page: Page, *, up: bool) -> None:
    """Scroll to an end of what is drawn."""
    page.locator(".log-list").evaluate("(list, up) => { list.scrollTop = up ? 0 : list.scrollHeight; }", up)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Site]:
    """One Holdfast for all of these, in which a program has said numbers and has ended, and one counts."""
    house = Site(str(tmp_path_factory.mktemp("house")))
    try:
        house.configure(much=logged("flood", str(LINES), restart="never"), count=logged("ticker"))
        house.start()
        house.until_status("much", 0)
        yield house
    finally:
        house.end()


def test_one_reads_back_to_the_first_line_and_on_to_the_last_without_a_hole(
    house: Site, visit: Visitor
) -> None:
    page = visit("#/server/much/logs")
    expect(rows(page).filter(has_text=f"{LINES - 1:099d}")).to_have_count(1)
    first = numbers(page)[0]
    while first > 0:
        before = first
        scroll(page, up=True)
        page.wait_for_function(EARLIER, arg=before)
        found = numbers(page)
        assert found == list(range(found[0], found[0] + len(found)))
        first = found[0]
    # However much one reads, the page holds a bounded part of it.
    assert rows(page).count() <= 2001
    expect(page.get_by_text("Nothing older is kept.")).to_be_attached()
    last = numbers(page)[-1]
    assert last < LINES - 1
    scroll(page, up=False)
    expect(rows(page).filter(has_text=f"{last + 1:099d}")).to_have_count(1)
    found = numbers(page)
    assert found == list(range(found[0], found[0] + len(found)))
    page.get_by_role("button", name="To the end").click()
    expect(rows(page).filter(has_text=f"{LINES - 1:099d}")).to_be_in_viewport()


def test_lines_are_found_and_seen_among_those_around_them(house: Site, visit: Visitor) -> None:
    page = visit("#/server/much/logs")
    expect(rows(page).filter(has_text=f"{LINES - 1:099d}")).to_have_count(1)
    page.get_by_label("Only lines with").fill("001234")
    expect(rows(page)).to_have_text([f"{1234:099d}"])
    expect(page.locator("mark")).to_have_text(["001234"])
    assert "grep=001234" in page.url
    accessible(page)
    shot(page, "logs-found")
    page.get_by_role("link", name=re.compile("show what stands around")).click()
    here = page.locator(".log-row.here")
    expect(here).to_contain_text(f"{1234:099d}")
    expect(rows(page).filter(has_text=f"{1233:099d}")).to_have_count(1)
    expect(here).to_be_in_viewport()
    found = numbers(page)
    assert found == list(range(found[0], found[0] + len(found)))
    assert found[0] < 1234 < found[-1]
    # The address is that of the line, for others too.
    page.reload()
    expect(here).to_be_in_viewport()
    page.go_back()
    expect(rows(page)).to_have_text([f"{1234:099d}"])
    page.get_by_role("button", name="Regular expression").click()
    page.get_by_label("Only lines with").fill("12[34]4$")
    expect(rows(page)).to_have_text(
        [f"{number:099d}" for number in range(LINES) if re.search("12[34]4$", str(number))]
    )


def test_a_time_is_chosen_and_saved_and_what_makes_no_sense_is_told(
    house: Site, visit: Visitor, faults: Faults
) -> None:
    faults.allow("status of 400")
    page = visit("#/server/much/logs?grep=(&regex=true", phone=True)
    expect(page.get_by_text("grep is no regular expression")).to_be_visible()
    page.get_by_label("Only lines with").fill("")
    expect(rows(page).filter(has_text=f"{LINES - 1:099d}")).to_have_count(1)
    fits(page)
    accessible(page)
    shot(page, "logs-phone")
    page = visit("#/server/much/logs?range=own&from=1000&to=2000")
    expect(page.get_by_text("No line fits.")).to_be_visible()
    expect(page.get_by_role("button", name="Follow")).to_be_disabled()
    accessible(page)
    page.get_by_label("Time").select_option("Last hour")
    expect(rows(page).filter(has_text=f"{LINES - 1:099d}")).to_have_count(1)
    page.get_by_label("Only lines with").fill(f"{12:099d}")
    expect(rows(page)).to_have_count(1)
    with page.expect_download() as saved:
        page.get_by_role("button", name="Download").click()
    with open(saved.value.path(), encoding="ascii") as file:
        text = file.read()
    assert text.endswith(f"{12:099d}\n")
    assert text.count("\n") == 1


def test_what_comes_is_followed_through_the_death_of_the_daemon(
    house: Site, visit: Visitor, faults: Faults
) -> None:
    faults.allow(r"WebSocket|ERR_|status of 50\d")
    page = visit("#/server/count/logs")
    later = """(seen) => [...document.querySelectorAll(".log-row .log-text")]
      .some((row) => Number(/^tick (\\d+)$/.exec(row.textContent)?.[1] ?? 0) > seen)"""
    page.wait_for_function(later, arg=20)
    daemon = house.daemon
    assert daemon is not None
    os.kill(daemon, signal.SIGKILL)
    house.until(lambda: house.daemon not in (None, daemon), "another daemon")
    house.until_it_answers()
    seen = ticks(page)[-1]
    page.wait_for_function(later, arg=seen + 20)
    found = ticks(page)
    assert found == list(range(found[0], found[0] + len(found)))
    # It is the end that is seen; who stops it sees it stand still.
    expect(rows(page).last).to_be_in_viewport()
    page.get_by_role("button", name="Follow").click()
    expect(page.get_by_role("button", name="Follow")).to_have_attribute("aria-pressed", "false")
    shot(page, "logs")


def ticks(page: Page) -> list[int]:
    """Return the numbers that the lines have."""
    return [int(text.split()[1]) for text in texts(page) if text.startswith("tick ")]
