"""`holdfast files`: the files of the servers. What is below it is imported when it is used."""

from .shape import Lazy
from .table import Entry

LOOK, CHANGE, CARRY, ARCHIVE = "Look", "Change", "Carry", "Archives and trash"

COMMANDS = (
    Entry("ls", "filelisting:ls", "List a folder", LOOK, ("list", "dir")),
    Entry("cat", "filegetting:cat", "Write files to standard output", LOOK),
    Entry("find", "filefinding:find", "Find files by name, or by what stands in them", LOOK, ("search",)),
    Entry("du", "filefinding:du", "Tell how much is in folders", LOOK),
    Entry("edit", "fileediting:edit", "Edit a file with your editor", CHANGE),
    Entry("mv", "filemoving:mv", "Move or rename files and folders", CHANGE, ("move",)),
    Entry("cp", "filecopying:cp", "Copy files and folders, also between servers and this machine", CHANGE),
    Entry("rm", "filemoving:rm", "Delete files and folders", CHANGE, ("remove", "delete")),
    Entry("mkdir", "filemoving:mkdir", "Make folders", CHANGE),
    Entry("chmod", "filemoving:chmod", "Change the mode of files and folders", CHANGE),
    Entry("put", "fileputting:put", "Send files and folders of this machine", CARRY, ("upload",)),
    Entry("get", "filegetting:get", "Bring files and folders to this machine", CARRY, ("download",)),
    Entry("pack", "filepacking:pack", "Make an archive of files and folders", ARCHIVE, ("zip",)),
    Entry("unpack", "filepacking:unpack", "Take an archive apart", ARCHIVE, ("unzip", "extract")),
    Entry("trash", "trashing:trash", "What was deleted: list it, put it back, delete it for good", ARCHIVE),
)

HELP = """List, read, change and carry the files of the servers.

Files of servers are written NAME:path, such as web:logs/latest.log, and web: is the folder of web. Paths may
have *, ? and […] in them; put those in quotes, so that your shell leaves them alone.
"""

files = Lazy(COMMANDS, "files", HELP)
