"""`/accounts`: who can log in."""

from dataclasses import replace

from starlette.responses import JSONResponse, Response

from ..described import Param, described, json_of
from ..errors import ApiError
from ..parts import Call
from ..schemas import ACCOUNT_FILE, JSON_BODY
from ..shapes import TEXT, listed

_WHO = Param("username", "Whose account", TEXT, example="ann")
_REFUSED = {400: "no-credentials invalid-account", 429: "too-many-logins"}
_NOTHING = "Username or password not provided!"


@described(
    "Accounts",
    answers={200: json_of(listed(TEXT, "The names"), "All accounts, sorted")},
    errors=(ACCOUNT_FILE,),
)
async def names(call: Call) -> Response:
    """List the accounts."""
    return JSONResponse(call.parts.accounts.names())


@described(
    "Accounts",
    body=json_of("Credentials", "Who it shall be", example='{"username":"ann","password":"PASSWORD"}'),
    answers={200: json_of("Success", "The account is there")},
    errors=(JSON_BODY, ACCOUNT_FILE, _REFUSED, {409: "account-exists"}),
)
async def create(call: Call) -> Response:
    """Make an account."""
    wish = await call.texts("username", "password")
    name, password = wish.get("username", ""), wish.get("password", "")
    if not name or not password:
        raise ApiError(400, "no-credentials", _NOTHING)
    _check_password(password)
    await call.parts.accounts.create(name, password)
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
    """Rename an account, change its password, or both."""
    wish = await call.texts("username", "password")
    # Clients that fill in a form send empty strings for what shall stay.
    name = call.query("username") or wish.get("username", "")
    password = wish.get("password") or None
    new = wish.get("username") or name
    renamed = {"updatedUsername": new} if new != name else {}
    if not name or not (password or renamed):
        raise ApiError(400, "no-credentials", _NOTHING)
    _check_password(password or "")
    await call.parts.accounts.update(name, new, password)
    call.record("accounts.update", taggedUser=name, **renamed)
    return JSONResponse({"success": True})


@described(
    "Accounts",
    query=(replace(_WHO, required=True),),
    answers={200: json_of("Success", "The account is gone")},
    errors=(ACCOUNT_FILE, {400: "no-username", 404: "no-such-account"}),
)
async def delete(call: Call) -> Response:
    """Remove an account, and with it all its sessions."""
    name = call.query("username")
    if not name:
        raise ApiError(400, "no-username", "Username not provided!")
    await call.parts.accounts.delete(name)
    call.record("accounts.delete", taggedUser=name)
    return JSONResponse({"success": True})


def _check_password(password: str) -> None:
    """Refuse what could not log in: a password comes in a header, which loses blanks around it."""
    if password != password.strip():
        raise ApiError(400, "invalid-account", "A password must not begin or end with a blank!")
