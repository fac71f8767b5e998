"""Where the log files of a server are, if its daemon cannot be asked."""

import hashlib
import os
import re

from ..place import INSTALLED_STATE, Place

INSTALLED_LOGS = "/var/log/holdfast"

_PLAIN = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}")


def log_folder(place: Place, server: str) -> str | None:
    """Return the folder of a server's log files, if there is one that may be read."""
    logs = place.known.get("logs")
    told = logs.get(server) if isinstance(logs, dict) else None
    found = [os.path.join(one, _folder_name(server)) for one in _usual(place)]
    for path in (told, *found):
        if isinstance(path, str) and os.access(path, os.R_OK | os.X_OK):
            return path
    return None


def _usual(place: Place) -> list[str]:
    """Return where the folders may be, if nobody has said it."""
    found: list[str] = []
    config = place.known.get("config")
    if isinstance(config, str):
        found.append(os.path.join(os.path.dirname(config), "logs"))
    found.append(os.path.join(os.path.dirname(place.state), "logs"))
    if place.state == INSTALLED_STATE:
        found.append(INSTALLED_LOGS)
    return [os.path.join(one, "servers") for one in dict.fromkeys(found)]


def _folder_name(server: str) -> str:
    """Return the name of the folder of a server's logs."""
    if _PLAIN.fullmatch(server):
        return server
    digest = hashlib.sha256(server.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{re.sub(r'[^A-Za-z0-9_-]+', '_', server)[:60]}~{digest[:20]}"
