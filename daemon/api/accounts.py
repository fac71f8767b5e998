"""`/accounts`: who can log in."""

from starlette.responses import JSONResponse, Response

from ..errors import ApiError
from ..parts import Call

_NOTHING = "Username or password not provided!"


async def names(call: Call) -> Response:
    """List the accounts."""
    return JSONResponse(call.parts.accounts.names())


async def create(call: Call) -> Response:
    """Make an account."""
    wish = await call.texts("username", "password")
    name, password = wish.get("username", ""), wish.get("password", "")
    call.trying("accounts.create", taggedUser=name)
    if not name or not password:
        raise ApiError(400, "no-credentials", _NOTHING)
    _check_password(password)
    await call.parts.accounts.create(name, password)
    call.record("accounts.create", taggedUser=name)
    return JSONResponse({"success": True})


async def update(call: Call) -> Response:
    """Rename an account, change its password, or both."""
    wish = await call.texts("username", "password")
    # Clients that fill in a form send empty strings for what shall stay.
    name = call.query("username") or wish.get("username", "")
    password = wish.get("password") or None
    new = wish.get("username") or name
    renamed = {"updatedUsername": new} if new != name else {}
    call.trying("accounts.update", taggedUser=name, **renamed)
    if not name or not (password or renamed):
        raise ApiError(400, "no-credentials", _NOTHING)
    _check_password(password or "")
    await call.parts.accounts.update(name, new, password)
    call.record("accounts.update", taggedUser=name, **renamed)
    return JSONResponse({"success": True})


async def delete(call: Call) -> Response:
    """Remove an account, and with it all its sessions."""
    name = call.query("username")
    if not name:
        raise ApiError(400, "no-username", "Username not provided!")
    call.trying("accounts.delete", taggedUser=name)
    await call.parts.accounts.delete(name)
    call.record("accounts.delete", taggedUser=name)
    return JSONResponse({"success": True})


def _check_password(password: str) -> None:
    """Refuse what could not log in: a password comes in a header, which loses blanks around it."""
    if password != password.strip():
        raise ApiError(400, "invalid-account", "A password must not begin or end with a blank!")
