"""`/accounts`: who can log in, and what he may do.

Nobody gives rights that he does not have, and nobody changes an account that has more than he: else who may
change accounts could do everything.
"""

from dataclasses import replace

from starlette.responses import JSONResponse, Response

from ..account import Account
from ..described import Param, described, either, json_of
from ..errors import ApiError, NotPermitted
from ..keys import Key
from ..parts import Call
from ..privileges import EVERYTHING, Privileges
from ..schemas import ACCOUNT_FILE, JSON_BODY
from ..shapes import FLAG, TEXT

_WHO = Param("username", "Whose account", TEXT, example="ann")
_REFUSED = {
    400: "no-credentials no-grants invalid-account weak-password invalid-grants no-such-role own-factor",
    403: "not-permitted",
    429: "too-many-logins",
}
_NOTHING = "Username or password not provided!"


@described(
    "Accounts",
    query=(Param("extrainfo", "`true`: also what they may do", FLAG),),
    answers={200: json_of(either("Names", "Accounts"), "All accounts, sorted")},
    errors=(ACCOUNT_FILE,),
)
def names(call: Call) -> Response:
    """List the accounts; with `extrainfo=true`, what they may do as well."""
    people = call.parts.people
    found = people.accounts.names()
    if call.query("extrainfo") != "true":
        return JSONResponse(found)
    accounts = {name: account for name in found if (account := people.accounts.get(name)) is not None}
    return JSONResponse({"accounts": {name: _described(call, name, one) for name, one in accounts.items()}})


@described(
    "Accounts",
    body=json_of("Credentials", "Who it shall be", example='{"username":"ann","password":"PASSWORD"}'),
    answers={200: json_of("Success", "The account is there")},
    errors=(JSON_BODY, ACCOUNT_FILE, _REFUSED, {409: "account-exists"}),
)
async def create(call: Call) -> Response:
    """Make an account. Without roles and grants, it has the rights of who makes it."""
    wish = await call.wish()
    wish.only("username", "password", "roles", "grants", "disabled")
    name, password = wish.text("username") or "", wish.text("password") or ""
    call.trying("accounts.create", taggedUser=name)
    if not name or not password:
        raise ApiError(400, "no-credentials", _NOTHING)
    call.check_password(password)
    privileges = wish.privileges(call.parts.people.roles)
    privileges = _own(call) if privileges is None else privileges
    call.check_given(privileges)
    disabled = wish.flag("disabled") or False

    def check() -> None:
        call.check_still()
        call.check_given(privileges)

    await call.parts.people.accounts.create(name, password, privileges, disabled=disabled, check=check)
    call.record("accounts.create", taggedUser=name)
    return JSONResponse({"success": True})


@described(
    "Accounts",
    query=(_WHO,),
    body=json_of("AccountChange", "What shall be different", example='{"password":"PASSWORD"}'),
    answers={200: json_of("Success", "Done; with another password, all its sessions have ended")},
    errors=(JSON_BODY, ACCOUNT_FILE, _REFUSED, {404: "no-such-account", 409: "account-exists"}),
)
async def update(call: Call) -> Response:
    """Rename an account, change its password or rights, disable it, end its second factor; or all at once."""
    wish = await call.wish()
    wish.only("username", "password", "roles", "grants", "disabled", "secondFactor")
    # Clients that fill in a form send empty strings for what shall stay.
    name = call.query("username") or wish.text("username") or ""
    password = wish.text("password") or None
    new = wish.text("username") or name
    privileges, disabled = wish.privileges(call.parts.people.roles), wish.flag("disabled")
    factor = wish.flag("secondFactor")
    renamed = {"updatedUsername": new} if new != name else {}
    call.trying("accounts.update", taggedUser=name, **renamed)
    asked = password or renamed or not (privileges is None and disabled is None and factor is None)
    if not name or not asked:
        raise ApiError(400, "no-credentials", _NOTHING)
    if factor:
        raise ApiError(400, "own-factor", "Everybody turns on his second factor himself!")
    if password is not None:
        call.check_password(password)
    call.check_reach(name)
    if password is not None and isinstance(call.who.holder, Key) and call.who.holder.owner == name:
        raise NotPermitted("A key cannot change the password of its owner!")
    if privileges is not None:
        call.check_given(privileges)

    def change(account: Account) -> Account:
        call.check_reach_of(account)  # again: hashing a password takes a while, and who waits may be demoted
        if privileges is not None:
            call.check_given(privileges)
        return replace(
            account,
            privileges=account.privileges if privileges is None else privileges,
            disabled=account.disabled if disabled is None else disabled,
            factor=account.factor if factor is None else None,
        )

    await call.parts.people.accounts.update(name, new, password, change)
    what = {
        "password": password is not None,
        "rights": privileges is not None,
        "disabled": bool(disabled),
        "enabled": disabled is False,
        "second factor": factor is False,
    }
    changed = ", ".join(word for word, is_so in what.items() if is_so)
    call.record("accounts.update", taggedUser=name, **renamed, **({"changed": changed} if changed else {}))
    if factor is False:
        call.record("accounts.factor.off", taggedUser=new)
    return JSONResponse({"success": True})


@described(
    "Accounts",
    query=(replace(_WHO, required=True),),
    answers={200: json_of("Success", "The account is gone")},
    errors=(ACCOUNT_FILE, {400: "no-username", 404: "no-such-account"}),
)
async def delete(call: Call) -> Response:
    """Remove an account, and with it its sessions, keys and shares."""
    name = call.query("username")
    if not name:
        raise ApiError(400, "no-username", "Username not provided!")
    call.trying("accounts.delete", taggedUser=name)
    call.check_reach(name)
    await call.parts.people.accounts.delete(name, call.check_reach_of)
    call.record("accounts.delete", taggedUser=name)
    return JSONResponse({"success": True})


def _described(call: Call, name: str, account: Account) -> dict[str, object]:
    people = call.parts.people
    return {
        **account.privileges.to_dict(),
        "disabled": account.disabled,
        "secondFactor": account.factor is not None,
        "sessions": len(people.sessions.of(name)),
        "keys": len(people.keys.of(name)),
    }


def _own(call: Call) -> Privileges:
    """Return the rights of the caller, as those of an account."""
    layers = call.who.standing.rights.layers
    if len(layers) > 1:
        raise ApiError(400, "no-grants", "Say which grants the account shall have!")
    own = Privileges(grants=layers[0])
    return EVERYTHING if own.is_full else own
