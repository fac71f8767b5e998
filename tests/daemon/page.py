"""A web page as Vite builds it, but small; and a house that serves it."""

import gzip
import os
import re
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import anyio
import httpx

from .house import House, Json, living, program, write

INDEX = (
    '<!doctype html><meta property="csp-nonce" nonce="__CSP_NONCE__"><title>Holdfast</title>'
    '<script type="module" nonce="__CSP_NONCE__" src="./assets/index-BvT2x9Qa.js"></script>'
)
SCRIPT = "assets/index-BvT2x9Qa.js"
FONT = "assets/mono-Dk3_x-9Z.woff2"
LARGE = "assets/editor-A1b2C3d4.js"
CODE = "export const answer = 42;\n" * 40
EDITOR = "".join(f"export const n{number} = {number * number};\n" for number in range(40_000))

NONCE = re.compile(r'nonce="([^"]*)"')


def build(folder: str, index: str = INDEX) -> str:
    """Build a page in a folder; return the folder."""
    os.makedirs(os.path.join(folder, "assets"), exist_ok=True)
    for name, text in (
        (SCRIPT, CODE),
        (LARGE, EDITOR),
        ("favicon.svg", "<svg/>"),
        ("site.webmanifest", "{}"),
    ):
        write(os.path.join(folder, name), text)
    for name, data in (
        (f"{SCRIPT}.gz", gzip.compress(CODE.encode(), mtime=0)),
        (f"{SCRIPT}.br", b"brotli of the script"),
        (FONT, b"wOF2 and more"),
        (".stamp", b"not for the public"),
    ):
        with open(os.path.join(folder, name), "wb") as file:
            file.write(data)
    write(os.path.join(folder, "new"), index)
    os.replace(os.path.join(folder, "new"), os.path.join(folder, "index.html"))
    return folder


def web_port(house: House) -> int:
    """Return the port of the web page."""
    url = next(url for url in house.listeners.web if not url.endswith("/ui/"))
    return int(url.rstrip("/").rpartition(":")[2])


def web(house: House, token: str | None = None) -> httpx.AsyncClient:
    """Return a client of the web page's port, which takes files as they are."""
    client = house._client(f"http://127.0.0.1:{web_port(house)}", token, None)
    client.headers["Accept-Encoding"] = "identity"
    return client


async def said(port: int, request: bytes) -> bytes:
    """Send bytes as they are; return all that is answered until the connection ends."""
    answer = bytearray()
    async with await anyio.connect_tcp("127.0.0.1", port) as stream:
        await stream.send(request)
        with anyio.fail_after(20):
            while True:
                try:
                    answer += await stream.receive()
                except anyio.EndOfStream:
                    return bytes(answer)


@asynccontextmanager
async def with_page(
    folder: str,
    *,
    built: bool = True,
    web_ui: Mapping[str, object] | None = None,
    servers: Mapping[str, Json] | None = None,
    https: Mapping[str, object] | None = None,
) -> AsyncIterator[House]:
    """Run a daemon with the page at a port of its own."""
    page = os.path.join(folder, "page")
    if built:
        build(page)
    apps, settings = servers or {"app": program("echo")}, web_ui or {"port": 0}
    async with living(folder, servers=apps, page=page, webUI=settings, https=https or {}) as house:
        yield house


@asynccontextmanager
async def taken() -> AsyncIterator[socket.socket]:
    """Hold a port that nobody else can have."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        one.listen()
        yield one
