"""The audit log: who did what and what came of it, one JSON object per line, in Octyne's words.

Rules:
- Recording never waits: lines go to one writer thread (`auditwriter.py`). If the disk is slower than what is
  recorded for long, lines are lost, counted, and the loss is logged; it leaves a hole in the numbers.
- Lines form a chain (`auditlines.py`), in files that rotate (`auditfile.py`) and in a database that can be
  searched (`auditstore.py`). `holdfast audit verify` follows it (`auditchain.py`).
- What did not succeed says so, and why. The message is another one then, so that who counts Octyne's does not
  count it.
- Nobody fills the files or the disk with one long text: what an entry holds is cut (`auditentry.py`).
- Who is refused the same again and again fills nothing: it is counted, and the count is an entry when the
  minute is over (`auditrefusals.py`).
- Where the journal is the log, it is told each action too, in a sentence and with fields, but not what was
  typed into a console.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import anyio

from .auditentry import Detail, bounded, encoded
from .auditfile import NAME
from .auditrefusals import MOST_REFUSALS, Refusal, Refusals
from .auditsentences import sentence
from .auditwriter import AuditWriter

__all__ = ["DATABASE", "NAME", "SYSTEM", "Audit", "Detail", "Result", "Settings"]

DATABASE = "audit.db"
SYSTEM = "@system"
"""Who does what nobody asked for through the API: an edit of a file by hand was noticed."""

MAX_WAITING = 16 << 20  # characters
LONGEST_CAUSE = 300
KEEP = 200_000

Result: TypeAlias = Literal["success", "failed", "denied"]
NOTHING: Mapping[str, Detail] = {}

_log = logging.getLogger("holdfast.audit")


@dataclass(frozen=True, slots=True)
class Settings:
    """The folder that is written to, None if it is off; what is not written; how many rows are kept."""

    folder: str | None = None
    switches: Mapping[str, bool] = field(default_factory=dict)
    keep: int = KEEP

    def wants(self, action: str) -> bool:
        """Tell whether an action is written down: the longest switch that fits it decides."""
        if self.folder is None:
            return False
        name = action
        while name not in self.switches and "." in name:
            name = name.rpartition(".")[0]
        return self.switches.get(name, True)


class Audit:
    """The audit log of this run. It is off until `configure` turns it on; used from one thread.

    `database` is the path of `audit.db`; without one there are only files. With `journal`, actions are told
    to our own log as well.
    """

    def __init__(
        self, clock: Callable[[], float] = time.time, *, journal: bool = False, database: str | None = None
    ) -> None:
        self.database = database
        self._clock = clock
        self._journal = journal
        self.settings = Settings()
        self._recorded = 0
        self._sent = 0
        self._lost = 0
        self._refusals = Refusals()
        self._refused: anyio.Event | None = None
        self._writer = AuditWriter(database)
        self._writer.start()

    def configure(self, *, enabled: bool, folder: str, actions: Mapping[str, bool], keep: int = KEEP) -> None:
        """Say where to write from now on, and what not.

        A switch names an action (`server.files.upload`) or a group (`server.files`, `auth`); the longest
        that fits decides, and what no switch names is written. `keep` bounds the rows of the database.
        """
        settings = Settings(folder if enabled else None, dict(actions), keep)
        if settings != self.settings:
            self._tell_counts(0)  # where they would have been told
        self.settings = settings

    async def run(self) -> None:
        """Tell how often something was refused when its minute is over, for as long as the daemon runs."""
        while True:
            self._refused = anyio.Event()
            due = self._refusals.due()
            if due is None:
                await self._refused.wait()
            else:
                await anyio.sleep(max(0.0, due - time.monotonic()))
                self._tell_counts(MOST_REFUSALS)

    def started(self, port: int) -> None:
        """Write the first line of a run."""
        self._send(self.settings, {"msg": "started octyne", "port": port})

    def record(
        self,
        action: str,
        fields: Mapping[str, Detail] = NOTHING,
        *,
        ip: str,
        user: str,
        result: Result = "success",
        cause: str = "",
        also: Settings | None = None,
    ) -> None:
        """Write that somebody did something, or tried; of `@local` the fields tell `uid`, `pid`, `process`.

        `also` are settings by which it is written, too, if the present ones do not want it: so the edit that
        switches the log off is in it.
        """
        settings = self.settings
        if not settings.wants(action):
            if also is None or not also.wants(action):
                return
            settings = also
        message = "user performed action" if result == "success" else "user failed to perform action"
        entry: dict[str, Detail] = {"msg": message, "action": action, "ip": ip, "user": user}
        entry |= {**fields, "result": result}
        if cause:
            entry["cause"] = cause = cause[:LONGEST_CAUSE]
        entry = bounded(entry)
        self._send(settings, entry)
        if self._journal:
            extra = {"action": action, "user": entry["user"], "address": ip, "server": entry.get("server")}
            extra |= {"uid": fields.get("uid"), "peer": fields.get("pid")}
            level = logging.INFO if result == "success" else logging.WARNING
            _log.log(level, "%s", sentence(action, result, cause, entry), extra=extra)

    def refuse(self, action: str, fields: Mapping[str, Detail], *, ip: str, user: str, cause: str) -> None:
        """Write that somebody was refused something; the same again within a minute is counted.

        The count is an entry of its own, with `repeated`: how often it was refused after the first time.
        """
        self._tell_counts(MOST_REFUSALS)
        refusal = Refusal(action, bounded(fields), ip, user, cause)
        if self._refusals.counts(refusal):
            return
        self._refusals.note(refusal, time.monotonic())
        self._tell_counts(MOST_REFUSALS)
        self.record(action, fields, ip=ip, user=user, result="denied", cause=cause)
        if self._refused is not None:
            self._refused.set()

    def flush(self) -> None:
        """Return when all that was recorded is written, or was refused by the disk. Blocks."""
        if self._writer.is_alive():
            done = threading.Event()
            self._writer.items.put(done)
            done.wait()

    def close(self, patience: float = 5.0) -> None:
        """Write what is left and stop. Blocks, for `patience` seconds if the disk hangs."""
        self._tell_counts(0)
        self.settings = Settings()
        self._writer.items.put(None)
        self._writer.join(patience)

    def _tell_counts(self, most: int) -> None:
        for one, repeated in self._refusals.over(time.monotonic(), most):
            fields = {**one.fields, "repeated": repeated}
            self.record(one.action, fields, ip=one.ip, user=one.user, result="denied", cause=one.cause)

    def _send(self, settings: Settings, fields: Mapping[str, Detail]) -> None:
        if settings.folder is None:
            return
        self._recorded += 1
        line = encoded({"level": "info", "ts": round(self._clock(), 3), **fields})
        if self._sent - self._writer.taken + len(line) > MAX_WAITING:
            self._lost += 1
            return
        if self._lost:
            _log.warning("%d lines of the audit log were lost: the disk did not keep up", self._lost)
            self._lost = 0
        self._sent += len(line)
        self._writer.items.put((settings.folder, settings.keep, self._recorded, line))
