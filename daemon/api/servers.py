"""`/servers`, `/server/{id}`: what there is, how it is, and what shall become of it."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence

import anyio.lowlevel
from starlette.responses import JSONResponse, Response

from supervisor import Cause, CauseKind, NotAllowed, ServiceStatus

from ..described import Content, Param, described, either, json_of
from ..errors import ApiError
from ..listing import Kept
from ..parts import Answer, Call, Parts
from ..serverdetails import code
from ..shapes import FLAG, text
from ..signalname import NotSendable, sendable
from ..usage import Usage

Operation = Callable[[str, Cause], Awaitable[ServiceStatus]]

_SLICE = 50
"""Servers that are described at once: while they are, nothing else runs."""


@described(
    "Servers",
    query=(
        Param("extrainfo", "`true`: also whether each is to be deleted", FLAG),
        Param("details", "`true`: of each all that `GET /server/{id}` tells", FLAG),
    ),
    answers={200: json_of(either("Servers", "ServersWithInfo", "ServersInDetail"), "The servers")},
    errors=({503: "supervisor-unreachable"},),
)
def list_all(call: Call) -> Answer:
    """List the servers that the caller may see, by name."""
    return call.with_servers(lambda services: _list(call, services))


@described("Servers", answers={200: json_of("Server", "How it is, and why")})
def show(call: Call) -> Answer:
    """Tell everything about one server."""
    return call.with_server(lambda status: _show(call.parts, status))


@described(
    "Servers",
    body=Content(
        "What shall become of it, in capitals or not",
        {
            "text/plain": text(
                "TERM asks it to end, KILL and STOP do not ask; RESTART is TERM and then START; "
                "PAUSE lets it stand still until RESUME; "
                "SIGNAL and the name or number of a signal sends that to all of its processes",
                pattern="^(START|TERM|KILL|STOP|RESTART|PAUSE|RESUME|SIGNAL [A-Z0-9+-]+)$",
                examples=["START", "SIGNAL HUP"],
            )
        },
        example="START",
    ),
    answers={
        200: json_of(either("Success", "Waiting", "CannotStart"), "Done, or why it could not be started")
    },
    errors=({400: "invalid-operation", 409: "not-allowed"},),
)
async def operate(call: Call) -> Response:
    """Start, stop, kill, pause or signal one server.

    A signal changes nothing about what is wanted: a server that ends by it has ended by itself, and is
    restarted if its restart policy says so. To stop one there is TERM, and KILL.
    """
    mirror = call.parts.mirror
    await mirror.service(call.server)
    match (await call.body()).upper().split():
        case [b"START"]:
            return await _start(call, mirror.start, "server.start")
        case [b"RESTART"]:
            return await _start(call, mirror.restart, "server.restart")
        case [b"TERM"]:
            await _ask(call, mirror.stop, "server.stop")
        case [b"KILL" | b"STOP"]:
            await _ask(call, mirror.kill, "server.kill")
        case [b"PAUSE"]:
            await _ask(call, mirror.pause, "server.pause")
        case [b"RESUME"]:
            await _ask(call, mirror.resume, "server.resume")
        case [b"SIGNAL", *words]:
            await _signal(call, words)
        case _:
            raise ApiError(400, "invalid-operation", "Invalid operation requested!")
    return JSONResponse({"success": True})


def _list(call: Call, services: Mapping[str, ServiceStatus]) -> Answer:
    details, more = call.query("details") == "true", call.query("extrainfo") == "true"
    if not details and not more:
        return call.parts.listing.of(call.who.standing, lambda: _codes(_seen(call, services)))
    if details:
        return _list_details(call, services)
    info = {one.name: {"status": code(one), "toDelete": one.removed} for one in _seen(call, services)}
    return JSONResponse({"servers": info})


def _codes(seen: Sequence[ServiceStatus]) -> Kept:
    return Kept({"servers": {status.name: code(status) for status in seen}})


def _seen(call: Call, services: Mapping[str, ServiceStatus]) -> Sequence[ServiceStatus]:
    return [services[name] for name in sorted(services) if call.who.may("server.view", name)]


async def _list_details(call: Call, services: Mapping[str, ServiceStatus]) -> Response:
    seen = _seen(call, services)
    usages = await _usages(call.parts, services)
    return Response(await _details(call.parts, seen, usages), media_type="application/json")


def _show(parts: Parts, status: ServiceStatus) -> Answer:
    usage = Usage() if status.pid is None else parts.sampler.latest(status.pid)
    if usage is None:
        return _measure(parts, status)
    return JSONResponse(parts.details.of(status, usage))


async def _measure(parts: Parts, status: ServiceStatus) -> Response:
    live = parts.mirror.mains().keys()
    usage = Usage() if status.pid is None else await parts.sampler.usage(status.pid, live)
    return JSONResponse(parts.details.of(status, usage))


async def _start(call: Call, start: Operation, action: str) -> Response:
    done = call.recording(action)
    try:
        status = await start(call.server, _asked_by(call))
    except NotAllowed as exc:
        return _cannot_start(call, str(exc))
    if not status.state.alive and not status.waits_to_start:
        return _cannot_start(call, status.reason)
    done()
    if status.waits_to_start:
        return JSONResponse({"success": True, "reason": status.reason})
    return JSONResponse({"success": True})


async def _ask(call: Call, operation: Operation, action: str) -> None:
    done = call.recording(action)
    await operation(call.server, _asked_by(call))
    done()


async def _signal(call: Call, words: Sequence[bytes]) -> None:
    try:
        wanted = sendable(b" ".join(words).decode("ascii", "replace"))
    except NotSendable as exc:
        raise ApiError(400, "invalid-operation", str(exc)) from exc
    done = call.recording("server.signal", signal=wanted.name)
    mirror = call.parts.mirror
    status = await mirror.service(call.server)
    if not status.state.alive:
        raise NotAllowed(f"cannot signal {call.server}: it is {status.state}")
    await mirror.signal(call.server, status.run, wanted.number)
    done()


def _asked_by(call: Call) -> Cause:
    """Return the caller as the cause of a change."""
    who = call.who
    where = f"uid {who.peer.uid}" if who.peer is not None else f"from {who.address}"
    return Cause(CauseKind.PERSON, who.user, where)


def _cannot_start(call: Call, why: str) -> Response:
    call.failed(f"cannot-start: {why}")
    return JSONResponse({"success": False, "error": why, "kind": "cannot-start"})


async def _usages(parts: Parts, services: Mapping[str, ServiceStatus]) -> Mapping[int, Usage]:
    """Return what all servers use, by pid: a look that left some out would begin their figures anew."""
    live = [status.pid for status in services.values() if status.pid is not None]
    return await parts.sampler.usages(live) if live else {}


async def _details(parts: Parts, seen: Sequence[ServiceStatus], usages: Mapping[int, Usage]) -> bytes:
    """Return all about many servers as JSON, made in slices."""
    slices = []
    for at in range(0, len(seen), _SLICE):
        some = seen[at : at + _SLICE]
        told = {one.name: parts.details.of(one, usages.get(one.pid or 0, Usage())) for one in some}
        slices.append(json.dumps(told, ensure_ascii=False, separators=(",", ":"))[1:-1].encode())
        await anyio.lowlevel.checkpoint()
    return b'{"servers":{%b}}' % b",".join(slices)
