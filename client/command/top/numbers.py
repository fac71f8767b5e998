"""How the machine is and what happened to a server, as the dashboard tells it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..amounts import size
from ..moments import when
from ..output import shown

if TYPE_CHECKING:
    from ...events import Event
    from ...system import Host

DISKS = 2
"""Disks that are shown of the machine."""


def machine(host: "Host") -> str:
    """Return how busy the machine is, in a line."""
    parts = [] if host.cpu is None else [f"cpu {host.cpu / max(1, host.cores):.0f}% of {host.cores}"]
    parts.append(f"load {' '.join(f'{one:.2f}' for one in host.load)}")
    parts.append(f"mem {size(host.memory.used)}/{size(host.memory.total)}")
    parts += [f"{disk.mount} {size(disk.free)} free" for disk in host.disks[:DISKS]]
    return "  ".join(parts)


def happened(events: "Sequence[Event]") -> Sequence[str]:
    """Return what happened, a line each."""
    return [f"{when(one.at)}  {shown(one.reason or one.type)}" for one in events]
