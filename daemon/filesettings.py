"""The section `files` of the config: what clients may do with the files of a program."""

from dataclasses import dataclass, field

from .values import Section

UPLOAD_LIMIT = 5_000_000_000
_MOST_BYTES = 1 << 60
_MOST_HOURS = 24 * 365
_MOST_DAYS = 36_500
_MOST_JOBS = 64
_MOST_RATIO = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Trashing:
    """Whether what is deleted goes to the trash; days until it goes for good; bytes that may lie there."""

    enabled: bool = False
    days: float = 30.0
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Extracting:
    """What an archive may hold: bytes, entries, and how many times its own size, or it is refused."""

    size: int = 100 << 30
    entries: int = 1_000_000
    ratio: int = 1000

    def to_dict(self) -> dict[str, int]:
        """Return it as JSON data for a worker."""
        return {"bytes": self.size, "entries": self.entries, "ratio": self.ratio}


@dataclass(frozen=True, slots=True)
class FileSettings:
    """Bytes of an upload, hours until an unfinished one expires, jobs at once."""

    upload_limit: int = UPLOAD_LIMIT
    partial_uploads: int = 24
    jobs: int = 2
    trash: Trashing = field(default_factory=Trashing)
    extract: Extracting = field(default_factory=Extracting)


def read_file_settings(section: Section) -> FileSettings:
    """Return the settings; raises `ConfigError`."""
    settings = FileSettings(
        upload_limit=section.whole("uploadLimit", UPLOAD_LIMIT, 0, _MOST_BYTES),
        partial_uploads=section.whole("partialUploads", 24, 1, _MOST_HOURS),
        jobs=section.whole("jobs", 2, 1, _MOST_JOBS),
        trash=_trashing(section.section("trash")),
        extract=_extracting(section.section("extract")),
    )
    section.warn_unknown()
    return settings


def _trashing(section: Section) -> Trashing:
    trashing = Trashing(
        enabled=section.flag("enabled", False),
        days=float(section.whole("days", 30, 0, _MOST_DAYS)),
        size=section.whole("size", 0, 0, _MOST_BYTES) or None,
    )
    section.warn_unknown()
    return trashing


def _extracting(section: Section) -> Extracting:
    usual = Extracting()
    extracting = Extracting(
        size=section.whole("size", usual.size, 1, _MOST_BYTES),
        entries=section.whole("entries", usual.entries, 1, _MOST_BYTES),
        ratio=section.whole("ratio", usual.ratio, 1, _MOST_RATIO),
    )
    section.warn_unknown()
    return extracting
