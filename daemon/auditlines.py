"""A line of the audit log, and its place in the chain.

Rules:
- A line is one JSON object in ASCII: Octyne's keys first, ours behind them, and at the end `seq` and `prev`.
- `seq` counts what was recorded, from 1. What was recorded and not written leaves a hole in the numbers.
- `prev` is the hash of the line before as it stands in the file, without its newline. So lines that the disk
  has refused leave the chain whole, and lines that somebody has removed do not.
"""

import hashlib
import json
import re
from dataclasses import dataclass
from typing import TypeAlias

GENESIS = "0" * 64
"""What the very first line names as the hash of the one before."""

_SEAL = re.compile(rb',"seq":([1-9][0-9]{0,17}),"prev":"([0-9a-f]{64})"\}\Z')

# seq, ts, action, user, address, server, result, cause, hash, line.
Row: TypeAlias = tuple[int, float, str, str, str, str | None, str, str, str, str]


@dataclass(frozen=True, slots=True)
class Seal:
    """What stands at the end of a line: its number, and the hash of the line before."""

    seq: int
    prev: str


def sealed(head: str, seq: int, prev: str) -> str:
    """Return a JSON object as a line of the chain."""
    return f'{head[:-1]},"seq":{seq},"prev":"{prev}"}}'


def seal_of(line: bytes) -> Seal | None:
    """Return the seal of a line, None if it has none: it is older than the chain, or not whole."""
    # Only at the end of a whole line: within a text, a quote has a backslash before it.
    match = _SEAL.search(line)
    return Seal(int(match[1]), match[2].decode()) if match else None


def hash_of(line: bytes) -> str:
    """Return what names this line and no other."""
    return hashlib.sha256(line).hexdigest()


def fields_of(line: str | bytes) -> dict[str, object] | None:
    """Return what a line says, None if it is no JSON object: then it was cut off."""
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) else None


def row_of(said: dict[str, object], seq: int, digest: str, line: str) -> Row:
    """Return a line as a row of the database; `digest` is empty for one that the file does not have."""
    ts, server = said.get("ts"), said.get("server")
    return (
        seq,
        ts if isinstance(ts, float) else 0.0,
        _text(said, "action"),
        _text(said, "user"),
        _text(said, "ip"),
        _text(said, "server") if isinstance(server, str) else None,
        _text(said, "result"),
        _text(said, "cause"),
        digest,
        line,
    )


def _text(said: dict[str, object], key: str) -> str:
    value = said.get(key)
    # Half of a surrogate pair comes back from JSON, and SQLite takes no such text.
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""
