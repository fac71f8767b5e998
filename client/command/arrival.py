"""Whether servers have come to where an order wants them, and what to say of those that have not."""

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..failures import Refused
from .amounts import duration
from .exits import Exit, code_of, complain, sentence_of
from .invocation import Invocation
from .output import GOOD, shown
from .waiting import WaitingLine

if TYPE_CHECKING:
    from ..servers import Server

LOOKING = 0.1
"""Seconds between two looks at the servers."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """The states in which an order has been carried out, and those in which it never will be."""

    good: frozenset[str]
    bad: frozenset[str]


@dataclass(slots=True)
class _Order:
    before: "Server | None" = None
    now: "Server | None" = None
    error: str = ""
    code: int = Exit.DONE
    note: str = ""


class Arrivals:
    """One order for several servers."""

    def __init__(
        self, invocation: Invocation, wanted: Arrival | None, word: str, *, anew: bool = False
    ) -> None:
        """`word`: what they are then; `anew`: only a run that has begun since then counts."""
        self._invocation = invocation
        self._wanted = wanted
        self._word = word
        self._anew = anew
        self._orders: dict[str, _Order] = {}

    def order(
        self,
        names: Sequence[str],
        give: Callable[[str], object],
        *,
        wait: bool = False,
        timeout: float = 0.0,
    ) -> int:
        """Give the order to all of them and wait, if wanted; return the exit code."""
        before: Mapping[str, Server] = self._invocation.client.servers.list() if wait else {}
        began = time.monotonic()
        for name in names:
            self._orders[name] = order = _Order(before.get(name))
            self._give(name, order, give)
        # Told when all are given: whoever reads that may go away in the middle.
        for name, order in self._orders.items():
            if not wait or order.error:
                self._tell(name, order, 0.0)
        if wait:
            self._await(began, timeout)
        if self._invocation.json:
            self._invocation.out.json({name: _told(order) for name, order in self._orders.items()})
        codes = {order.code for order in self._orders.values() if order.code}
        return codes.pop() if len(codes) == 1 else Exit.FAILED if codes else Exit.DONE

    def _give(self, name: str, order: _Order, give: Callable[[str], object]) -> None:
        try:
            order.note = str(give(name) or "")
        except Refused as exc:
            order.code = code_of(exc)
            if exc.kind == "no-such-server":
                order.error = f"there is no such server{self._invocation.suggestion(name)}"
            else:
                order.error = sentence_of(exc)

    def _await(self, began: float, timeout: float) -> None:
        pending = [name for name, order in self._orders.items() if not order.error]
        try:
            with WaitingLine() as line:
                while pending:
                    self._look(pending)
                    for name in [name for name in pending if self._arrived(self._orders[name])]:
                        pending.remove(name)
                        line.clear()
                        self._tell(name, self._orders[name], time.monotonic() - began)
                    if pending and time.monotonic() - began >= timeout:
                        line.clear()
                        self._give_up(pending, timeout)
                        return
                    if pending:
                        line.show(self._whom(pending, time.monotonic() - began))
                        time.sleep(LOOKING)
        except KeyboardInterrupt:
            self._invocation.out.note("not waited for any longer; what was asked for goes on")
            raise

    def _look(self, pending: Sequence[str]) -> None:
        servers = self._invocation.client.servers
        # Who waits for a few does not ask for all of them.
        try:
            seen = servers.list() if len(pending) > 1 else {pending[0]: servers.get(pending[0])}
        except Refused as exc:
            if exc.kind != "no-such-server":
                raise
            seen = {}
        for name in pending:
            order = self._orders[name]
            if name in seen:
                order.now = seen[name]
            else:
                order.error, order.code = "it was removed meanwhile", Exit.NOT_THERE

    def _arrived(self, order: _Order) -> bool:
        """Tell whether there is nothing more to wait for; notes the error if it came to nothing."""
        if order.error:
            return True
        now, wanted = order.now, self._wanted
        if now is None or wanted is None:
            return False
        if self._anew and order.before is not None and order.before.run >= now.run:
            # A restart that has not come to its start yet.
            return now.state == "failed"
        if now.state in wanted.good:
            return True
        if now.state in wanted.bad and not (now.state == "stopped" and now.waits_for):
            order.error, order.code = f"{now.state}: {now.reason}", Exit.FAILED
            if now.hint:
                order.error += f"; {now.hint}"
            return True
        return False

    def _give_up(self, pending: Sequence[str], timeout: float) -> None:
        for name in pending:
            order = self._orders[name]
            state, why = (order.now.state, order.now.reason) if order.now is not None else ("not seen", "")
            order.error, order.code = f"still {state} after {duration(timeout)}: {why}", Exit.LATE
            self._tell(name, order, timeout)

    def _whom(self, pending: Sequence[str], since: float) -> str:
        first = self._orders[pending[0]].now
        names = ", ".join(pending[:5]) + (f" and {len(pending) - 5} more" if len(pending) > 5 else "")
        why = f": {first.state}, {first.reason}" if len(pending) == 1 and first is not None else ""
        return shown(f"{duration(since)} waiting for {names}{why}")

    def _tell(self, name: str, order: _Order, took: float) -> None:
        out = self._invocation.out
        if order.error:
            sys.stdout.flush()
            complain(f"{name}: {order.error}")  # which screens it; colours would not come through
            return
        if self._invocation.json:
            return
        if order.now is None:
            out.say(f"{shown(name)}: {order.note or ('asked for' if self._wanted else self._word)}")
            return
        already = order.before is not None and not self._anew and order.before.state == order.now.state
        same = already and order.before is not None and order.before.run == order.now.run
        word = out.styled(f"{self._word} already" if same else self._word, GOOD)
        after = "" if same else f" after {duration(took)}"
        pid = f", pid {order.now.pid}" if order.now.pid is not None else ""
        out.say(f"{shown(name)}: {word}{after}{pid}")


def _told(order: _Order) -> Mapping[str, object]:
    """Return what became of an order, for programs."""
    told: dict[str, object] = {"success": not order.error}
    if order.error:
        told["error"] = order.error
    if order.now is not None:
        told |= {
            "state": order.now.state,
            "reason": order.now.reason,
            "pid": order.now.pid,
            "run": order.now.run,
        }
    return told
