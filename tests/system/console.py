"""A viewer of a console that speaks `console-v2`."""

import json
import time
from collections.abc import Mapping
from typing import cast

from websockets.sync.client import ClientConnection
from websockets.typing import Subprotocol

from .processes import DEADLINE

V2 = Subprotocol("console-v2")


class Console:
    """One connection, and the output that came by it."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.text = ""
        """The output, whole lines."""

    def receive(self, deadline: float = DEADLINE) -> Mapping[str, str]:
        """Wait for a message; raises `TimeoutError`, and `ConnectionClosed` of websockets."""
        message = cast("Mapping[str, str]", json.loads(self.connection.recv(timeout=deadline)))
        if message["type"] == "output" and message["data"]:
            self.text += message["data"] + "\n"
        return message

    def until(self, wanted: str, deadline: float = DEADLINE) -> str:
        """Wait until this was printed; return the whole line where it was printed first."""
        end = time.monotonic() + deadline
        seen = 0
        while (found := self.text.find(wanted, seen)) < 0:
            seen = max(0, len(self.text) - len(wanted))
            try:
                self.receive(end - time.monotonic())
            except TimeoutError:
                raise TimeoutError(f"{wanted!r} was not printed, but {self.text[-500:]!r}") from None
        line = self.text.rfind("\n", 0, found) + 1
        return self.text[line : self.text.index("\n", found)]

    def until_number(self, word: str, least: int) -> list[int]:
        """Wait for `WORD NUMBER` with a number not below `least`; return the numbers so far."""
        while not (numbers := self.numbers(word)) or numbers[-1] < least:
            self.receive()
        return numbers

    def numbers(self, word: str) -> list[int]:
        """Return the numbers of the lines that read `WORD NUMBER`."""
        lines = (line.split() for line in self.text.splitlines() if line.startswith(f"{word} "))
        return [int(words[1]) for words in lines]

    def type(self, line: str) -> None:
        """Type a line."""
        self.connection.send(json.dumps({"type": "input", "data": line}))

    def answers(self) -> bool:
        """Whether the daemon answers a ping on this connection."""
        self.connection.send(json.dumps({"type": "ping", "id": "are you there"}))
        while (message := self.receive())["type"] != "pong":
            pass
        return message["id"] == "are you there"
