"""`/jobs`: the long work on files, how far it has come, and how it is stopped."""

import json
from collections.abc import Callable, Sequence

import anyio
from starlette.responses import JSONResponse, Response

from ..described import JSON, Content, described, json_of, ref
from ..errors import NotPermitted
from ..eventstream import BEGIN, HEADERS, HEARTBEAT, STILL_HERE, event
from ..job import Job
from ..parts import Call
from ..shapes import shape, text
from ..streams import Streamed, Write

_NO_JOB = {404: "no-such-job"}
_JOB = text("A job", contentMediaType=JSON, contentSchema=ref("Job"))
_EVENT = shape({"event": {"const": "job"}, "data": _JOB})
_EVENTS = Content("Events, at each change", {"text/event-stream": _EVENT})


@described("Jobs", answers={200: json_of("Jobs", "The jobs")})
def list_all(call: Call) -> Response:
    """List the jobs that the caller may see, the latest first."""
    return JSONResponse({"jobs": [job.describe() for job in _seen(call)]})


@described("Jobs", answers={200: json_of("Job", "The job")}, errors=(_NO_JOB,))
def show(call: Call) -> Response:
    """Tell how far a job has come."""
    return JSONResponse(_job(call).describe())


@described(
    "Jobs",
    answers={200: json_of("Stopped", "It has ended")},
    errors=(_NO_JOB, {409: "not-cancellable"}),
)
async def cancel(call: Call) -> Response:
    """Stop a job; answers when it has ended and nothing of it is left."""
    job = _job(call)
    about = {"server": job.order.server, "kind": job.order.kind, **job.order.about}
    call.trying("jobs.cancel", **about)
    call.parts.jobs.cancel(job)
    while not job.phase.over:
        await job.change()
    call.record("jobs.cancel", **about)
    return JSONResponse({"success": True, "state": str(job.phase)})


@described("Jobs", answers={200: _EVENTS})
async def events(call: Call) -> Response:
    """Tell of all jobs, and each change from now on, as server-sent events."""
    return _stream(call, lambda: _seen(call), endless=True)


@described("Jobs", answers={200: _EVENTS}, errors=(_NO_JOB,))
async def events_of(call: Call) -> Response:
    """Tell of one job, and each change until it is over, as server-sent events."""
    job = _job(call)
    return _stream(call, lambda: [job], endless=False)


def _stream(call: Call, look: Callable[[], Sequence[Job]], *, endless: bool) -> Response:
    async def produce(write: Write) -> None:
        told: dict[str, str] = {}
        await write(BEGIN)
        while True:
            jobs = look()
            changed = call.parts.jobs.change()
            for job in reversed(jobs):
                text = json.dumps(job.describe(), separators=(",", ":"))
                if told.get(job.id) != text:
                    told[job.id] = text
                    await write(event("job", text))
            told = {job.id: told[job.id] for job in jobs}
            if call.parts.jobs.closed or (not endless and all(job.phase.over for job in jobs)):
                return
            with anyio.move_on_after(HEARTBEAT) as patience:
                await changed.wait()
            if patience.cancelled_caught:
                await write(STILL_HERE)

    return Streamed(produce, call.who, HEADERS)


def _seen(call: Call) -> list[Job]:
    return [job for job in call.parts.jobs.all() if job.seen_by(call.who)]


def _job(call: Call) -> Job:
    key: str = call.values["job"]
    job = call.parts.jobs.find(key)
    if not job.seen_by(call.who):
        raise NotPermitted
    return job
