"""The shapes of the messages of `/live`: data for `/openapi.json`."""

from collections.abc import Mapping

from .described import Schema, ref
from .shapes import by_name, flag, listed, maybe, number, shape, text, whole

_NAME = text("Of the server")
_NOW = number("The daemon's clock, in seconds since 1970")
_FIGURES: Schema = {
    "type": "array",
    "prefixItems": [
        number("CPU, in percent of one core"),
        whole("Memory, in bytes"),
        whole("Processes"),
        whole("Threads"),
        maybe(whole("Bytes read from disks in this run; null where the kernel does not tell")),
        maybe(whole("Bytes written to them")),
    ],
    "minItems": 6,
    "description": "CPU, memory, processes, threads, bytes read and bytes written; there may be more",
}
_LINE: Schema = {"type": "array", "items": {"type": ["number", "null"]}}


def _message(kind: str, about: str, properties: Mapping[str, Schema], *optional: str) -> Schema:
    return shape({"type": {"const": kind}, **properties}, *optional, description=about)


LIVE_SCHEMAS: Mapping[str, Schema] = {
    "LiveMessage": {
        "oneOf": [
            _message(
                "servers",
                "All servers: first, and again when the supervisor is lost or found",
                {
                    "now": _NOW,
                    "supervisor": flag("Whether it is there; if not, servers are as they were known last"),
                    "lastEvent": whole("The id behind which events are told"),
                    "servers": by_name(ref("Server"), "By name, sorted by it"),
                },
            ),
            _message("server", "One that is new, or different", {"name": _NAME, "server": ref("Server")}),
            _message("removed", "One that there is no more", {"name": _NAME}),
            _message(
                "usage",
                "What those that run use",
                {
                    "now": _NOW,
                    "at": number("When it was measured, in seconds since 1970"),
                    "servers": by_name(_FIGURES, "By name"),
                },
            ),
            _message(
                "sparks",
                "The latest hour, once",
                {
                    "begin": whole("When the first column begins, in seconds since 1970"),
                    "step": whole("Seconds of a column"),
                    "servers": by_name(
                        shape({"cpu": _LINE, "memory": _LINE}), "By name; null where nothing is known"
                    ),
                },
            ),
            _message("jobs", "All jobs, once", {"jobs": listed(ref("Job"), "The latest first")}),
            _message("job", "A job that is new, or different", {"job": ref("Job")}),
            _message(
                "event",
                "What happened",
                {"event": ref("Event"), "skipped": flag("There were others before it that are left out")},
                "skipped",
            ),
            _message("ping", "Nothing, for 15 s", {}),
        ]
    }
}
