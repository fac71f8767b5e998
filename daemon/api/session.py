"""`/login`, `/logout`, `/ott`: how a client comes to a token or a ticket, and how that ends."""

from starlette.responses import JSONResponse, Response

from ..access import COOKIE, Identity
from ..attempt import shown_name
from ..described import Param, described, either, json_of
from ..errors import ApiError
from ..logins import Shown, WrongCredentials
from ..parts import Call
from ..schemas import SESSIONS_FILE
from ..sessions import Session
from ..shapes import FLAG, TEXT
from ..usersfile import AccountsUnreadable

COOKIE_LASTS = 8_035_200
"""Seconds; Octyne's cookie says the same."""

_COOKIE = Param("Set-Cookie", "The cookie that holds the token", TEXT)


@described(
    "Session",
    query=(Param("cookie", "`true`: the token comes as a cookie", FLAG),),
    headers=(
        Param(
            "Username", "The name of the account, in UTF-8 or Latin-1", TEXT, required=True, example="admin"
        ),
        Param("Password", "Its password", TEXT, required=True, example="PASSWORD"),
        Param("X-OTP", "A code of its second factor, or a recovery code", TEXT),
    ),
    answers={200: json_of(either("Token", "Success"), "The token, or it is in the cookie", _COOKIE)},
    errors=(
        {
            400: "no-credentials local",
            401: "wrong-credentials wrong-code second-factor-needed",
            429: "too-many-logins",
        },
        {500: "accounts-unreadable"},
        SESSIONS_FILE,
    ),
)
async def login(call: Call) -> Response:
    """Give a token, or a cookie with `?cookie=true`, for a name, a password, and a code if one is needed."""
    _refuse_local(call)
    name, password = _header(call, b"username"), _header(call, b"password")
    if not name or not password:
        raise ApiError(400, "no-credentials", "Username or password not provided!")
    call.attempt.user = shown_name(_utf8(name), _names(call))
    # A browser sends Latin-1, curl sends UTF-8; most names and passwords are the same in both.
    shown = [Shown(_utf8(name), _utf8(password))]
    if not (name + password).isascii():
        shown.append(Shown(name.decode("latin-1"), password.decode("latin-1")))
    code, agent = call.request.headers.get("x-otp"), call.request.headers.get("user-agent", "")
    address = call.head.address
    try:
        entered = await call.parts.people.logins.login(shown, code, address, agent)
    except WrongCredentials as exc:
        call.attempt.fields["reason"] = exc.why  # for those who may read the audit log, and nobody else
        raise
    session = entered.session
    spent = {} if entered.codes_left is None else {"recoveryCodesLeft": entered.codes_left}
    call.parts.record(Identity(address, session, session.standing), "auth.login", **spent)
    if call.query("cookie") != "true":
        return JSONResponse({"token": entered.token})
    return _with_cookie(call, entered.token, COOKIE_LASTS)


@described(
    "Session",
    answers={200: json_of("Success", "It has ended, and the cookie with it", _COOKIE)},
    errors=({400: "local no-session"}, SESSIONS_FILE),
)
async def logout(call: Call) -> Response:
    """End the session of the token that was shown."""
    session = _session(call)
    call.record("auth.logout")
    await call.parts.people.sessions.end([session], "end a session")
    return _with_cookie(call, "", 0)


@described("Session", answers={200: json_of("Ticket", "The ticket")}, errors=({400: "local"},))
def ticket(call: Call) -> Response:
    """Give a one-time ticket for the session or the key."""
    _refuse_local(call)
    return JSONResponse({"ticket": call.parts.people.tickets.issue(call.who.holder, call.who.address)})


def _names(call: Call) -> list[str]:
    try:
        return call.parts.people.accounts.names()
    except AccountsUnreadable:
        return []


def _refuse_local(call: Call) -> None:
    if call.identity is not None and call.identity.peer is not None:
        message = "Auth endpoints cannot be called over Unix socket!"
        raise ApiError(400, "local", message)


def _session(call: Call) -> Session:
    _refuse_local(call)
    session = call.who.holder
    if not isinstance(session, Session):
        raise ApiError(400, "no-session", "An API key has no session that could be ended!")
    return session


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
