"""`/login`, `/logout`, `/ott`: how a client comes to a token or a ticket, and how that ends."""

from starlette.responses import JSONResponse, Response

from ..access import COOKIE, Identity, address_of
from ..attempt import shown_name
from ..errors import ApiError
from ..parts import Call
from ..sessions import LIFETIME, Session
from ..usersfile import AccountsUnreadable


async def login(call: Call) -> Response:
    """Give a token, or a cookie with `?cookie=true`, for a user name and a password."""
    _refuse_local(call)
    name, password = _header(call, b"username"), _header(call, b"password")
    if not name or not password:
        raise ApiError(400, "no-credentials", "Username or password not provided!")
    call.attempt.user = shown_name(_utf8(name), _names(call))
    check = call.parts.accounts.check
    # A browser sends Latin-1, curl sends UTF-8; most names and passwords are the same in both.
    account = await check(_utf8(name), _utf8(password))
    if account is None and not (name + password).isascii():
        account = await check(name.decode("latin-1"), password.decode("latin-1"))
    if account is None:
        raise ApiError(401, "wrong-credentials", "Invalid username or password!")
    address = address_of(call.request)
    agent = call.request.headers.get("user-agent", "")
    token, session = await call.parts.sessions.create(account, address, agent)
    call.parts.record(Identity(address, session), "auth.login")
    if call.query("cookie") != "true":
        return JSONResponse({"token": token})
    return _with_cookie(call, token, int(LIFETIME))


async def logout(call: Call) -> Response:
    """End the session of the token that was shown."""
    session = _session(call)
    call.record("auth.logout")
    await call.parts.sessions.end(session)
    return _with_cookie(call, "", 0)


async def ticket(call: Call) -> Response:
    """Give a one-time ticket for the session."""
    session = _session(call)
    return JSONResponse({"ticket": call.parts.tickets.issue(session, call.who.address)})


def _names(call: Call) -> list[str]:
    try:
        return call.parts.accounts.names()
    except AccountsUnreadable:
        return []


def _refuse_local(call: Call) -> None:
    if call.identity is not None and call.identity.peer is not None:
        message = "Auth endpoints cannot be called over Unix socket!"
        raise ApiError(400, "local", message)


def _session(call: Call) -> Session:
    _refuse_local(call)
    if call.who.session is None:
        raise AssertionError("somebody without a session came in over TCP")
    return call.who.session


def _header(call: Call, wanted: bytes) -> bytes:
    return next((value for key, value in call.request.scope["headers"] if key == wanted), b"")


def _utf8(text: bytes) -> str:
    return text.decode("utf-8", "replace")


def _with_cookie(call: Call, value: str, age: int) -> Response:
    # Written by hand: the standard library puts quotes around the base64, which clients would send back.
    answer = JSONResponse({"success": True})
    secure = "; Secure" if call.request.url.scheme == "https" else ""
    cookie = f"{COOKIE}={value}; Path=/; Max-Age={age}; HttpOnly; SameSite=Strict{secure}"
    answer.headers["set-cookie"] = cookie
    return answer
