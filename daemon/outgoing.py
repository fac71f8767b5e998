"""Requests that we make: one connection each, to an address that was judged, within a time.

Rules:
- The name is looked up once; the connection goes to just the addresses that were judged (`destinations.py`),
  while TLS and `Host` say the name. So a name that changes its address in between gains nothing.
- No redirect is followed, no proxy of the environment is used, no cookie and no connection is kept.
- Of the answer, 64 KiB are read at most.
- Nothing of a URL but its host stands in an exception.

h11 speaks HTTP here: what stands above it in other clients (pools, redirects, proxies, a second look at the
name) is just what must not be.
"""

import ssl
from collections.abc import Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import anyio
import anyio.abc
import anyio.to_thread
import h11
from anyio.streams.tls import TLSStream

from supervisor import VERSION

from .destinations import CannotResolve, Destination, Forbidden, Resolve, addresses_of, read_url
from .exchange import exchange

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

MOST = 64 << 10
"""Bytes of an answer's body that are read."""


OURS = frozenset(
    {
        *("host", "connection", "content-length", "transfer-encoding", "te", "trailer", "upgrade", "expect"),
        *("keep-alive", "proxy-connection", "accept-encoding"),
    }
)
"""Headers that a caller does not set, in lower case."""


class Unreachable(Exception):
    """There was no answer that can be understood, or not in time; later there may be one."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: names of headers in lower case, the first `MOST` bytes of the body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Outgoing:
    """Asks others. `resolve` and `trust` are what the machine has, unless a test says otherwise."""

    def __init__(self, resolve: Resolve | None = None, trust: ssl.SSLContext | None = None) -> None:
        self._resolve = resolve
        self._trust = trust

    async def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        timeout: float,
        *,
        allow_private: bool = False,
    ) -> Answer:
        """Return the answer to a request; `timeout` is in seconds and holds for all of it.

        Raises `Forbidden` for what must not be asked, `Unreachable` for what does not answer.
        """
        to = read_url(url)
        taken = sorted(OURS & {name.lower() for name in headers})
        if taken:
            raise Forbidden(f"the header {taken[0]} cannot be set")
        try:
            with anyio.fail_after(timeout):
                addresses = await addresses_of(to, allow_private=allow_private, resolve=self._resolve)
                async with self._connected(to, addresses) as stream:
                    return await _ask(stream, to, method, headers, body)
        except TimeoutError as exc:
            raise Unreachable(f"{to.host} did not answer within {timeout:g} s") from exc
        except CannotResolve as exc:
            raise Unreachable(str(exc)) from exc
        except h11.LocalProtocolError as exc:
            raise Forbidden("the request has a header that HTTP does not know") from exc
        except h11.RemoteProtocolError as exc:
            raise Unreachable(f"{to.host} answered what is not HTTP") from exc
        except (anyio.BrokenResourceError, anyio.EndOfStream, anyio.ClosedResourceError) as exc:
            raise Unreachable(f"{to.host} hung up") from exc
        except ssl.SSLCertVerificationError as exc:
            raise Unreachable(f"the certificate of {to.host} is not good: {exc.verify_message}") from exc
        except ssl.SSLError as exc:
            raise Unreachable(f"{to.host} does not speak TLS as we do") from exc
        except OSError as exc:
            raise Unreachable(f"{to.host} cannot be reached: {exc.strerror or 'no connection'}") from exc

    @asynccontextmanager
    async def _connected(
        self, to: Destination, addresses: "Sequence[str]"
    ) -> "AsyncGenerator[anyio.abc.ByteStream, None]":
        plain = await _connect(addresses, to.port)
        stream: anyio.abc.ByteStream = plain
        try:
            if to.encrypted:
                trust = self._trust or await anyio.to_thread.run_sync(_system_trust)
                stream = await TLSStream.wrap(
                    plain, hostname=to.host, ssl_context=trust, standard_compatible=False
                )
            yield stream
        finally:
            # What the other side still has to say, nobody waits for.
            await anyio.aclose_forcefully(stream)


@cache
def _system_trust() -> ssl.SSLContext:
    trust = ssl.create_default_context()
    trust.set_alpn_protocols(["http/1.1"])
    return trust


async def _connect(addresses: "Sequence[str]", port: int) -> anyio.abc.SocketStream:
    """Connect to the first address that answers; one that is silent has its share of the time, no more."""
    deadline = anyio.current_effective_deadline()
    failed: OSError | None = None
    for at, address in enumerate(addresses):
        share = (deadline - anyio.current_time()) / (len(addresses) - at)
        last = at == len(addresses) - 1
        try:
            with anyio.move_on_after(None if last else share):
                return await anyio.connect_tcp(address, port)
        except OSError as exc:
            # anyio tells why in the cause: one attempt, one reason
            failed = exc.__cause__ if isinstance(exc.__cause__, OSError) else exc
    raise failed or TimeoutError


async def _ask(
    stream: anyio.abc.ByteStream, to: Destination, method: str, headers: Mapping[str, str], body: bytes
) -> Answer:
    http = h11.Connection(h11.CLIENT)
    said = {"user-agent": f"Holdfast/{VERSION}", "accept": "*/*"}
    said |= {name.lower(): value for name, value in headers.items()}
    said |= {"host": to.authority, "content-length": str(len(body)), "connection": "close"}
    sent = [(name.encode(), value.encode()) for name, value in said.items()]
    request = h11.Request(method=method, target=to.target, headers=sent)
    data = http.send(request) or b""
    data += http.send(h11.Data(data=body)) or b""
    data += http.send(h11.EndOfMessage()) or b""
    response, found = await exchange(stream, data, http, MOST)
    known = {name.decode("ascii"): value.decode("latin-1") for name, value in response.headers}
    return Answer(response.status_code, known, found)
