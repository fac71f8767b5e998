"""Dark and light: a page is looked at in both."""

from collections.abc import Iterator
from typing import Literal

from playwright.sync_api import Page

SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")

# The page hears of the change when it is drawn next; half-way through a transition, colours have no contrast.
# What turns for ever is not waited for.
SETTLED = """async () => {
  for (let frame = 0; frame < 2; frame += 1) await new Promise(requestAnimationFrame);
  const passing = document.getAnimations().filter((one) =>
    one.playState === "running" && one.effect?.getComputedTiming().iterations !== Infinity);
  await Promise.allSettled(passing.map((one) => one.finished));
}"""


def schemes(page: Page) -> Iterator[str]:
    """Let the page be light, and then dark again, as it was; yields which."""
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        page.evaluate(SETTLED)
        yield scheme
