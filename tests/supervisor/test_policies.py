"""Stories told to the machine about steps of stopping, readiness, and what counts as a crash."""

from collections.abc import Sequence

import pytest

from supervisor import (
    Cause,
    CauseKind,
    Exit,
    ReadyPolicy,
    RestartPolicy,
    Sign,
    State,
    StopPolicy,
    StopStep,
    Wanted,
    Way,
    When,
)
from supervisor.events import (
    AskToStop,
    Condemned,
    Effect,
    Elapsed,
    Event,
    Exited,
    Kill,
    Ready,
    Restart,
    Say,
    SendKill,
    Spawn,
    Spawned,
    Start,
    StepFailed,
    Stop,
    Wait,
)
from supervisor.lifecycle import KILL_AGAIN, Lifecycle

LINE = StopStep(Way.LINE, "save-all", wait=5.0)
TERM = StopStep(signal=15, wait=7.0)
COMMAND = StopStep(Way.COMMAND, command=("tidy",), wait=3.0)
IN_STEPS = StopPolicy((LINE, COMMAND, TERM))
BY_WORD = ReadyPolicy(Sign.NOTIFY, 20.0)
WEB = Cause(CauseKind.CHECK, "web")
UP: tuple[Event, ...] = (Start(), Spawned(), Elapsed())
FINE = Exited(Exit(code=0, ran=2.0))


def machine(
    stop: StopPolicy = IN_STEPS, restart: RestartPolicy | None = None, ready: ReadyPolicy | None = None
) -> Lifecycle:
    return Lifecycle("game", stop, restart or RestartPolicy(), ready or ReadyPolicy(), luck=lambda: 0.5)


def tell(life: Lifecycle, *events: Event) -> Sequence[Effect]:
    """Tell a story; return what its last event brings about, besides words."""
    effects: Sequence[Effect] = ()
    for event in events:
        effects = life.handle(event, 1000.0)
    return [effect for effect in effects if not isinstance(effect, Say)]


def test_a_stop_goes_step_by_step_each_with_its_wait_and_then_kills() -> None:
    life = machine()
    assert tell(life, *UP, Stop()) == [AskToStop(LINE), Wait(5.0)]
    assert tell(life, Elapsed()) == [AskToStop(COMMAND), Wait(3.0)]
    assert tell(life, Elapsed()) == [AskToStop(TERM), Wait(7.0)]
    assert tell(life, Elapsed()) == [SendKill(), Wait(KILL_AGAIN)]
    assert life.reason == "did not stop within 15 s, is being killed"
    assert tell(life, Elapsed()) == [SendKill(), Wait(KILL_AGAIN)]


def test_a_step_that_cannot_be_done_is_not_waited_for() -> None:
    life = machine()
    assert tell(life, *UP, Stop(), StepFailed("it does not read")) == [AskToStop(COMMAND), Wait(3.0)]
    assert tell(life, StepFailed("no such program")) == [AskToStop(TERM), Wait(7.0)]


def test_one_that_no_step_could_ask_is_asked_by_sigterm_before_it_is_killed() -> None:
    life = machine(StopPolicy((LINE, COMMAND)))
    tell(life, *UP, Stop(), StepFailed("it does not read"))
    assert tell(life, StepFailed("no such program")) == [AskToStop(StopStep(wait=8.0)), Wait(8.0)]
    assert tell(life, Elapsed()) == [SendKill(), Wait(KILL_AGAIN)]


def test_a_step_that_fails_late_does_not_kill_twice() -> None:
    life = machine(StopPolicy((LINE,)))
    tell(life, *UP, Stop(), Elapsed())
    assert tell(life, StepFailed("it does not read")) == []


def test_a_stop_without_steps_kills_at_once() -> None:
    assert tell(machine(StopPolicy(())), *UP, Stop()) == [SendKill(), Wait(KILL_AGAIN)]


def test_what_is_left_when_the_main_process_has_ended_is_asked_by_signals_only() -> None:
    life = machine()
    assert tell(life, *UP, Exited(Exit(code=0), left=2)) == [AskToStop(TERM), Wait(7.0)]
    life = machine()
    tell(life, *UP, Stop())
    assert tell(life, Exited(Exit(code=0), left=2)) == []
    assert tell(life, Elapsed()) == [AskToStop(TERM), Wait(7.0)]


def test_what_is_left_after_a_line_or_a_command_is_asked_by_sigterm_before_it_is_killed() -> None:
    life = machine(StopPolicy((LINE,)))
    assert tell(life, *UP, Stop(), Exited(Exit(code=0), left=2)) == []
    assert tell(life, Elapsed()) == [AskToStop(StopStep(wait=5.0)), Wait(5.0)]
    assert tell(life, Elapsed()) == [SendKill(), Wait(KILL_AGAIN)]


@pytest.mark.parametrize("then", [(), (StepFailed("it has ended"),), (Exited(Exit(signal=9), left=1),)])
@pytest.mark.parametrize("stop", [IN_STEPS, StopPolicy((LINE,))])
def test_a_kill_forgets_the_steps_to_come(stop: StopPolicy, then: Sequence[Event]) -> None:
    life = machine(stop)
    assert tell(life, *UP, Stop(), Kill()) == [SendKill(), Wait(KILL_AGAIN)]
    tell(life, *then)
    assert tell(life, Elapsed()) == [SendKill(), Wait(KILL_AGAIN)]
    assert life.reason == "being killed", "nobody has waited for it"


def test_a_restart_stops_and_starts_and_says_who_asked() -> None:
    life = machine()
    by = Cause(CauseKind.SCHEDULE, "nightly")
    assert tell(life, *UP, Restart(by)) == [AskToStop(LINE), Wait(5.0)]
    assert (life.state, life.wanted, life.cause) == (State.STOPPING, Wanted.UP, by)
    assert tell(life, FINE) == [Spawn()]
    assert (life.run, life.cause) == (2, by)


@pytest.mark.parametrize("before", [(), (*UP, Stop(), FINE)])
def test_a_restart_of_what_is_down_starts_it(before: Sequence[Event]) -> None:
    assert tell(machine(), *before, Restart()) == [Spawn()]


def test_a_stop_takes_a_restart_back() -> None:
    life = machine()
    tell(life, *UP, Restart(), Stop(), FINE)
    assert (life.state, life.wanted) == (State.STOPPED, Wanted.DOWN)


def test_one_that_says_when_it_is_ready_is_starting_until_then() -> None:
    life = machine(ready=BY_WORD)
    assert tell(life, Start(), Spawned()) == [Wait(20.0)]
    assert life.reason == "starting, waiting until it is ready"
    assert tell(life, Ready()) == [Wait(60.0)]
    assert life.state is State.RUNNING


def test_one_that_is_not_ready_in_time_is_stopped_and_has_crashed() -> None:
    life = machine(ready=BY_WORD)
    assert tell(life, Start(), Spawned(), Elapsed()) == [AskToStop(LINE), Wait(5.0)]
    assert tell(life, FINE) == [Wait(0.5)]
    assert life.state is State.BACKOFF
    assert life.reason.startswith("it was not ready within 20 s; it exited with code 0")


def test_without_a_limit_it_is_waited_for() -> None:
    assert tell(machine(ready=ReadyPolicy(Sign.CHECK)), Start(), Spawned()) == []


def test_one_that_is_ready_by_settling_takes_no_word_for_it() -> None:
    life = machine()
    tell(life, Start(), Spawned(), Ready())
    assert life.state is State.STARTING


def test_what_does_not_work_is_stopped_in_its_own_way_which_counts_as_a_crash() -> None:
    life = machine()
    assert tell(life, *UP, Condemned(WEB, "it answers 500")) == [AskToStop(LINE), Wait(5.0)]
    assert tell(life, FINE) == [Wait(0.5)]
    assert (life.state, life.cause, life.wanted) == (State.BACKOFF, WEB, Wanted.UP)
    tell(life, Elapsed())
    assert (life.state, life.condemned) == (State.STARTING, "")


def test_a_person_who_stops_what_was_condemned_is_right() -> None:
    life = machine()
    tell(life, *UP, Condemned(WEB, "it answers 500"), Stop(), FINE)
    assert (life.state, life.wanted) == (State.STOPPED, Wanted.DOWN)


def test_what_is_down_cannot_be_condemned() -> None:
    life = machine()
    tell(life, *UP, Stop(), FINE)
    assert tell(life, Condemned(WEB, "it answers 500")) == []
    assert life.state is State.STOPPED


def test_never_means_that_a_crash_parks_and_a_condemned_one_too() -> None:
    for end in ((Exited(Exit(code=1)),), (Condemned(WEB, "it hangs"), Exited(Exit(signal=15)))):
        life = machine(restart=RestartPolicy(when=When.NEVER))
        tell(life, *UP, *end)
        assert life.state is State.FAILED


@pytest.mark.parametrize(
    ("end", "state"),
    [
        (Exit(code=3), State.STOPPED),
        (Exit(code=4), State.BACKOFF),
        (Exit(signal=1), State.STOPPED),
        (Exit(signal=9), State.BACKOFF),
        (Exit(code=0), State.STOPPED),
        (Exit(code=143), State.STOPPED),
    ],
)
def test_a_policy_names_normal_ends_besides_the_usual_ones(end: Exit, state: State) -> None:
    life = machine(restart=RestartPolicy(codes=(3,), signals=(1,)))
    tell(life, *UP, Exited(end))
    assert life.state is state
