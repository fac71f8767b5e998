"""The section `logs` of a server: where its output goes besides the console, and how much of it is kept."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from .values import Section

_LEAST_SIZE = 4096
_MOST_BYTES = 1 << 60
_MOST_DAYS = 36_500
_MOST_FILES = 100_000


class Destination(StrEnum):
    """Where the output goes."""

    OFF = "off"
    FILE = "file"
    JOURNAL = "journal"


class Packing(StrEnum):
    """How files that are full are compressed."""

    OFF = "off"
    GZIP = "gzip"
    ZSTD = "zstd"


@dataclass(frozen=True, slots=True)
class LogSettings:
    """What becomes of a server's output; 0 days or bytes mean that there is no such limit."""

    to: Destination = Destination.OFF
    path: str | None = None
    """The absolute path of the folder in which the server has a folder of its own; None: the usual one."""
    size: int = 10 << 20
    """Bytes of a file, after which the next one begins."""
    days: int = 0
    """Days after which the next file begins."""
    keep: int = 10
    """Files that are kept besides the one that is written."""
    keep_days: int = 0
    """Days for which files are kept."""
    total: int = 0
    """Bytes that all files may take."""
    compress: Packing = Packing.GZIP
    timestamps: bool = False
    """Whether each line begins with its time."""


def read_log_settings(section: Section, path: Callable[[str], str]) -> LogSettings:
    """Return the settings; `path` makes a path absolute. Raises `ConfigError`."""
    usual = LogSettings()
    if section.empty:
        return usual
    folder = section.text("path", "")
    settings = LogSettings(
        to=Destination(section.choice("to", usual.to, *Destination)),
        path=path(folder) if folder else None,
        size=section.whole("size", usual.size, _LEAST_SIZE, _MOST_BYTES),
        days=section.whole("days", usual.days, 0, _MOST_DAYS),
        keep=section.whole("keep", usual.keep, 0, _MOST_FILES),
        keep_days=section.whole("keepDays", usual.keep_days, 0, _MOST_DAYS),
        total=section.whole("total", usual.total, 0, _MOST_BYTES),
        compress=Packing(section.choice("compress", usual.compress, *Packing)),
        timestamps=section.flag("timestamps", usual.timestamps),
    )
    section.warn_unknown()
    return settings
