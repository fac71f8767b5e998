"""`/notifications`: who is told of crashes, how that goes, and whether it works."""

from starlette.responses import JSONResponse, Response

from ..described import described, json_of
from ..errors import ApiError
from ..notices import NoSuchTarget
from ..parts import Call


@described("Notifications", answers={200: json_of("Notifications", "The targets, without their secrets")})
def list_all(call: Call) -> Response:
    """List the targets, and how it went with each."""
    notices = call.parts.notices
    targets = {name: target.describe() for name, target in notices.targets.items()}
    call.record("notifications.view")
    return JSONResponse({"targets": targets, "dropped": notices.dropped})


@described(
    "Notifications",
    answers={200: json_of("Tested", "What came of it, good or bad")},
    errors=({404: "no-such-target"},),
)
async def test(call: Call) -> Response:
    """Tell one target of nothing, once and at once, to see whether it works."""
    name: str = call.values["target"]
    call.trying("notifications.test", target=name)
    try:
        outcome = await call.parts.notices.test(name, call.who.user)
    except NoSuchTarget as exc:
        raise ApiError(404, "no-such-target", "This target does not exist!") from exc
    call.record("notifications.test", target=name, delivered=str(outcome.delivered).lower())
    return JSONResponse(
        {"delivered": outcome.delivered, "status": outcome.status, "error": outcome.why or None}
    )
