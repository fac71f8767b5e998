"""`/sessions`: where one is logged in, and how that ends."""

from collections.abc import Sequence

from starlette.responses import JSONResponse, Response

from ..described import Param, described, json_of
from ..device import device_of
from ..errors import ApiError, NotPermitted
from ..parts import Call
from ..schemas import SESSIONS_FILE
from ..sessions import Session
from ..shapes import FLAG, TEXT


@described(
    "Access",
    query=(
        Param("user", "Those of an account", TEXT, example="ann"),
        Param("all", "`true`: everybody's", FLAG),
    ),
    answers={200: json_of("Sessions", "The sessions")},
    errors=({403: "not-permitted"},),
)
def list_all(call: Call) -> Response:
    """List one's own sessions; those of an account with `user`, or with `all=true` everybody's."""
    found = sorted(_asked(call), key=lambda session: session.used, reverse=True)
    return JSONResponse({"sessions": [_described(call, session) for session in found]})


@described(
    "Access",
    query=(
        Param("id", "Which one", TEXT, example="SESSION"),
        Param("user", "All of an account", TEXT),
        Param("all", "`true`: everybody's", FLAG),
        Param("own", "`true`: all one's own", FLAG),
        Param("others", "`true`: all one's own but this", FLAG),
    ),
    answers={200: json_of("SessionsEnded", "They have ended")},
    errors=({400: "no-id", 403: "not-permitted", 404: "no-such-entry"}, SESSIONS_FILE),
)
async def end(call: Call) -> Response:
    """End one session by `id`, those of an account by `user`, one's `own`, one's `others`, or `all`."""
    sessions, own = call.parts.people.sessions, _own(call)
    user = call.query("user")
    # Before anything is looked for: whether somebody is logged in is his business.
    if (user not in (None, call.who.user) or call.query("all") == "true") and not call.who.may(
        "sessions.end"
    ):
        raise NotPermitted
    if key := call.query("id"):
        ended = [sessions.get(key)]
    elif user:
        ended = sessions.of(user)
    elif call.query("all") == "true":
        ended = sessions.all()
    elif call.query("own") == "true":
        ended = own
    elif call.query("others") == "true":
        ended = [session for session in own if session is not call.who.holder]
    else:
        raise ApiError(400, "no-id", "No id provided!")
    if any(session not in own for session in ended) and not call.who.may("sessions.end"):
        raise NotPermitted
    for owner in sorted({session.owner for session in ended}):
        count = sum(session.owner == owner for session in ended)
        call.record("sessions.end", taggedUser=owner, count=count)
    await sessions.end(ended, "end sessions")
    return JSONResponse({"success": True, "ended": len(ended)})


def _own(call: Call) -> list[Session]:
    """Return the sessions that are the caller's business: a key has none."""
    mine = isinstance(call.who.holder, Session)
    return call.parts.people.sessions.of(call.who.user) if mine else []


def _asked(call: Call) -> Sequence[Session]:
    sessions, user = call.parts.people.sessions, call.query("user")
    if call.query("all") != "true" and user is None and not call.who.peer:
        return _own(call)
    mine = user == call.who.user and isinstance(call.who.holder, Session)
    if not mine and not call.who.may("sessions.view"):
        raise NotPermitted
    return sessions.all() if user is None else sessions.of(user)


def _described(call: Call, session: Session) -> dict[str, object]:
    return {
        "id": session.id,
        "account": session.owner,
        "device": device_of(session.agent),
        "agent": session.agent,
        "address": session.address,
        "created": round(session.created, 3),
        "lastUse": round(session.used, 3),
        "expires": round(call.parts.people.sessions.expires(session), 3),
        "current": session is call.who.holder,
    }
