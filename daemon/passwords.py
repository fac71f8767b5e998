"""Passwords become argon2id hashes and are checked against them, a bounded few at a time.

Rules:
- A check costs one argon2, whoever is asked for: also for nobody, for a SHA-256 left by an old Octyne, and
  for a password that cannot be right. So an answer's time does not tell which accounts exist.
- Each argon2 takes 50 MiB, and two cores for some 15 ms. Two run, a few wait, the rest is told to come back.
  They run in threads of their own that yield to everything else, so that a flood of logins slows nobody down
  much.
- No password and no hash is ever in a message or a log.
"""

import base64
import contextlib
import hashlib
import hmac
import logging
import os
import re
import secrets
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import anyio
from anyio import to_thread
from argon2 import extract_parameters
from argon2.exceptions import VerificationError, VerifyMismatchError

from .argon import OURS, Argon

MAX_BYTES = 1024

_NICE = 5  # more would make who logs in wait long where programs take all there is

T = TypeVar("T")

_log = logging.getLogger("holdfast.passwords")
_SHA256 = re.compile(r"[0-9A-Fa-f]{64}", re.ASCII)
# What a hash may ask of this machine. Beyond it somebody has mistyped the file, or means harm.
_MOST_KIB, _MOST_PASSES, _MOST_LANES = 1 << 20, 64, 64


class UnusablePassword(ValueError):
    """A password that no account can have: empty, over 1024 bytes, or not text."""


class TooManyLogins(Exception):
    """So many passwords wait to be checked that this one is not; asking again in a moment may help."""

    retry_after = 1
    """Seconds."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a password was right; and if so, whether its hash is of an old kind and should be replaced."""

    ok: bool
    stale: bool = False


class Passwords:
    """Hashes and checks in Octyne's format, `$argon2id$v=19$m=51200,t=1,p=4$salt$hash`."""

    def __init__(self, *, at_once: int = 2, waiting: int = 64) -> None:
        self._argon = Argon()
        self._limiter = anyio.CapacityLimiter(at_once)
        self._threads = ThreadPoolExecutor(at_once, "passwords", _yield_to_others)
        self._most = at_once + waiting
        self._present = 0
        salt, digest = (base64.b64encode(secrets.token_bytes(n)).decode().rstrip("=") for n in (16, 32))
        self._nobody = f"$argon2id$v=19$m=51200,t=1,p=4${salt}${digest}"

    async def hash(self, password: str) -> str:
        """Return a new hash. Raises `UnusablePassword`, `TooManyLogins`."""
        secret = _secret(password)
        return await self._in_turn(lambda: self._argon.hash(secret))

    async def verify(self, stored: str | None, password: str) -> Verdict:
        """Check a password against a hash, or against that of nobody (None). Raises `TooManyLogins`."""
        return await self._in_turn(lambda: self._judge(stored, password))

    async def _in_turn(self, work: Callable[[], T]) -> T:
        # Counted here: the limiter's own statistics do not know those on their way to it.
        if self._present >= self._most:
            raise TooManyLogins("too many logins at once, try again in a moment")
        self._present += 1
        try:
            # By way of a thread that waits, so that who is cancelled waits for the end, like everywhere else.
            return await to_thread.run_sync(
                lambda: self._threads.submit(work).result(), limiter=self._limiter
            )
        finally:
            self._present -= 1

    def _judge(self, stored: str | None, password: str) -> Verdict:
        try:
            secret = _secret(password)
        except UnusablePassword:
            stored, secret = None, b""
        if stored is not None and not _SHA256.fullmatch(stored):
            ok = self._matches(stored, secret)
            return Verdict(ok, stale=ok and extract_parameters(stored) != OURS)
        self._matches(self._nobody, secret)
        if stored is None:
            return Verdict(ok=False)
        ok = hmac.compare_digest(hashlib.sha256(secret).hexdigest(), stored.lower())
        return Verdict(ok, stale=ok)

    def _matches(self, stored: str, secret: bytes) -> bool:
        if not is_hash(stored):
            stored = self._nobody
        try:
            self._argon.verify(stored, secret)
        except VerifyMismatchError:
            return False
        except VerificationError as exc:
            # Its base64 is broken, or there is no memory. Neither says that the password is right.
            _log.warning("a password hash could not be computed: %s", exc)
            return False
        return True


def _yield_to_others() -> None:
    # What argon2 starts for its lanes inherits it. It cannot be taken back, so no borrowed thread will do.
    thread = threading.get_native_id()
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) + _NICE)


def is_hash(stored: str) -> bool:
    """Tell whether this is a hash that `verify` understands: argon2 within reason, or 64-hex SHA-256."""
    if _SHA256.fullmatch(stored):
        return True
    if not stored.isascii() or "\0" in stored:
        return False
    try:
        asks = extract_parameters(stored)
    except ValueError:
        return False
    return (
        0 < asks.memory_cost <= _MOST_KIB
        and 0 < asks.time_cost <= _MOST_PASSES
        and 0 < asks.parallelism <= _MOST_LANES
    )


def _secret(password: str) -> bytes:
    try:
        secret = password.encode()
    except UnicodeEncodeError:
        raise UnusablePassword("the password is not valid text") from None  # the cause would quote it
    if not secret:
        raise UnusablePassword("the password is empty")
    if len(secret) > MAX_BYTES:
        raise UnusablePassword(f"the password is longer than {MAX_BYTES} bytes")
    return secret
