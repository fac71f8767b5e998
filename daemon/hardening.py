"""Headers that tell browsers to make nothing of our answers but what they are, on every answer."""

Headers = list[tuple[bytes, bytes]]

ALWAYS: Headers = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
]
"""What an answer has unless its endpoint says otherwise."""

FOREIGN = "default-src 'none'; frame-ancestors 'none'; sandbox"
"""The policy of content that is not ours: what is shown of it has no origin, so no script has ours."""

NO_STORE = (b"cache-control", b"no-store")
_NAMES = frozenset(name for name, _ in ALWAYS)
_SECURE = frozenset({"https", "wss"})


def secure(scheme: str) -> bool:
    """Tell whether a scheme is encrypted."""
    return scheme in _SECURE


def harden(headers: Headers, hsts: int) -> None:
    """Add our headers to those of an answer.

    Names are compared as they are: all that answer write them in small letters, as ASGI demands. `hsts` is
    for how many seconds browsers shall come by TLS only; 0 says nothing to them.
    """
    given = dict(headers)
    if _NAMES.isdisjoint(given):
        headers += ALWAYS
    else:
        headers += [(name, value) for name, value in ALWAYS if name not in given]
    if given.get(b"content-type", b"").startswith(b"application/json") and NO_STORE[0] not in given:
        headers.append(NO_STORE)
    if hsts:
        headers.append((b"strict-transport-security", b"max-age=%d" % hsts))
