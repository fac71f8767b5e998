"""`/jobs`: the long work on files, how far it has come, and how it is stopped."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .exchange import Pause, Request, Steps, at
from .failures import AWAY, Failure, Refused
from .localfiles import Progress
from .operation import D, Following, Operation, Resource, Subscription
from .records import Json, Record, record, records, told
from .serversent import Events
from .streams import PATIENCE, Retry

_FIRST_LOOK, _LAST_LOOK = 0.02, 0.5


@dataclass(frozen=True, kw_only=True)
class Job(Record):
    """A piece of long work; what else it is about (`path`, `src`, `dest`, `query`) is in `raw`."""

    id: str
    kind: str
    """`compress`, `decompress`, `copy`, `move`, `delete`, `bulk`, `purge`, `search` or `size`."""
    server: str
    state: str
    """`waiting`, `running`, `done`, `failed` or `cancelled`."""
    user: str = ""
    cancellable: bool = False
    bytes: int = 0
    total_bytes: int | None = None
    entries: int = 0
    """Files and folders."""
    total_entries: int | None = None
    rate: float = 0.0
    """Per second, in what `rate_unit` says."""
    rate_unit: str = "bytes"
    eta: float | None = None
    """Seconds that are left."""
    created: float = 0.0
    """Unix time, as `started` and `ended`."""
    started: float | None = None
    ended: float | None = None
    error: str | None = None
    result: Json | None = None

    @property
    def over(self) -> bool:
        """Whether nothing will change any more."""
        return self.state in ("done", "failed", "cancelled")

    @property
    def about(self) -> str:
        """What it works on, in a few words."""
        said = [str(self.raw[key]) for key in ("path", "src", "query") if self.raw.get(key)]
        dest = self.raw.get("dest")
        return " ".join(said) + (f" → {dest}" if dest else "")


class JobFailed(Failure):
    """A job did not come to its end; `job` is how it was seen last."""

    def __init__(self, sentence: str, job: Job) -> None:
        super().__init__(sentence)
        self.job = job


class Jobs(Resource[D]):
    """The jobs that the caller may see; those that have ended are remembered for an hour."""

    @Operation
    def list(self) -> Steps[Sequence[Job]]:
        """Return all jobs, the latest first; raises `Failure`.

        >>> [job.id for job in holdfast.jobs.list() if job.state == "running"]
        []
        """
        return records(Job, told((yield Request("GET", "/jobs"))).get("jobs"))

    @Operation
    def get(self, id: str) -> Steps[Job]:  # noqa: A002
        """Return how far a job is; raises `NotThere` if there is none of this id.

        >>> job = holdfast.archives.pack("web", "all.zip", ["."])
        >>> holdfast.jobs.get(job.id).kind
        'compress'
        """
        return record(Job, told((yield Request("GET", at("jobs", id)))))

    @Operation
    def cancel(self, id: str) -> Steps[str]:  # noqa: A002
        """Stop a job; return how it has ended (`done` if that was sooner); raises `Conflict` if it cannot be.

        >>> job = holdfast.archives.pack("web", "again.zip", ["."])
        >>> holdfast.jobs.cancel(job.id) in ("cancelled", "done")
        True
        """
        return str(told((yield Request("DELETE", at("jobs", id), patience=PATIENCE * 10))).get("state", ""))

    @Operation
    def wait(
        self,
        id: str,  # noqa: A002
        *,
        progress: Progress | None = None,
        watch: Callable[[Job], object] | None = None,
    ) -> Steps[Job]:
        """Return a job when it is done; raises `JobFailed` if it failed or was cancelled.

        `progress` is told of bytes, or of files and folders where nobody counts bytes; `watch` is given the
        job each time that it is looked at.

        >>> job = holdfast.archives.pack("web", "more.zip", ["."])
        >>> holdfast.jobs.wait(job.id).state
        'done'
        """
        look, retry = _FIRST_LOOK, Retry(PATIENCE)
        job: Job | None = None
        while True:
            try:
                job = yield from Jobs.get.steps(id)
            except AWAY as exc:
                if job is None:
                    raise
                yield Pause(retry.after(exc))
                continue
            except Refused as exc:
                if job is None or exc.status != 404:
                    raise
                raise JobFailed("the API was restarted, and the job ended with it; try again", job) from exc
            retry.worked()
            if progress is not None:
                counts = (job.bytes, job.total_bytes), (job.entries, job.total_entries)
                progress(*counts[job.rate_unit != "bytes"])
            if watch is not None:
                watch(job)
            if job.over:
                return _succeeded(job)
            yield Pause(look)
            look = min(look * 1.5, _LAST_LOOK)

    @Following
    def follow(self, id: str | None = None) -> Subscription[Job]:  # noqa: A002
        """Return a job, or all of them, and again at each change; of one job, until it is over.

        >>> job = holdfast.archives.pack("web", "once.zip", ["."])
        >>> with holdfast.jobs.follow(job.id) as changes:
        ...     states = [job.state for job in changes]
        >>> states[-1]
        'done'
        """
        return _Changes(id)


class _Changes:
    """What is told of jobs; after a cut, everything is told again, but not twice the same."""

    def __init__(self, id: str | None) -> None:  # noqa: A002
        self._id = id
        self._events = Events()
        self._known: dict[str, Json] = {}
        self._over = False

    def request(self) -> Request:
        """Ask for all that there is, and what becomes of it."""
        self._events = Events()
        return Request("GET", at("jobs", self._id, "events") if self._id else "/jobs/events")

    def feed(self, data: bytes) -> Sequence[Job]:
        """Return what has changed."""
        found: list[Job] = []
        for event in self._events.feed(data):
            if event.kind == "job":
                job = record(Job, event.json())
                if self._known.get(job.id) != job.raw:
                    self._known[job.id] = job.raw
                    found.append(job)
                self._over = job.over
        return found

    def ended(self) -> bool:
        """Tell whether the one job is over."""
        return self._id is not None and self._over


def begun(answer: Json) -> Steps[Job | None]:
    """Return the job that an answer tells of, or None if what was asked for is done."""
    id_ = answer.get("job")
    return (yield from Jobs.get.steps(id_)) if isinstance(id_, str) else None


def waited(answer: Json, *, wait: bool, progress: Progress | None) -> Steps[Job | None]:
    """Return the same job when it is done, if it is waited for; raises `JobFailed`."""
    job = yield from begun(answer)
    if job is not None and wait:
        return (yield from Jobs.wait.steps(job.id, progress=progress))
    return job


def _succeeded(job: Job) -> Job:
    if job.state == "cancelled":
        raise JobFailed("the job was cancelled", job)
    if job.state == "failed":
        raise JobFailed(job.error or "the job failed", job)
    return job
