"""`/schedules`: what is done with servers at certain times, when next, and what became of it."""

from collections.abc import Collection, Mapping

from starlette.responses import JSONResponse, Response

from ..described import Content, described, json_of
from ..errors import ApiError
from ..parts import Call
from ..shapes import one_of

_SCHEDULES = json_of("Schedules", "The schedules")


@described("Schedules", answers={200: _SCHEDULES})
async def list_all(call: Call) -> Response:
    """List the schedules of the servers that the caller may see."""
    seen = {name for name in call.parts.schedules.servers if call.who.may("server.view", name)}
    return JSONResponse({"schedules": await _of(call, seen)})


@described("Schedules", answers={200: _SCHEDULES})
async def list_of(call: Call) -> Response:
    """List the schedules of a server."""
    await call.parts.mirror.service(call.server)
    return JSONResponse({"schedules": await _of(call, {call.server})})


@described(
    "Schedules",
    body=Content(
        "What shall become of it, in capitals or not",
        {"text/plain": one_of("RUN begins a run now, without its warnings", "RUN")},
        example="RUN",
    ),
    answers={200: json_of("Success", "It has begun; `GET` tells how it goes")},
    errors=({400: "invalid-operation", 404: "no-such-schedule", 409: "not-allowed", 507: "cannot-store"},),
)
async def operate(call: Call) -> Response:
    """Run a schedule now."""
    name: str = call.values["name"]
    recorded = call.recording("schedule.run", schedule=name)
    await call.parts.mirror.service(call.server)
    if (await call.body()).strip().upper() != b"RUN":
        raise ApiError(400, "invalid-operation", "Invalid operation requested!")
    await call.parts.schedules.run_now((call.server, name), call.who.user)
    recorded()
    return JSONResponse({"success": True})


async def _of(call: Call, servers: Collection[str]) -> list[Mapping[str, object]]:
    """Return what the caller may see of the schedules of servers: output is for who sees the console."""
    found = await call.parts.schedules.of(servers)
    hidden = {name for name in servers if not call.who.may("server.console.view", name)}
    return [_without_output(one) if one["server"] in hidden else one for one in found]


def _without_output(told: Mapping[str, object]) -> Mapping[str, object]:
    recent = told["recent"]
    results = [one for one in recent if isinstance(one, dict)] if isinstance(recent, list) else []
    cut = [{key: value for key, value in one.items() if key != "output"} for one in results]
    return {**told, "last": cut[0] if cut else None, "recent": cut}
