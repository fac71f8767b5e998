"""One piece of long work on files: what is asked for, where it is, how far it has come."""

import secrets
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

import anyio

from filemgr import Fences, FileError, outermost

Ended: TypeAlias = Callable[[FileError | None], None]
"""Hears that a job is over, and the error that it ended with, if it did."""

if TYPE_CHECKING:
    from .access import Identity
    from .worker import Worker

SILENCE = 60.0
"""Seconds after which a job that ends with its client is ended if it neither tells nor finds anything."""

_RATE_OVER = 5.0
"""Seconds over which the rate is measured."""


class Phase(StrEnum):
    """Where a job is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def over(self) -> bool:
        """Whether nothing will change any more."""
        return self in (Phase.DONE, Phase.FAILED, Phase.CANCELLED)


@dataclass(frozen=True, slots=True)
class Order:
    """What shall be done: a worker's task, and what people see of it."""

    task: str
    kind: str
    server: str
    user: str
    needs: str
    """The permission without which nobody sees the job or stops it."""
    directory: str
    fences: Fences
    """To what the work is kept, whatever its arguments say."""
    arguments: Mapping[str, object]
    about: Mapping[str, str] = field(default_factory=dict)
    """What is shown of the arguments."""
    cancellable: bool = True
    light: bool = False
    """Whether it is done soon, so that it does not wait for long ones."""
    owner: str = ""
    """Whose it is: as `user`, but it tells apart who comes by the Unix socket."""
    ended: Callable[[], Awaitable[None]] | None = None
    """What waits until the right to it has ended, if it is to end with that."""


class Job:
    """One piece of long work; `phase` says where it is, `result` what came of it."""

    def __init__(self, order: Order, changed: Callable[[], None]) -> None:
        self.id = secrets.token_hex(16)
        self.order = order
        self.phase = Phase.WAITING
        self.result: Mapping[str, object] = {}
        self.error: FileError | None = None
        self.bytes = self.entries = 0
        self.total_bytes: int | None = None
        self.total_entries: int | None = None
        self.created = time.time()
        self.started: float | None = None
        self.ended: float | None = None
        self.scope = anyio.CancelScope()
        self.worker: Worker | None = None
        self.finds, self.items = anyio.create_memory_object_stream[Mapping[str, object]](64)
        """What it finds on the way goes in here, and comes out there."""
        self.patience = SILENCE
        """Seconds for which it may say nothing."""
        self.heard: Ended = lambda _: None
        self.gone = anyio.Event()
        """Set when nothing of it is left, its process included."""
        self._samples: deque[tuple[float, int, int]] = deque(maxlen=64)
        self._changed = anyio.Event()
        self._tell = changed

    def describe(self) -> Mapping[str, object]:
        """Return it as JSON data: moments in seconds since 1970, the rate in bytes or entries per second."""
        by_bytes, rate, eta = self._speed()
        return {
            "id": self.id,
            "kind": self.order.kind,
            "server": self.order.server,
            "user": self.order.user,
            "state": str(self.phase),
            "cancellable": self.order.cancellable and not self.phase.over,
            **self.order.about,
            "bytes": self.bytes,
            "totalBytes": self.total_bytes,
            "entries": self.entries,
            "totalEntries": self.total_entries,
            "rate": round(rate, 1),
            "rateUnit": "bytes" if by_bytes else "entries",
            "eta": None if eta is None else round(eta, 1),
            "created": round(self.created, 3),
            "started": self.started and round(self.started, 3),
            "ended": self.ended and round(self.ended, 3),
            "error": None if self.error is None else str(self.error),
            "result": self.result or None,
        }

    def seen_by(self, who: "Identity") -> bool:
        """Tell whether it is somebody's business: who is kept to some folders sees only his own."""
        order = self.order
        if not who.may(order.needs, order.server):
            return False
        return outermost(who.fences(order.needs, order.server)) is None or order.owner == who.holder.owner

    async def outcome(self) -> Mapping[str, object]:
        """Wait for the end; return what came of it, or raise the `FileError` that it ended with."""
        while not self.phase.over:
            await self.change()
        if self.error is not None:
            raise self.error
        return self.result

    async def change(self) -> None:
        """Wait until something about it is different."""
        await self._changed.wait()

    def take(self, numbers: object) -> None:
        """Take a report of progress."""
        if not isinstance(numbers, list) or len(numbers) != 4:
            return
        self.bytes, self.entries = int(numbers[0] or 0), int(numbers[1] or 0)
        self.total_bytes, self.total_entries = numbers[2], numbers[3]
        self._samples.append((anyio.current_time(), self.bytes, self.entries))
        self.touch()

    def become(self, phase: Phase, error: FileError | None = None) -> None:
        """Go on to another phase."""
        if self.phase.over:
            return
        self.phase, self.error = phase, error
        if phase is Phase.RUNNING:
            self.started = time.time()
        elif phase.over:
            self.ended = time.time()
            self.heard(error)
        self.touch()

    def touch(self) -> None:
        """Tell who watches that something is different."""
        changed, self._changed = self._changed, anyio.Event()
        changed.set()
        self._tell()

    def _speed(self) -> tuple[bool, float, float | None]:
        """Return (whether it is about bytes, the rate, the seconds that are left if they can be known)."""
        by_bytes = self.total_bytes is not None or self.bytes > 0
        if self.phase is not Phase.RUNNING or not self._samples:
            return by_bytes, 0.0, None
        last = self._samples[-1]
        first = next(sample for sample in self._samples if last[0] - sample[0] <= _RATE_OVER)
        took = last[0] - first[0]
        done = last[1] - first[1] if by_bytes else last[2] - first[2]
        rate = done / took if took > 0 else 0.0
        total = self.total_bytes if by_bytes else self.total_entries
        if total is None or rate <= 0:
            return by_bytes, rate, None
        return by_bytes, rate, max(0.0, (total - (self.bytes if by_bytes else self.entries)) / rate)
