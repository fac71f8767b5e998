"""What is mounted where: proc(5), `/proc/PID/mountinfo`."""

import re

_FIELD = 4
"""Where the mount point stands in a line; blanks and the like are written `\\040`."""


def mounts_at_or_below(path: str) -> list[str]:
    """Return the mount points at an absolute path, which has no links, and below it, as far as is known."""
    try:
        with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as file:
            points = [_plain(line.split(" ")[_FIELD]) for line in file]
    except OSError:
        return []
    return [point for point in points if point == path or point.startswith(path.rstrip("/") + "/")]


def _plain(text: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), text)
