"""An audit log on disk, what is done to it, and what its check says."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from daemon.audit import KEEP, Audit
from daemon.auditchain import Chain, Finding, files_in, is_rotated
from daemon.auditlines import seal_of
from daemon.auditmemory import Memory
from daemon.auditrows import check_rows

Lines = list[bytes]


class AuditLog:
    """The folders of a log, and its database."""

    def __init__(self, root: Path) -> None:
        self.folder = root / "logs"
        self.database = root / "audit.db"
        self.file = self.folder / "octyne.log"

    @contextmanager
    def run(self, folder: Path | None = None, keep: int = KEEP) -> Iterator[Audit]:
        """One run of the daemon, as far as the log is concerned."""
        audit = Audit(database=str(self.database))
        audit.configure(enabled=True, folder=str(folder or self.folder), actions={}, keep=keep)
        try:
            yield audit
        finally:
            audit.close()

    def write(self, count: int, folder: Path | None = None, begin: int = 1) -> None:
        """Have one run that records so many actions, each with a number."""
        with self.run(folder) as audit:
            for number in range(begin, begin + count):
                act(audit, number)

    def lines(self, name: str = "octyne.log") -> Lines:
        """Return the lines of a file."""
        return (self.folder / name).read_bytes().splitlines()

    def rewrite(self, change: Callable[[Lines], Lines], name: str = "octyne.log") -> None:
        """Change a file behind the daemon's back."""
        text = b"".join(line + b"\n" for line in change(self.lines(name)))
        (self.folder / name).write_bytes(text)

    def findings(self, first: int = 1) -> list[Finding]:
        """Return all that the check says."""
        memory = Memory(str(self.database) if self.database.exists() else None)
        try:
            folders = dict.fromkeys((str(self.folder), *memory.folders()))
            paths = [path for folder in folders for path in files_in(folder)]
            chain = Chain(memory, first)
            return [*chain.follow(paths, rotated=is_rotated(paths)), *check_rows(memory, chain)]
        finally:
            memory.close()

    def wrong(self, first: int = 1) -> list[str]:
        """Return what it finds wrong."""
        return [str(finding) for finding in self.findings(first) if not finding.harmless]

    def numbers(self) -> list[int]:
        """Return the numbers of all entries in the files, sorted."""
        found = []
        for path in files_in(str(self.folder)):
            with open(path, "rb") as file:
                seals = [seal_of(line.rstrip(b"\n")) for line in file]
                found += [seal.seq for seal in seals if seal is not None]
        return sorted(found)


def act(audit: Audit, number: int = 0) -> None:
    """Record an action."""
    audit.record("server.start", {"server": "app", "number": number}, ip="192.0.2.1", user="ada")


def size_of(path: Path) -> int:
    """Return how large a database is, with what was not yet moved into it."""
    return sum(os.path.getsize(f"{path}{end}") for end in ("", "-wal") if os.path.exists(f"{path}{end}"))
