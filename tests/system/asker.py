"""A client that has patience: it asks again when its connection is cut, and is never refused."""

import http.client
import json
import socket
import threading
from collections.abc import Mapping
from typing import cast

from .house import Holdfast
from .processes import DEADLINE


class Moments:
    """Counts what happens to the clients, so that somebody else can wait for the next of it."""

    def __init__(self) -> None:
        self._count = 0
        self._news = threading.Condition()

    def passed(self) -> None:
        """Say that one has passed."""
        with self._news:
            self._count += 1
            self._news.notify_all()

    def wait(self, more: int) -> None:
        """Wait for so many more; raises `TimeoutError`."""
        with self._news:
            wanted = self._count + more
            if not self._news.wait_for(lambda: self._count >= wanted, DEADLINE):
                raise TimeoutError("the clients get no answers any more")


class Asker:
    """Asks over TCP with a token, or over the Unix socket without, each time by a connection of its own."""

    def __init__(self, house: Holdfast, moments: Moments, token: str | None = None) -> None:
        self._house = house
        self._moments = moments
        self._token = token
        self.cuts = 0
        """How often a connection was cut before the answer."""

    def ask(self, method: str, path: str, body: str = "", **headers: str) -> tuple[int, object]:
        """Return status and JSON of the answer, however often the daemon dies on the way to it.

        Raises what connect(2) says if the connection is refused, and `TimeoutError` if nothing is answered.
        """
        if self._token is not None:
            headers["Authorization"] = self._token
        while True:
            connection = self._connect()
            try:
                connection.request(method, path, body.encode(), headers)
                answer = connection.getresponse()
                self._moments.passed()
                text = answer.read()
                return answer.status, json.loads(text) if path != "/config" or method != "GET" else text
            except TimeoutError:
                raise
            except (OSError, http.client.HTTPException):
                self.cuts += 1
            finally:
                connection.close()
                self._moments.passed()

    def get(self, path: str) -> Mapping[str, object]:
        """Return the object that is answered with 200."""
        status, answer = self.ask("GET", path)
        assert status == 200, (path, status, answer)
        return cast("Mapping[str, object]", answer)

    def post(self, path: str, body: str) -> tuple[int, object]:
        """Return what is answered to a POST."""
        return self.ask("POST", path, body)

    def _connect(self) -> http.client.HTTPConnection:
        """Connect outside of the request: here nothing may fail, whether or not there is a daemon."""
        connection = http.client.HTTPConnection("127.0.0.1", self._house.port, timeout=DEADLINE)
        if self._token is None:
            connection.sock = socket.socket(socket.AF_UNIX)
            connection.sock.settimeout(DEADLINE)
            try:
                connection.sock.connect(self._house.path("api.sock"))
            except BaseException:
                connection.close()
                raise
        else:
            connection.connect()
        return connection
