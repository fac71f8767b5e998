"""argon2, in large pages.

The library asks the kernel for the 50 MiB of each hash, and gives them back; to get them zeroed in pages of
4 KiB takes longer than the hash. So it is given memory that the kernel may hand out in large pages. What it
computes is the same.
"""

import base64
import binascii
import contextlib
import ctypes
import hmac
import mmap
import os
import secrets
import threading

from argon2 import Parameters, Type, extract_parameters
from argon2.exceptions import VerificationError, VerifyMismatchError
from argon2.low_level import core, error_to_str, ffi

OURS = Parameters(
    type=Type.ID, version=19, salt_len=16, hash_len=32, time_cost=1, memory_cost=51200, parallelism=4
)
"""What our hashes ask for, as Octyne's do; the memory in KiB."""

_THREADS = max(1, os.cpu_count() or 1)
"""More threads than cores are in each other's way. How many there are changes nothing of what comes out."""

_NO_MEMORY = -22
"""ARGON2_MEMORY_ALLOCATION_ERROR of argon2.h."""

_lent = threading.local()
"""What this thread computes in. The library asks for memory in the thread that calls it."""


class Argon:
    """Makes hashes in the form `$argon2id$v=19$m=51200,t=1,p=4$salt$hash`, and checks secrets by them.

    Several threads may do so at once.
    """

    def __init__(self) -> None:
        # By ctypes: where memory that is written must never be executed, as under our unit file, cffi has no
        # callbacks. Where ctypes has none either, the library takes memory as it always did.
        self._take, self._give_back = ffi.NULL, ffi.NULL
        with contextlib.suppress(MemoryError):
            self._callbacks = _Take(_take), _GiveBack(_give_back)
            self._take = _pointer("int (*)(uint8_t **, size_t)", self._callbacks[0])
            self._give_back = _pointer("void (*)(uint8_t *, size_t)", self._callbacks[1])

    def hash(self, secret: bytes) -> str:
        """Return a hash with a new salt. Raises `VerificationError` if there is no memory."""
        salt = secrets.token_bytes(OURS.salt_len)
        digest = self._compute(OURS, salt, secret)
        return f"$argon2id$v=19$m={OURS.memory_cost},t=1,p=4${_text(salt)}${_text(digest)}"

    def verify(self, stored: str, secret: bytes) -> None:
        """Return if the secret is that of the hash.

        Raises `VerifyMismatchError` if not, `VerificationError` for a hash that cannot be computed.
        """
        try:
            asks = extract_parameters(stored)
            salt, digest = map(_bytes, stored.split("$")[-2:])
        except ValueError as exc:
            raise VerificationError("it is no hash") from exc
        if not hmac.compare_digest(self._compute(asks, salt, secret, len(digest)), digest):
            raise VerifyMismatchError("the password does not match")

    def _compute(self, asks: Parameters, salt: bytes, secret: bytes, length: int = OURS.hash_len) -> bytes:
        out, password, salted = (ffi.new("uint8_t[]", what) for what in (length, secret, salt))
        context = ffi.new(
            "argon2_context *",
            {
                "out": out,
                "outlen": length,
                "pwd": password,
                "pwdlen": len(secret),
                "salt": salted,
                "saltlen": len(salt),
                "t_cost": asks.time_cost,
                "m_cost": asks.memory_cost,
                "lanes": asks.parallelism,
                "threads": min(asks.parallelism, _THREADS),
                "version": asks.version,
                "allocate_cbk": self._take,
                "free_cbk": self._give_back,
            },
        )
        failure = core(context, asks.type.value)
        if failure:
            raise VerificationError(error_to_str(failure))
        return bytes(ffi.buffer(out))


_Take = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_void_p), ctypes.c_size_t)
_GiveBack = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_size_t)


def _take(place: "ctypes._Pointer[ctypes.c_void_p]", size: int) -> int:
    """Give the library memory. What is raised here nobody would hear of."""
    try:
        memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    except (OSError, OverflowError):
        return _NO_MEMORY
    with contextlib.suppress(OSError):  # a kernel may be without large pages
        memory.madvise(mmap.MADV_HUGEPAGE)
    _lent.start = ctypes.c_char.from_buffer(memory)
    _lent.memory = memory
    place[0] = ctypes.c_void_p(ctypes.addressof(_lent.start))
    return 0


def _give_back(_: int, __: int) -> None:
    del _lent.start  # else the memory is still in use
    _lent.memory.close()
    del _lent.memory


def _pointer(kind: str, callback: "ctypes._CFunctionType") -> object:
    return ffi.cast(kind, ctypes.cast(callback, ctypes.c_void_p).value)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    """Return what base64 without padding says; raises `ValueError`."""
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except binascii.Error as exc:
        raise ValueError("it is no base64") from exc
    if not data or _text(data) != text:
        raise ValueError("it is no base64 as argon2 writes it")
    return data
