"""Who would like to speak another protocol, as `curl --http2` would, is answered in the one that we have."""

import re
from collections.abc import AsyncIterator
from contextlib import closing

import anyio.to_thread
import pytest

from .line import Line, head, line
from .loops import both_loops
from .shelf import Shelf, shelved

anyio_backend = both_loops

FILE = "/server/app/file?path=x"
ASKS = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__")


@pytest.fixture
async def shelf(folder: str) -> AsyncIterator[Shelf]:
    async with shelved(folder) as shelf:
        yield shelf


def status(answer: bytes) -> str:
    found = re.match(rb"HTTP/1.1 (\d+) ", answer)
    return "" if found is None else found[1].decode()


async def on_one(shelf: Shelf, *asked: tuple[bytes, ...]) -> list[str]:
    """Return the statuses that are heard on one connection; each request is sent in these pieces."""

    def say(one: Line, pieces: tuple[bytes, ...]) -> str:
        for piece in pieces[:-1]:
            one.say(piece)
        return status(one.ask(pieces[-1]))

    def talk() -> list[str]:
        with closing(line(shelf.house, local=True)) as one:
            return [say(one, pieces) for pieces in asked]

    return await anyio.to_thread.run_sync(talk)


@pytest.mark.parametrize("size", [5, 100_000, 3 << 20])
async def test_a_body_that_comes_with_it_is_the_body(shelf: Shelf, size: int) -> None:
    body = b"a line\r\n\r\n" * (size // 10) + b"12345"
    put = head("PUT", FILE, f"Content-Length: {len(body)}", *ASKS)
    for pieces in ((put + body,), (put, body), (put + body[:4], body[4:])):
        assert await on_one(shelf, pieces, (head("GET", "/"),), (head("GET", FILE),)) == ["200"] * 3
        assert (shelf.folder / "x").read_bytes() == body
        (shelf.folder / "x").unlink()


async def test_the_connection_goes_on(shelf: Shelf) -> None:
    ask = (head("GET", "/servers", *ASKS),)
    assert await on_one(shelf, ask, ask, (head("GET", "/servers"),), ask) == ["200"] * 4


async def test_a_body_in_chunks_is_refused(shelf: Shelf) -> None:
    (shelf.folder / "x").write_bytes(b"old")
    put = head("PUT", FILE, "Transfer-Encoding: chunked", *ASKS)
    assert await on_one(shelf, (put + b"3\r\nnew\r\n0\r\n\r\n",)) == ["400"]
    assert (shelf.folder / "x").read_bytes() == b"old"
