"""The section `limits` of the config: how much of us strangers and accounts may take at once."""

from dataclasses import dataclass

from .values import Section

_MOST = 1_000_000
_LONGEST_HEAD = 3600
_DEEPEST = 500


@dataclass(frozen=True, slots=True)
class Limits:
    """Connections over TCP, requests and WebSockets at once, seconds for a head, levels of JSON."""

    connections: int = 8192
    connections_per_address: int = 1024
    requests_per_account: int = 256
    web_sockets: int = 4096
    web_sockets_per_account: int = 1024
    head_seconds: float = 30.0
    json_depth: int = 64


def read_limits(section: Section) -> Limits:
    """Return the limits; raises `ConfigError`."""
    usual = Limits()
    limits = Limits(
        connections=section.whole("connections", usual.connections, 1, _MOST),
        connections_per_address=section.whole(
            "connectionsPerAddress", usual.connections_per_address, 1, _MOST
        ),
        requests_per_account=section.whole("requestsPerAccount", usual.requests_per_account, 1, _MOST),
        web_sockets=section.whole("webSockets", usual.web_sockets, 1, _MOST),
        web_sockets_per_account=section.whole(
            "webSocketsPerAccount", usual.web_sockets_per_account, 1, _MOST
        ),
        head_seconds=float(section.whole("headSeconds", int(usual.head_seconds), 1, _LONGEST_HEAD)),
        json_depth=section.whole("jsonDepth", usual.json_depth, 1, _DEEPEST),
    )
    section.warn_unknown()
    return limits
