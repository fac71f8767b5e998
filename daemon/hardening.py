"""Headers that tell browsers to make nothing of our answers but what they are, on every answer."""

from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

Headers = list[tuple[bytes, bytes]]

ALWAYS: Headers = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
]
"""What an answer has unless its endpoint says otherwise."""

NO_STORE = (b"cache-control", b"no-store")
_NAMES = frozenset(name for name, _ in ALWAYS)
_STARTS = frozenset({"http.response.start", "websocket.http.response.start"})
_SECURE = frozenset({"https", "wss"})


class Hardened:
    """Adds the headers.

    Names are compared as they are: all that answer write them in small letters, as ASGI demands.
    """

    def __init__(self, app: ASGIApp, hsts: Callable[[], int]) -> None:
        """`hsts` tells for how many seconds browsers shall come by TLS only; 0 says nothing to them."""
        self._app = app
        self._hsts = hsts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, and add to the answer."""
        hsts = self._hsts() if scope["scheme"] in _SECURE else 0

        async def adding(message: Message) -> None:
            if message["type"] in _STARTS:
                message["headers"] = _with_ours(list(message.get("headers", ())), hsts)
            await send(message)

        await self._app(scope, receive, adding)


def _with_ours(headers: Headers, hsts: int) -> Headers:
    given = dict(headers)
    if _NAMES.isdisjoint(given):
        headers += ALWAYS
    else:
        headers += [(name, value) for name, value in ALWAYS if name not in given]
    if given.get(b"content-type", b"").startswith(b"application/json") and NO_STORE[0] not in given:
        headers.append(NO_STORE)
    if hsts:
        headers.append((b"strict-transport-security", b"max-age=%d" % hsts))
    return headers
