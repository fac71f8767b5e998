"""The shapes of accounts, sessions, keys and shares: data for `/openapi.json`."""

from .described import Schema, ref
from .permissions import PERMISSIONS
from .shapes import TEXT, by_name, flag, listed, maybe, number, one_of, shape, text, whole

_MOMENT = "in seconds since 1970"
_PERMISSION = text("A permission, or a pattern such as `server.files.*`", examples=[*PERMISSIONS])
_LISTED = listed(TEXT, "Some, or only one as a text")

GRANT: Schema = {
    "anyOf": [
        _PERMISSION,
        shape(
            {
                "permissions": {"anyOf": [TEXT, listed(_PERMISSION, "Permissions or patterns")]},
                "servers": {**_LISTED, "type": ["array", "string"]},
                "paths": {**_LISTED, "type": ["array", "string"]},
                "input": {**_LISTED, "type": ["array", "string"]},
            },
            "servers",
            "paths",
            "input",
        ),
    ]
}

PRIVILEGES: dict[str, Schema] = {
    "roles": listed(TEXT, "Names of roles in the config"),
    "grants": listed(ref("Grant"), "What is granted besides"),
}

_LIVED: dict[str, Schema] = {
    "created": number(f"When it was made, {_MOMENT}"),
    "lastUse": maybe(number(f"When it was used last, {_MOMENT}")),
    "lastAddress": maybe(text("From where")),
}

ACCOUNT = shape(
    {
        **PRIVILEGES,
        "disabled": flag("Whether nobody can log in by it"),
        "secondFactor": flag("Whether a login needs a code"),
        "sessions": whole("How many it has"),
        "keys": whole("How many it has"),
    }
)

OWN_ACCOUNT = shape(
    {
        "name": text("Of the account, or @local"),
        "kind": one_of("How one came in", "session", "key", "local"),
        "secondFactor": flag("Whether a login needs a code"),
        "recoveryCodes": whole("How many are left"),
        "permissions": listed(TEXT, "What one may everywhere"),
        "servers": by_name(listed(TEXT, "What one may there"), "Servers with which one may do something"),
        "limits": by_name(
            shape(
                {
                    "paths": by_name(
                        listed(TEXT, "Folders, from the top of the server's folder"),
                        "By permission, to which folders it is kept",
                    ),
                    "input": listed(TEXT, "Lines and patterns of lines that one may type"),
                },
                "paths",
                "input",
            ),
            "Servers on which a right is kept to something",
        ),
        "rights": listed(
            listed(ref("Grant"), "What these grant together"),
            "What each of these lists permits: a key has two",
        ),
        "roles": by_name(listed(ref("Grant"), "What it grants"), "The roles that one could give to others"),
    }
)

SESSION = shape(
    {
        "id": text("What names it; it opens nothing"),
        "account": TEXT,
        "device": text("Such as `Firefox on Linux`"),
        "agent": text("The User-Agent"),
        "address": text("From where it was used last"),
        "created": number(f"When it began, {_MOMENT}"),
        "lastUse": number(f"When it was used last, {_MOMENT}"),
        "expires": number(f"When it ends if nobody uses it, {_MOMENT}"),
        "current": flag("Whether it is the one that asks"),
    }
)

_LIFETIME = {**number("Seconds for which it is good"), "minimum": 1}

KEY_WISH = shape(
    {"name": text("What it is for"), **PRIVILEGES, "expiresIn": _LIFETIME}, *PRIVILEGES, "expiresIn"
)

KEY = shape(
    {
        "id": text("What names it; it opens nothing"),
        "name": TEXT,
        "owner": text("An account, or @local:UID"),
        **PRIVILEGES,
        "expires": maybe(number(f"When it ends, {_MOMENT}")),
        **_LIVED,
    }
)

SHARE_WISH = shape(
    {
        "kind": one_of("What is shared", "console", "file"),
        "server": TEXT,
        "path": text("Of the file"),
        "expiresIn": _LIFETIME,
    },
    "path",
    "expiresIn",
)

SHARE = shape(
    {
        "id": text("What names it; it opens nothing"),
        "kind": one_of("What is shared", "console", "file"),
        "server": TEXT,
        "path": maybe(text("Of the file")),
        "owner": text("An account, or @local:UID"),
        "expires": number(f"When it ends, {_MOMENT}"),
        **_LIVED,
    }
)

_AUDITED: dict[str, Schema] = {
    "ts": number(f"When it was, {_MOMENT}"),
    "action": TEXT,
    "user": TEXT,
    "ip": text("From where; @ is this machine"),
    "server": TEXT,
    "result": one_of("What became of it", "success", "failed", "denied"),
    "cause": text("Why it came to nothing"),
    "seq": whole("Its number"),
    "prev": text("The SHA-256 of the entry before"),
}

AUDIT_ENTRY = shape(_AUDITED, *_AUDITED)
