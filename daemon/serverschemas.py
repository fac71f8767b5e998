"""The shape of what is said about one server: how it is, why, and how its runs ended."""

from collections.abc import Mapping

from .described import Schema, ref
from .healthschemas import CHECKS, HEALTH
from .shapes import TEXT, by_name, flag, listed, maybe, number, one_of, shape, text, whole

SERVER_SCHEMAS: Mapping[str, Schema] = {
    "Server": shape(
        {
            "status": ref("Status"),
            "cpuUsage": number("Percent of one core"),
            "memoryUsage": number("Bytes of resident memory"),
            "totalMemory": whole("Bytes that this machine has"),
            "uptime": whole("Nanoseconds since it was started; 0 if it does not run"),
            "toDelete": flag("It is no longer part of the config, and goes when it stops"),
            "state": one_of(
                "More exactly than `status`",
                *("stopped", "starting", "running", "stopping", "backoff", "failed"),
            ),
            "wanted": one_of("What people asked for last", "up", "down"),
            "reason": text("Why it is as it is"),
            "cause": ref("Cause"),
            "run": whole("How often it was started"),
            "startedAt": maybe(number("When it was started, in seconds since 1970; null if it does not run")),
            "waitsFor": listed(TEXT, "For whom it waits with its start, or, if it runs, with its stop"),
            "pid": maybe(whole("Of its main process")),
            "restarts": whole("Restarts that count against the budget"),
            "restartIn": maybe(number("Seconds until it is tried again")),
            "next": {"oneOf": [ref("Next"), {"type": "null"}]},
            "restartToApply": flag("The config has changed since it was started"),
            "terminal": {"oneOf": [ref("Terminal"), {"type": "null"}]},
            "paused": flag("Nothing of it runs, since somebody wants that; `status` stays 1"),
            "limits": by_name(TEXT, "Limits that are not in force, each with the reason"),
            "stopWithin": maybe(number("Seconds that a stop takes at most; what lives then is killed")),
            "memoryLimit": maybe(whole("Bytes that its tree may have, by the config; null without a limit")),
            "survivors": listed(ref("Survivor"), "Who has not ended, while it takes long to stop"),
            "hint": text("What could be found out about its end, such as who has the port"),
            "lastExit": {"oneOf": [ref("Exit"), {"type": "null"}]},
            "ready": flag("It runs, it is up, and no check says that it is ill"),
            "health": HEALTH,
        },
        "toDelete",
        "hint",
    ),
    "Terminal": shape(
        {"rows": whole("Lines, now or with the next start"), "columns": whole("Characters of a line")}
    ),
    "Exit": shape(
        {
            "code": maybe({"type": "integer", "description": "Its exit code"}),
            "signal": maybe(whole("The signal that ended it")),
            "ran": number("Seconds that it ran"),
            "note": text("What else is known of it, such as that memory had run out"),
        }
    ),
    "Checks": CHECKS,
}
