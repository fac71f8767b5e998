"""`/account`: who one is oneself, and one's own password."""

from collections.abc import Collection, Sequence

from starlette.responses import JSONResponse, Response

from ..account import Account
from ..described import described, json_of
from ..errors import ApiError
from ..keys import Key
from ..logins import WrongCredentials
from ..parts import Answer, Call
from ..permissions import PERMISSIONS, SCOPED, rights_of
from ..privileges import grant_to_data
from ..schemas import ACCOUNT_FILE, JSON_BODY
from ..sessions import Session

FILES, TYPE = "server.files.", "server.console.write"

_CHANGE = '{"oldPassword":"PASSWORD","password":"NEW-PASSWORD"}'


@described("Access", answers={200: json_of("OwnAccount", "Who asks, and what he may do")})
def show(call: Call) -> Answer:
    """Tell who the caller is and what he may do: everywhere, and on which servers."""
    return call.with_servers(lambda services: _described(call, services))


@described(
    "Access",
    body=json_of("PasswordChange", "The old and the new password", example=_CHANGE),
    answers={200: json_of("Success", "Done; all sessions of the account have ended")},
    errors=(
        JSON_BODY,
        ACCOUNT_FILE,
        {400: "no-credentials no-session weak-password invalid-account", 403: "wrong-credentials"},
        {404: "no-such-account", 429: "too-many-logins"},
    ),
)
async def update(call: Call) -> Response:
    """Change one's own password; that ends all one's sessions, this one too."""
    if not isinstance(call.who.holder, Session):
        raise ApiError(400, "no-session", "Only who has logged in can change his password!")
    wish = await call.wish()
    old, password = wish.text("oldPassword"), wish.text("password")
    if not old or not password:
        raise ApiError(400, "no-credentials", "Old or new password not provided!")
    name = call.who.user
    call.trying("accounts.update", taggedUser=name)
    call.check_password(password)
    people = call.parts.people
    try:
        await people.logins.check(name, old, call.who.address)
    except WrongCredentials as exc:
        raise ApiError(403, "wrong-credentials", "The old password is wrong!") from exc

    def change(account: Account) -> Account:
        call.check_still()
        return account

    await people.accounts.update(name, password=password, change=change)
    call.record("accounts.update", taggedUser=name, changed="password")
    return JSONResponse({"success": True})


def _described(call: Call, services: Collection[str]) -> Response:
    rights = call.who.standing.rights
    # Of most people the rights name no servers: then they are the same everywhere.
    everywhere = None if rights.names_servers else _permitted(call, "")
    beyond = _permitted(call, None)
    may = {name: _permitted(call, name) if everywhere is None else everywhere for name in sorted(services)}
    may = {name: permitted for name, permitted in may.items() if _tells(permitted, beyond)}
    limits = {name: _limits(call, name, permitted) for name, permitted in may.items()}
    holder = call.who.holder
    account = call.parts.people.accounts.get(holder.user)
    return JSONResponse(
        {
            "name": holder.user,
            "kind": "session"
            if isinstance(holder, Session)
            else "key"
            if isinstance(holder, Key)
            else "local",
            "secondFactor": account is not None and account.factor is not None,
            "recoveryCodes": 0 if account is None or account.factor is None else len(account.factor.recovery),
            "permissions": beyond,
            "servers": may,
            "limits": {name: limited for name, limited in limits.items() if limited},
            "rights": [[grant_to_data(grant) for grant in layer] for layer in rights.layers],
            "roles": _givable(call),
        }
    )


def _givable(call: Call) -> dict[str, object]:
    """Return the roles that the caller could give, with what each grants: more is not his business."""
    roles = sorted(call.parts.people.roles.items())
    given = {name: grants for name, grants in roles if call.who.covers(rights_of(grants))}
    return {name: [grant_to_data(grant) for grant in grants] for name, grants in given.items()}


def _permitted(call: Call, server: str | None) -> list[str]:
    return [name for name in PERMISSIONS if (server is None or name in SCOPED) and call.who.may(name, server)]


def _tells(permitted: Sequence[str], beyond: Sequence[str]) -> bool:
    """Tell whether a server is named: who may share anything does not hear by that what servers there are."""
    return any(name.startswith("server.") or name not in beyond for name in permitted)


def _limits(call: Call, server: str, permitted: Collection[str]) -> dict[str, object]:
    """Return to what the caller is kept there; nothing if he is not."""
    folders = {
        permission: [str(folder) for folder in fences]
        for permission in permitted
        if permission.startswith(FILES) and (fences := call.who.fences(permission, server)) is not None
    }
    lines = call.who.typing_list(server) if TYPE in permitted else None
    return ({"paths": folders} if folders else {}) | ({} if lines is None else {"input": [*lines]})
