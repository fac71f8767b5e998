"""Who can tell of the servers while the API does not answer."""

from collections.abc import Iterator, Mapping
from typing import Protocol

from ..history import History
from ..logs import Line
from ..servers import Server


class Source(Protocol):
    """Tells what the API would tell, as far as it is known."""

    sentence: str
    """Who it is, for people."""

    def servers(self) -> Mapping[str, Server]:
        """Return all servers by name; raises `Failure`."""

    def history(self, name: str, limit: int, before: int | None) -> History:
        """Return what happened to one; raises `Failure`, and `NoSuchServer` if it is not known."""

    def lines(self, name: str) -> Iterator[Line]:
        """Yield what one has said, the oldest first; raises `Failure`."""

    def follow(self, name: str, after: str) -> Iterator[Line] | None:
        """Yield what it says from now on, behind a place; None if it can say nothing."""


def no_such_server() -> Exception:
    """Return the failure of whoever names a server that there is not."""
    from ..refusals import NoSuchServer  # noqa: PLC0415

    return NoSuchServer(404, "no-such-server", "there is no such server", {})
