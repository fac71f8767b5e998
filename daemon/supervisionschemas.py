"""The shapes of what happens to servers: data for `/openapi.json`."""

from .described import Schema, ref
from .shapes import TEXT, flag, listed, maybe, number, one_of, shape, text, whole

STATES = ("stopped", "starting", "running", "stopping", "backoff", "failed")

CAUSE = shape(
    {
        "kind": text(
            "What brought it about",
            examples=["person", "schedule", "check", "watchdog", "boot", "config", "dependency", "exit"],
        ),
        "who": text("The account, schedule, check or server, if any"),
        "detail": text("What more is known"),
    }
)

EVENT = shape(
    {
        "id": whole("Grows with each event, over all servers"),
        "at": number("When, in seconds since 1970"),
        "server": TEXT,
        "type": text("`state`, or what else there is to tell", examples=["state", "health"]),
        "from": one_of("The state before", *STATES),
        "to": one_of("The state after", *STATES),
        "status": ref("Status"),
        "wanted": one_of("What people asked for last", "up", "down"),
        "reason": text("Why"),
        "cause": ref("Cause"),
        "run": whole("Which run this is about, counted from 1"),
        "pid": maybe(whole("Of its main process")),
        "exit": {"oneOf": [ref("Exit"), {"type": "null"}]},
        "restarts": whole("Restarts that count against the budget"),
        "lines": listed(TEXT, "The last lines of output before an end, for who may see the console"),
        "next": {"oneOf": [ref("Next"), {"type": "null"}]},
        "check": text("Of `health`: which check"),
        "healthy": flag("Of `health`: whether it passes now"),
        "hint": text("What could be found out besides, such as who has the port"),
    },
    *("from", "to", "status", "wanted", "cause", "run", "pid", "exit", "restarts", "lines", "next"),
    *("check", "healthy", "hint"),
)

NEXT = shape(
    {
        "action": one_of(
            "What happens by itself: it is restarted, asked to stop in another way, killed, started when "
            "others are ready, stopped when others are gone, or taken for crashed, if it is not up by then",
            *("restart", "step", "kill", "start", "stop", "fail"),
        ),
        "in": maybe(number("Seconds, or null where nobody can tell")),
        "at": maybe(number("When, in seconds since 1970")),
    }
)

HISTORY: Schema = shape(
    {
        "server": TEXT,
        "state": one_of("How it is now", *STATES),
        "reason": text("Why"),
        "next": {"oneOf": [ref("Next"), {"type": "null"}]},
        "history": listed(ref("Event"), "What happened to it, the latest first"),
    }
)
"""The answer to `GET /server/{id}/history`."""

LOG_LINE = shape(
    {
        "time": maybe(number("When it came, in seconds since 1970, or null where nobody knows")),
        "offset": whole("How many bytes of the stream of output came before it"),
        "line": text("The line, without its end"),
        "stream": text("Of which stream of output it is a part"),
        "end": whole("The offset behind it: `after=stream:end` goes on there"),
        "bytes": text("The line in base64, where it is no UTF-8"),
        "notice": flag("Whether it is a line of the log's own"),
    },
    "bytes",
    "notice",
)

LOG_MARK = shape(
    {
        "stream": text("Which stream of output is being told"),
        "end": whole("The offset up to which all was told: `after=stream:end` goes on there"),
    }
)
"""What `marks=true` tells besides the lines."""

SURVIVOR = shape(
    {
        "pid": whole("Of the process"),
        "command": text("Its command line, cut where it is long"),
        "reason": text("Why it is still there"),
    }
)

SCHEMAS = {
    "Cause": CAUSE,
    "Event": EVENT,
    "Next": NEXT,
    "History": HISTORY,
    "LogLine": LOG_LINE,
    "LogMark": LOG_MARK,
    "Survivor": SURVIVOR,
}
