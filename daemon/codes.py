"""The codes of a second factor: one-time codes that a device shows, and recovery codes that lie in a drawer.

Rules:
- A one-time code has 6 digits and belongs to a step of 30 s (RFC 6238, HMAC-SHA1: what every app can do). One
  step to either side is good too, for clocks that differ and people who type slowly.
- A recovery code has 80 bits. Only its SHA-256 is kept; so many bits need no slow hash.
"""

import hashlib
import hmac
import secrets
from base64 import b32encode
from collections.abc import Sequence

import pyotp

STEP = 30
"""Seconds."""

DRIFT = 1
"""Steps that a device's clock may be wrong."""

DIGITS = 6
RECOVERY_CODES = 10
ISSUER = "Holdfast"

_SECRET_BYTES = 20  # RFC 4226, section 4: 160 bits are recommended
_RECOVERY_BYTES = 10
_GROUP = 4


def new_secret() -> str:
    """Return a new secret, in Base32."""
    return b32encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def is_secret(text: str) -> bool:
    """Tell whether this is a secret from which codes can be computed."""
    try:
        pyotp.HOTP(text)
    except ValueError:
        return False
    return True


def step_at(now: float) -> int:
    """Return the step of a Unix time."""
    return int(now // STEP)


def code_at(secret: str, step: int) -> str:
    """Return the code of a step."""
    return pyotp.HOTP(secret).at(step)


def step_of(secret: str, code: str, now: float) -> int | None:
    """Return the step of which this is the code, if it is a step of now."""
    if not is_one_time(code):
        return None
    here = step_at(now)
    # All are compared, so that the time does not tell which it was.
    found = [
        step
        for step in range(max(0, here - DRIFT), here + DRIFT + 1)
        if hmac.compare_digest(code_at(secret, step).encode(), code.encode())
    ]
    return found[-1] if found else None


def uri_for(account: str, secret: str) -> str:
    """Return what a device reads from a QR code (the Key Uri Format that all of them understand)."""
    return pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=ISSUER)


def plain(code: str) -> str:
    """Return a code without what people put in for their eyes; anything else passes as it is."""
    return "".join(code.split()).replace("-", "").upper()


def is_one_time(code: str) -> bool:
    """Tell whether a plain code looks like a one-time code."""
    return len(code) == DIGITS and code.isascii() and code.isdigit()


def new_recovery_codes() -> Sequence[str]:
    """Return new recovery codes, as people read them: `ABCD-EFGH-IJKL-MNOP`."""
    texts = [b32encode(secrets.token_bytes(_RECOVERY_BYTES)).decode() for _ in range(RECOVERY_CODES)]
    return ["-".join(text[at : at + _GROUP] for at in range(0, len(text), _GROUP)) for text in texts]


def digest_of(recovery_code: str) -> str:
    """Return what is kept of a recovery code."""
    return hashlib.sha256(plain(recovery_code).encode("utf-8", "replace")).hexdigest()
