"""A command of a server's that is run to its end, once, where and as whom the server runs.

It gets the environment that the server gets, never ours. When its time is over, or nobody waits for it any
more, it is killed with all that it has started in its session (`run_errand` of the supervisor).
"""

import os
from collections.abc import Sequence

from supervisor import ErrandFailed, ServiceSpec, base_environment, run_errand

TAIL = 4096
"""Bytes of output that are kept."""

_READ = 64 << 10


class CommandFailed(Exception):
    """It could not be run, failed, or took too long; the message says which, `output` what it has said."""

    def __init__(self, why: str, output: str) -> None:
        super().__init__(why)
        self.output = output


async def run_command(words: Sequence[str], spec: ServiceSpec, seconds: float) -> str:
    """Run a command for so many seconds at most; return the end of its output. Raises `CommandFailed`."""
    output = _Tail()
    environment = {**base_environment(os.environ), "PWD": spec.directory, **spec.environment}
    try:
        await run_errand(words, spec, environment, seconds, output.take)
    except ErrandFailed as exc:
        raise CommandFailed(str(exc), output.text) from exc
    return output.text


class _Tail:
    """The end of what was said."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def take(self, fd: int) -> int:
        """Read once; return how much it was."""
        block = os.read(fd, _READ)
        self._bytes += block
        del self._bytes[:-TAIL]
        return len(block)

    @property
    def text(self) -> str:
        """The same as text; bytes that are none are U+FFFD."""
        return self._bytes.decode("utf-8", "replace")
