"""The shape of what is said of a config before it is used: data for `/openapi.json`."""

from .described import Schema
from .shapes import TEXT, flag, listed, maybe, shape, text, whole

_PLACE: Schema = shape(
    {
        "file": text("The path of the file, or what would be there"),
        "line": whole("From 1; 0 is the file as a whole"),
        "column": whole("From 1"),
        "key": text("Its full path, such as `servers.web.port`; may be empty"),
        "expected": maybe(text("What was expected, if that is what is wrong")),
        "message": text("What is wrong with it"),
    }
)

_CHANGES: Schema = shape(
    {
        "added": listed(TEXT, "Names of servers"),
        "changed": listed(TEXT, "The same"),
        "removed": listed(TEXT, "The same"),
        "restartNeeded": listed(TEXT, "Of those that change: who runs by the old settings until restarted"),
        "unchanged": whole("How many"),
    }
)

CONFIG_REPORT: Schema = shape(
    {
        "valid": flag("Whether it can be used"),
        "config": text("The path of the file"),
        "warnings": listed(TEXT, "What is odd about it, or would be in the way on this machine"),
        "remarks": listed(_PLACE, "The same in parts"),
        "error": maybe(text("Why it cannot be used, with its place")),
        "detail": {"oneOf": [_PLACE, {"type": "null"}]},
        "servers": listed(TEXT, "In the order in which they start"),
        "changes": {"oneOf": [_CHANGES, {"type": "null"}]},
        "differences": {
            "oneOf": [listed(TEXT, "What is different in the text, without secrets"), {"type": "null"}]
        },
    }
)
