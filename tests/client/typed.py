"""What a person types at a shell, and what it says: in a pipe, or in a terminal."""

import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import pexpect

from ..system.house import Holdfast, holdfast
from ..system.processes import DEADLINE

WIDTH, HEIGHT = 120, 40

_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]|\x1b[=>]|\x1b\][^\x07]*\x07")

STABLE = (
    (re.compile(r"\b\d+(\.\d+)?%"), "N%"),
    (re.compile(r"\b\d+(\.\d)? (B|KiB|MiB|GiB)\b"), "SIZE"),
    (re.compile(r"\b(\d+d )?(\d+h )?(\d+m )?\d+(\.\d+)? ?s\b"), "TIME"),
    (re.compile(r"\b(pid|process) \d+"), r"\1 N"),
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?Z?"), "WHEN"),
)
"""What is another one each time, and what stands there instead when outputs are compared whole."""


@dataclass(frozen=True)
class Said:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str

    @property
    def stable(self) -> str:
        """Its standard output without what is another one each time; columns are one blank apart."""
        return stable(self.out)


def stable(text: str) -> str:
    """Return a text without what is another one each time."""
    for pattern, instead in STABLE:
        text = pattern.sub(instead, text)
    return "\n".join(re.sub(r" {2,}", "  ", line).rstrip() for line in text.splitlines())


def bare(text: str) -> str:
    """Return what a terminal was sent without its escape sequences."""
    return _ESCAPES.sub("", text).replace("\r", "")


class Typist:
    """Types commands in the folder of a Holdfast, which they find there by themselves."""

    def __init__(self, house: Holdfast) -> None:
        self._house = house
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": house.folder,
            "XDG_CONFIG_HOME": house.path("xdg"),
            "TMPDIR": house.folder,
            "LANG": "C.UTF-8",
            "HOLDFAST_SOCKET": house.path("api.sock"),
        }

    def __call__(self, *arguments: str, typed: str = "", code: int | None = 0, **more: str) -> Said:
        """Type a command into a shell whose output goes to a pipe; `more` is its environment.

        Raises `AssertionError` if it does not end with `code`, unless that is None.
        """
        command, environment = holdfast(*arguments)
        done = subprocess.run(
            command,
            cwd=self._house.folder,
            env={**environment, **self.environment, **more},
            input=typed,
            capture_output=True,
            text=True,
            timeout=DEADLINE,
            check=False,
        )
        assert code is None or done.returncode == code, (arguments, done.returncode, done.stdout, done.stderr)
        assert "Traceback" not in done.stderr, done.stderr
        return Said(done.returncode, done.stdout, done.stderr)

    @contextmanager
    def terminal(
        self, *arguments: str, size: Sequence[int] = (HEIGHT, WIDTH), **more: str
    ) -> Iterator["pexpect.spawn[str]"]:
        """Type a command into a terminal; what still runs at the end is killed."""
        command, environment = holdfast(*arguments)
        child = pexpect.spawn(
            command[0],
            command[1:],
            cwd=self._house.folder,
            env={**environment, "TERM": "xterm-256color", **self.environment, **more},
            dimensions=tuple(size),
            timeout=DEADLINE,
            encoding="utf-8",
        )
        try:
            yield child
        finally:
            child.close(force=True)
