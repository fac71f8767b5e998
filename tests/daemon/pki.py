"""Certificates for tests, made by openssl, and clients that take any."""

import ssl
from dataclasses import dataclass

import anyio
import pytest
from anyio.abc import AnyByteStream
from anyio.streams.tls import TLSAttribute, TLSStream

KINDS = {"ec": ["ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"], "rsa": ["rsa:2048"]}


@dataclass(frozen=True)
class Pair:
    """A certificate and its key, in PEM."""

    cert: str
    key: str

    @property
    def der(self) -> bytes:
        with open(self.cert, encoding="ascii") as file:
            return ssl.PEM_cert_to_DER_cert(file.read())

    @property
    def settings(self) -> dict[str, object]:
        return {"enabled": True, "cert": self.cert, "key": self.key}


async def make_pair(folder: str, name: str, kind: str = "ec") -> Pair:
    """Make a certificate; without openssl, the test is skipped."""
    pair = Pair(f"{folder}/{name}.crt", f"{folder}/{name}.key")
    command = ["openssl", "req", "-x509", "-newkey", *KINDS[kind], "-nodes", "-subj", f"/CN={name}"]
    try:
        await anyio.run_process([*command, "-keyout", pair.key, "-out", pair.cert])
    except FileNotFoundError:
        pytest.skip("there is no openssl here")
    return pair


def anybody() -> ssl.SSLContext:
    """A client that believes every certificate."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


async def connect(port: int, context: ssl.SSLContext | None = None) -> TLSStream:
    """Return an encrypted connection."""
    stream: TLSStream = await anyio.connect_tcp(
        "127.0.0.1", port, ssl_context=context or anybody(), tls_standard_compatible=False
    )
    return stream


async def shown(port: int) -> bytes:
    """Return the certificate that a new connection is shown."""
    async with await connect(port) as stream:
        return stream.extra(TLSAttribute.peer_certificate_binary) or b""


async def ask(stream: AnyByteStream, token: str, path: str = "/servers") -> bytes:
    """Ask on a connection that stays open; return the answer's head and body."""
    await stream.send(f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\n\r\n".encode())
    answer = b""
    while b"\r\n\r\n" not in answer or not answer.endswith(b"}"):
        answer += await stream.receive()
    return answer
