"""What a person types at a shell, and what it says: in a pipe, or in a terminal."""

import os
import re
import select
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

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

    def __call__(
        self, *arguments: str, typed: str = "", code: int | None = 0, errors: str = "strict", **more: str
    ) -> Said:
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
            errors=errors,
            timeout=DEADLINE,
            check=False,
        )
        assert code is None or done.returncode == code, (arguments, done.returncode, done.stdout, done.stderr)
        assert "Traceback" not in done.stderr, done.stderr
        return Said(done.returncode, done.stdout, done.stderr)

    @contextmanager
    def running(self, *arguments: str, **more: str) -> Iterator["Running"]:
        """Type a command whose output goes to a pipe, and which runs on; at the end it is killed."""
        command, environment = holdfast(*arguments)
        with tempfile.TemporaryFile() as errors:
            process = subprocess.Popen(
                command,
                cwd=self._house.folder,
                env={**environment, **self.environment, **more},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
            )
            running = Running(process, errors)
            try:
                yield running
            finally:
                process.kill()
                running.close()

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
        unbounded = child.wait

        def wait() -> object:
            """Wait for the end as for anything else: not for ever."""
            if not child.flag_eof:
                child.expect(pexpect.EOF)
            return unbounded()

        child.wait = wait
        try:
            yield child
        finally:
            child.close(force=True)


class Running:
    """A command that runs, and what it has said so far."""

    def __init__(self, process: "subprocess.Popen[bytes]", errors: IO[bytes]) -> None:
        self._process = process
        self._errors = errors
        self._text = b""
        self._said = ""

    def until(self, holds: Callable[[str], object]) -> str:
        """Read until what was said fulfils a condition, and return all of it."""
        assert self._process.stdout is not None
        deadline = time.monotonic() + DEADLINE
        while not holds(text := self._text.decode(errors="replace")):
            left = deadline - time.monotonic()
            assert left > 0, f"it only said {text[-2000:]!r}, {self.errors()!r}"
            if select.select([self._process.stdout], [], [], left)[0]:
                data = os.read(self._process.stdout.fileno(), 1 << 16)
                assert data, f"it ended, and said {text[-2000:]!r}, {self.errors()!r}"
                self._text += data
        return text

    def signal(self, number: int) -> None:
        """Send it a signal."""
        self._process.send_signal(number)

    def code(self) -> int:
        """Wait for its end; return the exit code."""
        return self._process.wait(DEADLINE)

    def errors(self) -> str:
        """Return what it has said on standard error."""
        if not self._errors.closed:
            self._errors.seek(0)
            self._said = self._errors.read().decode()
        return self._said

    def close(self) -> None:
        """Wait for its end, and keep what it has said."""
        self._process.wait(DEADLINE)
        self.errors()
        assert self._process.stdout is not None
        self._process.stdout.close()
