"""The shapes of what is said more than once, and the errors that belong together: data for `/openapi.json`.

Objects are open in what they promise: clients ignore keys that they do not know, since there will be more.
"""

from collections.abc import Mapping

from .accessschemas import (
    ACCOUNT,
    AUDIT_ENTRY,
    GRANT,
    KEY,
    KEY_WISH,
    OWN_ACCOUNT,
    PRIVILEGES,
    SESSION,
    SHARE,
    SHARE_WISH,
)
from .configschemas import CONFIG_REPORT
from .described import Errors, Param, Schema, ref
from .liveschemas import LIVE_SCHEMAS
from .noticeschemas import NOTICE_SCHEMAS
from .scheduleschemas import RAN, SCHEDULE
from .serverschemas import SERVER_SCHEMAS
from .shapes import FLAG, TEXT, WHOLE, by_name, flag, listed, maybe, number, one_of, shape, text, whole
from .usageschemas import USAGE_SCHEMAS

SUCCESS = {"success": {"type": "boolean", "const": True}}

SKIPPED = {
    "skipped": listed(ref("Skipped"), "What was left out, up to 100 of them"),
    "skippedCount": whole("How many were left out"),
}

SCHEMAS: Mapping[str, Schema] = {
    **NOTICE_SCHEMAS,
    "Error": shape(
        {
            "error": text("A sentence for people"),
            "kind": text("A word for programs, which stays what it is"),
            "detail": text("Where exactly, and what was expected"),
        },
        "detail",
    ),
    "Success": shape(SUCCESS),
    "Version": shape({"version": TEXT}),
    "Token": shape({"token": text("To be sent in `Authorization`")}),
    "Ticket": shape({"ticket": text("For `?ticket=`: one use, 30 seconds, from the same address")}),
    "Started": shape(
        {
            **SUCCESS,
            "token": text("The same, for Octyne's clients"),
            "job": text("The id of the job"),
        },
        "success",
    ),
    "ConfigReport": CONFIG_REPORT,
    "AuditEntry": AUDIT_ENTRY,
    "Grant": GRANT,
    "Credentials": shape(
        {
            "username": text("The name of the account"),
            "password": text("Without blanks around it"),
            **PRIVILEGES,
        },
        *PRIVILEGES,
    ),
    "AccountChange": shape(
        {
            "username": text("The new name"),
            "password": text("The new password"),
            "disabled": flag("Whether nobody can log in by it"),
            "secondFactor": flag("`false` turns it off"),
            **PRIVILEGES,
        },
        "username",
        "password",
        "disabled",
        "secondFactor",
        *PRIVILEGES,
    ),
    "Names": listed(TEXT, "The names"),
    "Accounts": shape({"accounts": by_name(ACCOUNT, "By name")}),
    "OwnAccount": OWN_ACCOUNT,
    "PasswordShown": shape({"password": TEXT}, "password"),
    "CodeShown": shape({"code": TEXT}),
    "BothShown": shape(
        {"password": TEXT, "code": text("Of the factor, or a recovery code")}, "password", "code"
    ),
    "ProposedFactor": shape(
        {
            "secret": text("In Base32"),
            "uri": text("The same as otpauth://"),
            "qr": text("The same as a QR code for a terminal"),
        }
    ),
    "RecoveryCodes": shape({"recovery": listed(TEXT, "Shown only now")}),
    "PasswordChange": shape({"oldPassword": TEXT, "password": text("The new one")}),
    "Sessions": shape({"sessions": listed(SESSION, "The one that was used last first")}),
    "SessionsEnded": shape({**SUCCESS, "ended": whole("How many")}),
    "KeyWish": KEY_WISH,
    "Key": KEY,
    "NewKey": shape({"key": text("The key itself, shown only now"), **KEY["properties"]}),
    "Keys": shape({"keys": listed(ref("Key"), "The oldest first")}),
    "ShareWish": SHARE_WISH,
    "Share": SHARE,
    "NewShare": shape(
        {
            "token": text("Shown only now"),
            "url": text("What to ask for, from the root of the API on"),
            **SHARE["properties"],
        }
    ),
    "Shares": shape({"shares": listed(ref("Share"), "The oldest first")}),
    "Servers": shape(
        {
            "servers": {
                "type": "object",
                "additionalProperties": ref("Status"),
                "description": "By name",
            }
        }
    ),
    "ServersInDetail": shape({"servers": by_name(ref("Server"), "By name, sorted by it")}),
    "ServersWithInfo": shape(
        {
            "servers": {
                "type": "object",
                "additionalProperties": shape(
                    {
                        "status": ref("Status"),
                        "toDelete": flag("It is no longer part of the config, and goes when it stops"),
                    }
                ),
                "description": "By name",
            }
        }
    ),
    "Status": {"type": "integer", "enum": [0, 1, 2], "description": "0 off, 1 on, 2 crashed"},
    **SERVER_SCHEMAS,
    **USAGE_SCHEMAS,
    **LIVE_SCHEMAS,
    "Waiting": shape({**SUCCESS, "reason": text("For whom it waits; it starts by itself")}),
    "CannotStart": shape(
        {"success": {"type": "boolean", "const": False}, "error": text("Why"), "kind": TEXT},
    ),
    "FileEntry": shape(
        {
            "name": text("What is not UTF-8 in it is shown as U+FFFD"),
            "size": whole("Bytes"),
            "mimeType": text("Empty for a folder"),
            "folder": flag("Whether it is a folder or a link"),
            "lastModified": {"type": "integer", "description": "Seconds since 1970"},
            "mode": text("Who may read, write and run it: three octal digits"),
        }
    ),
    "Listing": shape({"contents": listed(ref("FileEntry"), "By name")}),
    "FolderSize": shape(
        {
            "size": whole("Bytes, as the files say"),
            "onDisk": whole("Bytes, as they take"),
            "files": WHOLE,
            "folders": WHOLE,
            "unread": whole("Folders that may not be read"),
        }
    ),
    "Found": shape(
        {
            "path": TEXT,
            "folder": {"type": "boolean"},
            "size": whole("Bytes"),
            "lastModified": {"type": "integer", "description": "Seconds since 1970"},
            "line": whole("From 1, with `in=content`"),
            "column": whole("From 1, with `in=content`"),
            "text": text("The line, with `in=content`"),
            "done": {"type": "boolean", "const": True, "description": "This is the last line"},
            "count": whole("How many were found"),
            "complete": flag("Whether these are all"),
            "unread": whole("Folders that may not be read, and files that were too large"),
            "error": text("Why it ended early"),
            "kind": TEXT,
        },
        *("path", "folder", "size", "lastModified", "line", "column", "text"),
        *("done", "count", "complete", "unread", "error", "kind"),
    ),
    "FileOrder": {
        "oneOf": [
            shape(
                {
                    "operation": one_of("Move or copy; nothing is ever overwritten", "mv", "cp"),
                    "src": text("Path of what there is", minLength=1),
                    "dest": text("Path of what there shall be", minLength=1),
                }
            ),
            shape(
                {
                    "operation": one_of("Change the mode", "chmod"),
                    "path": text("Path of the file or the folder", minLength=1),
                    "mode": text("Three octal digits", pattern="^0?[0-7]{3}$"),
                }
            ),
        ]
    },
    "Operations": shape(
        {
            "operations": {
                "type": "array",
                "minItems": 1,
                "maxItems": 10000,
                "items": {
                    "oneOf": [
                        shape({"operation": one_of("Move or copy", "mv", "cp"), "src": TEXT, "dest": TEXT}),
                        shape({"operation": one_of("Delete", "rm"), "path": TEXT}),
                    ]
                },
            }
        }
    ),
    "OperationsFailed": shape(
        {
            "success": {"type": "boolean", "const": False},
            "errors": listed(
                shape({"index": whole("Of the operation, from 0"), "message": TEXT}), "What is wrong"
            ),
            "error": text("All of it in one sentence"),
            "kind": {"type": "string", "const": "operation-failed"},
        }
    ),
    "Replaced": shape({**SUCCESS, "etag": text("Of the new content")}),
    "Finished": shape({"finished": flag("Whether the archive is there")}),
    "Skipped": shape({"path": TEXT, "reason": TEXT}),
    "Unpacked": {
        "anyOf": [
            shape(
                {
                    **SUCCESS,
                    "error": {"type": "string", "const": ""},
                    "entries": whole("Files and folders that came out"),
                    "bytes": whole("Bytes that came out"),
                    **SKIPPED,
                }
            ),
            shape({"success": {"type": "boolean", "const": False}, "error": TEXT, "detail": TEXT}),
            ref("Started"),
        ]
    },
    "Trashed": shape(
        {
            "id": TEXT,
            "path": text("Where it was"),
            "name": TEXT,
            "folder": {"type": "boolean"},
            "size": maybe(whole("Bytes; null for a folder that nobody has counted")),
            "deletedAt": {"type": "integer", "description": "Seconds since 1970"},
            "deletedBy": TEXT,
        }
    ),
    "Trash": shape({"contents": listed(ref("Trashed"), "The latest first")}),
    "Restoring": shape({"id": text("What is put back"), "dest": text("Where to; else where it was")}, "dest"),
    "Restored": shape({**SUCCESS, "path": text("Where it is now")}),
    "Job": shape(
        {
            "id": TEXT,
            "kind": text("What it does: compress, decompress, copy, move, delete, bulk, purge, search, …"),
            "server": TEXT,
            "user": text("Who wanted it"),
            "state": one_of("Where it is", "waiting", "running", "done", "failed", "cancelled"),
            "cancellable": flag("Whether it can be stopped now"),
            "bytes": whole("Done so far"),
            "totalBytes": maybe(whole("To be done, if that is known")),
            "entries": whole("Files and folders done so far"),
            "totalEntries": maybe(whole("To be done, if that is known")),
            "rate": number("Per second"),
            "rateUnit": one_of("What the rate counts", "bytes", "entries"),
            "eta": maybe(number("Seconds that are left, if that is known")),
            "created": number("Seconds since 1970"),
            "started": maybe(number("Seconds since 1970")),
            "ended": maybe(number("Seconds since 1970")),
            "error": maybe(text("Why it failed")),
            "result": {"type": ["object", "null"], "description": "What came of it"},
        },
        description="Besides these, what it is about: `path`, `src`, `dest`, `query`, …",
        additionalProperties=TEXT,
    ),
    "Jobs": shape({"jobs": listed(ref("Job"), "The latest first")}),
    "Schedule": SCHEDULE,
    "ScheduleResult": RAN,
    "Schedules": shape({"schedules": listed(ref("Schedule"), "By server and name")}),
    "Stopped": shape({**SUCCESS, "state": one_of("How it ended", "done", "failed", "cancelled")}),
}

IN_FOLDER: Errors = {
    400: "invalid-path",
    403: "denied",
    404: "no-such-folder",
    409: "busy",
    500: "file-error os-error",
    507: "no-space os-error",
}
"""What can go wrong with whatever is done in the folder of a server."""

LONG: Errors = {409: "cancelled", 429: "too-many-jobs"}
"""What else can go wrong with what a job does."""

JSON_BODY: Errors = {400: "invalid-json"}

SESSIONS_FILE: Errors = {507: "cannot-store"}

ACCOUNT_FILE: Errors = {500: "accounts-unreadable", 507: "cannot-store"}

NEW_CONFIG: Errors = {409: "not-allowed", 503: "supervisor-unreachable", 507: "cannot-store os-error"}
"""What can go wrong when a config is put into effect."""


def path_to(what: str, example: str = "logs/latest.log") -> Param:
    """Return the query parameter `path`."""
    return Param("path", f"Path of {what}, below the server's folder", TEXT, example=example)


ASYNC = Param("async", "`true`: answer at once, and tell the id of the job", FLAG)
TRASH = Param("trash", "Whether it goes into the trash; else as the config says", FLAG)
IF_MATCH = Param("If-Match", "Only if what is there has this ETag", TEXT)
ETAG = Param("ETag", "What this text is known by", TEXT)
