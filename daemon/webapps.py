"""The API over TCP, with the web page: at `/ui/` of the API's port, or around `/api` on a port of its own.

Both are the same `Application`, with its one check; only the paths are others.
"""

from collections.abc import Mapping

from starlette.responses import Response
from starlette.types import Receive

from .app import Application, Tables, plain
from .head import Head
from .parts import Parts
from .resources import Answering, SocketResource
from .webpage import WebPage

API = "/api"
PAGE = "/ui"


class ApiPort(Application):
    """The API over TCP; where nothing of it is, the page may be."""

    def __init__(self, parts: Parts, tables: Tables, page: WebPage) -> None:
        super().__init__(parts, tables)
        self._page = page
        self._redirect = _Redirect(page)

    def find(self, path: str) -> tuple[Answering, Mapping[str, str]] | None:
        """Return what answers a request for a path, and what the path says."""
        found = super().find(path)
        if found is not None or not self._page.on_api_port:
            return found
        if path == PAGE:
            return self._redirect, {}
        return (self._page, {"path": path[len(PAGE) :]}) if path.startswith(f"{PAGE}/") else None


class WebPort(Application):
    """The page's own port."""

    def __init__(self, parts: Parts, tables: Tables, page: WebPage) -> None:
        super().__init__(parts, tables)
        self._page = page

    def find(self, path: str) -> tuple[Answering, Mapping[str, str]] | None:
        """Return what answers a request for a path, and what the path says."""
        inner = _below_api(path)
        return (self._page, {"path": path}) if inner is None else super().find(inner)

    def find_socket(self, path: str) -> tuple[SocketResource, Mapping[str, str]] | None:
        """Return what serves a WebSocket at a path, and what the path says."""
        inner = _below_api(path)
        return None if inner is None else super().find_socket(inner)


class _Redirect:
    """Answers `/ui`."""

    def __init__(self, page: WebPage) -> None:
        self._page = page

    def waits(self, method: str) -> bool:
        """Tell that it does not wait."""
        del method
        return False

    def begin(self, head: Head, receive: Receive | None, values: Mapping[str, str]) -> Response:
        """Answer."""
        del receive, values
        return self._page.redirect(head)


def _below_api(path: str) -> str | None:
    """Return a path without `/api`; None if that is not what it begins with."""
    path = plain(path)
    if path == API:
        return "/"
    return path.removeprefix(API) if path.startswith(f"{API}/") else None
