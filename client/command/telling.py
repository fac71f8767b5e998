"""How what happened to a server reads: when, what, why, who, and what comes next."""

from typing import TYPE_CHECKING

from .amounts import duration
from .moments import when
from .output import BAD, BOLD, DIM, GOOD, WARN, Output, shown

if TYPE_CHECKING:
    from ..events import Event
    from ..servers import Cause, Exit, Next

COLOURS = {
    "running": GOOD,
    "healthy": GOOD,
    "starting": WARN,
    "stopping": WARN,
    "stopped": DIM,
    "backoff": BAD,
    "failed": BAD,
    "unhealthy": BAD,
}

_CAUSES = {
    "schedule": "by the schedule {who}",
    "check": "because of the check {who}",
    "watchdog": "because of its watchdog",
    "boot": "since Holdfast started",
    "config": "since the config was changed",
    "dependency": "because of {who}",
    "leftover": "left behind by a supervisor that was killed",
    "shutdown": "since Holdfast stops",
}
"""What brought it about; of the other kinds, the reason says it."""

_NEXT = {
    "restart": "it is restarted",
    "step": "it is asked in another way",
    "kill": "it is killed",
    "fail": "it counts as crashed, if it is not up by then",
    "start": "it starts when those are ready for whom it waits",
    "stop": "it stops when those are gone for whom it waits",
}

_WIDTH = 9


def tell(out: Output, event: "Event", *, whose: int = 0) -> None:
    """Write what happened: a line, and indented what more is known. `whose`: the width of servers' names."""
    word = _word(event)
    what = out.styled(f"{word:<{_WIDTH}}", COLOURS.get(word, ""))
    who = f"{out.styled(f'{shown(event.server):<{whose}}', BOLD)}  " if whose else ""
    head = f"{out.styled(when(event.at), DIM)}  {who}{what}"
    details = [one for one in (cause_of(event.cause), _run(event)) if one]
    rest = f"({'; '.join(details)})" if details else ""
    told = [shown(_reason(event)), out.styled(shown(rest), DIM) if rest else ""]
    out.say("  ".join((head, " ".join(one for one in told if one))).rstrip())
    indent = " " * 4
    if event.next is not None:
        out.say(f"{indent}next: {next_of(event.next)}")
    if event.hint:
        out.say(f"{indent}{shown(event.hint)}")
    if event.exit is not None and event.exit.note:
        out.say(f"{indent}{shown(event.exit.note)}")
    for line in event.lines:
        out.say(f"{indent}{out.styled('|', DIM)} {shown(line)}")


def cause_of(cause: "Cause | None") -> str:
    """Return who or what brought something about; nothing where the reason says it."""
    if cause is None:
        return ""
    if cause.kind == "person":
        where = f", {cause.detail}" if cause.detail else ""
        return f"by {cause.who or 'somebody'}{where}"
    told = _CAUSES.get(cause.kind, "").format(who=cause.who)
    return f"{told}: {cause.detail}" if told and cause.detail else told


def next_of(next_: "Next") -> str:
    """Return what happens by itself, and when."""
    what = _NEXT.get(next_.action, next_.action)
    return what if next_.in_ is None else f"{what} in {duration(next_.in_)}"


def exit_of(ended: "Exit") -> str:
    """Return how a run ended."""
    if ended.code is not None:
        how = f"code {ended.code}"
    elif ended.signal is not None:
        how = signal_of(ended.signal)
    else:
        how = "nobody knows how"
    note = f"; {ended.note}" if ended.note else ""
    return f"{how}, after {duration(ended.ran)}{note}"


def signal_of(number: int) -> str:
    """Return the name of a signal, as far as it has one."""
    import signal  # noqa: PLC0415

    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _word(event: "Event") -> str:
    if event.to:
        return event.to
    if event.healthy is not None:
        return "healthy" if event.healthy else "unhealthy"
    return event.type


def _reason(event: "Event") -> str:
    if event.check:
        return f"{event.check}: {event.reason}"
    return "" if event.reason == event.to else event.reason


def _run(event: "Event") -> str:
    if event.to == "starting" and event.pid:
        return f"run {event.run}, pid {event.pid}"
    return ""
