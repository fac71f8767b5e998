"""Whose page sends a cookie: ours, a named one, or one that only makes a browser send it along."""

from collections.abc import AsyncIterator

import pytest
from websockets.exceptions import InvalidStatus

from daemon.head import Head
from daemon.origins import FORWARDED_HOST, InvalidOrigin, Origins, plain_origin

from .house import House, living, program

NAMED = Origins(["https://panel.example", "http://panel.example:8080", "tauri://localhost"])


def foreign(
    headers: dict[str, str], scheme: str = "http", host: str | None = None, origins: Origins = NAMED
) -> bool:
    pairs = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    state = {} if host is None else {FORWARDED_HOST: host}
    kinds = {"http": "ws", "https": "wss"}
    return [
        origins.foreign(Head({"type": kind, "headers": pairs, "scheme": its_scheme, "state": state}))
        for kind, its_scheme in (("http", scheme), ("websocket", kinds[scheme]))
    ] == [True, True]


@pytest.mark.parametrize(
    ("scheme", "origin", "host", "ours"),
    [
        ("http", "http://a.de", "a.de", True),
        ("http", "http://a.de", "a.de:80", True),
        ("http", "http://a.de:42069", "a.de:42069", True),
        ("http", "http://a.de:8080", "a.de:42069", False),  # another port of the same host
        ("http", "http://a.de", "a.de:42069", False),
        ("http", "http://a.de:42069", "a.de", False),
        ("http", "https://a.de", "a.de", True),  # somebody has ended TLS before us
        ("http", "https://a.de", "a.de:443", True),
        ("http", "https://a.de", "a.de:80", False),
        ("http", "https://a.de:8443", "a.de:8443", True),
        ("https", "https://a.de", "a.de", True),
        ("https", "https://a.de:42069", "a.de:42069", True),
        ("https", "http://a.de:42069", "a.de:42069", False),  # anybody on the way may be that page
        ("https", "http://a.de", "a.de", False),
        ("http", "http://A.DE", "a.de", True),
        ("http", "http://[::1]:1", "[::1]:1", True),
        ("http", "http://[::1]:1", "[::1]:2", False),
        ("http", "http://b.de", "a.de", False),
        ("http", "http://a.de.b.de", "a.de", False),
        ("http", "http://b.de.a.de", "a.de", False),
        ("http", "http://a.de@b.de", "a.de", False),
        ("http", "http://b.de@a.de", "a.de", False),
        ("http", "http://a.de/x", "a.de", False),
        ("http", "http://a.de:x", "a.de:x", False),
        ("http", "http://a.de", "", False),
        ("http", "http://a.de", "a.de@b.de", False),
        ("http", "null", "null", False),
        ("http", "http://[", "[", False),
        ("http", "ftp://a.de", "a.de", False),
        ("http", "//a.de", "a.de", False),
        ("http", "a.de", "a.de", False),
        # Named ones, by whatever host they call us.
        ("http", "https://panel.example", "a.de", True),
        ("https", "http://panel.example:8080", "a.de", True),
        ("http", "tauri://localhost", "a.de", True),
        ("http", "https://panel.example:443", "a.de", True),
        ("http", "http://panel.example", "a.de", False),
        ("http", "https://panel.example:8080", "a.de", False),
        ("http", "https://sub.panel.example", "a.de", False),
        ("http", "tauri://elsewhere", "a.de", False),
    ],
)
def test_a_page_is_ours_by_host_and_port_or_by_name(scheme: str, origin: str, host: str, ours: bool) -> None:
    headers = {"origin": origin, "host": host}
    assert foreign(headers, scheme) == (not ours)
    assert foreign({**headers, "sec-fetch-site": "same-origin"}, scheme) == (not ours)


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_what_a_browser_says_of_the_site_counts(site: str) -> None:
    assert foreign({"host": "a.de", "sec-fetch-site": site})
    assert foreign({"host": "a.de", "sec-fetch-site": site, "origin": "http://a.de"})
    assert foreign({"host": "a.de", "sec-fetch-site": site, "origin": "http://b.de"})
    assert not foreign({"host": "a.de", "sec-fetch-site": site, "origin": "https://panel.example"})


def test_who_is_no_page_is_not_foreign() -> None:
    assert not foreign({})
    assert not foreign({"host": "a.de"})
    assert not foreign({"host": "a.de", "sec-fetch-site": "none"})
    assert not foreign({"host": "a.de", "sec-fetch-site": "same-origin"})
    assert not foreign({"host": "a.de", "origin": ""})


def test_a_referrer_counts_where_nothing_else_is_said() -> None:
    assert not foreign({"host": "a.de:1", "referer": "http://a.de:1/page?x=http://b.de"})
    assert foreign({"host": "a.de:1", "referer": "http://a.de:2/page"})
    assert foreign({"host": "a.de:1", "referer": "http://b.de/http://a.de:1/"})
    assert foreign({"host": "a.de:1", "referer": "about:client"})
    assert not foreign({"host": "a.de:1", "referer": "https://panel.example/page"})
    assert not foreign({"host": "a.de:1", "referer": "http://b.de/", "sec-fetch-site": "same-origin"})
    assert not foreign({"host": "a.de:1", "referer": "http://b.de/", "origin": "http://a.de:1"})


def test_the_host_that_a_proxy_tells_counts_too() -> None:
    headers = {"host": "127.0.0.1:42069", "origin": "https://a.de"}
    assert foreign(headers, "https")
    assert not foreign(headers, "https", "a.de")
    assert not foreign(headers, "https", "x.de, a.de")
    assert foreign(headers, "https", "a.de:8443")
    # From anybody else it is a header like any other.
    assert foreign({**headers, "x-forwarded-host": "a.de"}, "https")


def test_origins_have_one_form_each() -> None:
    assert plain_origin("HTTPS://Panel.Example:443") == "https://panel.example"
    assert plain_origin("http://[::1]:80") == "http://[::1]"
    assert plain_origin("capacitor://localhost") == "capacitor://localhost"
    for bad in (
        "",
        "*",
        "null",
        "a.de",
        "http://",
        "http://a.de/",
        "http://a.de?x",
        "http://a\n.de",
        "http:// ",
    ):
        with pytest.raises(InvalidOrigin):
            plain_origin(bad)


@pytest.fixture
async def house(folder: str) -> AsyncIterator[House]:
    named = {"origins": ["https://panel.example"]}
    async with living(folder, servers={"app": program("echo")}, cors=named) as house:
        yield house


async def test_a_cookie_counts_for_pages_of_ours_and_of_named_origins_alone(house: House) -> None:
    cookie = {"Cookie": f"X-Authentication={house.token}"}
    ours, other_port = f"http://127.0.0.1:{house.port}", f"http://127.0.0.1:{house.port - 1}"
    cases: list[tuple[dict[str, str], bool]] = [
        ({}, True),
        ({"Origin": ours}, True),
        ({"Origin": "https://panel.example"}, True),
        ({"Origin": other_port}, False),
        ({"Origin": "http://elsewhere"}, False),
        ({"Origin": "null"}, False),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Referer": f"{other_port}/page"}, False),
        ({"Origin": "http://elsewhere", "X-Forwarded-Host": "elsewhere"}, False),
    ]
    for headers, counts in cases:
        for method, path in (("GET", "/servers"), ("GET", "/config/reload"), ("POST", "/server/app")):
            answer = await house.nobody.request(
                method, path, headers={**cookie, **headers}, content="START" if method == "POST" else None
            )
            assert answer.status_code == (200 if counts else 401), (headers, path)
        sent = {**cookie, **headers}
        if counts:
            async with house.view(headers=sent) as viewer:
                assert (await viewer.message())["type"] == "settings"
        else:
            with pytest.raises(InvalidStatus):
                async with house.view(headers=sent, protocol=None):
                    raise AssertionError("was let in")


async def test_a_token_in_the_header_needs_no_origin(house: House) -> None:
    headers = {"Origin": "http://elsewhere", "Sec-Fetch-Site": "cross-site"}
    assert (await house.remote.get("/servers", headers=headers)).status_code == 200
