"""Which URLs and which addresses we may be sent to."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.destinations import CannotResolve, Forbidden, addresses_of, is_public, read_url

PRIVATE = (
    *("0.0.0.0", "10.1.2.3", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.255.254"),
    *("168.63.129.16", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.192", "192.168.1.1"),
    *("198.18.0.1", "198.51.100.7", "203.0.113.9", "224.0.0.1", "239.255.255.250", "255.255.255.255"),
    *("::", "::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::7f00:1", "fe80::1", "fc00::1", "fd00:ec2::254"),
    *("ff02::1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2001::1", "2001:db8::1"),
    *("2002:7f00:1::1", "3fff::1", "100::1", "5f00::1", "fec0::1"),
)
PUBLIC = ("1.1.1.1", "8.8.8.8", "100.63.255.255", "172.32.0.1", "2606:4700::1111", "64:ff9b::808:808")


@pytest.mark.parametrize("address", PRIVATE)
def test_what_is_special_is_not_public(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_what_is_given_out_for_the_internet_is_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@given(st.ip_addresses())
def test_nothing_is_public_that_python_holds_for_private(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    if is_public(address) and address not in ipaddress.ip_network("64:ff9b::/96"):
        special = [address.is_private, address.is_loopback, address.is_link_local, address.is_multicast]
        assert not any([*special, address.is_unspecified, address.is_reserved])


@pytest.mark.parametrize(
    ("url", "host", "port", "target", "authority"),
    [
        ("https://example.org", "example.org", 443, "/", "example.org"),
        ("http://Example.ORG:80/a?b=c#d", "example.org", 80, "/a?b=c", "example.org"),
        ("https://example.org:8443/x%20y", "example.org", 8443, "/x%20y", "example.org:8443"),
        ("https://[2606:4700::1111]:99/", "2606:4700::1111", 99, "/", "[2606:4700::1111]:99"),
        ("https://bücher.example/ü", "xn--bcher-kva.example", 443, "/%C3%BC", "xn--bcher-kva.example"),
    ],
)
def test_a_url_is_taken_apart(url: str, host: str, port: int, target: str, authority: str) -> None:
    found = read_url(url)
    assert (found.host, found.port, found.target, found.authority) == (host, port, target, authority)


@pytest.mark.parametrize(
    "url",
    [
        *("", "example.org", "//example.org", "ftp://example.org", "file:///etc/passwd", "https://"),
        *("https://ann:secret@example.org", "https://exa mple.org", "https://example.org/\r\nX: y"),
        *("https://example.org\\@10.0.0.1/", "https://[::1", "https://example.org:0/", "https://e.org:99999"),
        *(
            "gopher://x",
            "https://exa_mple\u2028.org",
            "https://[fe80::1%25eth0]]/",
            "https://a/" + "x" * 5000,
        ),
    ],
)
def test_what_is_no_url_for_us_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(Forbidden) as refused:
        read_url(url)
    assert "secret" not in str(refused.value)
    assert "example" not in str(refused.value)


@given(st.text(max_size=60))
def test_any_text_is_a_url_or_is_refused(text: str) -> None:
    try:
        found = read_url(f"https://{text}")
    except Forbidden:
        return
    assert found.target.isascii()
    assert found.host.isascii()
    assert not set(found.target + found.host) & set(" \r\n\t")


async def test_one_address_that_is_not_public_is_enough_to_refuse_a_name() -> None:
    async def resolve(host: str, port: int) -> list[str]:
        return ["1.1.1.1", "10.0.0.1"]

    to = read_url("https://example.org")
    with pytest.raises(Forbidden):
        await addresses_of(to, allow_private=False, resolve=resolve)
    assert await addresses_of(to, allow_private=True, resolve=resolve) == ["1.1.1.1", "10.0.0.1"]


@pytest.mark.parametrize("host", ["127.0.0.1", "2130706433", "0x7f.1", "localhost", "[::1]", "0"])
async def test_loopback_is_loopback_however_it_is_written(host: str) -> None:
    with pytest.raises(Forbidden):
        await addresses_of(read_url(f"http://{host}/"), allow_private=False)


async def test_a_name_without_an_address_may_have_one_later() -> None:
    async def nothing(host: str, port: int) -> list[str]:
        return []

    with pytest.raises(CannotResolve):
        await addresses_of(read_url("https://example.org"), allow_private=False, resolve=nothing)
