"""What a server of the config may say: JSON Schema of all its keys, with what each means."""

from collections.abc import Mapping

from supervisor import RLIMITS, Boot, LeftBehind, RestartPolicy, Sign, StopStep, Terminal

from .archivekinds import KINDS
from .checksettings import LONGEST, MOST_CHECKS, SHORTEST, Action, Before, Check, Kind, Role
from .configwords import (
    COMMAND,
    SIGNAL,
    amount,
    count,
    group,
    line,
    named,
    one_or_some,
    size,
    some,
    switch,
    told,
    word,
)
from .described import Schema
from .logsettings import Destination, LogSettings, Packing
from .schedulesettings import MOST, Archiving, OnlyIf
from .schedulesettings import Action as Deed
from .serversettings import MAX_SCROLLBACK, Server
from .terminalsettings import LARGEST

_USUAL = Server(directory="", command=(), environment={})
_RESTART, _CHECK, _LOGS, _TERMINAL = RestartPolicy(), Check(Kind.HTTP), LogSettings(), Terminal()
_ARCHIVE, _GRACE = Archiving(), StopStep().wait
_MOST = 1 << 60
_DAY = 86_400
_YEARS = 36_500
_ANY_LIMIT: Schema = {"type": ["integer", "string"]}

_STEP = group(
    "A step: one of line, signal and command",
    {
        "line": line("A line on its standard input", None, "stop"),
        "signal": told(SIGNAL, "A signal to its process group, by name or number", None, "TERM", "INT"),
        "command": told(COMMAND, "A command, run where and as whom it runs, with HOLDFAST_PID"),
        "wait": amount("Seconds until the next step; stopGrace without it", None),
    },
)

_CHECKS = group(
    "A health check",
    {
        "type": word("What is looked at", None, *Kind),
        "as": word(
            "What it is for; both, or of output readiness, of silence liveness, without it", None, *Role
        ),
        "interval": amount("Seconds between two looks", _CHECK.interval, SHORTEST, LONGEST),
        "timeout": amount("Seconds that a look may take", _CHECK.timeout, SHORTEST, 600),
        "delay": amount("Seconds from its start until the first look", _CHECK.delay, 0, LONGEST),
        "failures": count(
            "Failed looks in a row that make it unhealthy: 3; of output and silence 1", None, 1, 1000
        ),
        "successes": count(
            "Passed looks in a row that make it healthy, and ready", _CHECK.successes, 1, 1000
        ),
        "action": word("What is done when it is unhealthy", _CHECK.action, *Action),
        "before": group(
            "Done before the restart: a signal or a command",
            {
                "signal": told(SIGNAL, "A signal, such as one that asks for a thread dump", None, "QUIT"),
                "command": told(COMMAND, "A command"),
                "wait": amount(
                    "Seconds from the signal to the restart, and at most for the command",
                    Before().wait,
                    0,
                    600,
                ),
            },
        ),
        "url": line("http: where to ask", None, "http://127.0.0.1:8080/health"),
        "method": word("http: how to ask", _CHECK.method, "GET", "HEAD", "POST", "OPTIONS"),
        "status": one_or_some(
            {"type": ["integer", "string"], "pattern": "^[1-5][0-9][0-9](-[1-5][0-9][0-9])?$"},
            "http: a status, a range, or a list of them that pass; 200-399 without it",
            "200-399",
            [200, 204],
        ),
        "contains": line("http: a text in the first 64 KiB of the answer", _CHECK.contains),
        "verify": switch("http: whether the certificate must be good", _CHECK.verify),
        "path": line(
            "unix: the path of a socket; http: of a socket through which it is asked", None, "run/app.sock"
        ),
        "address": line("tcp: host and port that must take a connection", None, "127.0.0.1:25565"),
        "command": told(COMMAND, "command: passes with exit code 0"),
        "pattern": line("output: a regular expression (RE2), looked for in each line", None, "Done .*!"),
        "seconds": {
            "type": "number",
            "exclusiveMinimum": 0,
            "description": "silence: seconds without output that make it unhealthy",
            "examples": [1800],
        },
    },
    "type",
)

_SCHEDULE = group(
    "Something that is done at certain times",
    {
        "cron": line("Five fields as in crontab(5), or @daily and the like", None, "0 4 * * *", "@hourly"),
        "timeZone": line("A name of the IANA database; the machine's without it", None, "Europe/Berlin"),
        "action": word("What is done", None, *Deed),
        "onlyIf": word("How the server must be, or it is skipped; usually by the action", None, *OnlyIf),
        "enabled": switch("Whether it counts", True),
        "jitter": amount("Seconds by which a run may begin later, by chance", 0, 0, _DAY),
        "missed": word("What becomes of a run that nobody could begin in time", "run", "run", "skip"),
        "grace": amount("Seconds after which a missed run is not made up for", 3600, 0, 7 * _DAY),
        "warn": some(
            group(
                "A warning",
                {
                    "minutes": {
                        "type": "number",
                        "exclusiveMinimum": 0,
                        "maximum": 1440,
                        "description": "Minutes before it is done",
                    },
                    "line": line("A line for the program's standard input"),
                },
                "minutes",
                "line",
            ),
            "stop, restart, kill: lines that are typed before",
            None,
            [{"minutes": 10, "line": "say restart in 10 minutes"}],
        ),
        "line": line("input: the line that is typed", None, "save-all"),
        "command": told(COMMAND, "command: what is run in the server's folder"),
        "timeout": amount("command: seconds until it is killed", 600, 0, _DAY),
        "archive": group(
            "archive: what goes in, and where it is kept",
            {
                "type": word("The format", "tar", *KINDS),
                "compress": {
                    "enum": [*dict.fromkeys(one for kinds in KINDS.values() for one in kinds), True, False],
                    "description": "How it is compressed; false: not at all",
                    "default": "zstd",
                },
                "path": line("What goes in, in the server's folder; all of it without this", None, "world"),
                "to": line("The folder in the server's folder for the archives", str(_ARCHIVE.to)),
                "keep": count("How many of them stay", _ARCHIVE.keep, 1, 1000),
            },
        ),
    },
    "cron",
    "action",
)

_TREE = group(
    "Limits of its whole tree of processes, where control groups are there",
    {
        "memory": size("Beyond this the kernel ends it", "4GiB"),
        "memoryHigh": size("Beyond this it is slowed down", "3GiB"),
        "swap": size("How much may be swapped out", 0),
        "cpu": {
            "type": "number",
            "exclusiveMinimum": 0,
            "description": "Processors: 1.5 is one and a half",
            "examples": [1.5],
        },
        "cpuWeight": count("Its share when processors are short; 100 is normal", None, 1, 10_000),
        "pids": count("Processes and threads", None, 1, 1 << 22),
        "ioRead": size("Read per second, of the disk that its directory is on", "50MiB"),
        "ioWrite": size("Written per second, there", "50MiB"),
    },
)

_LOGS_SECTION = group(
    "Where the output goes besides the console",
    {
        "to": word("Where it goes", _LOGS.to, *Destination),
        "path": line("A folder in which each server has one; servers in logging.path without it"),
        "size": count("Bytes of a file, after which the next one begins", _LOGS.size, 4096, _MOST),
        "days": count("Days after which the next one begins; 0: only the size counts", _LOGS.days, 0, _YEARS),
        "keep": count("Files that are kept besides the one that is written", _LOGS.keep, 0, 100_000),
        "keepDays": count("Days for which files are kept; 0: any", _LOGS.keep_days, 0, _YEARS),
        "total": count("Bytes that all files may take; 0: any", _LOGS.total, 0, _MOST),
        "compress": word("How full files are compressed", _LOGS.compress, *Packing),
        "timestamps": switch("Whether each line begins with its time", _LOGS.timestamps),
    },
)

_SIZE_OF_TERMINAL = group(
    "How large it is at the start",
    {
        "rows": count("Lines", _TERMINAL.rows, 1, LARGEST),
        "columns": count("Characters of a line", _TERMINAL.columns, 1, LARGEST),
    },
)

KEYS: Mapping[str, Schema] = {
    "template": one_or_some({"type": "string"}, "Templates whose options it inherits; the last one wins"),
    "directory": line(
        "Where the program runs; its files can be reached through the API", None, "./games/one"
    ),
    "command": told(COMMAND, "A text, split as a shell would, or a list of words; no shell is started"),
    "shell": told(
        {"type": ["boolean", "string"]}, "true: /bin/sh -c gets the command; or another shell", False
    ),
    "enabled": switch("Whether it is started when Holdfast starts, or when it is new", _USUAL.enabled),
    "boot": word(
        "Whether it is started when Holdfast starts; as enabled says without it",
        None,
        *(one for one in Boot if one is not Boot.ENABLED),
    ),
    "leftovers": word("What becomes of it when Holdfast was killed", _USUAL.leftovers, *LeftBehind),
    "environment": named(
        "Variables that are added; null takes one back", {"type": ["string", "null"]}, {"TZ": "Europe/Berlin"}
    ),
    "environmentFile": one_or_some(
        {"type": "string"}, "Files of NAME=value lines; one with - may be missing"
    ),
    "user": told({"type": ["string", "integer"]}, "As whom it runs; only root may choose"),
    "group": told({"type": ["string", "integer"]}, "With which group it runs"),
    "supplementaryGroups": one_or_some({"type": ["string", "integer"]}, "Its other groups"),
    "umask": told({"type": "string", "pattern": "^(0o?)?[0-7]{1,3}$"}, "Octal, in quotes", None, "027"),
    "nice": count("The higher, the less processor time it gets", None, -20, 19),
    "oomScoreAdjust": count(
        "The higher, the sooner the kernel ends it when memory is short", None, -1000, 1000
    ),
    "rlimits": {
        **group(
            "Resource limits (getrlimit(2)): one number, or soft and hard",
            {
                name: told(
                    {"oneOf": [_ANY_LIMIT, {"type": "array", "items": _ANY_LIMIT}]}, f"RLIMIT_{name.upper()}"
                )
                for name in sorted(RLIMITS)
            },
        ),
        "examples": [{"nofile": [1024, 4096], "core": "unlimited"}],
    },
    "limits": _TREE,
    "stop": told(
        {"oneOf": [_STEP, {"type": "array", "items": _STEP, "minItems": 1}]},
        "How it is asked to stop, step by step; what lives after the last one is killed. SIGTERM without it",
        None,
        [{"line": "stop", "wait": 60}, {"signal": "TERM"}],
    ),
    "stopGrace": amount("Seconds that each step of stop may take", _GRACE),
    "restart": word("After which ends it is started again", "on-failure", "always", "on-failure", "never"),
    "successCodes": one_or_some(
        {"type": "integer", "minimum": 0, "maximum": 255},
        "Exit codes that are no failure, besides 0, 130, 143",
    ),
    "successSignals": one_or_some(SIGNAL, "Signals that are no failure, besides SIGINT and SIGTERM"),
    "backoff": group(
        "The wait before a restart",
        {
            "initial": amount("Seconds before the first", _RESTART.first),
            "factor": amount("By which each one is longer than the one before", _RESTART.factor, 1, 100),
            "cap": amount("Seconds, at most", _RESTART.cap),
            "jitter": amount("The part by which it differs by chance", _RESTART.jitter, 0, 1),
        },
    ),
    "budget": group(
        "After so many restarts in a time it is parked as crashed",
        {
            "restarts": told(
                {"oneOf": [{"type": "integer", "minimum": 0, "maximum": 1_000_000}, {"const": "unlimited"}]},
                "How many",
                _RESTART.budget,
            ),
            "window": amount("Within so many seconds", _RESTART.window),
        },
    ),
    "stableAfter": amount(
        "Seconds of a run after which earlier crashes are forgotten", _RESTART.stable_after
    ),
    "ready": word("What tells that it is up; check with a check for readiness, else settled", None, *Sign),
    "startTimeout": amount("Seconds within which it must be up; 0: no limit", 0, 0, LONGEST),
    "watchdog": amount("Seconds within which it must send WATCHDOG=1; 0: it need not", 0, 0, LONGEST),
    "checks": {**named("Health checks by name", _CHECKS), "maxProperties": MOST_CHECKS},
    "requires": one_or_some(
        {"type": "string"}, "Servers that are started with it and must be ready before it"
    ),
    "after": one_or_some({"type": "string"}, "Servers after which it starts, as far as they are to start"),
    "terminal": told(
        {"oneOf": [{"type": "boolean"}, _SIZE_OF_TERMINAL]}, "A terminal instead of pipes", False
    ),
    "scrollbackLines": count("Lines that a new viewer is shown", _USUAL.scrollback_lines, 0, 10_000_000),
    "scrollbackBytes": count("Bytes of output that are kept", _USUAL.scrollback_bytes, 0, MAX_SCROLLBACK),
    "schedules": {**named("What is done at certain times, by name", _SCHEDULE), "maxProperties": MOST},
    "logs": _LOGS_SECTION,
}

SERVER = group("A program to keep running", KEYS, "directory", "command")
TEMPLATE = group("Options that servers inherit", KEYS)
