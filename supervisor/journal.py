"""The systemd journal as our log: records with fields, by which `journalctl SERVER=web` finds them.

The rules are systemd's (systemd.io/JOURNAL_NATIVE_PROTOCOL, sd-daemon(3), systemd.exec(5)):

- `JOURNAL_STREAM` names the device and inode of a stream that leads to the journal; it is inherited, so what
  stands at a descriptor is compared with it.
- A datagram is a record: lines `FIELD=value`. A value of several lines is written as the field's name on a
  line of its own, the value's length (64 bits, little endian) and the value.
- What is too large for a datagram goes in a memory file that nobody can change any more.
- Where the journal's own socket is missing, as in some containers, a line on the stream may begin with its
  priority: `<4>`.
"""

import errno
import fcntl
import logging
import os
import socket
from collections.abc import Mapping

SOCKET = "/run/systemd/journal/socket"

IDENTIFIER = "holdfast"

FIELDS = {
    "server": "SERVER",
    "action": "ACTION",
    "program": "SERVER_PID",
    "user": "USER_NAME",
    "address": "USER_ADDRESS",
    "uid": "USER_UID",
    "peer": "USER_PID",
}
"""What a log record may carry (`extra`), and the name that it has in the journal."""

PRIORITIES = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))
"""From which level on, and the priority that syslog(3) has for it; below, it is that of debugging, 7."""

SEALS = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE


def leads_to_journal(fd: int = 2) -> bool:
    """Whether what is written to a descriptor ends in the journal."""
    device, _, inode = os.environ.get("JOURNAL_STREAM", "").partition(":")
    if not (device.isdecimal() and inode.isdecimal()):
        return False
    try:
        found = os.fstat(fd)
    except OSError:
        return False
    return (found.st_dev, found.st_ino) == (int(device), int(inode))


class Journal:
    """Writes to the journal, one record at a time; waits for it, so this is for a thread."""

    def __init__(self, path: str, stream: int = 2) -> None:
        self._path = path
        self._stream = stream

    def write(self, fields: Mapping[str, str]) -> None:
        """Write a record, or as much of it as a line holds; raises `OSError` where neither is possible."""
        try:
            # Made anew each time: nothing to keep over a restart of the journal, and a record is rare.
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as journal:
                journal.connect(self._path)
                send(journal, native(fields))
        except OSError:
            os.write(self._stream, lines(fields))


def fields(record: logging.LogRecord, text: str) -> dict[str, str]:
    """Return a log record's fields; `text` is what it says, with its traceback if it has one."""
    priority = next((number for level, number in PRIORITIES if record.levelno >= level), 7)
    found = {"MESSAGE": text, "PRIORITY": str(priority), "SYSLOG_IDENTIFIER": IDENTIFIER}
    for attribute, name in FIELDS.items():
        if (value := getattr(record, attribute, None)) is not None:
            found[name] = str(value)
    return found


def native(fields: Mapping[str, str]) -> bytes:
    """Return a record as the journal's own socket takes it."""
    parts = []
    for name, value in fields.items():
        data = _bytes(value)
        if b"\n" in data:
            parts.append(b"%s\n%s%s\n" % (name.encode(), len(data).to_bytes(8, "little"), data))
        else:
            parts.append(b"%s=%s\n" % (name.encode(), data))
    return b"".join(parts)


def lines(fields: Mapping[str, str]) -> bytes:
    """Return what a record says as lines for a stream, each with its priority."""
    # Each: nobody's name may make a line of its own choosing.
    prefix = b"<%s>" % fields["PRIORITY"].encode()
    return b"".join(b"%s%s\n" % (prefix, line) for line in _bytes(fields["MESSAGE"]).split(b"\n"))


def send(journal: socket.socket, data: bytes) -> None:
    """Send a record as `native` returns it; raises `OSError`."""
    try:
        journal.send(data)
    except OSError as exc:
        if exc.errno not in (errno.EMSGSIZE, errno.ENOBUFS):
            raise
        fd = os.memfd_create("holdfast-log", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        with open(fd, "wb", buffering=0) as file:
            file.write(data)
            fcntl.fcntl(fd, fcntl.F_ADD_SEALS, SEALS)
            socket.send_fds(journal, [b""], [fd])


def _bytes(text: str) -> bytes:
    return text.encode(errors="backslashreplace")
