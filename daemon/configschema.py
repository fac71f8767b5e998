"""What a config may say: JSON Schema (2020-12) of all its keys, from which editors make completion and help.

Defaults are those of the settings themselves; tests compare the rest with what the parser asks for and
refuses, and with the tables in the documents.
"""

from collections.abc import Mapping

from .accesssettings import LoginSettings
from .config import DEFAULT_PORT
from .configschemaserver import SERVER, TEMPLATE
from .configwords import COMMAND, amount, count, group, line, named, some, switch, told, word
from .described import Schema
from .filesettings import FileSettings
from .limitsettings import Limits
from .notice import EVENTS, MOST_LINES
from .noticesettings import MOST_TARGETS, DiskSettings, TargetSettings, Way
from .passwords import MAX_BYTES
from .permissions import PERMISSIONS
from .usagesettings import UsageSettings
from .webuisettings import WebUISettings

_LOGIN, _FILES, _LIMITS, _USAGE = LoginSettings(), FileSettings(), Limits(), UsageSettings()
_WEB = WebUISettings()
_TARGET, _DISK = TargetSettings("", Way.WEBHOOK), DiskSettings()
_MOST = 1 << 60
_MANY = 1_000_000
_YEARS = 36_500

_PATTERNS: Schema = {"type": "array", "items": {"type": "string"}}
_GRANT = told(
    {
        "anyOf": [
            {"type": "string", "examples": [*PERMISSIONS, "*", "server.*"]},
            group(
                "A grant with limits",
                {
                    "permissions": told(_PATTERNS, "Permissions, or patterns of them", None, ["server.*"]),
                    "servers": told(_PATTERNS, "Only these servers; names or patterns", None, ["mc-*"]),
                    "paths": told(_PATTERNS, "Only files in these folders", None, ["/plugins"]),
                    "input": told(_PATTERNS, "Only these lines typed", None, ["say *", "list"]),
                },
                "permissions",
            ),
        ]
    },
    "A permission, a pattern, or an object with limits (docs/access.md)",
)
_ROLES = some({"type": "string"}, "Names of roles", None, ["operator"])
_PRIVILEGES: Schema = {
    "oneOf": [
        _ROLES,
        group("Roles and grants", {"roles": _ROLES, "grants": some(_GRANT, "Grants besides these roles")}),
    ]
}

_TARGET_KEYS = group(
    "Somebody who is told",
    {
        "type": word("How", None, *Way),
        "url": line("Where to; of ntfy that of the topic. This, or urlFile"),
        "urlFile": line("A file that holds the URL", None, "discord.url"),
        "command": told(COMMAND, "command: what is run, with HOLDFAST_KIND and others in its environment"),
        "on": some({"type": "string", "enum": [str(one) for one in EVENTS]}, "Of what; of all without it"),
        "servers": some({"type": "string"}, "Of which servers, names or patterns; of all without it"),
        "title": line("With {server} {kind} {reason} {lines} {exit} {time} {host} in it; ours without it"),
        "message": line("The same"),
        "headers": named("More headers", {"type": "string"}),
        "secret": line("Signs a webhook: 16 bytes or more, or whsec_ and base64"),
        "secretFile": line("A file that holds the secret"),
        "allowPrivate": switch("Whether it may be in a private network, or here", _TARGET.allow_private),
        "repeat": amount(
            "Minutes in which the same of a server is not told again", _TARGET.repeat, 0, 7 * 24 * 60
        ),
        "perHour": count("Notices in an hour", _TARGET.per_hour, 1, 3600),
        "lines": count("Last lines of output", _TARGET.lines, 0, MOST_LINES),
        "timeout": amount("Seconds for an attempt", _TARGET.timeout, 1, 60),
        "retries": count("Attempts after the first", _TARGET.retries, 0, 20),
    },
    "type",
)

KEYS: Mapping[str, Schema] = {
    "port": count("TCP port of the API; 0 lets the kernel choose", DEFAULT_PORT, 0, 65535),
    "listen": line("The address or host name to listen on; all addresses without it", None, "127.0.0.1"),
    "unixSocket": group(
        "The local way in, without a login",
        {
            "enabled": switch("Whether there is one", True),
            "location": line("The path of the socket; octyne.sock.PORT in $TMPDIR or /tmp without it"),
            "group": line("A group whose members may use it, too", ""),
            "users": named("What users of this machine may do", _PRIVILEGES, {"alice": ["operator"]}),
            "groups": named("What groups of this machine may do", _PRIVILEGES, {"games": ["viewer"]}),
        },
    ),
    "https": group(
        "Encryption of the TCP port",
        {
            "enabled": switch("Whether it is encrypted", False),
            "cert": line("A PEM file with the certificates", ""),
            "key": line("A PEM file with the key", ""),
            "minimum": word("The least version of TLS", "1.2", "1.2", "1.3"),
            "hsts": count("Seconds for which browsers come by TLS only", 0, 0, 10 * 366 * 86_400),
        },
    ),
    "webUI": group(
        "The web page",
        {
            "enabled": switch("Whether it has a port", _WEB.enabled),
            "port": count("Its port, another than the API's; 0 lets the kernel choose", _WEB.port, 0, 65535),
            "onApiPort": switch("Whether it is at /ui/ of the API's port, too", _WEB.on_api_port),
        },
    ),
    "redis": group(
        "Octyne's; has no effect",
        {
            "enabled": switch("Has no effect", False),
            "url": line("Has no effect", ""),
            "role": line("Has no effect", ""),
        },
    ),
    "roles": named("Sets of grants, by name", some(_GRANT, "Grants"), {"viewer": ["server.view"]}),
    "login": group(
        "How people log in, and for how long",
        {
            "idleDays": count("Days until an unused session ends", _LOGIN.idle_days, 1, _YEARS),
            "passwordLength": count("Characters of a new password", _LOGIN.password_length, 1, MAX_BYTES),
            "endJobs": switch("Whether long work ends with the session that began it", _LOGIN.end_jobs),
            "delay": group(
                "How long one waits after failed logins",
                {
                    "account": count(
                        "Failures of an account that cost nothing", _LOGIN.delay.account, 1, _MANY
                    ),
                    "address": count("The same from an address", _LOGIN.delay.address, 1, _MANY),
                    "first": amount(
                        "Seconds after the next; each further one doubles them", _LOGIN.delay.first
                    ),
                    "cap": amount("Seconds, at most", _LOGIN.delay.cap),
                },
            ),
        },
    ),
    "proxies": some({"type": "string"}, "Whose X-Forwarded-For is believed", [], ["10.0.0.0/8", "::1"]),
    "cors": group(
        "Whose web pages may call the API",
        {
            "origins": some(
                {"type": "string"}, "Origins; those named may use cookies", ["*"], ["https://panel.example"]
            )
        },
    ),
    "limits": group(
        "How much is served at once",
        {
            "connections": count("Connections over TCP", _LIMITS.connections, 1, _MANY),
            "connectionsPerAddress": count("From one address", _LIMITS.connections_per_address, 1, _MANY),
            "requestsPerAccount": count("Requests under way", _LIMITS.requests_per_account, 1, _MANY),
            "webSockets": count("WebSockets in all", _LIMITS.web_sockets, 1, _MANY),
            "webSocketsPerAccount": count("Of one account", _LIMITS.web_sockets_per_account, 1, _MANY),
            "headSeconds": count("Seconds for the head of a request", int(_LIMITS.head_seconds), 1, 3600),
            "jsonDepth": count("Levels of JSON", _LIMITS.json_depth, 1, 500),
        },
    ),
    "logging": group(
        "The audit log",
        {
            "enabled": switch("Whether it is written", True),
            "path": line("The folder of the logs", "logs"),
            "actions": named(
                "Actions, or groups of them, not to log", {"type": "boolean"}, {"server.console.input": False}
            ),
            "keep": count("Entries that can be searched", 200_000, 100, 10_000_000),
        },
    ),
    "files": group(
        "What clients may do with files",
        {
            "uploadLimit": count("Bytes of a file that is uploaded", _FILES.upload_limit, 0, _MOST),
            "partialUploads": count(
                "Hours after which an interrupted upload expires", _FILES.partial_uploads, 1, 24 * 365
            ),
            "jobs": count("Long jobs that are at work at once", _FILES.jobs, 1, 64),
            "trash": group(
                "Whether what is deleted is kept for a while",
                {
                    "enabled": switch("Whether there is a trash", _FILES.trash.enabled),
                    "days": count("Days until it goes for good", int(_FILES.trash.days), 0, _YEARS),
                    "size": count("Bytes in all; 0: no limit", 0, 0, _MOST),
                },
            ),
            "extract": group(
                "What an archive may hold that is taken apart",
                {
                    "size": count("Bytes", _FILES.extract.size, 1, _MOST),
                    "entries": count("Entries", _FILES.extract.entries, 1, _MOST),
                    "ratio": count("Times its own size", _FILES.extract.ratio, 1, 1_000_000_000),
                },
            ),
        },
    ),
    "notifications": group(
        "Who is told of crashes, recoveries and disks that are low",
        {
            "targets": {**named("By name", _TARGET_KEYS), "maxProperties": MOST_TARGETS},
            "disk": group(
                "When a disk is low",
                {
                    "low": told(
                        {
                            "oneOf": [
                                {"type": "integer", "minimum": 0, "maximum": _MOST},
                                {"type": "string", "pattern": r"^\s*[0-9]{1,2}(\.[0-9]{1,3})? ?%\s*$"},
                            ]
                        },
                        "Free space below which it is: a percentage, or bytes",
                        f"{_DISK.percent:g}%",
                    ),
                    "folders": some({"type": "string"}, "Where; those of all servers and our own without it"),
                    "interval": amount("Seconds between two looks", _DISK.interval, 5, 86_400),
                },
            ),
        },
    ),
    "usage": group(
        "How often programs and the machine are measured",
        {
            "interval": count("Seconds between two measurements; 0: never", _USAGE.interval, 0, 3600),
            "history": count("Seconds for which that is kept", _USAGE.history, 0, 7 * 86_400),
        },
    ),
    "templates": named("Options that servers inherit, by name", {"$ref": "#/$defs/template"}),
    "servers": named("The programs to keep running, by name", {"$ref": "#/$defs/server"}),
}


def config_schema() -> Mapping[str, object]:
    """Return the schema as JSON data."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Holdfast's config",
        "$comment": "Keys may differ in case. null is as if the key were not there.",
        **group("The config: Hjson, of which JSON is a part", KEYS),
        "$defs": {"server": SERVER, "template": TEMPLATE},
    }
