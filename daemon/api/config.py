"""`/config`: the file as it is, a new one, and reading it anew."""

from collections.abc import Sequence

import anyio.to_thread
from starlette.responses import JSONResponse, Response

from ..audit import Settings
from ..config import ConfigError
from ..errors import ApiError, error
from ..parts import Call
from ..reload import EditedMeanwhile, etag
from ..sockets import CannotListen


async def show(call: Call) -> Response:
    """Return the file byte for byte."""
    try:
        text = await anyio.to_thread.run_sync(call.parts.reloader.file.read)
    except ConfigError as exc:
        raise ApiError(500, "unreadable-config", str(exc)) from exc
    call.record("config.view")
    return Response(text, media_type="application/json", headers={"ETag": etag(text)})


async def edit(call: Call) -> Response:
    """Replace the file, if the new text is good in every respect.

    Who sends `If-Match` with the ETag that it was shown does not overwrite what somebody else has written
    meanwhile.
    """
    text = (await call.body()).strip() + b"\n"
    before = call.parts.audit.settings
    try:
        changes = await call.parts.reloader.replace(text, call.request.headers.get("if-match"))
    except EditedMeanwhile as exc:
        raise ApiError(412, "edited-meanwhile", str(exc)) from exc
    except (ConfigError, CannotListen) as exc:
        return error(400, "invalid-config", "Invalid JSON body!", detail=str(exc))
    _record(call, "config.edit", changes, before)
    return JSONResponse({"success": True})


async def reload(call: Call) -> Response:
    """Read the file anew."""
    before = call.parts.audit.settings
    try:
        changes = await call.parts.reloader.reload()
    except (ConfigError, CannotListen) as exc:
        message = "An error occurred while reading config!"
        return error(500, "invalid-config", message, detail=str(exc))
    _record(call, "config.reload", changes or (), before)
    return JSONResponse({"success": True})


def _record(call: Call, action: str, changes: Sequence[str], before: Settings) -> None:
    """Note what is different now; also if that is that such things are no longer noted."""
    call.attempt.succeeded(call.who, action, {"changes": changes} if changes else {}, also=before)
