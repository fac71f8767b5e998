"""The part of a lifecycle that pauses: what runs stands still, until it is resumed, stopped or over.

Who stops it wakes it first: asleep it could not hear of it. Killed it is first, so that it does not act
before. It is not condemned meanwhile, for it cannot answer. While it waits to be ready it cannot be paused,
since the time would be held against it.
"""

from collections.abc import Sequence

from .events import Effect, Pause, Resume, Say, State, Suspend, Wake
from .holding import Holding
from .policies import ReadyPolicy, Sign


class Pausing(Holding):
    """Knows whether a service may be paused, and what that takes."""

    def __init__(self, name: str, ready: ReadyPolicy) -> None:
        super().__init__(name)
        self.ready = ready

    def _enter(self, state: State, reason: str) -> None:
        super()._enter(state, reason)
        self.paused = self.paused and state in (State.RUNNING, State.STOPPING)

    @property
    def can_pause(self) -> bool:
        """Whether it may be paused now; not while it waits to be ready, or to be stopped."""
        if self.held is not None:
            return False
        return self.state is State.RUNNING or (self.state is State.STARTING and self.ready.by is Sign.SETTLED)

    def _on_pause(self, event: Pause | Resume) -> Sequence[Effect]:
        on = isinstance(event, Pause)
        if self.paused is on or (on and not self.can_pause):
            return ()
        if self.held is None:  # else it waits to be stopped, which is what there is to say
            self.cause, self.reason = event.cause, "paused" if on else "resumed"
        if not on:
            return *self._wake(), Say(f"[Holdfast] {self.name} goes on")
        self.paused = True
        return Suspend(), Say(f"[Holdfast] {self.name} is paused")

    def _wake(self) -> Sequence[Effect]:
        """Let it hear what it is asked next."""
        paused, self.paused = self.paused, False
        return (Wake(),) if paused else ()
