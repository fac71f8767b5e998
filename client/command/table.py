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

COMMANDS = (
    Entry(
        "list",
        "listing:servers",
        "List the servers, and how they are",
        SERVERS,
        ("list-apps", "apps", "ls", "ps"),
    ),
    Entry("files", "files:files", "List, read, change and carry the files of the servers", FILES, ("file",)),
    Entry("jobs", "working:jobs", "Show and stop the long work on files: archives, copies, deletions", FILES),
    Entry("factor", "factor:factor", "Turn on the second factor of an account", ACCESS),
    Entry("audit", "auditing:audit", "Tell who did what, and whether that log is whole", ACCESS),
    Entry("run", "running:run", "Run the supervisor and the API in the foreground", HOLDFAST),
    Entry("upgrade", "running:upgrade", "Have it become the version that is installed now", HOLDFAST),
    Entry("check", "checking:check", "Say what is wrong with a config", HOLDFAST),
    Entry("version", "version:version", "Show the version of this command and of Holdfast", HOLDFAST),
    Entry("help", "manual:manual", "Show the help of a command", HOLDFAST),
)
