"""`/health`, `/ready`: what a load balancer or an orchestrator asks, of a daemon that may know nobody yet."""

from starlette.responses import JSONResponse, Response

from ..described import described, json_of
from ..listing import Kept
from ..parts import Call
from ..shapes import shape

_ALIVE = Kept({"status": "ok"})


@described("Holdfast", answers={200: json_of(shape({"status": {"const": "ok"}}), "It lives")})
def health(_: Call) -> Response:
    """Tell that the event loop turns: who does not hear this may have the daemon replaced."""
    return _ALIVE


@described(
    "Holdfast",
    answers={200: json_of(shape({"ready": {"const": True}}), "It is")},
    errors=({503: "not-ready"},),
)
async def ready(call: Call) -> Response:
    """Tell whether all that is asked of it can be done: programs controlled, people let in.

    If not, `reasons` are words: `supervisor-unreachable`, `plan-not-applied` (the programs are not those of
    the config), `accounts-unreadable`, `sessions-unreadable`.
    """
    reasons = await _reasons(call)
    if not reasons:
        return JSONResponse({"ready": True})
    told = {"error": f"Not ready: {', '.join(reasons)}", "kind": "not-ready"}
    return JSONResponse({"ready": False, "reasons": reasons, **told}, 503)


async def _reasons(call: Call) -> list[str]:
    mirror, people = call.parts.mirror, call.parts.people
    found = {
        "supervisor-unreachable": not await mirror.alive(),
        "plan-not-applied": not mirror.applied,
        "accounts-unreadable": not people.accounts.readable,
        "sessions-unreadable": not people.opened,
    }
    return [word for word, holds in found.items() if holds]
