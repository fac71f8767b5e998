"""What a program says of itself by sd_notify(3), and how long it may keep silent.

The rules:

- Each run has a socket of its own, at an abstract name that only its environment tells (`NOTIFY_SOCKET`): so
  who spoke for an earlier run is not heard, and a program that runs as another user is.
- Only processes of its session, or that descend from it, are believed, by the kernel's word. Of one that is
  gone when we look, as a shell's `systemd-notify` may be, the user must be the program's own.
- `WATCHDOG_PID` is not set: then the watchdog is meant for whoever reads the variable
  (sd_watchdog_enabled(3)),
  also for the Java that a script has started.
- More time (EXTEND_TIMEOUT_USEC) is given for the start alone; no other wait is put off.
- The watchdog counts from when the program is up. One that says that it stops need not say that it lives.
- The socket goes along in a handover. After a death its name is bound again, which senders look up each time,
  and the watchdog counts anew: what was said meanwhile is lost. If it is taken by then, nobody is condemned.
"""

import logging
import re
from collections.abc import Callable, Mapping

import anyio
import anyio.abc

from .alarm import Alarm, Clock
from .cannot_spawn import CannotSpawn
from .cause import Cause, CauseKind
from .child import Child
from .descriptors import leave_some
from .events import Condemned, Event, Ready, State
from .hearing import Heard, Hearing, new_name
from .notify import MOST_STATUS, close_all
from .policies import ReadyPolicy, Sign, StopStep, word
from .process import belongs, owner
from .record import Record
from .spec import ServiceSpec

ABORT = StopStep(signal=6, wait=10.0)
"""SIGABRT first, as systemd does: it leaves a core dump or a stack trace of where it hangs."""

PACE = 1.0
"""Seconds between two reports that the status text is another one: a program may say what it likes."""

MOST_EXTENSION = 3600.0
"""Seconds that one EXTEND_TIMEOUT_USEC may ask for."""

TRUST = 1.0
"""Seconds in which a process that was looked at need not be looked at again."""

log = logging.getLogger("holdfast.supervisor")


class Voice:
    """Of one service; without a policy that lets it notify, nothing happens here."""

    def __init__(
        self,
        tasks: anyio.abc.TaskGroup,
        clock: Clock,
        name: Callable[[], str],
        handle: Callable[[Event], None],
        noted: Callable[[float], None],
    ) -> None:
        """`noted` hears of another note, and of how many seconds more it needs to become ready."""
        self.note = ""
        """What it has said last of how it is, for people."""
        self._tasks = tasks
        self._clock = clock
        self._name = name
        self._handle = handle
        self._noted = noted
        self._policy = ReadyPolicy()
        self._child: Child | None = None
        self._hearing: Hearing | None = None
        self._thawed = -1
        self._alarm = Alarm(self._judge, clock)
        self._period = 0.0
        self._until: float | None = None
        """Until when it must say that it lives; None while it need not."""
        self._state = State.STOPPED
        """Of the service, as `follow` was told."""
        self._trusted = (0, 0.0)
        self._telling = False

    @property
    def descriptors(self) -> list[int]:
        """What `freeze` names by number."""
        return [self._hearing.fd] if self._hearing is not None and self._hearing.fd >= 0 else []

    def prepare(self, spec: ServiceSpec) -> Mapping[str, str]:
        """Return what the environment of a new run tells it; raises `CannotSpawn` without a socket for it."""
        self.end()
        policy = self._policy = spec.ready
        self._period = policy.watchdog
        if not policy.notifies:
            return {}
        self._hearing = Hearing(new_name(), self._take)
        try:
            self._hearing.listen()
            leave_some(self._hearing.fd)
        except OSError as exc:
            self.end()
            raise CannotSpawn.because(spec, exc) from exc
        told = {"NOTIFY_SOCKET": self._hearing.path}
        return told | ({"WATCHDOG_USEC": str(int(self._period * 1e6))} if self._period else {})

    def begin(self, child: Child | None) -> None:
        """Hear this child from now on, as far as it may speak."""
        self._child = child
        if self._hearing is None:
            return
        if self._thawed >= 0:
            self._hearing.resume(self._thawed)
            self._thawed = -1
        else:
            try:
                self._hearing.listen()
            except OSError as exc:
                log.error("%s is not heard any more until it is started anew: %s", self._name(), exc.strerror)
                self._until, self._hearing = None, None
                return
        self._alarm = Alarm(self._judge, self._clock)
        self._alarm.set(self._until)
        self._tasks.start_soon(self._hearing.run)
        self._alarm.open()

    def end(self) -> None:
        """Hear nobody: the run is over."""
        self._alarm.close()
        if self._hearing is not None:
            self._hearing.close()
        self.note, self._until = "", None
        self._child = self._hearing = None

    def follow(self, state: State) -> None:
        """Learn where the service is by now."""
        before, self._state = self._state, state
        if state is not State.RUNNING:
            self._until = None
        elif before is not State.RUNNING and self._period and self._hearing is not None:
            self._expect()

    def freeze(self, now: float) -> dict[str, object] | None:
        """Return everything as JSON data; None if it does not speak."""
        if self._hearing is None:
            return None
        return {
            "socket": self._hearing.path,
            "descriptor": self._hearing.fd,
            "note": self.note,
            "period": self._period,
            "remaining": None if self._until is None else self._until - now,
            "state": str(self._state),
        }

    def thaw(self, record: Record, policy: ReadyPolicy, now: float, *, carried: bool) -> None:
        """Become what `freeze` described, before `begin`; raises `InvalidRecord`.

        `carried` tells whether the descriptor is still ours. An empty record is of one that was silent.
        """
        if not record.names():
            return
        self._policy = policy
        self._hearing = Hearing(record.take("socket", str), self._take)
        self._thawed = record.take("descriptor", int) if carried else -1
        self.note = record.take("note", str)
        self._period = record.take("period", float)
        self._state = word(record, "state", State.STOPPED)
        remaining = record.optional("remaining", float)
        self._until = None if remaining is None else now + remaining
        if self._until is not None and not carried:
            self._until = anyio.current_time() + self._period

    def _take(self, heard: Heard) -> None:
        close_all(heard.descriptors)
        if not self._believed(heard):
            return
        fields = heard.fields
        if "STATUS" in fields:
            self._say(fields["STATUS"])
        if (period := _seconds(fields.get("WATCHDOG_USEC"))) and self._policy.watchdog:
            self._period = period
            if self._until is not None:
                self._expect()
        # What the service would not heed is not told to it: a program may say it a thousand times a second.
        if self._state is State.STARTING and self._policy.by is Sign.NOTIFY:
            if more := _seconds(fields.get("EXTEND_TIMEOUT_USEC")):
                self._noted(min(more, MOST_EXTENSION))
            if fields.get("READY") == "1":
                self._handle(Ready())
        if fields.get("STOPPING") == "1":
            self._until = None
        match fields.get("WATCHDOG"):
            case "1" if self._until is not None:
                self._until = anyio.current_time() + self._period  # the alarm sees it when it rings
            case "trigger" if self._period and self._state in (State.STARTING, State.RUNNING):
                self._condemn("it says that it does not work (WATCHDOG=trigger)")

    def _believed(self, heard: Heard) -> bool:
        if self._child is None or heard.pid <= 0:
            return False
        pid, moment = self._trusted
        now = anyio.current_time()
        if heard.pid == pid and now - moment < TRUST:
            return True
        try:
            if not belongs(heard.pid, self._child.pid):
                return False
        except ProcessLookupError:
            return heard.uid == owner(self._child.pid)
        self._trusted = heard.pid, now
        return True

    def _say(self, text: str) -> None:
        self.note = re.sub(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]+", " ", text).strip()[:MOST_STATUS]
        if not self._telling:
            self._telling = True
            self._tasks.start_soon(self._tell)

    async def _tell(self) -> None:
        told = ""
        while told != self.note:
            told = self.note
            self._noted(0.0)
            await anyio.sleep(PACE)
        self._telling = False

    def _expect(self) -> None:
        """Wait for a word that it lives, from now on."""
        self._until = anyio.current_time() + self._period
        self._alarm.set(self._until)

    def _judge(self) -> None:
        if self._hearing is not None:
            self._hearing.take_all()  # if we were stopped ourselves, what it has said is still to be read
        if self._until is None:
            return
        if anyio.current_time() < self._until:
            self._alarm.set(self._until)
        else:
            self._condemn(f"it has kept silent towards its watchdog for {self._period:g} s")

    def _condemn(self, reason: str) -> None:
        self._until = None
        self._handle(Condemned(Cause(CauseKind.WATCHDOG), reason, (ABORT,)))


def _seconds(text: str | None) -> float:
    """Return a duration that is given in microseconds; 0 for what is none."""
    return int(text) / 1e6 if text is not None and re.fullmatch("[0-9]{1,15}", text) else 0.0
