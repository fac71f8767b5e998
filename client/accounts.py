"""`/accounts`: who can log in, and what he may do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .exchange import Request, Steps
from .failures import NotHoldfast
from .operation import D, Operation, Resource
from .records import Record, record, told

Grant = str | Mapping[str, object]
"""A permission, or an object that limits some: `{"permissions": […], "servers": […]}` (docs/access.md)."""


@dataclass(frozen=True, kw_only=True)
class Person(Record):
    """An account: what it was given, and how often it is used."""

    roles: Sequence[str] = ()
    grants: Sequence[object] = ()
    """Texts or objects; see `Grant`."""
    disabled: bool = False
    second_factor: bool = False
    sessions: int = 0
    keys: int = 0


class Accounts(Resource[D]):
    """The accounts, for who may see or change them."""

    @Operation
    def list(self) -> Steps[Mapping[str, Person]]:
        """Return all accounts by name; raises `NotPermitted`.

        >>> holdfast.accounts.list()["admin"].grants
        ('*',)
        """
        accounts = told((yield Request("GET", "/accounts", {"extrainfo": True}))).get("accounts")
        if not isinstance(accounts, dict):
            raise NotHoldfast("the answer has no accounts")
        return {name: record(Person, one) for name, one in accounts.items()}

    @Operation
    def create(
        self,
        name: str,
        password: str,
        *,
        roles: Sequence[str] | None = None,
        grants: Sequence[Grant] | None = None,
        disabled: bool = False,
    ) -> Steps[None]:
        """Make an account; without roles and grants, it may do what you may.

        Raises `AccountExists`, `WeakPassword`, `NoSuchRole`, `InvalidGrants`.

        >>> holdfast.accounts.create("eve", "a long password", grants=["server.view"])
        """
        wish: dict[str, object] = {"username": name, "password": password, **given(roles, grants)}
        if disabled:
            wish["disabled"] = True
        yield Request.json("POST", "/accounts", wish)

    @Operation
    def update(
        self,
        name: str,
        *,
        rename: str | None = None,
        password: str | None = None,
        roles: Sequence[str] | None = None,
        grants: Sequence[Grant] | None = None,
        disabled: bool | None = None,
        without_factor: bool = False,
    ) -> Steps[None]:
        """Change what is named, all of it at once; another password ends the account's sessions.

        If roles or grants are given, they replace both. `without_factor` turns the second factor off.
        Raises `NoSuchAccount`, `AccountExists`, `WeakPassword`.

        >>> holdfast.accounts.create("ann", "a long password")
        >>> holdfast.accounts.update("ann", roles=[], grants=["server.*"], disabled=True)
        """
        wish = {
            "username": rename,
            "password": password,
            **given(roles, grants),
            "disabled": disabled,
            "secondFactor": False if without_factor else None,
        }
        wish = {key: value for key, value in wish.items() if value is not None}
        yield Request.json("PATCH", "/accounts", wish, {"username": name})

    @Operation
    def delete(self, name: str) -> Steps[None]:
        """Remove an account, and with it its sessions, keys and shares; raises `NoSuchAccount`.

        >>> holdfast.accounts.create("bob", "a long password")
        >>> holdfast.accounts.delete("bob")
        """
        yield Request("DELETE", "/accounts", {"username": name})


def given(roles: Sequence[str] | None, grants: Sequence[Grant] | None) -> dict[str, object]:
    """Return what is said of rights in a request: nothing, or all of them."""
    if roles is None and grants is None:
        return {}
    return {"roles": list(roles or ()), "grants": list(grants or ())}
