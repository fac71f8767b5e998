"""What was typed into consoles: a file for each server, which only its owner reads."""

import contextlib
import hashlib
import os
import re
from collections.abc import Iterable

MOST_LINES = 2000
"""Lines that are kept of each server."""

_SIMPLE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")


def history_path(server: str, where: str) -> str:
    """Return the file for a server of the Holdfast at this place."""
    state = os.environ.get("XDG_STATE_HOME") or os.path.join(os.path.expanduser("~"), ".local", "state")
    place = hashlib.sha256(where.encode("utf-8", "surrogateescape")).hexdigest()[:12]
    name = server if _SIMPLE.fullmatch(server) else hashlib.sha256(server.encode()).hexdigest()[:32]
    return os.path.join(state, "holdfast", "history", place, name)


def read_history(path: str) -> list[str]:
    """Return the lines, the oldest first; none if the file cannot be read."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            lines = file.read().splitlines()
    except OSError:
        return []
    if len(lines) > 2 * MOST_LINES:
        lines = lines[-MOST_LINES:]
        with contextlib.suppress(OSError):
            _replace(path, lines)
    return lines[-MOST_LINES:]


def add_to_history(path: str, line: str) -> None:
    """Add a line; what cannot be written is forgotten."""
    with contextlib.suppress(OSError):
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            os.write(file, f"{line}\n".encode("utf-8", "replace"))
        finally:
            os.close(file)


def _replace(path: str, lines: Iterable[str]) -> None:
    other = f"{path}.{os.getpid()}"
    file = os.open(other, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(file, "w", encoding="utf-8", errors="replace") as out:
        out.writelines(f"{line}\n" for line in lines)
    os.replace(other, path)
