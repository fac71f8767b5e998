"""`/account/factor`, `/account/recovery`: the second factor of an account.

Everybody turns on his own, with his password. Who is on this machine and may change accounts does so for
others with `?username=`, and needs neither their password nor a code: he could take the account over anyway.
"""

from collections.abc import Sequence
from dataclasses import replace

from starlette.responses import JSONResponse, Response

from ..account import Account, SecondFactor
from ..codes import digest_of, new_recovery_codes, uri_for
from ..described import Param, described, json_of
from ..errors import ApiError, NotPermitted
from ..logins import WrongCredentials
from ..parts import Call
from ..qr import drawn
from ..schemas import ACCOUNT_FILE, JSON_BODY
from ..sessions import Session
from ..shapes import TEXT

_OF = (Param("username", "Whose; only over the Unix socket, where it must be there", TEXT),)
_BOTH = '{"password":"PASSWORD","code":"123456"}'
_NOT_NOW = {
    400: "no-credentials no-session no-username local-only",
    403: "wrong-credentials not-permitted",
    404: "no-such-account",
    429: "too-many-logins",
}


@described(
    "Access",
    query=_OF,
    body=json_of("PasswordShown", "One's own password", example='{"password":"PASSWORD"}'),
    answers={200: json_of("ProposedFactor", "What an authenticator needs")},
    errors=(JSON_BODY, ACCOUNT_FILE, _NOT_NOW, {409: "factor-exists"}),
)
async def propose(call: Call) -> Response:
    """Give a new secret; the factor is on when a code of it has come back."""
    name = _account(call)
    call.trying("accounts.factor.on", taggedUser=name)
    _refuse_second(call, name)
    await _check_owner(call, name)
    _refuse_second(call, name)
    secret = call.parts.people.factors.propose(name, call.who.holder)
    uri = uri_for(name, secret)
    return JSONResponse({"secret": secret, "uri": uri, "qr": drawn(uri)})


@described(
    "Access",
    query=_OF,
    body=json_of("CodeShown", "A code of the new secret", example='{"code":"123456"}'),
    answers={200: json_of("RecoveryCodes", "It is on; each of these is good once")},
    errors=(
        JSON_BODY,
        ACCOUNT_FILE,
        {**_NOT_NOW, 403: "wrong-code not-permitted"},
        {404: "no-pending-factor", 409: "factor-exists factor-changed"},
    ),
)
async def confirm(call: Call) -> Response:
    """Turn on the factor that was given last, and give its recovery codes."""
    name, wish = _account(call), await call.wish()
    call.trying("accounts.factor.on", taggedUser=name)
    _refuse_second(call, name)
    fresh = call.parts.people.factors.confirm(name, call.who.holder, wish.text("code") or "")
    shown = new_recovery_codes()
    await _change(call, "accounts.factor.on", name, None, _with_codes(fresh, shown))
    return JSONResponse({"recovery": shown})


@described(
    "Access",
    query=_OF,
    body=json_of("BothShown", "One's own password and a code", example=_BOTH),
    answers={200: json_of("RecoveryCodes", "The new ones; each is good once")},
    errors=(JSON_BODY, ACCOUNT_FILE, _NOT_NOW, {404: "no-factor", 409: "factor-changed"}),
)
async def renew(call: Call) -> Response:
    """Give new recovery codes; the old ones are good no more."""
    name = _account(call)
    call.trying("accounts.factor.recovery", taggedUser=name)
    factor = _factor(call, name)
    await _check_owner(call, name, with_code=True)
    shown = new_recovery_codes()
    await _change(call, "accounts.factor.recovery", name, factor, _with_codes(factor, shown))
    return JSONResponse({"recovery": shown})


@described(
    "Access",
    query=_OF,
    body=json_of("BothShown", "One's own password and a code", example=_BOTH),
    answers={200: json_of("Success", "It is off")},
    errors=(JSON_BODY, ACCOUNT_FILE, _NOT_NOW, {404: "no-factor", 409: "factor-changed"}),
)
async def turn_off(call: Call) -> Response:
    """Turn the factor off."""
    name = _account(call)
    call.trying("accounts.factor.off", taggedUser=name)
    factor = _factor(call, name)
    await _check_owner(call, name, with_code=True)
    await _change(call, "accounts.factor.off", name, factor, None)
    return JSONResponse({"success": True})


def _account(call: Call) -> str:
    """Return whose factor this is about; raises `ApiError`."""
    if call.who.peer is not None:
        name = call.query("username")
        if not name:
            raise ApiError(400, "no-username", "Username not provided!")
        if not call.who.may("accounts.update"):
            raise NotPermitted
        call.check_reach(name)
        return name
    if call.query("username") is not None:
        raise ApiError(400, "local-only", "An account can be named here only over the Unix socket!")
    if not isinstance(call.who.holder, Session):
        raise ApiError(400, "no-session", "Only who has logged in can change his second factor!")
    return call.who.user


async def _check_owner(call: Call, name: str, *, with_code: bool = False) -> None:
    if call.who.peer is not None:
        return
    wish, logins = await call.wish(), call.parts.people.logins
    password, code = wish.text("password"), wish.text("code")
    if not password or (with_code and not code):
        what = "Password or code" if with_code else "Password"
        raise ApiError(400, "no-credentials", f"{what} not provided!")
    try:
        if with_code:
            await logins.check_both(name, password, code or "", call.who.address)
        else:
            await logins.check(name, password, call.who.address)
    except WrongCredentials as exc:
        what = "password or the code" if with_code else "password"
        raise ApiError(403, "wrong-credentials", f"The {what} is wrong!") from exc


def _factor(call: Call, name: str) -> SecondFactor:
    account = call.parts.people.accounts.get(name)
    if account is None or account.factor is None:
        raise ApiError(404, "no-factor", "There is no second factor!")
    return account.factor


def _refuse_second(call: Call, name: str) -> None:
    account = call.parts.people.accounts.get(name)
    if account is not None and account.factor is not None:
        raise ApiError(409, "factor-exists", "There is a second factor already, turn it off first!")


def _with_codes(factor: SecondFactor, codes: Sequence[str]) -> SecondFactor:
    return replace(factor, recovery=tuple(map(digest_of, codes)))


async def _change(
    call: Call, action: str, name: str, before: SecondFactor | None, after: SecondFactor | None
) -> None:
    """Keep another factor, unless somebody has changed it meanwhile."""

    def change(account: Account) -> Account:
        call.check_still()
        secrets = [factor and factor.secret for factor in (account.factor, before)]
        if secrets[0] != secrets[1]:
            raise ApiError(409, "factor-changed", "The second factor was changed meanwhile!")
        return replace(account, factor=after)

    await call.parts.people.accounts.update(name, change=change)
    call.record(action, taggedUser=name)
