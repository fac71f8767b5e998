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


SERVERS = "Servers"
FILES = "Files"
ACCESS = "People and rights"
HOLDFAST = "Holdfast itself"

_LIST = ("list-apps", "apps", "ls", "ps")

COMMANDS = (
    Entry("list", "listing:servers", "List the servers, and how they are", SERVERS, _LIST),
    Entry("start", "control:start", "Start servers, and wait until they are up", SERVERS),
    Entry(
        "stop", "control:stop", "Stop servers, each in its own way, and wait until they have ended", SERVERS
    ),
    Entry("restart", "control:restart", "Restart servers, and wait until they are up again", SERVERS),
    Entry("kill", "control:kill", "Kill servers: all their processes, without asking", SERVERS),
    Entry("pause", "control:pause", "Let nothing of servers run, until they are resumed or stopped", SERVERS),
    Entry("resume", "control:resume", "Let servers go on that were paused", SERVERS),
    Entry("signal", "control:signal", "Send a signal to all processes of servers", SERVERS),
    Entry(
        "schedules",
        "schedules:schedules",
        "Tell what is done with servers at certain times",
        SERVERS,
        ("schedule",),
    ),
    Entry(
        "accounts",
        "accounts:accounts",
        "Manage who can log in, and what he may do",
        ACCESS,
        ("account", "users", "user"),
    ),
    Entry("factor", "factor:factor", "Turn on the second factor of an account", ACCESS),
    Entry("audit", "auditing:audit", "Tell who did what, and whether that log is whole", ACCESS),
    Entry("keys", "keys:keys", "Manage API keys, for programs", ACCESS, ("key",)),
    Entry("sessions", "sessions:sessions", "Tell who is logged in, and end that", ACCESS, ("session",)),
    Entry("shares", "shares:shares", "Manage links to a console or a file, for a while", ACCESS, ("share",)),
    Entry("login", "entering:login", "Log in at a machine, and remember that as a context", ACCESS),
    Entry("logout", "entering:logout", "End the session of a context, and forget its token", ACCESS),
    Entry("init", "beginning:init", "Make a config: by asking, by options, or from an Octyne", HOLDFAST),
    Entry("run", "running:run", "Run the supervisor and the API in the foreground", HOLDFAST),
    Entry("upgrade", "upgrading:upgrade", "Have it become the version that is installed now", HOLDFAST),
    Entry("check", "checking:check", "Say what is wrong with a config, and what it would change", HOLDFAST),
    Entry("doctor", "doctoring:doctor", "Look for what is missing, and say what it costs", HOLDFAST),
    Entry("config", "configuring:config", "See and change the config of a running Holdfast", HOLDFAST),
    Entry(
        "notifications",
        "notifications:notifications",
        "Tell who is told of crashes, and whether that works",
        HOLDFAST,
        ("notification",),
    ),
    Entry(
        "context",
        "contexts:context",
        "Give names to machines, and choose the one that commands go to",
        HOLDFAST,
        ("contexts",),
    ),
    Entry("version", "version:version", "Show the version of this command and of Holdfast", HOLDFAST),
    Entry("help", "manual:manual", "Show the help of a command", HOLDFAST),
)
