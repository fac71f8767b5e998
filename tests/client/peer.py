"""Somebody who answers as a test wants it: over a Unix socket, TCP or TLS, and also with nonsense."""

import contextlib
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from client.target import Target

DEADLINE = 20.0


@dataclass(frozen=True)
class Pair:
    """A certificate for 127.0.0.1 that nobody else trusts, and its key."""

    cert: str
    key: str

    @classmethod
    def make(cls, folder: str) -> "Pair":
        pair = cls(f"{folder}/peer.crt", f"{folder}/peer.key")
        command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
        command += ["-nodes", "-subj", "/CN=peer", "-addext", "subjectAltName=IP:127.0.0.1"]
        subprocess.run([*command, "-keyout", pair.key, "-out", pair.cert], check=True, capture_output=True)
        return pair


@dataclass
class Heard:
    """A request as it came."""

    head: str
    body: bytes

    @property
    def line(self) -> str:
        return self.head.partition("\r\n")[0]

    def header(self, name: str) -> str | None:
        lines = [line.partition(": ") for line in self.head.split("\r\n")[1:]]
        return next((value for key, _, value in lines if key.lower() == name.lower()), None)


class Line:
    """One connection of a peer."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._came = b""

    def hear(self, *, body: bool = True) -> Heard | None:
        """Return the next request; None at the end. Without `body`, that is left where it is."""
        while b"\r\n\r\n" not in self._came:
            if not self._more():
                return None
        head, _, self._came = self._came.partition(b"\r\n\r\n")
        heard = Heard(head.decode(), b"")
        if body and (length := heard.header("content-length")):
            while len(self._came) < int(length) and self._more():
                pass
            heard.body, self._came = self._came[: int(length)], self._came[int(length) :]
        elif body and heard.header("transfer-encoding"):
            while not self._came.endswith(b"0\r\n\r\n") and self._more():
                pass
            heard.body, self._came = self._came, b""
        return heard

    def say(self, data: bytes) -> None:
        with contextlib.suppress(OSError):
            self._connection.sendall(data)

    def until_closed(self) -> None:
        while self._more():
            pass

    def _more(self) -> bool:
        try:
            data = self._connection.recv(1 << 16)
        except OSError:
            return False
        self._came += data
        return bool(data)


Script = Callable[[Line], object]


class Peer:
    """Listens, and plays a script on each connection, which is closed at the script's end."""

    def __init__(self, kind: str, folder: str, pair: Pair | None, script: Script) -> None:
        self._trust: ssl.SSLContext | None = None
        if kind == "unix":
            path = f"{folder}/peer.sock"
            self.target = Target(socket=path)
            self._listening = socket.socket(socket.AF_UNIX)
            self._listening.bind(path)
        else:
            self._listening = socket.socket()
            self._listening.bind(("127.0.0.1", 0))
            port = self._listening.getsockname()[1]
            scheme, ca = ("https", pair.cert) if kind == "tls" and pair is not None else ("http", "")
            self.target = Target(url=f"{scheme}://127.0.0.1:{port}", ca=ca)
            if kind == "tls" and pair is not None:
                self._trust = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                self._trust.load_cert_chain(pair.cert, pair.key)
        self._listening.listen()
        self._script = script
        self.connections = 0
        self.open = 0
        self.changed = threading.Condition()
        self._threads = [threading.Thread(target=self._listen)]
        self._threads[0].start()

    def until_open(self, number: int) -> None:
        """Wait until so many connections are open."""
        with self.changed:
            assert self.changed.wait_for(lambda: self.open == number, DEADLINE), self.open

    def end(self) -> None:
        """Stop listening, and wait for the connections to be closed by the other side."""
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._threads[0].join(DEADLINE)
        self._listening.close()
        for thread in self._threads:
            thread.join(DEADLINE)
            assert not thread.is_alive(), "a connection was left open"

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            with self.changed:
                self.connections += 1
                self.open += 1
                self.changed.notify_all()
            self._threads.append(threading.Thread(target=self._play, args=(connection,)))
            self._threads[-1].start()

    def _play(self, connection: socket.socket) -> None:
        connection.settimeout(DEADLINE)
        if connection.family != socket.AF_UNIX:
            # Or an answer would wait until what TLS says before it was acknowledged.
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            with contextlib.suppress(OSError):
                if self._trust is not None:
                    connection = self._trust.wrap_socket(connection, server_side=True)
                self._script(Line(connection))
        finally:
            connection.close()
            with self.changed:
                self.open -= 1
                self.changed.notify_all()


@contextmanager
def playing(kind: str, folder: str, pair: Pair | None, script: Script) -> Iterator[Peer]:
    peer = Peer(kind, folder, pair, script)
    try:
        yield peer
    finally:
        peer.end()


def answer(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    """Return a whole answer."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def always(said: bytes) -> Script:
    """Say the same to each request, for as long as any come."""

    def script(line: Line) -> None:
        while line.hear() is not None:
            line.say(said)

    return script


def once(said: bytes) -> Script:
    """Say that to the first request, and close."""

    def script(line: Line) -> None:
        line.hear()
        line.say(said)

    return script
