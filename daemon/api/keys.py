"""`/keys`: API keys for programs."""

from starlette.responses import JSONResponse, Response

from ..described import Param, described, json_of
from ..errors import ApiError, NotPermitted
from ..keys import Key
from ..parts import Call
from ..privileges import EVERYTHING
from ..schemas import JSON_BODY, SESSIONS_FILE
from ..shapes import FLAG, TEXT

LONGEST_NAME = 100
LONGEST_LIFE = 100 * 365 * 86_400.0


@described(
    "Access",
    query=(Param("all", "`true`: everybody's", FLAG),),
    answers={200: json_of("Keys", "The keys, without what opens")},
    errors=({403: "not-permitted"},),
)
def list_all(call: Call) -> Response:
    """List one's own keys, or with `all=true` everybody's."""
    keys = call.parts.people.keys
    if call.query("all") == "true":
        if not call.who.may("keys.view"):
            raise NotPermitted
        found = keys.all()
    else:
        found = _own(call)
    return JSONResponse({"keys": [_described(key) for key in found]})


@described(
    "Access",
    body=json_of(
        "KeyWish", "What it is for, and what it may do", example='{"name":"bot","grants":["server.view"]}'
    ),
    answers={200: json_of("NewKey", "The key")},
    errors=(
        JSON_BODY,
        SESSIONS_FILE,
        {400: "no-name invalid-grants no-such-role", 403: "not-permitted", 409: "key-exists too-many-keys"},
    ),
)
async def create(call: Call) -> Response:
    """Make a key, which is shown only now; without roles and grants, it may do what its owner may."""
    if isinstance(call.who.holder, Key):
        raise NotPermitted("A key cannot make keys!")
    wish = await call.wish()
    wish.only("name", "roles", "grants", "expiresIn")
    name = (wish.text("name") or "").strip()
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        raise ApiError(400, "no-name", f"A key needs a name of 1 to {LONGEST_NAME} characters!")
    people = call.parts.people
    if any(key.name == name for key in people.keys.of(call.owner)):
        raise ApiError(409, "key-exists", "You have a key of this name already!")
    lifetime = wish.seconds("expiresIn", LONGEST_LIFE)
    privileges = wish.privileges(people.roles)
    if privileges is not None:
        call.check_given(privileges)
    token, key = await people.keys.create(name, call.owner, privileges or EVERYTHING, lifetime)
    call.record("keys.create", keyName=name)
    return JSONResponse({"key": token, **_described(key)}, headers={"cache-control": "no-store"})


@described(
    "Access",
    query=(Param("id", "Which one", TEXT, required=True, example="KEY"),),
    answers={200: json_of("Success", "It has ended")},
    errors=({400: "no-id", 403: "not-permitted", 404: "no-such-entry"}, SESSIONS_FILE),
)
async def end(call: Call) -> Response:
    """End a key by `id`."""
    keys = call.parts.people.keys
    key = keys.get(call.named)
    if key not in _own(call) and not call.who.may("keys.delete"):
        raise NotPermitted
    call.record("keys.delete", keyName=key.name, taggedUser=key.owner)
    await keys.end([key], "end a key")
    return JSONResponse({"success": True})


def _own(call: Call) -> list[Key]:
    """Return the keys that are the caller's business: a key has no other but itself."""
    holder = call.who.holder
    return [holder] if isinstance(holder, Key) else call.parts.people.keys.of(call.owner)


def _described(key: Key) -> dict[str, object]:
    return {
        "id": key.id,
        "name": key.name,
        "owner": key.owner,
        **key.privileges.to_dict(),
        "created": round(key.created, 3),
        "expires": key.expires and round(key.expires, 3),
        "lastUse": round(key.used, 3) or None,
        "lastAddress": key.address or None,
    }
