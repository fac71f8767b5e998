"""The sections `https`, `cors` and `limits` of the config, and the list `proxies`."""

import ipaddress

import pytest

from daemon.config import Config, ConfigError, parse_config
from daemon.exposure import is_loopback, warnings_of
from daemon.limitsettings import Limits


def parse(text: str) -> Config:
    return parse_config(f"{{\n{text}\n}}".encode(), "c", "/base")


def test_without_a_word_everything_has_its_default() -> None:
    config = parse("")
    assert (config.proxies, config.cors, config.limits) == ((), ("*",), Limits())
    assert (config.https.minimum, config.https.hsts) == ("1.2", 0)


def test_everything_can_be_said() -> None:
    config = parse(
        """
        proxies: ["10.0.0.0/8", "192.0.2.1", "::1", "2001:db8::/32"]
        cors: { origins: ["HTTPS://Panel.Example:443", "*", "tauri://localhost"] }
        https: { minimum: "1.3", hsts: 31536000 }
        limits: {
            connections: 1, connectionsPerAddress: 2, requestsPerAccount: 3, webSockets: 4
            webSocketsPerAccount: 5, headSeconds: 6, jsonDepth: 7
        }
        """
    )
    networks = ("10.0.0.0/8", "192.0.2.1/32", "::1/128", "2001:db8::/32")
    assert config.proxies == tuple(map(ipaddress.ip_network, networks))
    assert config.cors == ("https://panel.example", "*", "tauri://localhost")
    assert (config.https.minimum, config.https.hsts) == ("1.3", 31536000)
    assert config.limits == Limits(1, 2, 3, 4, 5, 6.0, 7)
    assert config.warnings == ()


def test_an_empty_list_of_origins_means_none() -> None:
    assert parse("cors: { origins: [] }").cors == ()


@pytest.mark.parametrize(
    ("text", "place", "expected"),
    [
        ('proxies: "10.0.0.1"', "c:2:10: proxies", "a list of strings"),
        ('proxies: ["10.0.0.1/8"]', "c:2:11: proxies", "an IP address, or a network such as 10.0.0.0/8"),
        ('proxies: ["proxy.example"]', "c:2:11: proxies", "an IP address"),
        ("proxies: [5]", "c:2:11: proxies", "a string"),
        ('cors: { origins: "*" }', "c:2:18: cors.origins", "a list of strings"),
        ('cors: { origins: ["panel.example"] }', "c:2:19: cors.origins", "* or an origin such as"),
        ('cors: { origins: ["https://a.de/x"] }', "c:2:19: cors.origins", "without a path"),
        ('cors: { origins: ["null"] }', "c:2:19: cors.origins", "* or an origin"),
        ('https: { minimum: "1.1" }', "c:2:19: https.minimum", "1.2 or 1.3"),
        ("https: { hsts: -1 }", "c:2:16: https.hsts", "a whole number from 0"),
        ("limits: { connections: 0 }", "c:2:24: limits.connections", "a whole number from 1"),
        ("limits: { jsonDepth: 501 }", "c:2:22: limits.jsonDepth", "from 1 to 500"),
        ("limits: { headSeconds: 0.5 }", "c:2:24: limits.headSeconds", "a whole number"),
    ],
)
def test_mistakes_are_told_by_place_and_by_what_was_expected(text: str, place: str, expected: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parse(text)
    assert str(refused.value).startswith(place)
    assert f"expected {expected}" in str(refused.value) or expected in str(refused.value)


def test_unknown_keys_are_told_of() -> None:
    config = parse("limits: { conections: 5 }\ncors: { origin: 5 }")
    assert {warning.partition(": ")[2] for warning in config.warnings} == {
        "limits.conections: is unknown and has no effect; did you mean connections?",
        "cors.origin: is unknown and has no effect; did you mean origins?",
    }


@pytest.mark.parametrize(
    ("text", "warned"),
    [
        ("", True),
        ("listen: 0.0.0.0", True),
        ('listen: "::"', True),
        ("listen: 127.0.0.1", False),
        ("listen: localhost", False),
        ('listen: "::1"', False),
        ('proxies: ["192.0.2.1"]', False),
        ('https: { enabled: true, cert: "x", key: "y" }', False),
    ],
)
def test_who_would_send_passwords_in_the_clear_is_warned(text: str, warned: bool) -> None:
    assert any("in the clear" in warning for warning in warnings_of(parse(text))) == warned


def test_more_connections_than_descriptors_are_told_of() -> None:
    (warning,) = warnings_of(parse("listen: 127.0.0.1\nlimits: { connections: 1000000 }"))
    assert warning.startswith("limits.connections is 1000000, but this process may open only ")


def test_what_only_this_machine_can_reach() -> None:
    for host in ("127.0.0.1", "127.1.2.3", "::1", "localhost"):
        assert is_loopback(host), host
    for other in (None, "0.0.0.0", "::", "192.0.2.1", "no-such-host.invalid"):
        assert not is_loopback(other), other
