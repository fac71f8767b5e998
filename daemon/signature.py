"""What proves to a receiver that a webhook is ours: Standard Webhooks (standardwebhooks.com), version 1.

    webhook-id: msg_…                 the same at each attempt, so that it is taken once
    webhook-timestamp: 1790000000     Unix seconds of this attempt; refuse what is minutes old
    webhook-signature: v1,BASE64      HMAC-SHA256 over `id.timestamp.body`

A secret that begins with `whsec_` is base64, as that specification has it; any other is taken as it is.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping

SHORTEST = 16
"""Bytes of a secret: one that can be guessed proves nothing."""

_PREFIX = "whsec_"


class InvalidSecret(Exception):
    """A secret that cannot be used; the message holds nothing of it."""


def key_of(secret: str) -> bytes:
    """Return the bytes of a secret; raises `InvalidSecret`."""
    if secret.startswith(_PREFIX):
        try:
            key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
        except (binascii.Error, ValueError):
            raise InvalidSecret("expected base64 after whsec_") from None
    else:
        key = secret.encode("utf-8", "surrogateescape")
    if len(key) < SHORTEST:
        raise InvalidSecret(f"expected a secret of at least {SHORTEST} bytes")
    return key


def signed(secret: str, message: str, at: int, body: bytes) -> Mapping[str, str]:
    """Return the headers that sign a body; `message` is its id. Raises `InvalidSecret`."""
    about = f"{message}.{at}.".encode("ascii")
    digest = hmac.new(key_of(secret), about + body, hashlib.sha256).digest()
    return {
        "webhook-id": message,
        "webhook-timestamp": str(at),
        "webhook-signature": f"v1,{base64.b64encode(digest).decode('ascii')}",
    }
