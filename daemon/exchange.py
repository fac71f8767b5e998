"""One request and its answer over a connection that is open: HTTP/1.1, and no more of it than that."""

import contextlib

import anyio
import anyio.abc
import h11

_READ = 16 << 10


async def exchange(
    stream: anyio.abc.ByteStream, data: bytes, http: h11.Connection, most: int
) -> tuple[h11.Response, bytes]:
    """Send `data`, which `http` has made of a request; return the answer, and as much of its body.

    Raises `h11.RemoteProtocolError`, `anyio.EndOfStream`, `anyio.BrokenResourceError`. Who refuses at once
    may have said why before reading all of it: what is said counts. `most` are bytes of the body.
    """
    with contextlib.suppress(anyio.BrokenResourceError):
        await stream.send(data)
    response: h11.Response | None = None
    body = bytearray()
    while True:
        event = http.next_event()
        if event is h11.NEED_DATA:
            try:
                http.receive_data(await stream.receive(_READ))
            except anyio.EndOfStream:
                http.receive_data(b"")
        elif isinstance(event, h11.Response):
            response = event
        elif isinstance(event, h11.Data):
            body += event.data
        elif event is h11.PAUSED or isinstance(event, h11.ConnectionClosed):
            raise anyio.EndOfStream
        if response is not None and (isinstance(event, h11.EndOfMessage) or len(body) >= most):
            return response, bytes(body[:most])
