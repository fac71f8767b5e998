"""Which commands there are. Each is imported when it is used; what is told of all of them stands here."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """One command: where it is, what it is for, and what else it is called."""

    name: str
    where: str
    """Module and name, below `client.command`."""
    help: str
    section: str
    aliases: tuple[str, ...] = ()


def _section(name: str, *rows: tuple[str, ...]) -> tuple[Entry, ...]:
    return tuple(Entry(row[0], row[1], row[2], name, row[3:]) for row in rows)


COMMANDS = (
    *_section(
        "Servers",
        ("list", "listing:servers", "List the servers, and how they are", "list-apps", "apps", "ls", "ps"),
        ("status", "status:status", "Tell all about servers: how, why, what is next", "info"),
        ("start", "control:start", "Start servers, and wait until they are up"),
        ("stop", "control:stop", "Stop servers, each in its own way, and wait until they have ended"),
        ("restart", "control:restart", "Restart servers, and wait until they are up again"),
        ("kill", "control:kill", "Kill servers: all their processes, without asking"),
        ("pause", "control:pause", "Let nothing of servers run, until they are resumed or stopped"),
        ("resume", "control:resume", "Let servers go on that were paused"),
        ("signal", "control:signal", "Send a signal to all processes of servers"),
        ("console", "console:console", "Show the console of a server, and type into it", "attach"),
        ("logs", "logs:logs", "Show what servers have said, and what they say"),
        ("events", "events:events", "Show what happens to the servers, and why"),
        ("history", "history:history", "Show what happened to servers, and how runs ended"),
        ("schedules", "schedules:schedules", "Tell what is done with servers at certain times", "schedule"),
        ("top", "top.command:top", "Show the servers live, full screen"),
    ),
    *_section(
        "Files",
        ("files", "files:files", "List, read, change and carry the files of the servers", "file"),
        ("jobs", "working:jobs", "Show and stop the long work on files: archives, copies, deletions"),
    ),
    *_section(
        "People and rights",
        (
            "accounts",
            "accounts:accounts",
            "Manage who can log in, and what he may do",
            "account",
            "users",
            "user",
        ),
        ("factor", "factor:factor", "Turn on the second factor of an account"),
        ("keys", "keys:keys", "Manage API keys, for programs", "key"),
        ("sessions", "sessions:sessions", "Tell who is logged in, and end that", "session"),
        ("shares", "shares:shares", "Manage links to a console or a file, for a while", "share"),
        ("audit", "auditing:audit", "Tell who did what, and whether that log is whole"),
        ("login", "entering:login", "Log in at a machine, and remember that as a context"),
        ("logout", "entering:logout", "End the session of a context, and forget its token"),
    ),
    *_section(
        "Holdfast itself",
        ("init", "beginning:init", "Make a config: by asking, by options, or from an Octyne"),
        ("run", "running:run", "Run the supervisor and the API in the foreground"),
        ("upgrade", "upgrading:upgrade", "Have it become the version that is installed now"),
        ("check", "checking:check", "Say what is wrong with a config, and what it would change"),
        ("doctor", "doctoring:doctor", "Look for what is missing, and say what it costs"),
        ("config", "configuring:config", "See and change the config of a running Holdfast"),
        (
            "notifications",
            "notifications:notifications",
            "Tell who is told of crashes, and whether that works",
            "notification",
        ),
        (
            "context",
            "contexts:context",
            "Give names to machines, and choose the one that commands go to",
            "contexts",
        ),
        ("version", "version:version", "Show the version of this command and of Holdfast"),
        ("completion", "completion:completion", "Print what bash, zsh or fish needs to complete commands"),
        ("man", "manpage:man", "Write the manual page, in roff"),
        ("help", "manual:manual", "Show the help of a command"),
    ),
)
