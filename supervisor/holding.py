"""How a service waits for others: with its start until they are ready, with its stop until they are gone."""

from collections.abc import Callable, Sequence

from .cause import Cause
from .events import Effect, Held, Obstacle, Say, State, Vanish
from .facts import Facts
from .order import names_told


def nothing_ahead() -> Obstacle | None:
    """Have nothing in the way of a start."""
    return None


class Holding(Facts):
    """The part of a `Lifecycle` that waits. What is asked for stays asked for, here and as data."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
        self.gate: Callable[[], Obstacle | None] = nothing_ahead
        """Tells what is in the way of a start; asked right before each, so that none can pass it by."""

    def _enter(self, state: State, reason: str) -> None:
        self.state = state
        self.reason = reason
        self.held, self.waits_for = None, ()

    def _hold_start(self, obstacle: Obstacle, cause: Cause) -> Sequence[Effect]:
        """Wait with the start; without a program it is stopped until then."""
        known = self.held is Held.START
        self._enter(State.STOPPED, obstacle.reason)
        self.held, self.waits_for, self.cause = Held.START, obstacle.names, cause
        return () if known else (Say(f"[Holdfast] {self.name} {obstacle.reason}"),)

    def _hold_stop(self, held: Held, behind: tuple[str, ...], cause: Cause) -> Sequence[Effect]:
        """Run on until others are gone; how it ends meanwhile is no crash, since it was asked to."""
        known = self.held is held
        self.held, self.cause, self.asked = held, cause, True
        self._wait_behind(behind)
        return () if known else (Say(f"[Holdfast] {self.name}: {self.reason}"),)

    def _wait_behind(self, behind: tuple[str, ...]) -> None:
        self.waits_for = behind
        self.reason = f"asked to {self.held}, waits for {names_told(behind)} to stop first"

    def _take_back_stop(self, cause: Cause) -> Sequence[Effect]:
        """Run on after all."""
        if self.held is not Held.STOP:
            return ()
        self.held, self.waits_for, self.cause, self.asked = None, (), cause, False
        self.reason = "goes on, as asked"
        return (Say(f"[Holdfast] {self.name} {self.reason}"),)

    def _take_back_start(self, cause: Cause) -> Sequence[Effect]:
        """Stay down after all."""
        if self.held is None:
            return ()
        self._enter(State.STOPPED, f"stopped while it waited for {names_told(self.waits_for)}")
        self.cause = cause
        return (Say(f"[Octyne] Server {self.name} has stopped."),)

    def _vanish(self) -> Sequence[Effect]:
        text = (
            f"[Octyne] Server {self.name} was marked for deletion, stopped/crashed, and has now been removed."
        )
        return Say(text), Vanish()
