"""argon2 in large pages: what it computes is what the library computes, and its memory goes back."""

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import argon2
import pytest
from argon2.exceptions import VerificationError, VerifyMismatchError

from daemon.argon import Argon

LIBRARY = argon2.PasswordHasher(time_cost=1, memory_cost=51200, parallelism=4, hash_len=32, salt_len=16)


def largest() -> int:
    """Return how many bytes of its largest mapping this process has in use."""
    sizes = [0]
    with open("/proc/self/smaps", encoding="ascii", errors="replace") as file:
        for line in file:
            if line.startswith("Rss:"):
                sizes.append(int(line.split()[1]) << 10)
    return max(sizes)


@pytest.mark.parametrize("secret", [b"x", b"a\0b", "Pässwörd €".encode(), b"y" * 1024])
def test_each_understands_what_the_other_has_made(secret: bytes) -> None:
    argon = Argon()
    assert LIBRARY.verify(argon.hash(secret), secret)
    argon.verify(LIBRARY.hash(secret), secret)
    with pytest.raises(VerifyMismatchError):
        argon.verify(LIBRARY.hash(secret), secret + b"x")


@pytest.mark.parametrize("kind", list(argon2.Type))
@pytest.mark.parametrize(("passes", "kib", "lanes"), [(1, 8, 1), (3, 1024, 2), (1, 60_000, 4), (2, 4099, 7)])
def test_hashes_of_all_kinds_and_sizes_are_understood(
    kind: argon2.Type, passes: int, kib: int, lanes: int
) -> None:
    other = argon2.PasswordHasher(passes, max(kib, 8 * lanes), lanes, hash_len=24, salt_len=9, type=kind)
    stored = other.hash("pw")
    argon = Argon()
    argon.verify(stored, b"pw")
    with pytest.raises(VerifyMismatchError):
        argon.verify(stored, b"wp")


@pytest.mark.parametrize(
    "stored",
    [
        "$argon2id$v=19$m=51200,t=1,p=4$!!!!$MDEyMzQ1Njc",
        "$argon2id$v=19$m=51200,t=1,p=4$MDEyMzQ1Njc$",
        "$argon2id$v=19$m=51200,t=1,p=4$MDEyMzQ1Njc=$MDEyMzQ1Njc",
        "$argon2id$v=19$m=51200,t=1,p=4$MDEyMzQ1Nj\n$MDEyMzQ1Njc",
        "$argon2id$v=19$m=51200,t=1,p=4$MDEy$MDEyMzQ1Njc",  # a salt that is too short
        "$argon2id$v=19$m=7,t=1,p=4$MDEyMzQ1Njc$MDEyMzQ1Njc",  # less memory than its lanes need
        "nonsense",
    ],
)
def test_what_is_no_hash_is_no_match(stored: str) -> None:
    with pytest.raises(VerificationError) as caught:
        Argon().verify(stored, b"pw")
    assert not isinstance(caught.value, VerifyMismatchError)


def test_its_memory_goes_back() -> None:
    argon = Argon()
    before = largest()
    for _ in range(3):
        argon.verify(argon.hash(b"pw"), b"pw")
    assert largest() <= before


def test_many_at_once_have_memory_of_their_own() -> None:
    argon, stored = Argon(), LIBRARY.hash(b"pw")
    start = threading.Barrier(4, timeout=10)

    def check(secret: bytes) -> bool:
        start.wait()
        try:
            argon.verify(stored, secret)
        except VerifyMismatchError:
            return False
        return True

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(check, [b"pw", b"wp", b"pw", b"wp"])) == [True, False, True, False]


def test_where_there_is_no_memory_nothing_is_a_match(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(12, "Cannot allocate memory")

    argon, stored = Argon(), LIBRARY.hash(b"pw")
    monkeypatch.setattr("daemon.argon.mmap.mmap", refuse)
    with pytest.raises(VerificationError, match=r"[Mm]emory") as caught:
        argon.verify(stored, b"pw")
    assert not isinstance(caught.value, VerifyMismatchError)


@pytest.mark.parametrize("callbacks", [True, False])
def test_it_works_where_what_is_written_may_not_be_executed(callbacks: bool) -> None:
    """As under the unit file: MemoryDenyWriteExecute."""
    code = f"""
import ctypes, sys
denied = ctypes.CDLL(None).prctl(65, 1, 0, 0, 0)  # PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN
import daemon.argon as argon
if not {callbacks}:
    def fail(*_): raise MemoryError
    argon._Take = fail
one = argon.Argon()
one.verify(one.hash(b"pw"), b"pw")
try:
    one.verify(one.hash(b"pw"), b"wp")
except argon.VerifyMismatchError:
    sys.exit(0)
sys.exit(1)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
