"""Pages of other origins: which of them may call us, and read what we answer (the CORS protocol of Fetch).

With `*` any may, since they need a token for whatever matters; a browser sends no cookie of ours along. Pages
of origins that are named one by one may have it sent.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.datastructures import MutableHeaders
from starlette.responses import Response

from .errors import error
from .hardening import Headers
from .head import Head
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

    def told(self, head: Head) -> "Told | None":
        """Return what the answer to a request says to its page; None if there is nothing to say."""
        vary = self.vary
        if not vary and b"origin" not in head.headers:
            return None
        origin = head.text(b"origin")
        return Told(vary, self.headers_for(origin) if origin else None)


@dataclass(frozen=True, slots=True)
class Told:
    """What an answer says to the page that asks, and to whoever keeps the answer for other pages."""

    vary: bool
    allowed: Mapping[str, str] | None

    def add_to(self, headers: Headers) -> None:
        """Add it to the headers of an answer."""
        added = MutableHeaders(raw=headers)
        if self.vary:
            added.add_vary_header("Origin")
        if self.allowed is not None:
            added.update(self.allowed)
            added["Access-Control-Expose-Headers"] = EXPOSED


def preflight(head: Head, told: Told) -> Response | None:
    """Return the answer to a preflight, without asking who it is; None for every other request."""
    if head.method != "OPTIONS" or not head.headers.get(b"origin"):
        return None
    if b"access-control-request-method" not in head.headers:
        return None
    if told.allowed is None:
        return error(403, "foreign-origin", "Pages of this origin may not call this API!")
    headers = {
        "Access-Control-Allow-Methods": METHODS,
        "Access-Control-Allow-Headers": ALLOWED,
        "Access-Control-Max-Age": MAX_AGE,
    }
    return Response(headers=headers)
