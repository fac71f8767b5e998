"""What is different between two texts of the config, so that the audit log can say it without a secret.

Rules:
- Numbers, true, false and texts are shown only where it is known that they are harmless; a number under any
  other key may be a PIN. Of any other value it is said that it has changed.
- No text is shown below a key that may hold a secret (`environment`, `command`, `token`, `passwordHash`, …),
  and none with user information in a URL.
- What was added or removed is named; what is in it is not.
- At most 99 changes, and how many more there are.

It knows no file and no event loop; two large texts take seconds, so this is for a thread.
"""

import json
import re
from collections.abc import Iterator, Mapping
from itertools import islice

from .hujson import read
from .values import Data, Value

MOST = 99  # and one more item says how many more: an entry of the log has 100 at most
LONGEST_VALUE = 80
LONGEST = 300

UNSEEN = "only comments or layout"

_SECRET = re.compile(
    r"environment|command|pass|pwd|secret|token|key|hash|auth|cred|webhook|url|uri|dsn|totp|otp|pin|code|salt"
    r"|seed|private|bearer|cookie|session|signature",
    re.IGNORECASE,
)
_USER_IN_URL = re.compile(r"//[^/\s]*@")

# Of a server, or a template: numbers, true and false, and texts.
_SIZES = ("memory", "memoryhigh", "swap", "ioread", "iowrite")
_OPTIONS = (
    *((key,) for key in ("enabled", "stopgrace", "scrollbacklines", "scrollbackbytes", "stableafter")),
    *((key,) for key in ("nice", "oomscoreadjust", "successcodes", "shell")),
    *(("backoff", key) for key in ("initial", "factor", "cap", "jitter")),
    *(("budget", key) for key in ("restarts", "window")),
    ("terminal",),
    *(("terminal", key) for key in ("rows", "columns")),
    *(("limits", key) for key in (*_SIZES, "cpu", "cpuweight", "pids")),
    *(("logs", key) for key in ("size", "days", "keep", "keepdays", "total", "timestamps")),
    ("rlimits", "*"),
    ("stop", "wait"),
    *(("schedules", "*", key) for key in ("enabled", "jitter", "grace", "timeout")),
    ("schedules", "*", "archive", "compress"),
    ("schedules", "*", "archive", "keep"),
    ("schedules", "*", "warn", "minutes"),
    ("starttimeout",),
    ("watchdog",),
    *(("checks", "*", key) for key in ("interval", "timeout", "delay", "failures", "successes")),
    *(("checks", "*", key) for key in ("seconds", "verify")),
)
_WORDS = (
    *((key,) for key in ("boot", "directory", "leftovers", "restart", "template", "user", "group", "umask")),
    *((key,) for key in ("supplementarygroups", "successsignals", "after", "requires")),
    *(("limits", key) for key in _SIZES),
    *(("logs", key) for key in ("to", "path", "compress")),
    ("rlimits", "*"),
    ("stop", "signal"),
    *(("schedules", "*", key) for key in ("cron", "timezone", "action", "onlyif", "missed")),
    *(("schedules", "*", "archive", key) for key in ("type", "compress", "path", "to")),
    ("ready",),
    *(("checks", "*", key) for key in ("type", "as", "action")),
)

# What a text may be shown of: keys in lower case, `*` for a name that the user chose, `**` for all below.
_HARMLESS = (
    ("listen",),
    ("unixsocket", "location"),
    ("unixsocket", "group"),
    ("https", "cert"),
    ("logging", "path"),
    ("roles", "**"),
    ("unixsocket", "users", "**"),
    ("unixsocket", "groups", "**"),
    ("https", "minimum"),
    ("proxies",),
    ("cors", "origins"),
    *(("notifications", "targets", "*", key) for key in ("type", "on", "servers")),
    ("notifications", "disk", "low"),
    *((place, "*", *key) for place in ("servers", "templates") for key in _WORDS),
)

# The same for numbers, true and false.
_PLAIN = (
    ("port",),
    *(("files", key) for key in ("uploadlimit", "partialuploads", "jobs")),
    *(("files", "extract", key) for key in ("size", "entries", "ratio")),
    *(("files", "trash", key) for key in ("enabled", "days", "size")),
    *(("https", key) for key in ("enabled", "hsts")),
    *(("limits", key) for key in ("connections", "connectionsperaddress", "requestsperaccount")),
    *(("limits", key) for key in ("websockets", "websocketsperaccount", "headseconds", "jsondepth")),
    *(("logging", key) for key in ("enabled", "keep")),
    ("logging", "actions", "*"),
    *(("login", key) for key in ("idledays", "passwordlength", "endjobs")),
    *(("login", "delay", key) for key in ("account", "address", "first", "cap")),
    *(("notifications", "disk", key) for key in ("low", "interval")),
    *(("notifications", "targets", "*", key) for key in ("repeat", "perhour", "lines", "timeout", "retries")),
    ("redis", "enabled"),
    *((place, "*", *key) for place in ("servers", "templates") for key in _OPTIONS),
    ("unixsocket", "enabled"),
    *(("usage", key) for key in ("interval", "history")),
    *(("webui", key) for key in ("enabled", "port", "onapiport")),
)

# Below these, the next key is a name that the user chose: a server may be called `auth`.
_NAMES = ("servers", "roles", "templates")


def changes(old: bytes, new: bytes) -> tuple[str, ...]:
    """Return what is different, as short texts; nothing if the texts are the same. Raises `ConfigError`."""
    if old == new:
        return ()
    found = _compare((), read(old, ""), read(new, ""))
    told = [text if len(text) <= LONGEST else f"{text[:LONGEST]}…" for text in islice(found, MOST)]
    more = sum(1 for _ in found)
    if more:
        told.append(f"and {more} more")
    return tuple(told) or (UNSEEN,)


def _compare(keys: tuple[str, ...], old: Value | None, new: Value | None) -> Iterator[str]:
    if old is None or new is None:
        if new is not None:
            shown = None if _is_group(new.data) else _shown(keys, new.data)
            yield f"{new.key}: added" if shown is None else f"{new.key}: set to {shown}"
        elif old is not None:
            yield f"{old.key}: removed"
        return
    if isinstance(old.data, Mapping) and isinstance(new.data, Mapping):
        for name in dict.fromkeys((*old.data, *new.data)):
            yield from _compare((*keys, name), old.data.get(name), new.data.get(name))
    elif isinstance(old.data, tuple) and isinstance(new.data, tuple):
        for at in range(max(len(old.data), len(new.data))):
            # A place in a list has no name of its own: what is known of the list holds for it.
            yield from _compare(keys, _item(old.data, at), _item(new.data, at))
    elif type(old.data) is not type(new.data) or old.data != new.data:
        before, after = _shown(keys, old.data), _shown(keys, new.data)
        told = "changed" if before is None or after is None else f"{before} → {after}"
        yield f"{new.key}: {told}"


def _item(items: tuple[Value, ...], at: int) -> Value | None:
    return items[at] if at < len(items) else None


def _is_group(data: Data) -> bool:
    return isinstance(data, Mapping | tuple)


def _shown(keys: tuple[str, ...], data: Data) -> str | None:
    """Return a value as it may be shown, or None."""
    if data is None:
        return "null"
    if isinstance(data, int | float):
        return json.dumps(data) if any(_fits(keys, known) for known in _PLAIN) else None
    if not isinstance(data, str) or _is_secret(keys) or "\n" in data or _USER_IN_URL.search(data):
        return None
    if not any(_fits(keys, known) for known in _HARMLESS):
        return None
    return data if len(data) <= LONGEST_VALUE else f"{data[:LONGEST_VALUE]}…"


def _is_secret(keys: tuple[str, ...]) -> bool:
    named = len(keys) > 1 and keys[0].lower() in _NAMES
    return any(_SECRET.search(key) for at, key in enumerate(keys) if not (named and at == 1))


def _fits(keys: tuple[str, ...], known: tuple[str, ...]) -> bool:
    if known[-1] == "**":
        return len(keys) >= len(known) and _fits(keys[: len(known) - 1], known[:-1])
    return len(keys) == len(known) and all(
        part in ("*", key.lower()) for key, part in zip(keys, known, strict=True)
    )
