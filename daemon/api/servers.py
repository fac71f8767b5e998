"""`/servers`, `/server/{id}`: what there is, how it is, and what shall become of it."""

import time

from starlette.responses import JSONResponse, Response

from supervisor import NotAllowed, ServiceStatus, State

from ..described import Content, Param, described, either, json_of
from ..errors import ApiError
from ..parts import Call
from ..shapes import FLAG, one_of
from ..usage import Usage, total_memory

CODES = {
    State.STOPPED: 0,
    State.STARTING: 1,
    State.RUNNING: 1,
    State.STOPPING: 1,
    State.BACKOFF: 2,
    State.FAILED: 2,
}
"""What Octyne's clients know: off, on, crashed."""


@described(
    "Servers",
    query=(Param("extrainfo", "`true`: also whether each is to be deleted", FLAG),),
    answers={200: json_of(either("Servers", "ServersWithInfo"), "The servers")},
    errors=({503: "supervisor-unreachable"},),
)
async def list_all(call: Call) -> Response:
    """List the servers that the caller may see, by name."""
    services = await call.parts.mirror.services()
    seen = [services[name] for name in sorted(services) if call.who.may("server.view", name)]
    if call.query("extrainfo") == "true":
        info = {s.name: {"status": CODES[s.state], "toDelete": s.removed} for s in seen}
        return JSONResponse({"servers": info})
    return JSONResponse({"servers": {status.name: CODES[status.state] for status in seen}})


@described("Servers", answers={200: json_of("Server", "How it is, and why")})
async def show(call: Call) -> Response:
    """Tell everything about one server."""
    status = await call.parts.mirror.service(call.server)
    usage = Usage()
    if status.pid is not None:
        services = await call.parts.mirror.services()
        live = [other.pid for other in services.values() if other.pid is not None]
        usage = await call.parts.sampler.usage(status.pid, live)
    return JSONResponse(_describe(status, usage, time.monotonic()))


@described(
    "Servers",
    body=Content(
        "What shall become of it, in capitals or not",
        {
            "text/plain": one_of(
                "TERM asks it to end, KILL and STOP do not ask", "START", "TERM", "KILL", "STOP"
            )
        },
        example="START",
    ),
    answers={200: json_of(either("Success", "CannotStart"), "Done, or why it could not be started")},
    errors=({400: "invalid-operation", 409: "not-allowed"},),
)
async def operate(call: Call) -> Response:
    """Start, stop or kill one server."""
    mirror = call.parts.mirror
    await mirror.service(call.server)
    operation = (await call.body()).strip().upper()
    match operation:
        case b"START":
            started = call.recording("server.start")
            try:
                status = await mirror.start(call.server)
            except NotAllowed as exc:
                return _cannot_start(call, str(exc))
            if not status.state.alive:
                return _cannot_start(call, status.reason)
            started()
        case b"TERM":
            stopped = call.recording("server.stop")
            await mirror.stop(call.server)
            stopped()
        case b"KILL" | b"STOP":
            killed = call.recording("server.kill")
            await mirror.kill(call.server)
            killed()
        case _:
            raise ApiError(400, "invalid-operation", "Invalid operation requested!")
    return JSONResponse({"success": True})


def _cannot_start(call: Call, why: str) -> Response:
    call.failed(f"cannot-start: {why}")
    return JSONResponse({"success": False, "error": why, "kind": "cannot-start"})


def _describe(status: ServiceStatus, usage: Usage, now: float) -> dict[str, object]:
    """Octyne's keys first; ours say why it is so and what comes next. Durations are in seconds."""
    body: dict[str, object] = {
        "status": CODES[status.state],
        "cpuUsage": usage.cpu,
        "memoryUsage": usage.memory,
        "totalMemory": total_memory(),
        "uptime": 0 if status.started is None else max(0, int((now - status.started) * 1e9)),
    }
    if status.removed:
        body["toDelete"] = True
    body |= {
        "state": str(status.state),
        "wanted": str(status.wanted),
        "reason": status.reason,
        "pid": status.pid,
        "restarts": status.restarts,
        "restartIn": None if status.restart_at is None else round(max(0.0, status.restart_at - now), 3),
        "restartToApply": status.outdated,
        "lastExit": None if status.exit is None else status.exit.to_dict(),
    }
    return body
