"""What the tests of the ways to the API ask, and how they tell a failure."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest

from client.exchange import Body, Request, Response, Steps
from client.failures import (
    Failure,
)
from client.target import Target

from .carriers import Carrier
from .peer import Peer, Script, answer

Play = Callable[[Script], AbstractContextManager[Peer]]

OK = answer(b'{"ok":true}')


class Pieces:
    """A body of these pieces, announced with a length or none."""

    def __init__(self, *pieces: bytes, length: int | None = None) -> None:
        self._pieces = pieces
        self.length = length

    def pieces(self) -> Iterator[bytes]:
        yield from self._pieces


def ask(method: str = "GET", path: str = "/x", body: "bytes | Body" = b"", **more: object) -> Steps[Response]:
    return (yield Request(method, path, body=body, **more))  # type: ignore[arg-type]


def failure(carry: Carrier, target: Target, steps: Steps[object], patience: float = 20.0) -> Failure:
    with pytest.raises(Failure) as raised:
        carry(target, steps, patience)
    return raised.value
