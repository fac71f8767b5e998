"""The shapes of schedules: data for `/openapi.json`."""

from .described import ref
from .scheduleresult import Outcome
from .schedulesettings import Action, OnlyIf
from .shapes import TEXT, flag, listed, maybe, number, one_of, shape, text, whole

RAN = shape(
    {
        "at": number("When it began, or when it was found out; seconds since 1970"),
        "due": maybe(number("The time of the schedule; null if somebody asked for it")),
        "ended": maybe(number("Seconds since 1970")),
        "outcome": one_of("How it went", *Outcome),
        "detail": text("The same for people"),
        "by": text("Who asked for it; empty if the schedule did"),
        "output": text("The end of what a command has said; only for who may see the console"),
    },
    "output",
)

SCHEDULE = shape(
    {
        "server": TEXT,
        "name": TEXT,
        "action": one_of("What is done", *Action),
        "cron": text("When"),
        "timeZone": text("The zone that this is meant in"),
        "enabled": flag("Whether it comes on"),
        "jitter": number("Seconds that a run may be later, by chance"),
        "onlyIf": one_of("How the server must be for it", *OnlyIf),
        "next": listed(
            shape({"at": number("Seconds since 1970"), "text": text("The same in the zone, as ISO 8601")}),
            "The next runs, jitter and all",
        ),
        "running": flag("Whether a run goes on"),
        "last": {"oneOf": [ref("ScheduleResult"), {"type": "null"}]},
        "recent": listed(ref("ScheduleResult"), "The latest first; what was missed or skipped is one, too"),
        "missed": whole("Runs that were missed, ever"),
    }
)
