"""What is installed, and what runs."""

import platform
import sys
from collections.abc import Iterator

from .findings import Finding, Level
from .subject import Subject

OLDEST = (3, 11)


def python(subject: Subject) -> Iterator[Finding]:
    """Look at the Python that we run on."""
    del subject
    found = f"{platform.python_version()} ({sys.executable})"
    if sys.version_info[:2] >= OLDEST:
        yield Finding("python", Level.OK, found)
        return
    cost, remedy = "Holdfast does not start", "install Python 3.11 or newer"
    yield Finding("python", Level.BAD, found, cost, remedy)


def version(subject: Subject, installed: str) -> Iterator[Finding]:
    """Compare what is installed with what runs."""
    supervisor = subject.handover.get("version") if subject.handover is not None else None
    running = {str(one) for one in (supervisor, subject.api.version) if one}
    if not installed[:1].isdigit():
        theirs = f"; {', '.join(sorted(running))} runs" if running else ""
        yield Finding("version", Level.OK, f"this command runs from a folder, it is not installed{theirs}")
    elif not running:
        yield Finding("version", Level.OK, f"{installed} is installed; nothing runs that could be asked")
    elif running == {installed}:
        yield Finding("version", Level.OK, f"{installed} is installed, and runs")
    else:
        parts = [f"the supervisor is {supervisor}"] if supervisor else []
        parts += [f"the API is {subject.api.version}"] if subject.api.version else []
        cost = "what is new in it is not there yet"
        found = f"{installed} is installed, but {' and '.join(parts)}"
        yield Finding("version", Level.WARN, found, cost, "holdfast upgrade: programs run on")
    failure = subject.handover.get("failure") if subject.handover is not None else None
    if failure:
        yield Finding("upgrade", Level.WARN, f"the latest upgrade failed: {failure}", "the old one goes on")
