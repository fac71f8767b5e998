"""The way in over a Unix socket."""

import socket

import httpx


class WayIn(httpx.HTTPTransport):
    """A new connection for each request: the next daemon knows none of the old ones."""

    def __init__(self, path: str) -> None:
        super().__init__(uds=path, trust_env=False, limits=httpx.Limits(max_keepalive_connections=0))
        self._path = path

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        # A refusal is found here, because httpx would not close the socket that was refused.
        try:
            with socket.socket(socket.AF_UNIX) as probe:
                probe.connect(self._path)
        except OSError as exc:
            raise httpx.ConnectError(f"{self._path}: {exc}", request=request) from exc
        return super().handle_request(request)
