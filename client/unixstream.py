"""Connections over a Unix socket for httpcore: its own forgets to close the one that is refused."""

import contextlib
import select
import socket
from collections.abc import Iterable, Iterator

import httpcore
import httpx


class UnixStream(httpcore.NetworkStream):
    """A connection over a Unix socket."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Return what has come, or nothing at the end."""
        with _told(httpcore.ReadTimeout, httpcore.ReadError):
            self._socket.settimeout(timeout)
            return self._socket.recv(max_bytes)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send all of it."""
        with _told(httpcore.WriteTimeout, httpcore.WriteError):
            self._socket.settimeout(timeout)
            self._socket.sendall(buffer)

    def close(self) -> None:
        """Close it."""
        self._socket.close()

    def get_extra_info(self, info: str) -> object:
        """Tell what httpcore asks for."""
        match info:
            case "socket":
                return self._socket
            case "is_readable":
                watch = select.poll()
                watch.register(self._socket, select.POLLIN)
                return bool(watch.poll(0))
        return None


class UnixBackend(httpcore.NetworkBackend):
    """Connects to Unix sockets."""

    def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[object] | None = None,  # noqa: ARG002
    ) -> UnixStream:
        """Connect; what is refused is closed. No option of TCP means anything here."""
        one = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        try:
            with _told(httpcore.ConnectTimeout, httpcore.ConnectError):
                one.settimeout(timeout)
                one.connect(path)
        except BaseException:
            one.close()
            raise
        return UnixStream(one)


class UnixTransport(httpx.HTTPTransport):
    """Carries httpx's requests over a Unix socket."""

    def __init__(self, path: str) -> None:
        super().__init__(uds=path, trust_env=False)
        # httpx hands everything on to the pool but this.
        self._pool = httpcore.ConnectionPool(
            uds=path, network_backend=UnixBackend(), max_connections=None, keepalive_expiry=5.0
        )


@contextlib.contextmanager
def _told(late: type[Exception], broken: type[Exception]) -> Iterator[None]:
    try:
        yield
    except TimeoutError as exc:
        raise late(str(exc)) from exc
    except (OSError, ValueError) as exc:
        raise broken(str(exc)) from exc
