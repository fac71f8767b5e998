"""What the dashboard asks beside the servers, and how it is told in a line."""

from collections.abc import Sequence
from datetime import datetime

from ...exchange import Request, Steps, at
from ...operation import D, Operation, Resource
from ...records import Json, told
from ..amounts import size
from ..output import shown
from .figures import BUCKET, KEPT

HISTORY = 30
"""Lines of what happened that are shown of one server."""


class Numbers(Resource[D]):
    """What the dashboard asks beside the servers, as it comes."""

    @Operation
    def host(self) -> Steps[Json]:
        """Return how the machine is; raises `NotPermitted`."""
        return told((yield Request("GET", "/host", {"since": -1})))

    @Operation
    def usage(self, name: str) -> Steps[Json]:
        """Return what a server used in the latest minutes."""
        span = {"since": -BUCKET * KEPT, "step": int(BUCKET)}
        return told((yield Request("GET", f"{at('server', name)}/usage", span)))

    @Operation
    def history(self, name: str) -> Steps[Json]:
        """Return what happened to a server, the latest first."""
        return told((yield Request("GET", f"{at('server', name)}/history")))


def machine(host: Json) -> str:
    """Return how busy the machine is, in a line."""
    parts = []
    cpu, cores, load, memory = (host.get(key) for key in ("cpu", "cores", "load", "memory"))
    if isinstance(cpu, int | float) and isinstance(cores, int):
        parts.append(f"cpu {cpu / max(1, cores):.0f}% of {cores}")
    if isinstance(load, list):
        parts.append(f"load {' '.join(f'{one:.2f}' for one in load)}")
    if isinstance(memory, dict):
        parts.append(f"mem {size(memory.get('used', 0))}/{size(memory.get('total', 0))}")
    disks = host.get("disks")
    some = disks[:2] if isinstance(disks, list) else ()
    parts += [f"{disk.get('mount')} {size(disk.get('free', 0))} free" for disk in some]
    return "  ".join(parts)


def happened(history: Json) -> Sequence[str]:
    """Return the latest of what happened, a line each."""
    found = history.get("history")
    lines = []
    for one in found[:HISTORY] if isinstance(found, list) else ():
        if isinstance(one, dict):
            when = datetime.fromtimestamp(float(one.get("at") or 0)).astimezone().strftime("%m-%d %H:%M:%S")
            lines.append(f"{when}  {shown(str(one.get('reason') or one.get('type') or ''))}")
    return lines
