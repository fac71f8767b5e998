"""What must not happen on a page while a test looks at something else."""

import re

from playwright.sync_api import BrowserContext, ConsoleMessage, WebError

# Chromium tells of these in the console too, but not for each kind and not with the place.
POLICY = """
document.addEventListener("securitypolicyviolation", (event) => {
  console.error(`against the Content-Security-Policy: ${event.violatedDirective} ${event.blockedURI} `
    + `${event.sourceFile}:${event.lineNumber} ${event.sample}`);
});
"""


class Faults:
    """Errors in the console, exceptions that nobody caught, and what the Content-Security-Policy forbade."""

    def __init__(self) -> None:
        self._allowed: list[re.Pattern[str]] = []
        self.log: list[str] = []
        """All that stood in the console, for who looks into a failed test."""
        self._found: list[str] = []

    def allow(self, pattern: str) -> None:
        """Let this happen in this test, whether it has happened already or not."""
        self._allowed.append(re.compile(pattern))

    def watch(self, context: BrowserContext) -> None:
        """Listen to all pages of a context."""
        context.add_init_script(POLICY)
        context.on("console", self._told)
        context.on("weberror", self._thrown)

    def check(self) -> None:
        """Raise `AssertionError` if something has happened that was not allowed."""
        found = [one for one in self._found if not any(pattern.search(one) for pattern in self._allowed)]
        assert not found, "on the page:\n" + "\n".join(found)

    def _told(self, message: ConsoleMessage) -> None:
        text = f"{message.type}: {message.text} ({message.location.get('url', '')})"
        self.log.append(text)
        if message.type == "error":
            self._found.append(text)

    def _thrown(self, error: WebError) -> None:
        text = f"nobody caught: {error.error.message}\n{error.error.stack or ''}"
        self.log.append(text)
        self._found.append(text)
