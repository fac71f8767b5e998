"""`/keys`: API keys, for programs."""

from collections.abc import Sequence
from dataclasses import dataclass

from .accounts import Grant, given
from .exchange import Request, Steps
from .operation import D, Operation, Resource
from .records import Record, record, records, told


@dataclass(frozen=True, kw_only=True)
class Key(Record):
    """A key, without what opens. Times are in seconds since 1970."""

    id: str
    name: str
    owner: str
    roles: Sequence[str] = ()
    grants: Sequence[object] = ()
    created: float
    expires: float | None = None
    last_use: float | None = None
    last_address: str | None = None


@dataclass(frozen=True, kw_only=True)
class NewKey(Key):
    """A key that was just made."""

    key: str
    """What opens: to be sent in `Authorization`. It is told only now."""

    def __repr__(self) -> str:
        return f"NewKey(id={self.id!r}, name={self.name!r})"


class Keys(Resource[D]):
    """One's own keys, and those of others for who may see them."""

    @Operation
    def list(self, *, all: bool = False) -> Steps[Sequence[Key]]:  # noqa: A002  (the API's word)
        """Return one's own keys, or everybody's, the oldest first; raises `NotPermitted`.

        >>> for key in holdfast.keys.list(all=True):
        ...     print(key.name, key.owner, key.last_use)
        """
        answer = yield Request("GET", "/keys", {"all": all or None})
        return records(Key, told(answer).get("keys"))

    @Operation
    def create(
        self,
        name: str,
        *,
        roles: Sequence[str] | None = None,
        grants: Sequence[Grant] | None = None,
        expires_in: float | None = None,
    ) -> Steps[NewKey]:
        """Make a key; without roles and grants, it may do what you may. `expires_in`: seconds.

        Raises `KeyExists`, `NoSuchRole`, `InvalidGrants`, `TooManyKeys`.

        >>> holdfast.keys.create("backup", grants=["server.files.view"], expires_in=86400).key
        'hf_...'
        """
        wish: dict[str, object] = {"name": name, **given(roles, grants)}
        if expires_in is not None:
            wish["expiresIn"] = expires_in
        return record(NewKey, told((yield Request.json("POST", "/keys", wish))))

    @Operation
    def delete(self, key: str) -> Steps[None]:
        """End a key, by its id; raises `NoSuchEntry`.

        >>> bot = holdfast.keys.create("bot")
        >>> holdfast.keys.delete(bot.id)
        """
        yield Request("DELETE", "/keys", {"id": key})
