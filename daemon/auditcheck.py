"""`holdfast audit verify`: says whether the audit log is whole, while the daemon runs and without it.

Exit codes: 0 if it is whole, 1 if something is missing or was changed, 2 if that cannot be told.
"""

import argparse
import os
import sqlite3
import sys
import zlib
from collections.abc import Iterator, Sequence

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
    options = parser.parse_args(arguments)
    try:
        folder = _folder(options.config, options.state_dir)
        return _verify(folder, os.path.join(options.state_dir, DATABASE), options.first)
    except (ConfigError, OSError, EOFError, zlib.error) as exc:
        sys.stderr.write(f"holdfast: {exc}\n")
        return UNKNOWN


def _folder(config: str, state: str) -> str:
    file = ConfigFile(os.path.abspath(config))
    try:
        return file.load().logging.path
    except ConfigError:
        good = GoodConfig(os.path.join(state, "last-good-config"), file).load()
        if good is None:
            raise
        return good[1].logging.path


def _verify(folder: str, database: str, first: int) -> int:
    findings, code = 0, WHOLE
    memory, missing = _memory(database)
    try:
        chain = Chain(memory, first)
        for finding in [*missing, *_findings(chain, memory, folder)]:
            _say(str(finding))
            findings += not finding.harmless
    except sqlite3.Error as exc:
        _say(f"{os.path.basename(database)}: it cannot be read: {exc}")
        return BROKEN
    finally:
        memory.close()
    if not chain.entries:
        _say(f"there is no entry in {folder}")
        findings += 1
    else:
        seq, digest = chain.head
        _say(f"{chain.entries} entries, from {chain.first} to {seq}; the hash of the last is {digest}")
    if findings:
        _say("the audit log is not whole")
        code = BROKEN
    return code


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


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main())
