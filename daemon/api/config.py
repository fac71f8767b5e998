"""`/config`: the file as it is, a new one, and reading it anew."""

from collections.abc import Sequence

import anyio.to_thread
from starlette.responses import JSONResponse, Response

from ..audit import Settings
from ..config import ConfigError
from ..described import Content, described, json_of
from ..errors import ApiError, error
from ..parts import Call
from ..reload import EditedMeanwhile, etag
from ..schemas import ETAG, IF_MATCH, NEW_CONFIG
from ..shapes import ANY, TEXT
from ..sockets import CannotListen

_TEXT = Content(
    "The new text, in Hjson", {"text/plain": TEXT, "application/json": ANY}, example="@config.hjson"
)


@described(
    "Config",
    answers={200: json_of(ANY, "The text, comments and all: Hjson, of which JSON is a part", ETAG)},
    errors=({500: "unreadable-config"},),
)
async def show(call: Call) -> Response:
    """Return the file byte for byte."""
    try:
        text = await anyio.to_thread.run_sync(call.parts.reloader.file.read)
    except ConfigError as exc:
        raise ApiError(500, "unreadable-config", str(exc)) from exc
    call.record("config.view")
    return Response(text, media_type="application/json", headers={"ETag": etag(text)})


@described(
    "Config",
    headers=(IF_MATCH,),
    body=_TEXT,
    answers={200: json_of("Success", "The new config is in force")},
    errors=(NEW_CONFIG, {400: "invalid-config", 412: "edited-meanwhile"}),
)
async def edit(call: Call) -> Response:
    """Replace the file, if the new text is good in every respect.

    Who sends `If-Match` with the ETag that it was shown does not overwrite what somebody else has written
    meanwhile.
    """
    text = _kept(await call.body())
    before = call.parts.audit.settings
    try:
        changes = await call.parts.reloader.replace(text, call.request.headers.get("if-match"))
    except EditedMeanwhile as exc:
        raise ApiError(412, "edited-meanwhile", str(exc)) from exc
    except (ConfigError, CannotListen) as exc:
        return error(400, "invalid-config", "Invalid JSON body!", detail=str(exc))
    _record(call, "config.edit", changes, before)
    return JSONResponse({"success": True})


@described(
    "Config",
    body=_TEXT,
    answers={200: json_of("ConfigReport", "Whether it is good, and what it would change")},
)
async def check(call: Call) -> Response:
    """Tell what a text would be as the config, and what it would change; nothing happens.

    It is what `python -m daemon --check --json` tells of a file. What stands in it is never told, only where.
    """
    text, reloader = _kept(await call.body()), call.parts.reloader

    def report() -> str:
        from ..configreport import ConfigReport  # noqa: PLC0415  (nobody's first answer waits for it)

        return ConfigReport.of_text(text, reloader.file, reloader.state, lambda: reloader.in_force).to_json()

    told = await anyio.to_thread.run_sync(report, limiter=reloader.checks)
    return Response(told, media_type="application/json")


@described(
    "Config",
    answers={200: json_of("Success", "The file is in force")},
    errors=(NEW_CONFIG, {500: "invalid-config"}),
)
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


def _kept(text: bytes) -> bytes:
    """Return a text as it is kept: no blanks at its ends, and its last line ends as the others."""
    text = text.strip()
    return text + (b"\r\n" if b"\r\n" in text else b"\n")
