"""Somebody who is told: an HTTP server on loopback that answers what the test wants."""

import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import anyio
import anyio.abc
import h11
from anyio.streams.tls import TLSListener

from .house import Json

Raw = Callable[[anyio.abc.ByteStream], Awaitable[None]]


@dataclass
class Request:
    """What came."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Json:
        found: Json = json.loads(self.body)
        return found


@dataclass
class Receiver:
    """Answers with what is in `answers`, in turn, and then with 204; a function may answer instead."""

    port: int = 0
    scheme: str = "http"
    answers: list[tuple[int, dict[str, str], bytes] | Raw] = field(default_factory=list)
    got: list[Request] = field(default_factory=list)
    connections: int = 0
    _news: anyio.Event = field(default_factory=anyio.Event)

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}/hook"

    async def until(self, count: int) -> list[Request]:
        """Wait until so many requests have come."""
        with anyio.fail_after(20):
            while len(self.got) < count:
                self._news = anyio.Event()
                await self._news.wait()
        return self.got

    async def answer(self, stream: anyio.abc.ByteStream) -> None:
        self.connections += 1
        async with stream:
            try:
                await self._answer(stream)
            except (anyio.EndOfStream, anyio.BrokenResourceError, h11.RemoteProtocolError):
                return

    async def _answer(self, stream: anyio.abc.ByteStream) -> None:
        http = h11.Connection(h11.SERVER)
        request: h11.Request | None = None
        body = bytearray()
        while True:
            event = http.next_event()
            if event is h11.NEED_DATA:
                http.receive_data(await stream.receive())
            elif isinstance(event, h11.Request):
                request = event
            elif isinstance(event, h11.Data):
                body += event.data
            elif isinstance(event, h11.EndOfMessage):
                break
        assert request is not None
        headers = {name.decode(): value.decode() for name, value in request.headers}
        self.got.append(Request(request.method.decode(), request.target.decode(), headers, bytes(body)))
        self._news.set()
        said = self.answers.pop(0) if self.answers else (204, {}, b"")
        if callable(said):
            await said(stream)
            return
        status, more, content = said
        head = {"content-length": str(len(content))} if status != 204 else {}
        sent = [(name.encode(), value.encode()) for name, value in {**head, **more}.items()]
        data = http.send(h11.Response(status_code=status, headers=sent)) or b""
        data += http.send(h11.Data(data=content)) or b""
        await stream.send(data + (http.send(h11.EndOfMessage()) or b""))


@asynccontextmanager
async def receiving(trust: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    """Run a receiver; with TLS, if it is given what for."""
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    receiver = Receiver(listener.extra(anyio.abc.SocketAttribute.local_port))
    served: anyio.abc.Listener[anyio.abc.ByteStream] = listener
    if trust is not None:
        served = TLSListener(listener, trust, standard_compatible=False)
        receiver.scheme = "https"
    async with served, anyio.create_task_group() as tasks:
        tasks.start_soon(served.serve, receiver.answer)
        try:
            yield receiver
        finally:
            tasks.cancel_scope.cancel()
