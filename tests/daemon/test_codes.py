"""One-time codes as RFC 6238 has them, recovery codes, and the picture that carries a secret."""

import re
from base64 import b32encode
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
import segno

from daemon import codes
from daemon.qr import drawn

SECRET = b32encode(b"12345678901234567890").decode()


@pytest.mark.parametrize(
    ("now", "code"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_the_vectors_of_rfc_6238_hold(now: int, code: str) -> None:
    """Appendix B has eight digits; six are the last of them (RFC 4226, section 5.3)."""
    assert codes.code_at(SECRET, codes.step_at(now)) == code[-6:]


def test_a_clock_may_be_one_step_wrong() -> None:
    now = 1_700_000_000.0
    here = codes.step_at(now)
    found = [codes.step_of(SECRET, codes.code_at(SECRET, here + drift), now) for drift in range(-3, 4)]
    assert found == [None, None, here - 1, here, here + 1, None, None]


@pytest.mark.parametrize("now", [-31.0, -1.0, 0.0, 29.9, 30.0])
def test_the_first_minute_of_1970_has_codes_too(now: float) -> None:
    assert codes.step_of(SECRET, codes.code_at(SECRET, 0), now) in (0, None)


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "12345\0", "\ud800" * 6])
def test_what_is_no_code_is_just_wrong(code: str) -> None:
    assert not codes.is_one_time(code)
    codes.digest_of(code)


def test_people_may_put_in_blanks_and_dashes() -> None:
    assert codes.plain(" 123 456\n") == "123456"
    shown = codes.new_recovery_codes()[0]
    assert codes.digest_of(shown) == codes.digest_of(f" {shown.lower().replace('-', ' ')} ")


def test_recovery_codes_are_ten_of_80_bits() -> None:
    shown = codes.new_recovery_codes()
    assert len(set(shown)) == 10
    assert all(re.fullmatch(r"[A-Z2-7]{4}(-[A-Z2-7]{4}){3}", code) for code in shown)


def test_a_secret_has_160_bits_and_is_one() -> None:
    secret = codes.new_secret()
    assert re.fullmatch(r"[A-Z2-7]{32}", secret)
    assert codes.is_secret(secret)
    assert not any(map(codes.is_secret, ("", "A", "A" * 16, "0" * 32, "ü" * 32, "A" * 31 + "!")))


def test_the_address_of_a_secret_is_what_apps_expect() -> None:
    uri = urlsplit(codes.uri_for("a:b c/ü?&", SECRET))
    assert (uri.scheme, uri.netloc) == ("otpauth", "totp")
    assert unquote(uri.path) == "/Holdfast:a:b c/ü?&"
    assert parse_qs(uri.query) == {"secret": [SECRET], "issuer": ["Holdfast"]}


@pytest.mark.parametrize("name", ["admin", "x" * 255])
def test_the_picture_is_the_code(name: str) -> None:
    """Two rows to a line, a block where the code is light, and a light border around it."""
    uri = codes.uri_for(name, SECRET)
    dark = {"█": (0, 0), "▀": (0, 1), "▄": (1, 0), " ": (1, 1)}
    rows: list[list[int]] = []
    for line in drawn(uri).splitlines():
        rows += map(list, zip(*(dark[character] for character in line), strict=True))
    wanted = [list(map(int, row)) for row in segno.make_qr(uri, error="l").matrix_iter(border=2)]
    assert rows[: len(wanted)] == wanted
    assert len(drawn(codes.uri_for("admin", SECRET)).splitlines()) <= 23
