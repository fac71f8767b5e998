"""`api.json` in the state directory: where the API is offered, for commands that have not read the config.

Rules:
- It is written whenever the listeners have changed, before anybody is told of that, and only if it says
  something new. Nothing in it is a secret.
- It stays when we end: the path of the socket is good for our successor too. Who reads it must take it for
  what it is, the latest that is known; `pid` may be somebody else's by now.
- A disk that refuses it costs a line in the log, and hinders nothing.
"""

import json
import logging
import os
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import anyio
import anyio.to_thread

from supervisor import VERSION, replace_file

FILE = "api.json"

NOTHING: Mapping[str, str] = MappingProxyType({})

log = logging.getLogger("holdfast.listeners")


class Signpost:
    """Says in a file where the API is."""

    def __init__(self, state: str, config: str) -> None:
        """`state` is the folder of the file, `config` the absolute path of the config."""
        self.path = os.path.join(state, FILE)
        self._config = config
        self._turn = anyio.Lock()
        self._written = b""
        self._refused = ""

    async def point(
        self,
        socket: str | None,
        urls: Sequence[str],
        logs: Mapping[str, str] = NOTHING,
        web: Sequence[str] = (),
    ) -> None:
        """Have it say this; returns when it stands there, or was refused by the disk.

        `logs`: the folder of each server's log files; `web`: where the web page is.
        """
        told = {
            "version": VERSION,
            "socket": socket,
            "urls": list(urls),
            "web": list(web),
            "config": self._config,
            "logs": dict(logs),
            "pid": os.getpid(),
        }
        # ASCII: a path may hold bytes that are no text, which only an escape can carry.
        data = json.dumps(told, indent=1).encode("ascii") + b"\n"
        async with self._turn:
            if data == self._written:
                return
            try:
                await anyio.to_thread.run_sync(replace_file, self.path, data)
            except OSError as exc:
                self._written = b""
                if self._refused != (why := exc.strerror or str(exc)):
                    self._refused = why
                    log.warning("where the API is cannot be told in %s: %s", self.path, why)
            else:
                self._written, self._refused = data, ""
