"""Who has come in, and what he may do for now.

A connection that stays open (a console, a download, an upload, a stream) was let in by a `Standing`. When
that is over, because its holder has ended or has other rights now, it ends; the next request is judged anew.
"""

import anyio

from .permissions import NOTHING, Rights


class Standing:
    """Rights that hold until `over` is set."""

    __slots__ = ("over", "rights")

    def __init__(self, rights: Rights) -> None:
        self.rights = rights
        self.over = anyio.Event()


class Holder:
    """Somebody who may do something: by a session, a key, a share, or as a user of this machine.

    `ended` is set when that is over for good; a change of rights only replaces `standing`. `owner` is whom it
    belongs to, with what it makes: an account, or `@local:UID`.
    """

    __slots__ = ("ended", "owner", "standing")

    def __init__(self, owner: str, rights: Rights = NOTHING) -> None:
        self.owner = owner
        self.standing = Standing(rights)
        self.ended = anyio.Event()

    @property
    def user(self) -> str:
        """The name in the audit log."""
        raise NotImplementedError

    @property
    def marks(self) -> dict[str, str]:
        """What the audit log says besides."""
        return {}

    def review(self, rights: Rights) -> None:
        """Have these rights from now on; what others have let in is over."""
        if rights != self.standing.rights and not self.ended.is_set():
            self.standing.over.set()
            self.standing = Standing(rights)

    def end(self) -> None:
        """Be over for good."""
        self.ended.set()
        self.standing.over.set()
