"""Waiting for a job that one has begun: with a bar, and Ctrl-C stops it."""

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType
from typing import TYPE_CHECKING

from ..failures import Failure, Refused
from .bars import Bar
from .exits import Exit, Stop
from .invocation import Invocation
from .output import shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..jobs import Job


def done(invocation: Invocation, begin: "Callable[[], Job | None]", what: str) -> "Job | None":
    """Begin a job, wait until it is done, and return how it was then; None if no job was needed.

    Raises `Stop` if it fails, or is stopped by Ctrl-C or by somebody else.
    """
    from ..jobs import JobFailed  # noqa: PLC0415

    job: Job | None = None
    try:
        with _held():
            job = begin()
        if job is None:
            return None
        with Bar() as bar:
            bar.about(what)
            return invocation.client.jobs.wait(job.id, watch=lambda seen: _tell(bar, seen))
    except KeyboardInterrupt:
        if job is None:
            raise
        raise _stopped(invocation, job.id, what) from None
    except JobFailed as exc:
        code = Exit.CONFLICT if "exists" in str(exc) else Exit.FAILED
        raise Stop(f"{what}: {shown(str(exc))}", code) from exc


@contextlib.contextmanager
def _held() -> Iterator[None]:
    """Hold a Ctrl-C back until it is known which job it is about; the second one is not held back."""
    held = False

    def hold(number: int, frame: FrameType | None) -> None:
        nonlocal held
        if held:
            signal.default_int_handler(number, frame)
        held = True

    before = signal.signal(signal.SIGINT, hold)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if held:
        raise KeyboardInterrupt


def _tell(bar: Bar, job: "Job") -> None:
    if job.rate_unit == "bytes":
        bar(job.bytes, job.total_bytes)
    else:
        bar(job.entries, job.total_entries, "files and folders")


def _stopped(invocation: Invocation, job: str, what: str) -> Stop:
    try:
        state = invocation.client.jobs.cancel(job)
    except Refused as exc:
        if exc.kind == "not-cancellable":
            return Stop(f"{what}: it cannot be stopped half way, and goes on (job {job})", Exit.INTERRUPTED)
        return Stop(f"{what}: the job {job} could not be stopped: {exc}", Exit.INTERRUPTED)
    except Failure as exc:
        return Stop(f"{what}: the job {job} could not be stopped: {exc}", Exit.INTERRUPTED)
    if state == "done":
        return Stop(f"{what}: it was done before it could be stopped", Exit.INTERRUPTED)
    return Stop(f"{what}: stopped; the job was cancelled, and nothing half done is left", Exit.INTERRUPTED)
