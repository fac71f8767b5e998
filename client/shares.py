"""`/shares`: links to one console or one file, for whoever has them, for a while."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .exchange import Request, Steps
from .operation import D, Operation, Resource
from .records import Record, record, records, told


@dataclass(frozen=True, kw_only=True)
class Share(Record):
    """What is shared, without the link. Times are in seconds since 1970."""

    id: str
    kind: str
    """`console` or `file`."""
    server: str
    path: str | None = None
    owner: str
    created: float
    expires: float
    last_use: float | None = None
    last_address: str | None = None


@dataclass(frozen=True, kw_only=True)
class NewShare(Share):
    """A share that was just made."""

    token: str
    url: str
    """The link, from the root of the API on. It is told only now."""

    def __repr__(self) -> str:
        return f"NewShare(id={self.id!r}, kind={self.kind!r}, server={self.server!r}, path={self.path!r})"


class Shares(Resource[D]):
    """One's own shares, and those of others for who may see them."""

    @Operation
    def list(self, *, all: bool = False) -> Steps[Sequence[Share]]:  # noqa: A002  (the API's word)
        """Return one's own shares, or everybody's that one may see, the oldest first.

        >>> link = holdfast.shares.create_file("web", "notes.txt")
        >>> [share.path for share in holdfast.shares.list() if share.id == link.id]
        ['/notes.txt']
        """
        answer = yield Request("GET", "/shares", {"all": all or None})
        return records(Share, told(answer).get("shares"))

    @Operation
    def create_console(self, server: str, *, expires_in: float | None = None) -> Steps[NewShare]:
        """Let anybody who has the link read a console; for a day, or so many seconds.

        Raises `NoSuchServer`, `NotPermitted`.

        >>> holdfast.shares.create_console("chat", expires_in=3600).url
        '/server/chat/console?share=...'
        """
        return (yield from _create({"kind": "console", "server": server, "expiresIn": expires_in}))

    @Operation
    def create_file(self, server: str, path: str, *, expires_in: float | None = None) -> Steps[NewShare]:
        """Let anybody who has the link download a file; for a day, or so many seconds.

        Raises `NoSuchServer`, `NoSuchFile`, `NotAFile`, `NotPermitted`.

        >>> holdfast.shares.create_file("web", "notes.txt").url
        '/server/web/file?path=/notes.txt&share=...'
        """
        wish = {"kind": "file", "server": server, "path": path, "expiresIn": expires_in}
        return (yield from _create(wish))

    @Operation
    def delete(self, share: str) -> Steps[None]:
        """End a share, by its id; who is looking is cut off. Raises `NoSuchEntry`.

        >>> link = holdfast.shares.create_console("chat")
        >>> holdfast.shares.delete(link.id)
        """
        yield Request("DELETE", "/shares", {"id": share})


def _create(wish: Mapping[str, object]) -> Steps[NewShare]:
    asked = {key: value for key, value in wish.items() if value is not None}
    return record(NewShare, told((yield Request.json("POST", "/shares", asked))))
