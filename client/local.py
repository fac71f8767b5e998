"""The API, asked over the Unix socket."""

import http.client
import json
import socket
from collections.abc import Mapping
from typing import cast

PATIENCE = 60.0
"""Seconds until an answer is given up."""


class Refused(Exception):
    """It did not do what was asked, or could not be asked; the message says why, for people."""

    def __init__(self, message: str, kind: str = "") -> None:
        super().__init__(message)
        self.kind = kind
        """The API's word for it, if it was the API."""


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=PATIENCE)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(PATIENCE)
        self.sock.connect(self._path)


def ask(path: str, method: str, target: str, body: Mapping[str, object]) -> Mapping[str, object]:
    """Send JSON and return the JSON of the answer; raises `Refused`."""
    if not path:
        raise Refused("the Unix socket is switched off in the config")
    connection = _Connection(path)
    try:
        connection.request(method, target, json.dumps(body), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        said = json.loads(answer.read())
    except OSError as exc:
        raise Refused(f"Holdfast does not answer at {path}: {exc.strerror or exc}") from exc
    except (ValueError, http.client.HTTPException) as exc:
        raise Refused(f"what answers at {path} is not Holdfast") from exc
    finally:
        connection.close()
    if not isinstance(said, dict) or "error" in said or answer.status >= http.client.BAD_REQUEST:
        said = said if isinstance(said, dict) else {}
        raise Refused(str(said.get("error", f"status {answer.status}")), str(said.get("kind", "")))
    return cast("Mapping[str, object]", said)
