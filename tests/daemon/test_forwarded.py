"""Who is behind a proxy: only proxies that the config names are believed."""

import ipaddress
from collections.abc import AsyncIterator

import pytest
from starlette.types import Scope

from daemon.addresses import Proxies, plain_address, subscriber_of
from daemon.forwarded import believe

from .house import House, living, program

PROXIES = Proxies(tuple(map(ipaddress.ip_network, ("10.0.0.0/8", "127.0.0.1", "2001:db8:1::/48", "::1"))))
Pairs = list[tuple[str, str]]


def passed(peer: str, headers: Pairs, *, kind: str = "http", proxies: Proxies = PROXIES) -> Scope:
    """Return the scope that the application sees."""
    raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers]
    scheme = "http" if kind == "http" else "ws"
    scope: Scope = {
        "type": kind,
        "client": (peer, 1),
        "scheme": scheme,
        "headers": raw,
        "state": {"peer": None},
    }
    believe(scope, proxies)
    return scope


@pytest.mark.parametrize(
    ("peer", "chain", "client"),
    [
        ("10.1.2.3", ["192.0.2.1"], "192.0.2.1"),
        ("192.0.2.9", ["192.0.2.1"], "192.0.2.9"),  # no proxy of ours
        ("11.0.0.1", ["10.0.0.1"], "11.0.0.1"),
        ("10.1.2.3", [], "10.1.2.3"),
        ("10.1.2.3", [""], "10.1.2.3"),
        ("10.1.2.3", [" , ,"], "10.1.2.3"),
        ("10.1.2.3", ["198.51.100.1, 192.0.2.1"], "192.0.2.1"),  # the first one is the client's own word
        ("10.1.2.3", ["192.0.2.1, 10.9.9.9,10.8.8.8"], "192.0.2.1"),
        ("10.1.2.3", ["192.0.2.1", "10.9.9.9"], "192.0.2.1"),
        ("10.1.2.3", ["127.0.0.1, 192.0.2.1"], "192.0.2.1"),
        ("10.1.2.3", ["10.0.0.7, 10.0.0.8"], "10.0.0.7"),  # somebody in the proxies' own network
        ("10.1.2.3", ["192.0.2.1:1234"], "192.0.2.1"),
        ("10.1.2.3", ["[2001:db8::1]:1234"], "2001:db8::1"),
        ("10.1.2.3", ["[2001:db8::1]"], "2001:db8::1"),
        ("10.1.2.3", ["2001:DB8:0::1"], "2001:db8::1"),
        ("10.1.2.3", ["::ffff:192.0.2.1"], "192.0.2.1"),
        ("10.1.2.3", ["192.0.2.1, ::ffff:10.0.0.1"], "192.0.2.1"),
        ("2001:db8:1::5", ["192.0.2.1"], "192.0.2.1"),
        ("2001:db8:2::5", ["192.0.2.1"], "2001:db8:2::5"),
        ("::1", ["192.0.2.1"], "192.0.2.1"),
        # What is no address ends it.
        ("10.1.2.3", ["unknown"], "10.1.2.3"),
        ("10.1.2.3", ["192.0.2.1, garbage"], "10.1.2.3"),
        ("10.1.2.3", ["192.0.2.1, garbage, 10.0.0.1"], "10.1.2.3"),
        ("10.1.2.3", ["garbage, 192.0.2.1"], "192.0.2.1"),
        ("10.1.2.3", ["192.0.2.256"], "10.1.2.3"),
        ("10.1.2.3", ["127.1"], "10.1.2.3"),
        ("10.1.2.3", ["0x7f000001"], "10.1.2.3"),
        ("10.1.2.3", ["fe80::1%eth0"], "10.1.2.3"),
        ("10.1.2.3", ["[", "[::1", "]"], "10.1.2.3"),
        ("10.1.2.3", ["@local"], "10.1.2.3"),
        ("10.1.2.3", ["x" * 60_000], "10.1.2.3"),
        ("10.1.2.3", ["\xff\x00"], "10.1.2.3"),
    ],
)
async def test_the_client_is_the_last_address_that_is_no_proxy_of_ours(
    peer: str, chain: list[str], client: str
) -> None:
    headers = [("X-Forwarded-For", value) for value in chain]
    for kind in ("http", "websocket"):
        assert passed(peer, headers, kind=kind)["client"][0] == client
        assert passed(peer, headers, kind=kind, proxies=Proxies())["client"] == (peer, 1)


@pytest.mark.parametrize(
    ("said", "scheme"),
    [
        (["https"], "https"),
        (["HTTPS"], "https"),
        (["http"], "http"),
        ([], "http"),
        (["https", "https"], "https"),
        (["https, http"], "http"),  # which of them it was nobody knows
        (["wss"], "http"),
        (["ftp"], "http"),
        ([""], "http"),
    ],
)
async def test_the_scheme_is_what_the_proxy_says(said: list[str], scheme: str) -> None:
    headers = [("X-Forwarded-Proto", value) for value in said]
    assert passed("10.0.0.1", headers)["scheme"] == scheme
    other = passed("10.0.0.1", headers, kind="websocket")
    assert other["scheme"] == {"http": "ws", "https": "wss"}[scheme]
    assert passed("192.0.2.1", headers)["scheme"] == "http"


async def test_other_headers_say_nothing() -> None:
    headers = [("Forwarded", "for=192.0.2.1;proto=https"), ("X-Real-IP", "192.0.2.1"), ("Via", "1.1 x")]
    scope = passed("10.0.0.1", headers)
    assert (scope["client"], scope["scheme"]) == (("10.0.0.1", 1), "http")


def test_addresses_have_one_form_each() -> None:
    assert plain_address("::ffff:192.0.2.1") == plain_address("::FFFF:c000:201") == "192.0.2.1"
    assert plain_address("2001:db8::1") == "2001:db8::1"
    assert plain_address("?") == "?"
    assert subscriber_of("2001:db8::1") == subscriber_of("2001:db8::ffff:ffff:ffff:ffff") == "2001:db8::/64"
    assert subscriber_of("2001:db8:0:1::1") != subscriber_of("2001:db8::1")
    assert subscriber_of("192.0.2.1") == "192.0.2.1" != subscriber_of("192.0.2.2")
    assert subscriber_of("fe80::1%eth0") == subscriber_of("fe80::2%eth0")
    assert subscriber_of("?") == "?"


@pytest.fixture
async def house(folder: str) -> AsyncIterator[House]:
    """A daemon behind a proxy on this machine."""
    async with living(folder, servers={"app": program("echo")}, proxies=["127.0.0.1"]) as house:
        yield house


async def test_the_audit_log_and_tickets_know_the_client_behind_the_proxy(house: House) -> None:
    here, elsewhere = {"X-Forwarded-For": "6.6.6.6, 192.0.2.1"}, {"X-Forwarded-For": "192.0.2.2"}
    await house.remote.post("/server/app", content="KILL", headers=here)
    assert house.audit()[-1]["ip"] == "192.0.2.1"
    ticket = (await house.remote.get("/ott", headers=here)).json()["ticket"]
    url = f"/server/app/file?path=nothing&ticket={ticket}"
    assert (await house.nobody.get(url, headers=elsewhere)).status_code == 401
    ticket = (await house.remote.get("/ott", headers=here)).json()["ticket"]
    url = f"/server/app/file?path=nothing&ticket={ticket}"
    assert (await house.nobody.get(url, headers=here)).status_code == 404


async def test_a_cookie_is_secure_behind_a_proxy_that_does_tls(house: House) -> None:
    headers = {"Username": "admin", "Password": "correct horse"}
    for proto, secure in (("https", True), ("http", False)):
        sent = {**headers, "X-Forwarded-Proto": proto}
        answer = await house.nobody.get("/login?cookie=true", headers=sent)
        assert answer.headers["set-cookie"].endswith("; Secure") == secure


async def test_over_the_unix_socket_nobody_is_behind_anybody(house: House) -> None:
    headers = {"X-Forwarded-For": "192.0.2.1", "X-Forwarded-Proto": "https"}
    await house.local.post("/server/app", content="KILL", headers=headers)
    assert (house.audit()[-1]["ip"], house.audit()[-1]["user"]) == ("@", "@local")


async def test_proxies_are_believed_no_longer_when_the_config_says_so(house: House) -> None:
    house.settings["proxies"] = []
    await house.configure(app=program("echo"))
    await house.remote.post("/server/app", content="KILL", headers={"X-Forwarded-For": "192.0.2.1"})
    assert house.audit()[-1]["ip"] == "127.0.0.1"
