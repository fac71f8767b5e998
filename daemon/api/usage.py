"""`/server/{id}/usage`, `/host`: what programs and the machine use, and what they have used."""

import math

from starlette.responses import JSONResponse, Response

from ..described import Param, described, json_of
from ..errors import ApiError
from ..host import Disk, HostUsage, Pressure, kernel
from ..parts import Call
from ..shapes import WHOLE

_SPAN = (
    Param(
        "since",
        "Seconds since 1970; below zero, so many seconds ago. Else the whole history",
        {"type": "number"},
    ),
    Param("until", "The same; else now", {"type": "number"}),
    Param("step", "Seconds that are put together; else as finely as it is kept", WHOLE, example="300"),
)

_BAD_SPAN = {400: "invalid-time"}


@described(
    "Servers",
    query=_SPAN,
    answers={200: json_of("Usage", "Numbers by column; null where there is a gap")},
    errors=(_BAD_SPAN,),
)
async def show(call: Call) -> Response:
    """Tell what a server used: CPU, memory, what it read and wrote, its processes and threads.

    The latest hour has each measurement; what is older, averages of a minute and later of five, and peaks.
    `read` and `written` are bytes a second from and to disks, null if we may not know. Before a row that has
    nothing to do with the one before it, because the program or the daemon was restarted, is one of nulls.
    """
    await call.parts.mirror.service(call.server)
    since, until, step = _span(call)
    columns = await call.parts.meter.usage(call.server, since, until, step)
    return JSONResponse({**_pace(call), "columns": columns})


@described(
    "Holdfast",
    query=_SPAN,
    answers={200: json_of("Host", "How the machine is, and was")},
    errors=(_BAD_SPAN,),
)
async def host(call: Call) -> Response:
    """Tell how busy the machine is: CPU, load, memory, swap, network, pressure, disks; and how it was.

    Disks are those on which the folders of servers are, with the servers that the caller may see.
    """
    since, until, step = _span(call)
    usage, columns = await call.parts.meter.host(since, until, step)
    folders = {
        name: server.directory
        for name, server in call.parts.reloader.config.servers.items()
        if call.who.may("server.view", name)
    }
    disks = [_disk(one, folders) for one in await call.parts.meter.disks()]
    return JSONResponse({**_host(usage), "disks": disks, **_pace(call), "columns": columns})


def _pace(call: Call) -> dict[str, object]:
    meter = call.parts.meter
    return {"interval": meter.interval, "configuredInterval": meter.wanted}


def _span(call: Call) -> tuple[float, float, int]:
    now = call.parts.meter.now()

    def seconds(key: str, usual: float) -> float:
        text = call.query(key)
        if not text:
            return usual
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise ApiError(400, "invalid-time", f"{key} is no number of seconds!")
        return value

    def moment(key: str, usual: float) -> float:
        value = seconds(key, usual)
        return value if value >= 0 else now + value

    step = seconds("step", 0.0)
    if step < 0:
        raise ApiError(400, "invalid-time", "step is no number of seconds!")
    return moment("since", 0.0), moment("until", math.inf), int(min(max(step, 0.0), 86_400.0 * 7))


def _host(usage: HostUsage) -> dict[str, object]:
    return {
        "cpu": usage.cpu,
        "cores": usage.cores,
        "load": usage.load,
        "memory": {"total": usage.memory_total, "used": usage.memory_used},
        "swap": {"total": usage.swap_total, "used": usage.swap_used},
        "network": {"received": usage.received, "sent": usage.sent},
        "pressure": {name: _pressure(told) for name, told in usage.pressure.items()},
        "uptime": round(usage.uptime, 1),
        "boot": round(usage.boot),
        "kernel": kernel(),
    }


def _pressure(told: Pressure | None) -> dict[str, object] | None:
    return None if told is None else {"some": told.some, "full": told.full}


def _disk(disk: Disk, folders: dict[str, str]) -> dict[str, object]:
    return {
        "mount": disk.mount,
        "total": disk.total,
        "used": disk.used,
        "free": disk.free,
        "files": disk.files,
        "filesFree": disk.files_free,
        "servers": sorted(name for name, folder in folders.items() if folder in disk.folders),
    }
