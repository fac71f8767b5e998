"""What a request says before its body, read only as far as somebody asks.

Most requests ask for next to nothing of it; what Starlette makes of a request costs more than to answer one.
"""

from collections.abc import Mapping

from starlette.datastructures import QueryParams
from starlette.requests import HTTPConnection
from starlette.types import Scope


class Head:
    """The head of a request, or of a WebSocket's; of one that is sent again word by word, it is the same."""

    __slots__ = ("digest", "headers", "identity", "scope")

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        # Of several lines of the same name the first one counts, as it does with Starlette.
        self.headers: Mapping[bytes, bytes] = dict(reversed(scope["headers"]))
        self.digest: bytes | None = None
        """What is known of the token that it shows, once somebody has looked: empty if it shows none."""
        self.identity: object = None
        """Who had sent it, when it was sent last. Whether that still holds is asked each time."""

    @property
    def address(self) -> str:
        """The address of the other end; of one that has gone already, `?`."""
        client = self.scope.get("client")
        address: str = client[0] if client else "?"
        return address

    @property
    def method(self) -> str:
        """The method, in capitals."""
        method: str = self.scope["method"]
        return method

    @property
    def scheme(self) -> str:
        """The scheme by which the client came, as far as we know."""
        scheme: str = self.scope.get("scheme", "http")
        return scheme

    @property
    def state(self) -> Mapping[str, object]:
        """What the connection, and the layers that saw the request before, know of it."""
        state: Mapping[str, object] = self.scope.get("state", {})
        return state

    def text(self, name: bytes) -> str | None:
        """Return a header, by its name in small letters."""
        value = self.headers.get(name)
        return None if value is None else value.decode("latin-1")

    def cookie(self, name: str) -> str | None:
        """Return a cookie."""
        return HTTPConnection(self.scope).cookies.get(name) if b"cookie" in self.headers else None

    def query(self, key: str) -> str | None:
        """Return a query parameter."""
        query: bytes = self.scope["query_string"]
        return QueryParams(query).get(key) if query else None
