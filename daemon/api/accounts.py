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
    wish = await call.strings()
    name, password = wish.get("username", ""), wish.get("password", "")
    if not name or not password:
        raise ApiError(400, "no-credentials", _NOTHING)
    await call.parts.accounts.create(name, password)
    call.record("accounts.create", taggedUser=name)
    return JSONResponse({"success": True})


async def update(call: Call) -> Response:
    """Rename an account, change its password, or both."""
    wish = await call.strings()
    new, password = wish.get("username"), wish.get("password")
    name = call.query("username") or new
    if not name or not (password or (new and new != name)):
        raise ApiError(400, "no-credentials", _NOTHING)
    await call.parts.accounts.update(name, new if new != name else None, password)
    call.record(
        "accounts.update", taggedUser=name, **({"updatedUsername": new} if new and new != name else {})
    )
    return JSONResponse({"success": True})


async def delete(call: Call) -> Response:
    """Remove an account, and with it all its sessions."""
    name = call.query("username")
    if not name:
        raise ApiError(400, "no-username", "Username not provided!")
    await call.parts.accounts.delete(name)
    call.record("accounts.delete", taggedUser=name)
    return JSONResponse({"success": True})
