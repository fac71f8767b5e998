"""`holdfast audit verify`: says whether the audit log is whole, while the daemon runs and without it.

Exit codes: 0 if it is whole, 1 if something is missing or was changed, 2 if that cannot be told.
"""

import argparse
import json
import os
import sqlite3
import sys
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from .audit import DATABASE
from .auditchain import Chain, Finding, files_in, is_rotated
from .auditmemory import Memory
from .auditrows import check_rows
from .config import ConfigError, ConfigFile
from .goodconfig import GoodConfig

WHOLE, BROKEN, UNKNOWN = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out a command line; return the exit code."""
    parser = argparse.ArgumentParser(prog="holdfast audit verify", description="Checks the audit log.")
    parser.add_argument("--config", required=True)
    parser.add_argument("--state-dir", required=True)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    found, code = _Found(), None
    try:
        folder = _folder(options.config, options.state_dir)
        _verify(folder, os.path.join(options.state_dir, DATABASE), options.first, found)
    except (ConfigError, OSError, EOFError, zlib.error) as exc:
        sys.stderr.write(f"holdfast: {exc}\n")
        code = UNKNOWN
    for line in [json.dumps(found.told())] if options.json else found.sentences():
        sys.stdout.write(f"{line}\n")
    return code if code is not None else WHOLE if found.whole else BROKEN


@dataclass
class _Found:
    """What came of looking at all of it."""

    findings: list[Finding] = field(default_factory=list)
    chain: Chain | None = None
    """Where it was followed to; None if that could not be done."""

    @property
    def whole(self) -> bool:
        """Whether nothing is missing, and nothing was changed."""
        return all(one.harmless for one in self.findings)

    def sentences(self) -> Iterator[str]:
        """Yield what is told to people."""
        yield from map(str, self.findings)
        if self.chain is None:
            return
        if self.chain.entries:
            seq, digest = self.chain.head
            entries = f"{self.chain.entries} entries, from {self.chain.first} to {seq}"
            yield f"{entries}; the hash of the last is {digest}"
        if not self.whole:
            yield "the audit log is not whole"

    def told(self) -> Mapping[str, object]:
        """Return the same for programs."""
        there = self.chain if self.chain is not None and self.chain.entries else None
        return {
            "whole": self.whole and self.chain is not None,
            "entries": there.entries if there else 0,
            "first": there.first if there else None,
            "last": there.head[0] if there else None,
            "hash": there.head[1] if there else None,
            "findings": [
                {"place": one.place, "found": one.text, "harmless": one.harmless} for one in self.findings
            ],
        }


def _folder(config: str, state: str) -> str:
    file = ConfigFile(os.path.abspath(config))
    try:
        return file.load().logging.path
    except ConfigError:
        good = GoodConfig(os.path.join(state, "last-good-config"), file).load()
        if good is None:
            raise
        return good[1].logging.path


def _verify(folder: str, database: str, first: int, found: _Found) -> None:
    memory, missing = _memory(database)
    found.findings += missing
    try:
        chain = Chain(memory, first)
        found.findings += _findings(chain, memory, folder)
    except sqlite3.Error as exc:
        found.findings.append(Finding(os.path.basename(database), f"it cannot be read: {exc}"))
        return
    finally:
        memory.close()
    found.chain = chain
    if not chain.entries:
        found.findings.append(Finding(folder, "there is no entry"))


def _memory(database: str) -> tuple[Memory, list[Finding]]:
    name = os.path.basename(database)
    if not os.path.exists(database):
        return Memory(None), [Finding(name, "it does not exist, so nobody knows how far the log went")]
    try:
        return Memory(database), []
    except sqlite3.Error as exc:
        return Memory(None), [Finding(name, f"it cannot be read: {exc}")]


def _findings(chain: Chain, memory: Memory, folder: str) -> Iterator[Finding]:
    paths = [path for one in dict.fromkeys((folder, *memory.folders())) for path in files_in(one)]
    yield from chain.follow(paths, rotated=is_rotated(paths))
    yield from check_rows(memory, chain)


if __name__ == "__main__":
    sys.exit(main())
