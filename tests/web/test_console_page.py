"""The page of a console, in front of programs that talk, count, flood, and have a terminal."""

import os
import re
import signal
from collections.abc import Iterator, Sequence
from typing import cast

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from ..system.house import Settings, program, sleeper
from .axe import accessible
from .faults import Faults
from .people import let_in, person
from .shots import shot
from .site import Site
from .visitor import Visitor, fits

ANSWERED = """() => {
  window.frames_ = 0;
  const frame = () => { window.frames_ += 1; requestAnimationFrame(frame); };
  requestAnimationFrame(frame);
}"""

COPY = (
    "() => { navigator.clipboard.writeText = (text) => { window.copied = text; return Promise.resolve(); }; }"
)

BY = "\N{MULTIPLICATION SIGN}"

KEYBOARD = """(height) => {
  Object.defineProperty(visualViewport, "height", { configurable: true, get: () => height });
  visualViewport.dispatchEvent(new Event("resize"));
}"""
"""A keyboard that leaves so many pixels; a browser without a phone has none to open."""

BOTTOM = "(element) => element.getBoundingClientRect().bottom"

AWAY = r"WebSocket|ERR_|status of 50\d"
"""What Chromium says of a daemon that is away."""

NUMBERS = 100_000

COUNTS = f"echo ready; while [ ! -e go ]; do sleep 0.01; done; seq {NUMBERS}; exec sleep 1000"


def servers() -> dict[str, Settings]:
    """Return what runs: one server for each test, so that none sees what another was told."""
    return {
        "chat": program("echo"),
        "many": program("echo"),
        "seen": program("echo"),
        "off": sleeper(enabled=False),
        "flood": program("flood", "1000000", enabled=False, restart="never"),
        "count": program("ticker"),
        "late": {"command": ["/bin/sh", "-c", COUNTS], "scrollbackBytes": 10_000},
        "term": program("pty_echo", "raw", terminal=True),
        "asks": program("asker", terminal=True),
        "gone": program("echo"),
    }


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Site]:
    """One Holdfast for all of these; without a browser there is nothing to start."""
    house = Site(str(tmp_path_factory.mktemp("house")))
    try:
        house.configure(**servers())
        house.start()
        yield house
    finally:
        house.end()


def line(page: Page) -> Locator:
    """Return the line that one types."""
    return page.locator(".console-line input")


def said(page: Page) -> Locator:
    """Return what is seen of the output."""
    return page.locator(".xterm-rows")


def everything(page: Page) -> Sequence[str]:
    """Return all lines that the terminal keeps, as the page copies them."""
    page.evaluate(COPY)
    page.get_by_role("button", name="Copy what is selected").click()
    page.wait_for_function("() => window.copied !== undefined")
    return cast(
        "str", page.evaluate("() => { const all = window.copied; delete window.copied; return all; }")
    ).split("\n")


def test_what_is_typed_is_given_to_the_program_and_kept_in_a_history(house: Site, visit: Visitor) -> None:
    page = visit("#/server/chat/console")
    expect(said(page)).to_contain_text("ready")
    for text in ("hello world", "list players", " secret"):
        line(page).fill(text)
        line(page).press("Enter")
        expect(said(page)).to_contain_text(f"echo: {text}")
    expect(line(page)).to_have_value("")
    # What begins with a blank is not kept.
    line(page).press("ArrowUp")
    expect(line(page)).to_have_value("list players")
    line(page).press("ArrowUp")
    expect(line(page)).to_have_value("hello world")
    line(page).press("ArrowDown")
    line(page).press("ArrowDown")
    expect(line(page)).to_have_value("")
    # It goes on from what is typed, completes words, and is searched.
    line(page).press_sequentially("hel")
    line(page).press("ArrowRight")
    expect(line(page)).to_have_value("hello world")
    line(page).fill("say pla")
    line(page).press("Tab")
    expect(line(page)).to_have_value("say players")
    line(page).fill("wor")
    line(page).press("Control+r")
    expect(page.get_by_role("option", name="hello world")).to_be_visible()
    line(page).press("Enter")
    expect(line(page)).to_have_value("hello world")
    accessible(page)
    shot(page, "console")
    # The history is there again in another page, and what was not sent.
    page.reload()
    expect(said(page)).to_contain_text("echo: hello world")
    expect(line(page)).to_have_value("hello world")
    line(page).fill("")
    line(page).press("ArrowUp")
    expect(line(page)).to_have_value("list players")
    # Of what a program says, nothing but colour counts.
    title = page.title()
    line(page).fill(
        "before \x1b]0;gotcha\x07\x1b]52;c;aGk=\x07\x1b[?1049h\x1bc\x1b[3J\x1b[31mred\x1b[0m after"
    )
    line(page).press("Enter")
    expect(said(page)).to_contain_text("echo: before red after")
    expect(said(page)).to_contain_text("ready")
    assert page.title() == title
    # Nor does a little of it make the page work for long, or all that follows unreadable.
    for often in ("A\x1b[2000000000b", *(f"\x1b[2000000000{final}" for final in "ILMSTZ")):
        line(page).fill(often)
        line(page).press("Enter")
    line(page).fill("\x1b(0\x1b)0\x0e\x1b[4h\x1b#8\x1b[H\x1b[2Jit can be read")
    line(page).press("Enter")
    expect(said(page)).to_contain_text("echo: it can be read")
    expect(said(page)).to_contain_text("ready")


def test_several_lines_that_are_pasted_are_asked_about_and_sent_in_their_order(
    house: Site, visit: Visitor
) -> None:
    page = visit("#/server/many/console")
    expect(said(page)).to_contain_text("ready")
    line(page).evaluate(
        """(field, text) => {
          const clipboardData = new DataTransfer();
          clipboardData.setData("text/plain", text);
          const paste = { clipboardData, bubbles: true, cancelable: true };
          field.dispatchEvent(new ClipboardEvent("paste", paste));
        }""",
        "".join(f"number {number}\n" for number in range(200)),
    )
    dialog = page.get_by_role("dialog", name="Send 200 lines?")
    accessible(page)
    dialog.get_by_role("button", name="Send 200 lines").click()
    expect(said(page)).to_contain_text("echo: number 199")
    echoes = [text for text in everything(page) if text.startswith("echo: number")]
    assert echoes == [f"echo: number {number}" for number in range(200)]
    # A huge line, and what makes no text, are drawn, and searched.
    page.set_viewport_size({"width": 400, "height": 800})
    for much in ("y" * 900_000, "\x7f" * 2000):
        line(page).fill(much)
        line(page).press("Enter")
    line(page).fill("still here")
    line(page).press("Enter")
    expect(said(page)).to_contain_text("echo: still here")
    page.get_by_role("button", name="Search in the output").click()
    page.get_by_role("searchbox", name="Search in the output").fill("yyyyyyy")
    expect(page.get_by_text(re.compile("^2,?000 found|of 2,?000"))).to_be_visible()
    page.keyboard.press("Escape")
    # In full screen the keyboard reaches nothing that is covered.
    page.get_by_role("button", name="Full screen").click()
    expect(page.get_by_role("button", name="Leave full screen")).to_be_visible()
    tab = page.get_by_role("link", name="Overview")
    tab.evaluate("(link) => link.focus()")
    expect(tab).not_to_be_focused()
    page.get_by_role("button", name="Leave full screen").click()
    tab.focus()
    expect(tab).to_be_focused()


def test_who_may_only_look_is_told_so(house: Site, visit: Visitor, faults: Faults) -> None:
    faults.allow("status of 401")
    person(house, "eve", "correct horse", "server<seen>.view", "server<seen>.console.view")
    page = visit(logged_in=False)
    let_in(house, page.context, "eve", "correct horse")
    page.goto(f"{house.address}#/server/seen/console")
    page.reload()
    expect(said(page)).to_contain_text("ready")
    expect(page.get_by_text("read-only")).to_be_visible()
    expect(line(page)).to_be_disabled()
    expect(page.get_by_role("button", name="Stop seen")).to_have_count(0)
    accessible(page)
    shot(page, "console-read-only")
    # Who may not even look any more is told that, and not that there is no such page.
    wish = {"grants": ["server<seen>.view"]}
    house.local.patch("/accounts", params={"username": "eve"}, json=wish).raise_for_status()
    expect(page.get_by_text("You are not permitted to see this.")).to_be_visible()


def test_a_line_that_no_program_takes_is_told_and_not_lost(house: Site, visit: Visitor) -> None:
    page = visit("#/server/off/console", phone=True)
    expect(page.get_by_text("The server does not run.")).to_be_visible()
    line(page).fill("hello")
    line(page).press("Enter")
    expect(page.get_by_text("The input was not taken")).to_be_visible()
    page.get_by_role("button", name="Take into the input").click()
    expect(line(page)).to_have_value("hello")
    fits(page)
    accessible(page)
    shot(page, "console-phone")
    # It is there again on a page that was loaded anew, and seen above the keyboard of a phone.
    page.reload()
    expect(line(page)).to_have_value("hello")
    page.evaluate(KEYBOARD, 500)
    assert page.get_by_role("button", name="Send").evaluate(BOTTOM) <= 500
    shot(page, "console-phone-keyboard")
    page.evaluate(KEYBOARD, 844)
    page.wait_for_function(
        "(line) => line.getBoundingClientRect().bottom > 700", arg=line(page).element_handle()
    )
    # Whoever is next in this tab does not see it.
    page.evaluate("() => { window.same = true; }")
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("button", name="Log out").click()
    page.get_by_role("textbox", name="Name").fill("admin")
    page.get_by_role("textbox", name="Password").fill(house.password)
    page.get_by_role("button", name="Log in", exact=True).click()
    page.goto(f"{house.address}#/server/off/console")
    expect(page.get_by_text("The server does not run.")).to_be_visible()
    expect(line(page)).to_have_value("")
    assert page.evaluate("() => window.same")


def test_a_flood_of_a_million_lines_leaves_the_page_answering(house: Site, visit: Visitor) -> None:
    page = visit("#/server/flood/console")
    expect(page.get_by_role("button", name="Start flood")).to_be_enabled()
    page.evaluate(ANSWERED)
    page.get_by_role("button", name="Start flood").click()
    expect(said(page)).to_contain_text("0000")
    # While it floods, a click and a key do what they should.
    page.get_by_role("button", name="Search in the output").click()
    field = page.get_by_role("searchbox", name="Search in the output")
    field.fill("nowhere")
    expect(field).to_have_value("nowhere")
    expect(page.get_by_text("nothing found")).to_be_visible()
    field.press("Escape")
    expect(field).to_have_count(0)
    expect(said(page)).to_contain_text(f"{999_999:099d}", timeout=60_000)
    assert cast("int", page.evaluate("() => window.frames_")) > 10
    # Each line follows on the one before, but where it is said that some are missing.
    last, told = None, 0
    for text in everything(page):
        if "missing here" in text or "skipped here" in text:
            last, told = None, told + 1
        elif re.fullmatch(r"\d{99}", text):
            assert last is None or int(text) == last + 1, text
            last = int(text)
    assert last == 999_999
    shot(page, "console-flood")


def test_a_daemon_that_is_killed_costs_no_line_and_shows_none_twice(
    house: Site, visit: Visitor, faults: Faults
) -> None:
    faults.allow(AWAY)
    page = visit("#/server/count/console")
    expect(said(page)).to_contain_text("tick")
    other = visit("#/server/late/console")
    expect(said(other)).to_contain_text("ready")
    line(page).fill("not sent yet")
    for _ in range(2):
        daemon = house.daemon
        assert daemon is not None
        os.kill(daemon, signal.SIGKILL)
        with open(house.path("programs", "late", "go"), "w", encoding="ascii"):
            pass  # while nobody listens, it says more than is kept
        until_replaced(house, daemon)
        seen = max(ticks(page))
        page.wait_for_function(
            """(seen) => [...document.querySelector(".xterm-rows").textContent.matchAll(/tick (\\d+)/g)]
              .some((found) => Number(found[1]) > seen + 20)""",
            arg=seen,
        )
    found = ticks(page)
    assert found == list(range(found[0], found[0] + len(found)))
    expect(line(page)).to_have_value("not sent yet")
    # What the server does not keep any more is told to be missing, at its place, and what follows is whole.
    expect(said(other)).to_contain_text(f"{NUMBERS}")
    ready, gap, *rest = [text for text in everything(other) if not text.startswith("[Octyne]")]
    assert ready == "ready"
    assert re.fullmatch("── .* of output are missing here: .* ──", gap), gap
    numbers = [int(text) for text in rest if text.isdigit()][1:]  # the first may be the end of one
    assert numbers == list(range(NUMBERS + 1 - len(numbers), NUMBERS + 1))
    shot(other, "console-gap")


def until_replaced(house: Site, gone: int) -> None:
    """Wait until another daemon answers."""
    house.until(lambda: house.daemon not in (None, gone), "another daemon")
    house.until_it_answers()


def ticks(page: Page) -> list[int]:
    """Return the numbers that the terminal has, in its order."""
    return [int(text.split()[1]) for text in everything(page) if re.fullmatch(r"tick \d+", text)]


def test_a_program_in_a_terminal_gets_keys_and_its_size(house: Site, visit: Visitor) -> None:
    page = visit("#/server/term/console")
    expect(said(page)).to_contain_text("size 24x80")
    sizes = page.locator(".console-about")
    expect(sizes).not_to_contain_text(f"80 {BY} 24")
    page.locator(".xterm").click()
    page.keyboard.type("x")
    expect(said(page)).to_contain_text("heard b'x'")
    page.keyboard.press("Control+c")
    expect(said(page)).to_contain_text(r"heard b'\x03'")
    page.keyboard.press("Tab")
    expect(said(page)).to_contain_text(r"heard b'\t'")
    before = sizes.inner_text()
    page.set_viewport_size({"width": 900, "height": 600})
    expect(sizes).not_to_have_text(before)
    size = re.search(rf"(\d+) {BY} (\d+)", sizes.inner_text())
    assert size is not None
    expect(said(page)).to_contain_text(f"size {size[2]}x{size[1]}")
    # The keyboard is not trapped.
    page.keyboard.press("Control+F6")
    expect(page.get_by_role("button", name="Search in the output")).to_be_focused()
    accessible(page)
    shot(page, "console-terminal")


def test_a_terminal_answers_what_a_program_asks_now_and_not_what_it_asked_before(visit: Visitor) -> None:
    # Answers are typed into the program: those to old questions would be typed at each look.
    page = visit("#/server/asks/console")
    for typed in ("one", "ask"):
        expect(said(page)).to_contain_text("ready")
        page.locator(".xterm").click()
        page.keyboard.type(f"{typed}\n")
        expect(said(page)).to_contain_text(f"heard '{typed}'")
        if typed == "one":
            page.reload()
    page.keyboard.type("end\n")
    expect(said(page)).to_contain_text(re.compile(r"heard '\\x1b\[\d+;\d+Rend'"))


def test_a_session_that_ends_costs_nothing_that_was_typed(
    house: Site, visit: Visitor, faults: Faults
) -> None:
    faults.allow(r"status of 40\d")
    page = visit("#/server/gone/console")
    expect(said(page)).to_contain_text("ready")
    line(page).fill("typed before")
    house.log_in()
    house.remote.delete("/sessions", params={"user": "admin"})
    dialog = page.get_by_role("dialog", name="Log in again")
    dialog.get_by_role("textbox", name="Password").fill(house.password)
    dialog.get_by_role("button", name="Log in", exact=True).click()
    expect(dialog).to_have_count(0)
    expect(line(page)).to_have_value("typed before")
    expect(page.get_by_role("button", name="Send")).to_be_enabled()
    line(page).press("Enter")
    expect(said(page)).to_contain_text("echo: typed before")
    # And a server that is removed is told to be.
    house.configure(**{name: server for name, server in servers().items() if name != "gone"})
    house.until(lambda: house.about("gone").get("toDelete"), "a new config")
    house.order("gone", "KILL")
    page.get_by_text(re.compile("There is no server gone|The server was removed")).first.wait_for()
