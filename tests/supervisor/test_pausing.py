"""Pauses, on the machine alone."""

import pytest

from supervisor import Cause, CauseKind, Exit, ReadyPolicy, RestartPolicy, Sign, State, StopPolicy
from supervisor.events import (
    AskToStop,
    Condemned,
    Elapsed,
    Event,
    Exited,
    Kill,
    Pause,
    Restart,
    Resume,
    SendKill,
    Spawned,
    Start,
    Stop,
    Suspend,
    Wake,
)
from supervisor.lifecycle import Lifecycle
from supervisor.record import Record

ADA = Cause(CauseKind.PERSON, "ada")


def up(ready: ReadyPolicy | None = None) -> Lifecycle:
    one = Lifecycle("a", StopPolicy(), RestartPolicy(), ready or ReadyPolicy())
    one.handle(Start(), 0.0)
    one.handle(Spawned(), 0.0)
    return one


def kinds(one: Lifecycle, event: Event, now: float = 1.0) -> list[type]:
    wanted = (Suspend, Wake, AskToStop, SendKill)
    return [type(effect) for effect in one.handle(event, now) if isinstance(effect, wanted)]


def test_a_pause_and_its_end_are_done_once_and_say_who_wanted_them() -> None:
    one = up()
    one.handle(Elapsed(), 1.0)
    assert kinds(one, Pause(ADA)) == [Suspend]
    assert (one.paused, one.state, one.reason, one.cause) == (True, State.RUNNING, "paused", ADA)
    assert kinds(one, Pause(ADA)) == []
    assert kinds(one, Resume(ADA)) == [Wake]
    assert (one.paused, one.reason) == (False, "resumed")
    assert kinds(one, Resume(ADA)) == []


@pytest.mark.parametrize("event", [Stop(ADA), Restart(ADA)])
def test_who_is_asked_to_stop_is_woken_first(event: Event) -> None:
    one = up()
    one.handle(Pause(ADA), 0.5)
    assert kinds(one, event) == [Wake, AskToStop]
    assert not one.paused


def test_who_is_paused_is_not_condemned_for_keeping_silent() -> None:
    one = up()
    one.handle(Pause(ADA), 0.5)
    assert kinds(one, Condemned(ADA, "it is silent")) == []
    assert one.paused
    one.handle(Resume(ADA), 0.6)
    assert kinds(one, Condemned(ADA, "it is silent")) == [AskToStop]


def test_who_is_killed_is_killed_before_it_could_act() -> None:
    one = up()
    one.handle(Pause(ADA), 0.5)
    assert kinds(one, Kill(ADA)) == [SendKill, Wake]
    assert not one.paused


def test_it_settles_while_it_is_paused() -> None:
    one = up()
    one.handle(Pause(ADA), 0.5)
    one.handle(Elapsed(), 1.0)
    assert (one.state, one.paused, one.reason) == (State.RUNNING, True, "paused")


@pytest.mark.parametrize("left", [0, 1])
def test_an_end_is_the_end_of_a_pause(left: int) -> None:
    one = up()
    one.handle(Pause(ADA), 0.5)
    one.handle(Exited(Exit(0), left), 1.0)
    assert not one.paused


def test_who_is_not_up_cannot_be_paused() -> None:
    one = Lifecycle("a", StopPolicy(), RestartPolicy())
    assert not one.can_pause
    assert kinds(one, Pause(ADA)) == []
    waiting = up(ReadyPolicy(Sign.CHECK, timeout=10.0))
    assert not waiting.can_pause, "the time that it has would run out"


def test_a_pause_is_part_of_the_record() -> None:
    one = up()
    one.handle(Pause(ADA), 0.5)
    other = Lifecycle("a", StopPolicy(), RestartPolicy())
    other.thaw(Record(one.freeze(1.0)), 1.0)
    assert other.paused
    frozen = one.freeze(1.0)
    del frozen["paused"]
    older = Lifecycle("a", StopPolicy(), RestartPolicy())
    older.thaw(Record(frozen), 1.0)
    assert not older.paused
