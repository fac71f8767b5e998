"""Who is behind a proxy: what is asked first, and only of the proxies that the config names.

Rules:
- Only what the peer of the TCP connection says counts, and only if it is one of `proxies`. The header may
  have been begun by the client: so it is read from the right, and the first address that is none of our
  proxies is the client's. If all are, it is the leftmost.
- What is no address ends the reading: then the client is the peer itself.
- `X-Forwarded-Proto` is `http` or `https`, once; else the connection's own scheme stays.
- `Forwarded` (RFC 7239) is not read: a proxy that sets the one passes on the other as the client wrote it.
- The Unix socket is not concerned: who is at its other end is what the kernel says.
"""

from collections.abc import Sequence

from starlette.types import Scope

from .addresses import Proxies, read_address
from .origins import FORWARDED_HOST

_SCHEMES = {"http": {"http": "http", "https": "https"}, "websocket": {"http": "ws", "https": "wss"}}


def believe(scope: Scope, proxies: Proxies) -> None:
    """Put the client's address and scheme in the place of the proxy's, if a proxy of ours tells them."""
    client = scope.get("client")
    if not client or client[0] not in proxies or scope.get("state", {}).get("peer") is not None:
        return
    peer: str = client[0]
    address = _client(_values(scope, b"x-forwarded-for"), peer, proxies)
    if address != peer:
        scope["client"] = address, 0
    said = {text.lower() for text in _values(scope, b"x-forwarded-proto")}
    schemes = _SCHEMES[scope["type"]]
    if len(said) == 1 and (scheme := schemes.get(said.pop())):
        scope["scheme"] = scheme
    if hosts := _values(scope, b"x-forwarded-host"):
        scope["state"] = {**scope.get("state", {}), FORWARDED_HOST: ",".join(hosts)}


def _client(chain: Sequence[str], peer: str, proxies: Proxies) -> str:
    found = peer
    for text in reversed(chain):
        address = read_address(_without_port(text)) if len(text) < 64 and "%" not in text else None
        if address is None:
            return peer
        found = str(address)
        if found not in proxies:
            break
    return found


def _values(scope: Scope, wanted: bytes) -> list[str]:
    found = [value.decode("latin-1") for name, value in scope["headers"] if name == wanted]
    return [text for value in found for one in value.split(",") if (text := one.strip())]


def _without_port(text: str) -> str:
    """Return `192.0.2.1` of `192.0.2.1:1234`, `2001:db8::1` of `[2001:db8::1]` and `[2001:db8::1]:1234`."""
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0] if text.count(":") == 1 else text
