"""Holdfast as systemd runs it: what it tells is heard, and what it gives is kept."""

from . import processes
from .house import Holdfast


def daemons(house: Holdfast) -> list[int]:
    """Return the pids of the API daemons, whoever is their parent."""
    found = processes.below(house.folder).items()
    return [pid for pid, command in found if " -m daemon " in command and " -m supervisor " not in command]
