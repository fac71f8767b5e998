"""Time zones by name, and the one that this machine goes by."""

import os
from zoneinfo import ZoneInfo

LOCALTIME = "/etc/localtime"


class NoSuchZone(Exception):
    """There is no such time zone; the message says which."""


def find_zone(name: str) -> ZoneInfo:
    """Return a zone of the IANA database, the machine's or that of `tzdata`; raises `NoSuchZone`."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as exc:  # a folder of zones is an OSError
        raise NoSuchZone(f"there is no time zone {name!r}") from exc


def local_zone() -> ZoneInfo:
    """Return the zone of this machine as it is now: by TZ, else by /etc/localtime, else UTC.

    Raises `NoSuchZone` for a TZ that is neither the name of a zone nor the path of one, since its rules
    (`CET-1CEST`) have no name that could be shown.
    """
    told = os.environ.get("TZ", "").removeprefix(":")
    if told:
        return _from_file(told) if told.startswith("/") else find_zone(told)
    if not os.path.exists(LOCALTIME):
        return ZoneInfo("UTC")  # as tzset(3) has it
    return _from_file(LOCALTIME)


def _from_file(path: str) -> ZoneInfo:
    """Return the zone in a file; by its name if the file lies in a database, since people know that."""
    _, found, name = os.path.realpath(path).partition("/zoneinfo/")
    if found:
        for known in (name, name.removeprefix("posix/")):
            try:
                return ZoneInfo(known)
            except (KeyError, ValueError, OSError):
                continue
    try:
        with open(path, "rb") as file:
            return ZoneInfo.from_file(file, key="localtime")
    except (ValueError, OSError) as exc:
        raise NoSuchZone(f"{path} is no time zone") from exc
