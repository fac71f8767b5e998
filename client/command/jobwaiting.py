"""Waiting for a job that one has begun: with a bar, and Ctrl-C stops it."""

from typing import TYPE_CHECKING

from ..failures import Failure, Refused
from .bars import Bar
from .exits import Exit, Stop
from .invocation import Invocation
from .output import shown

if TYPE_CHECKING:
    from ..jobs import Job


def done(invocation: Invocation, job: "Job | None", what: str) -> "Job | None":
    """Wait until a job is done, and return how it was then; None is done already.

    Raises `Stop` if it fails, or is stopped by Ctrl-C or by somebody else.
    """
    if job is None:
        return None
    from ..jobs import JobFailed  # noqa: PLC0415

    jobs = invocation.client.jobs
    try:
        with Bar() as bar:
            bar.about(what)
            return jobs.wait(job.id, watch=lambda seen: _tell(bar, seen))
    except KeyboardInterrupt:
        raise _stopped(invocation, job.id, what) from None
    except JobFailed as exc:
        code = Exit.CONFLICT if "exists" in str(exc) else Exit.FAILED
        raise Stop(f"{what}: {shown(str(exc))}", code) from exc


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
