"""The shapes of what the API tells of notifications: data for `/openapi.json`."""

from collections.abc import Mapping

from .described import Schema, ref
from .shapes import TEXT, by_name, flag, listed, maybe, one_of, shape, text, whole

NOTICE_SCHEMAS: Mapping[str, Schema] = {
    "Notifications": shape(
        {
            "targets": by_name(ref("Target"), "By name"),
            "dropped": whole("How many notices came too fast for all of them"),
        }
    ),
    "Target": shape(
        {
            "type": one_of("How it is told", "webhook", "discord", "ntfy", "command"),
            "on": listed(TEXT, "Of what it is told"),
            "servers": maybe(listed(TEXT, "Of which servers, by name or pattern; null: of all")),
            "sent": whole("Notices that it got"),
            "failed": whole("Notices that it did not get"),
            "heldBack": whole("Notices above its limit per hour"),
            "waiting": whole("Notices that are on their way"),
            "lastError": maybe(text("Why the latest attempt failed, if it did")),
        }
    ),
    "Tested": shape(
        {
            "delivered": flag("Whether it got the notice"),
            "status": maybe({"type": "integer", "description": "The HTTP status, or a command's exit code"}),
            "error": maybe(text("Why it did not")),
        }
    ),
}
