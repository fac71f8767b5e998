"""A look by HTTP: one request on a connection of its own; no redirect is followed, no proxy asked.

h11 speaks HTTP: a client that does more (pools, redirects, cookies, proxies) would have to be told not to.
"""

import ssl
from collections.abc import Awaitable, Callable
from functools import cache
from urllib.parse import urlsplit

import anyio
import anyio.abc
import anyio.to_thread
import h11
from anyio.streams.tls import TLSStream

from supervisor import VERSION

from .checksettings import Check
from .exchange import exchange
from .probefailed import ProbeFailed

MOST = 64 << 10
"""Bytes of the body that are read."""


async def ask(check: Check, connect: Callable[[], Awaitable[anyio.abc.ByteStream]]) -> None:
    """Ask, and judge the answer; raises `ProbeFailed`."""
    stream = await connect()
    try:
        if check.url.startswith("https:"):
            trust = await anyio.to_thread.run_sync(_trust, check.verify)
            # Closed without its last word (RFC 8446, 6.1): the body's length tells whether it is whole.
            host = urlsplit(check.url).hostname
            stream = await TLSStream.wrap(stream, hostname=host, ssl_context=trust, standard_compatible=False)
        status, body = await _exchange(check, stream)
    except (h11.LocalProtocolError, h11.RemoteProtocolError) as exc:
        raise ProbeFailed("the answer is not HTTP") from exc
    except (anyio.BrokenResourceError, anyio.EndOfStream, anyio.ClosedResourceError) as exc:
        raise ProbeFailed("it hung up without an answer") from exc
    except ssl.SSLCertVerificationError as exc:
        raise ProbeFailed(f"its certificate is not good: {exc.verify_message}") from exc
    except ssl.SSLError as exc:
        raise ProbeFailed("it does not speak TLS as we do") from exc
    finally:
        await anyio.aclose_forcefully(stream)
    if not any(low <= status <= high for low, high in check.status):
        raise ProbeFailed(f"it answered with status {status}")
    if check.contains.encode() not in body:
        raise ProbeFailed("its answer does not contain what it should")


async def _exchange(check: Check, stream: anyio.abc.ByteStream) -> tuple[int, bytes]:
    parts = urlsplit(check.url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    host = parts.netloc
    headers = [
        ("Host", host),
        ("User-Agent", f"Holdfast/{VERSION}"),
        ("Accept", "*/*"),
        ("Connection", "close"),
    ]
    if check.method == "POST":
        headers.append(("Content-Length", "0"))
    http = h11.Connection(h11.CLIENT)
    data = http.send(h11.Request(method=check.method, target=target, headers=headers)) or b""
    data += http.send(h11.EndOfMessage()) or b""
    response, body = await exchange(stream, data, http, MOST)
    return response.status_code, body


@cache
def _trust(verify: bool) -> ssl.SSLContext:
    """Return whom we believe; made once, since reading the machine's certificates takes a while."""
    trust = ssl.create_default_context()
    trust.set_alpn_protocols(["http/1.1"])
    if not verify:
        trust.check_hostname = False
        trust.verify_mode = ssl.CERT_NONE
    return trust
