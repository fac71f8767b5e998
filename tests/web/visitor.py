"""People who look at the page, each in a browser of their own, as far as they can tell."""

import os
import shutil

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright

from ..system.house import ROOT
from .faults import Faults
from .shots import remains
from .site import Site

PATIENCE = 20_000
"""Milliseconds after which a condition is held never to come true; wide enough for a busy machine."""

REQUIRED = "HOLDFAST_PAGE_TESTS"
"""Set to `required` where it would be a fault if these tests were skipped, as in CI."""

# As root Chromium has no sandbox; what is switched off besides would ask other hosts.
OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)


def launched(playwright: Playwright, home: str) -> Browser:
    """Start Debian's Chromium; skips the test, or fails it if REQUIRED, where something is missing.

    What it keeps besides a profile, it keeps in `home`.
    """
    chromium = shutil.which("chromium")
    if chromium is None:
        missing("Chromium is not installed: apt install chromium fonts-dejavu-core")
    if not os.path.exists(os.path.join(ROOT, "daemon", "webui", "index.html")):
        missing("the web page is not built: scripts/test does that, when npm can reach its registry")
    return playwright.chromium.launch(
        executable_path=chromium,
        args=OPTIONS,
        env={**os.environ, "HOME": home, "XDG_CONFIG_HOME": home, "XDG_CACHE_HOME": home},
    )


def missing(what: str) -> None:
    """Skip the test, or fail it."""
    if os.environ.get(REQUIRED) == "required":
        pytest.fail(what)
    pytest.skip(what)


class Visitor:
    """Opens the page of a site: `visit()`."""

    def __init__(self, browser: Browser, site: Site, faults: Faults) -> None:
        self._browser = browser
        self._site = site
        self._faults = faults
        self._contexts: list[BrowserContext] = []

    def __call__(self, place: str = "", *, phone: bool = False, logged_in: bool = True) -> Page:
        """Open the page at a place such as `#/server/app/console`; somebody else each time, dark at first."""
        context = self._browser.new_context(
            viewport={"width": 390, "height": 844} if phone else {"width": 1280, "height": 800},
            device_scale_factor=2 if phone else 1,
            is_mobile=phone,
            has_touch=phone,
            color_scheme="dark",
            reduced_motion="reduce",
            accept_downloads=True,
        )
        self._contexts.append(context)
        context.set_default_timeout(PATIENCE)
        self._faults.watch(context)
        if logged_in:
            self._site.let_in(context)
        page = context.new_page()
        page.goto(f"{self._site.address}{place}")
        return page

    def leave(self, failed: str | None) -> None:
        """Close all; `failed` names the test if it has failed, and then what can be known is kept."""
        pages = [page for context in self._contexts for page in context.pages]
        if failed is not None:
            for number, page in enumerate(pages):
                remains(page, f"{failed}-{number}" if number else failed, self._faults.log)
        else:
            for page in pages:
                page.evaluate("() => 0")  # what it has told before this, we have heard after it
            self._faults.check()

    def close(self) -> None:
        """Close all browsers."""
        for context in self._contexts:
            context.close()


def fits(page: Page) -> None:
    """Assert that nobody has to scroll sideways."""
    widest = page.evaluate(
        """() => {
          const root = document.documentElement;
          if (root.scrollWidth <= root.clientWidth) return "";
          const out = [...document.querySelectorAll("body *")]
            .filter((one) => one.getBoundingClientRect().right > root.clientWidth + 0.5);
          return `${root.scrollWidth} > ${root.clientWidth}: `
            + out.slice(0, 5).map((one) => one.outerHTML.slice(0, 120)).join("\\n");
        }"""
    )
    assert widest == "", f"wider than the screen: {widest}"
