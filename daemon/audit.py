"""The audit log: who did what, one JSON object per line, in Octyne's words.

Rules:
- Recording never waits: lines go to one writer thread. If the disk is slower than what is recorded for long,
  lines are lost, counted, and the loss is logged.
- A disk that refuses is logged when it begins and when it ends, not for each line.
- A cut line (full disk, power) is closed off before the next one, so every line is whole or alone.
- New files are 0600 and new folders 0700; the mode of an existing file is its owner's business.
- `octyne.log` rotates at 10 MiB, ten old ones are kept; another program may rotate or remove it too.
- Where the journal is the log, it is told each action too, in a sentence and with fields, but not what was
  typed into a console.
"""

import contextlib
import json
import logging
import os
import queue
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from typing import TypeAlias

NAME = "octyne.log"
MAX_FILE = 10 << 20
OLD_FILES = 10
MAX_WAITING = 16 << 20  # bytes

SENTENCES = {
    "accounts.create": "{user} made the account {taggedUser}",
    "accounts.delete": "{user} deleted the account {taggedUser}",
    "accounts.factor.off": "{user} turned off the second factor of {taggedUser}",
    "accounts.factor.on": "{user} turned on the second factor of {taggedUser}",
    "accounts.factor.recovery": "{user} made new recovery codes for {taggedUser}",
    "accounts.update": "{user} changed the account {taggedUser}",
    "auth.login": "{user} logged in from {ip}",
    "auth.logout": "{user} logged out",
    "keys.create": "{user} made the API key {keyName}",
    "keys.delete": "{user} ended the API key {keyName} of {taggedUser}",
    "sessions.end": "{user} ended {count} sessions of {taggedUser}",
    "shares.create": "{user} shared a {kind} of {server}",
    "shares.delete": "{user} ended a share of a {kind} of {server}",
    "config.edit": "{user} changed the config",
    "config.reload": "{user} reloaded the config",
    "config.view": "{user} read the config",
    "server.console.access": "{user} opened the console of {server}",
    "server.console.input": "{user} typed into the console of {server}",
    "server.files.bulk": "{user} did several things with files of {server}",
    "server.files.changeMode": "{user} changed the mode of {path} of {server}",
    "server.files.compress": "{user} made the archive {archive} of files of {server}",
    "server.files.copy": "{user} copied {src} to {dest} in {server}",
    "server.files.createFolder": "{user} made the folder {path} in {server}",
    "server.files.decompress": "{user} extracted {archive} into {destPath} in {server}",
    "server.files.delete": "{user} deleted {path} of {server}",
    "server.files.download": "{user} downloaded {path} from {server}",
    "server.files.move": "{user} moved {src} to {dest} in {server}",
    "server.files.purge": "{user} deleted from the trash of {server} for good",
    "server.files.restore": "{user} put {path} of {server} back from the trash",
    "server.files.upload": "{user} uploaded {path} to {server}",
    "server.kill": "{user} killed {server}",
    "server.start": "{user} started {server}",
    "server.stop": "{user} stopped {server}",
}
"""What the journal says of an action; of any other, its name."""

_Item: TypeAlias = "tuple[str, str] | threading.Event | None"  # path and line; tell me; stop

_log = logging.getLogger("holdfast.audit")


class Audit:
    """The audit log of this run. It is off until `configure` turns it on; used from one thread.

    With `journal`, actions are told to our own log as well.
    """

    def __init__(self, clock: Callable[[], float] = time.time, *, journal: bool = False) -> None:
        self._clock = clock
        self._journal = journal
        self._path: str | None = None
        self._switches: dict[str, bool] = {}
        self._sent = 0
        self._lost = 0
        self._writer = _Writer()
        self._writer.start()

    def configure(self, *, enabled: bool, folder: str, actions: Mapping[str, bool]) -> None:
        """Say where to write from now on, and what not.

        A switch names an action (`server.files.upload`) or a group (`server.files`, `auth`); the longest
        that fits decides, and what no switch names is written.
        """
        self._path = os.path.join(folder, NAME) if enabled else None
        self._switches = dict(actions)

    def started(self, port: int) -> None:
        """Write the first line of a run."""
        self._send({"msg": "started octyne", "port": port})

    def record(self, action: str, *, ip: str, user: str, **fields: str | int) -> None:
        """Write that somebody did something; `@local` has the ip `@` and the fields `uid` and `pid`."""
        if self._path is None or not self._is_wanted(action):
            return
        self._send({"msg": "user performed action", "action": action, "ip": ip, "user": user, **fields})
        if self._journal:
            words = defaultdict(lambda: "?", {"user": user, "ip": ip, **fields})
            extra = {"action": action, "user": user, "address": ip, "server": fields.get("server")}
            said = SENTENCES.get(action, f"{{user}}: {action}").format_map(words)
            _log.info("%s", said, extra={**extra, "uid": fields.get("uid"), "peer": fields.get("pid")})

    def flush(self) -> None:
        """Return when all that was recorded is written, or was refused by the disk. Blocks."""
        if self._writer.is_alive():
            done = threading.Event()
            self._writer.items.put(done)
            done.wait()

    def close(self, patience: float = 5.0) -> None:
        """Write what is left and stop. Blocks, for `patience` seconds if the disk hangs."""
        self._path = None
        self._writer.items.put(None)
        self._writer.join(patience)

    def _is_wanted(self, action: str) -> bool:
        name = action
        while name not in self._switches and "." in name:
            name = name.rpartition(".")[0]
        return self._switches.get(name, True)

    def _send(self, fields: dict[str, str | int]) -> None:
        if self._path is None:
            return
        # ASCII: no newline, control character or half character of a name gets into the file.
        line = json.dumps({"level": "info", "ts": round(self._clock(), 3), **fields}, separators=(",", ":"))
        if self._sent - self._writer.taken + len(line) > MAX_WAITING:
            self._lost += 1
            return
        if self._lost:
            _log.warning("%d lines of the audit log were lost: the disk did not keep up", self._lost)
            self._lost = 0
        self._sent += len(line)
        self._writer.items.put((self._path, line))


class _Writer(threading.Thread):
    """Takes lines from `items` and writes them; `taken` counts their bytes."""

    def __init__(self) -> None:
        # A daemon, so that `close` can give up on a disk that hangs.
        super().__init__(name="audit", daemon=True)
        self.items: queue.SimpleQueue[_Item] = queue.SimpleQueue()
        self.taken = 0

    def run(self) -> None:
        """Write until told to stop; nothing the disk does ends this."""
        file: _File | None = None
        while (item := self.items.get()) is not None:
            if isinstance(item, threading.Event):
                item.set()
                continue
            path, line = item
            if file is None or file.baseFilename != os.path.abspath(path):
                if file is not None:
                    file.drop()
                    file.close()
                file = _File(path)
            file.handle(logging.makeLogRecord({"msg": line}))
            self.taken += len(line)
        if file is not None:
            file.drop()
            file.close()


class _File(RotatingFileHandler):
    """A rotating file that survives its disk and other people's hands."""

    def __init__(self, path: str) -> None:
        super().__init__(path, maxBytes=MAX_FILE, backupCount=OLD_FILES, encoding="ascii", delay=True)
        self._refused = 0

    def emit(self, record: logging.LogRecord) -> None:
        if self._was_moved():
            self.drop()
        refused = self._refused
        super().emit(record)  # opens the file if there is none, and calls handleError, never raises
        if refused and refused == self._refused:
            _log.warning("%s can be written again, %d lines were lost", self.baseFilename, refused)
            self._refused = 0

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802, ARG002
        self._refused += 1
        if self._refused == 1:
            _log.error("cannot write %s: %s", self.baseFilename, sys.exc_info()[1])
        self.drop()

    def drop(self) -> None:
        """Close the file, with what the disk has not taken: kept, it would grow and come twice."""
        stream, self.stream = self.stream, None
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()

    def _was_moved(self) -> bool:
        if self.stream is None:
            return False
        try:
            return not os.path.samestat(os.stat(self.baseFilename), os.fstat(self.stream.fileno()))
        except OSError:
            return True

    def _open(self) -> TextIOWrapper:
        os.makedirs(os.path.dirname(self.baseFilename), 0o700, exist_ok=True)
        fd = os.open(self.baseFilename, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            size = os.fstat(fd).st_size
            if size and os.pread(fd, 1, size - 1) != b"\n":
                os.write(fd, b"\n")
        except OSError:
            os.close(fd)
            raise
        return open(fd, "a", encoding="ascii")
