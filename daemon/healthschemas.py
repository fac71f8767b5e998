"""The shapes of what is said about health."""

from .shapes import flag, listed, maybe, number, one_of, shape, text, whole

CONDITION = one_of("What the looks so far say", "unknown", "healthy", "unhealthy")

HEALTH = shape(
    {
        "state": {
            "enum": ["unknown", "healthy", "unhealthy", None],
            "description": "Of all its checks together; null without any",
        },
        "checks": {
            "type": "object",
            "additionalProperties": CONDITION,
            "description": "The state of each check, by name",
        },
        "note": maybe(text("What the program says of how it is (sd_notify, STATUS)")),
    }
)

CHECK = shape(
    {
        "name": text("As in the config"),
        "type": one_of("What is looked at", "http", "tcp", "unix", "command", "output", "silence"),
        "as": one_of("What it is for", "readiness", "liveness", "both"),
        "state": CONDITION,
        "since": number("When the state began, in seconds since 1970"),
        "error": maybe(text("Why the latest look failed; null if it passed")),
        "output": maybe(text("The end of what the command said when it failed")),
        "failures": whole("Looks in a row that failed"),
        "successes": whole("Looks in a row that passed"),
        "lastLook": maybe(number("In seconds since 1970")),
        "nextIn": maybe(number("Seconds until the next look, if that is known")),
        "interval": number("Seconds between two looks"),
        "timeout": number("Seconds that a look may take"),
        "action": one_of("What is done when it is ill", "warn", "restart"),
    }
)

CHECKS = shape(
    {
        "ready": flag("It runs, it is up, and no check says that it is ill"),
        "health": HEALTH,
        "checks": listed(CHECK, "In the order of the config"),
    }
)
