"""`holdfast jobs`: the long work on files, how far it is, and how it is stopped."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import click

from .amounts import duration, size
from .completing import JOB
from .exits import Exit, Stop
from .invocation import Invocation, pass_invocation
from .moments import when
from .output import BAD, DIM, GOOD, WARN, Cell, Output, as_json, shown
from .shape import ShapedGroup

if TYPE_CHECKING:
    from ..jobs import Job

HEADER = ("ID", "KIND", "SERVER", "STATE", "DONE", "RATE", "LEFT", "WHAT")
NUMBERS = ("DONE", "RATE", "LEFT")
COLOURS = {"waiting": DIM, "running": WARN, "done": GOOD, "failed": BAD, "cancelled": DIM}
SHORT = 12
"""Characters of an id that are shown; any beginning that is one job's alone names it."""


@click.group(
    cls=ShapedGroup, invoke_without_command=True, aliases={"ls": "list", "status": "show", "stop": "cancel"}
)
@click.pass_context
def jobs(context: click.Context) -> None:
    """Show and stop the long work on files: archives, copies, deletions."""
    if context.invoked_subcommand is None:
        context.invoke(list_)


@jobs.command("list")
@pass_invocation
def list_(invocation: Invocation) -> None:
    """List the jobs, the latest first; those that have ended are remembered for an hour."""
    found, out = invocation.client.jobs.list(), invocation.out
    if invocation.json:
        out.json([job.raw for job in found])
    elif invocation.format == "csv":
        rows = [(one.id, one.kind, one.server, one.state, str(one.bytes), str(one.entries)) for one in found]
        out.csv(("id", "kind", "server", "state", "bytes", "entries"), rows)
    elif found:
        out.table(HEADER, _rows(found), right=NUMBERS)
    else:
        out.note("there are no jobs")


@jobs.command()
@click.argument("id_", metavar="ID", type=JOB)
@pass_invocation
def show(invocation: Invocation, id_: str) -> None:
    """Tell all of a job."""
    job = _job(invocation, id_)
    if invocation.json:
        invocation.out.json(job.raw)
        return
    invocation.out.pairs({name: text for name, text in _told(job).items() if text})


@jobs.command()
@click.argument("ids", nargs=-1, required=True, metavar="ID...", type=JOB)
@pass_invocation
def cancel(invocation: Invocation, ids: Sequence[str]) -> None:
    """Stop jobs; nothing half done is left of them.

    What cannot be stopped half way (a deletion), or has ended, is exit code 6.
    """
    from ..failures import Refused  # noqa: PLC0415

    for job in [_job(invocation, one) for one in ids]:
        if job.over:
            raise Stop(f"the job {job.id[:SHORT]} has ended already: it is {job.state}", Exit.CONFLICT)
        try:
            state = invocation.client.jobs.cancel(job.id)
        except Refused as exc:
            if exc.kind != "not-cancellable":
                raise
            sentence = f"the job {job.id[:SHORT]} ({job.kind}) cannot be stopped half way"
            raise Stop(sentence, Exit.CONFLICT) from exc
        if invocation.json:
            invocation.out.json_line({"id": job.id, "state": state})
        else:
            invocation.out.say(f"{job.id[:SHORT]} {state}")


@jobs.command()
@click.argument("id_", required=False, metavar="[ID]", type=JOB)
@pass_invocation
def watch(invocation: Invocation, id_: str | None) -> int:
    """Watch one job until it has ended, or all of them until Ctrl-C.

    In a pipe: a line for each change. With an ID, exit code 1 if the job fails or is cancelled.
    """
    one = _job(invocation, id_) if id_ is not None else None
    last: Job | None = None
    with invocation.client.jobs.follow(one.id if one is not None else None) as changes:
        if invocation.json or not invocation.out.terminal:
            for last in changes:
                _say(invocation, last)
        else:
            last = _live(invocation.out, changes)
    return Exit.FAILED if one is not None and last is not None and last.state != "done" else Exit.DONE


def _say(invocation: Invocation, job: "Job") -> None:
    out = invocation.out
    if invocation.json:
        out.json_line(job.raw)
    else:
        words = (job.id[:SHORT], job.kind, job.server, job.state, _done(job), shown(job.about))
        out.say("  ".join(word for word in words if word))
    sys.stdout.flush()


def _live(out: Output, changes: "Iterable[Job]") -> "Job | None":
    from rich.console import Group  # noqa: PLC0415  (takes a while)
    from rich.live import Live  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    known: dict[str, Job] = {}
    job: Job | None = None
    with Live(Text("there are no jobs"), console=out.rich, refresh_per_second=8) as live:
        for job in changes:
            known.pop(job.id, None)
            known[job.id] = job
            while len(known) > out.rich.size.height - 3:
                del known[next((key for key, one in known.items() if one.over), next(iter(known)))]
            live.update(Group(out.drawn(HEADER, _rows(list(known.values())), right=NUMBERS)))
    return job


def _rows(found: "Sequence[Job]") -> Sequence[Sequence[str]]:
    return [
        (
            job.id[:SHORT],
            job.kind,
            job.server,
            Cell(job.state, COLOURS.get(job.state, "")),
            _done(job),
            _rate(job),
            duration(job.eta) if job.eta is not None and not job.over else "",
            job.error or job.about,
        )
        for job in found
    ]


def _done(job: "Job") -> str:
    if job.rate_unit == "bytes":
        return (
            size(job.bytes)
            if job.total_bytes in (None, job.bytes)
            else f"{size(job.bytes)} of {size(job.total_bytes or 0)}"
        )
    return (
        str(job.entries)
        if job.total_entries in (None, job.entries)
        else f"{job.entries} of {job.total_entries}"
    )


def _rate(job: "Job") -> str:
    if not job.rate or job.over:
        return ""
    return f"{size(job.rate)}/s" if job.rate_unit == "bytes" else f"{job.rate:.0f}/s"


def _told(job: "Job") -> Mapping[str, str]:
    return {
        "id": job.id,
        "kind": job.kind,
        "server": job.server,
        "by": job.user,
        "about": job.about,
        "state": Cell(job.state, COLOURS.get(job.state, "")),
        "error": Cell(job.error or "", BAD),
        "done": _done(job),
        "rate": _rate(job),
        "left": duration(job.eta) if job.eta is not None and not job.over else "",
        "created": when(job.created),
        "started": when(job.started),
        "ended": when(job.ended),
        "result": as_json(job.result) if job.result else "",
    }


def _job(invocation: Invocation, id_: str) -> "Job":
    """Return the job whose id begins like that; raises `Stop`."""
    found = [job for job in invocation.client.jobs.list() if job.id.startswith(id_)]
    if not found:
        raise Stop(f"there is no job {shown(id_)} (holdfast jobs shows them)", Exit.NOT_THERE)
    if len(found) > 1:
        raise Stop(f"{len(found)} jobs begin with {shown(id_)}: write more of the id", Exit.USAGE)
    return found[0]
