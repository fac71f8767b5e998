"""How long does the web page take until it can be used, and does it stay smooth while a console is flooded?

    .venv/bin/python -m benchmarks.page_open [--rounds 10] [--servers 10] [--lines 1000000]

Opening: from the moment the address is opened until the list shows its servers with their buttons, by the
browser's own clock, in Chromium, over loopback. `first` is a browser that has never been here; `again` has
the files in its cache; `logged out` is until the login form can be typed into. Smoothness: pictures that the
browser draws in each second while a program writes lines as fast as it can and its console is shown, the
longest time between two of them, and the same with nothing written.
"""

import argparse
import itertools
import json
import shutil
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.system.house import program, sleeper
from tests.web.site import Site
from tests.web.visitor import OPTIONS

NOTED = """
const look = () => {
  if (document.querySelector(SELECTOR)) window.usableAt = performance.now();
  else requestAnimationFrame(look);
};
look();
"""

# By a promise: the page's policy forbids what Playwright's `wait_for_function` does.
AWAITED = """() => new Promise((done) => {
  const look = () => (window.usableAt ? done(window.usableAt) : requestAnimationFrame(look));
  look();
})"""

LIST = 'a[href="#/server/app00"]'
FORM = 'input[autocomplete="username"]'

FRAMES = """() => {
  const mine = (window.frames_ = []);
  const note = (at) => {
    if (window.frames_ !== mine) return; // somebody else counts now
    mine.push(at);
    requestAnimationFrame(note);
  };
  requestAnimationFrame(note);
}"""


def opened(context: BrowserContext, address: str, selector: str) -> float:
    """Open the page; return the milliseconds until something is there."""
    page = context.new_page()
    page.add_init_script(f"const SELECTOR = {json.dumps(selector)};{NOTED}")
    page.goto(address)
    took: float = page.evaluate(AWAITED)
    page.close()
    return took


def opening(browser: Browser, site: Site, rounds: int) -> None:
    """Print how long it takes to open the page."""
    times: dict[str, list[float]] = {"first": [], "again": [], "logged out": []}
    for _ in range(rounds):
        context = browser.new_context()
        times["logged out"].append(opened(context, site.address, FORM))
        context.close()
        context = browser.new_context()
        site.let_in(context)
        times["first"].append(opened(context, site.address, LIST))
        times["again"].append(opened(context, site.address, LIST))
        context.close()
    for name, took in times.items():
        print(
            f"{name:<11} median {statistics.median(took):6.0f} ms, "
            f"from {min(took):.0f} to {max(took):.0f} ms, of {len(took)}"
        )


def frames(page: Page, seconds: float) -> tuple[float, float]:
    """Return the pictures in each second of a while, and the longest pause between two in milliseconds."""
    page.evaluate(FRAMES)
    page.wait_for_timeout(seconds * 1000)
    drawn: list[float] = page.evaluate("window.frames_")
    pauses = [later - earlier for earlier, later in itertools.pairwise(drawn)]
    return len(drawn) / seconds, max(pauses, default=seconds * 1000)


def smoothness(browser: Browser, site: Site, lines: int) -> None:
    """Print how smooth a console is, quiet and flooded."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    site.let_in(context)
    page = context.new_page()
    page.goto(f"{site.address}#/server/flood/console")
    page.wait_for_selector(".xterm")
    page.wait_for_timeout(1000)
    per_second, pause = frames(page, 3)
    print(f"quiet       {per_second:5.1f} pictures/s, longest pause {pause:.0f} ms")
    site.local.post("/server/flood", content="START").raise_for_status()
    for second in range(1, 6):
        per_second, pause = frames(page, 1)
        print(f"flood {second} s   {per_second:5.1f} pictures/s, longest pause {pause:.0f} ms")
    site.until_status("flood", 0)
    page.wait_for_timeout(1000)
    per_second, pause = frames(page, 2)
    print(f"after {lines:,} lines {per_second:5.1f} pictures/s, longest pause {pause:.0f} ms")
    context.close()


@contextmanager
def started(servers: int, lines: int) -> Iterator[Site]:
    """Give a Holdfast with so many servers that sleep, and one that floods when it is started."""
    folder = tempfile.mkdtemp(prefix="holdfast-page-")
    site = Site(folder)
    try:
        names = {f"app{number:02}": sleeper() for number in range(servers)}
        flood = program("flood", str(lines)) | {"enabled": False}
        site.configure(**names, flood=flood)
        site.start()
        site.until_status("app00", 1)
        yield site
    finally:
        site.end()
        shutil.rmtree(folder)


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--servers", type=int, default=10)
    parser.add_argument("--lines", type=int, default=1_000_000)
    asked = parser.parse_args()
    with started(asked.servers, asked.lines) as site, sync_playwright() as playwright:
        chromium = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=chromium, args=OPTIONS)
        opening(browser, site, asked.rounds)
        smoothness(browser, site, asked.lines)
        browser.close()


if __name__ == "__main__":
    main()
