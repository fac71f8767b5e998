"""Pages of other origins: which of them may call us, and read what we answer (the CORS protocol of Fetch).

With `*` any may, since they need a token for whatever matters; a browser sends no cookie of ours along. Pages
of origins that are named one by one may have it sent.
"""

from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .errors import error
from .origins import EVERY, InvalidOrigin, plain_origin
from .tus import REQUEST_HEADERS, RESPONSE_HEADERS

METHODS = "GET, POST, PUT, HEAD, OPTIONS, PATCH, DELETE"

ALLOWED = (
    "X-Requested-With, Content-Type, Authorization, Username, Password, X-API-Key, X-OTP, If-Match, "
    f"If-Modified-Since, If-None-Match, If-Range, If-Unmodified-Since, Range, {REQUEST_HEADERS}"
)
"""What pages of other origins may send."""

EXPOSED = f"Accept-Ranges, Content-Disposition, Content-Range, ETag, Retry-After, {RESPONSE_HEADERS}"
"""What they may read, beside the body."""

MAX_AGE = "600"
"""Seconds for which a browser need not ask again."""


class Callers:
    """The origins whose pages may call; `origins` may be set anew at any time, in the plain form."""

    def __init__(self, origins: tuple[str, ...] = (EVERY,)) -> None:
        self.origins = origins

    @property
    def named(self) -> frozenset[str]:
        """The origins that are named one by one."""
        return frozenset(self.origins) - {EVERY}

    @property
    def vary(self) -> bool:
        """Whether the answer to one origin is not the answer to another."""
        return bool(self.named)

    def headers_for(self, origin: str) -> dict[str, str] | None:
        """Return what lets a page of this origin read the answer; None if it may not."""
        try:
            if plain_origin(origin) in self.named:
                return {"Access-Control-Allow-Origin": origin, "Access-Control-Allow-Credentials": "true"}
        except InvalidOrigin:
            pass  # such as null
        return {"Access-Control-Allow-Origin": "*"} if EVERY in self.origins else None


class Cors:
    """Lets pages of other origins call us."""

    def __init__(self, app: ASGIApp, callers: Callers) -> None:
        self._app = app
        self._callers = callers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Add the headers to every answer; answer preflights here, without asking who it is."""
        asked = {name: value for name, value in scope["headers"] if name in _ASKED}
        vary = self._callers.vary
        if scope["type"] != "http" or (b"origin" not in asked and not vary):
            await self._app(scope, receive, send)
            return
        origin = asked.get(b"origin", b"").decode("latin-1")
        allowed = self._callers.headers_for(origin) if origin else None

        async def answering(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if vary:
                    headers.add_vary_header("Origin")
                if allowed is not None:
                    headers.update(allowed)
                    headers["Access-Control-Expose-Headers"] = EXPOSED
            await send(message)

        if origin and scope["method"] == "OPTIONS" and b"access-control-request-method" in asked:
            await _preflight(may=allowed is not None)(scope, receive, answering)
            return
        await self._app(scope, receive, answering)


_ASKED = frozenset({b"origin", b"access-control-request-method"})


def _preflight(*, may: bool) -> Response:
    if not may:
        return error(403, "foreign-origin", "Pages of this origin may not call this API!")
    headers = {
        "Access-Control-Allow-Methods": METHODS,
        "Access-Control-Allow-Headers": ALLOWED,
        "Access-Control-Max-Age": MAX_AGE,
    }
    return Response(headers=headers)
