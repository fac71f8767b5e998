"""The shapes of what is told of programs and of the machine: data for `/openapi.json`."""

from collections.abc import Mapping, Sequence

from .described import Schema
from .meter import COLUMNS, HOST_COLUMNS
from .shapes import TEXT, listed, number, shape, text, whole
from .usagering import Column

_NUMBER = {"type": ["number", "null"]}
_SHARES = {"type": "array", "items": {"type": "number"}, "minItems": 3, "maxItems": 3}


def _columns(columns: Sequence[Column], about: str) -> Schema:
    names = [column.name for column in columns]
    names += [f"{column.name}Max" for column in columns if column.peak]
    time = {
        "type": "array",
        "items": {"type": "number"},
        "description": "Seconds since 1970; of averages, the first",
    }
    lists = {name: {"type": "array", "items": _NUMBER} for name in names}
    return shape({"time": time, **lists}, description=about)


_PACE: Mapping[str, Schema] = {
    "interval": whole(
        "Seconds between two measurements; more than wanted if they would cost too much, 0 is never"
    ),
    "configuredInterval": whole("What the config wants (`usage.interval`)"),
}

_PRESSURE: Schema = {
    "oneOf": [
        shape(
            {
                "some": {
                    **_SHARES,
                    "description": "Percent of the latest 10, 60 and 300 s in which some waited",
                },
                "full": {"oneOf": [{**_SHARES, "description": "In which all did"}, {"type": "null"}]},
            }
        ),
        {"type": "null"},
    ]
}

_AMOUNT = shape({"total": whole("Bytes"), "used": whole("Bytes")})

USAGE_SCHEMAS: Mapping[str, Schema] = {
    "Usage": shape(
        {
            **_PACE,
            "columns": _columns(COLUMNS, "`cpu` is percent of one core, `memory` bytes; `…Max` are peaks"),
        }
    ),
    "Host": shape(
        {
            "cpu": {**_NUMBER, "description": "Percent of one core"},
            "cores": whole("How many there are"),
            "load": {**_SHARES, "description": "Of the latest 1, 5 and 15 minutes"},
            "memory": _AMOUNT,
            "swap": _AMOUNT,
            "network": shape({"received": _NUMBER, "sent": _NUMBER}, description="Bytes a second"),
            "pressure": shape(dict.fromkeys(("cpu", "memory", "io"), _PRESSURE)),
            "uptime": number("Seconds"),
            "boot": number("When it was started, in seconds since 1970"),
            "kernel": TEXT,
            "disks": listed(
                shape(
                    {
                        "mount": text("Where it is mounted"),
                        "total": whole("Bytes"),
                        "used": whole("Bytes"),
                        "free": whole("Bytes that may still be written"),
                        "files": whole("Files that it can hold; 0 if that is not limited"),
                        "filesFree": whole("Of these, not used"),
                        "servers": listed(TEXT, "Whose folders are there"),
                    }
                ),
                "Those on which the folders of servers are",
            ),
            **_PACE,
            "columns": _columns(HOST_COLUMNS, "Pressure is percent of the time in which some had to wait"),
        }
    ),
}
