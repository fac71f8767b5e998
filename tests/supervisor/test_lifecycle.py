"""Stories told to the machine: what was asked and what happened, and where that leads."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from supervisor import Exit, RestartPolicy, State, StopPolicy, StopStep, Wanted, When
from supervisor.events import (
    AskToStop,
    Effect,
    Elapsed,
    Emptied,
    Event,
    Exited,
    Found,
    Keep,
    Kill,
    Remove,
    Say,
    SendKill,
    Spawn,
    Spawned,
    SpawnFailed,
    Start,
    Stop,
    Vanish,
    Wait,
)
from supervisor.lifecycle import KILL_AGAIN, SETTLE, Lifecycle

GRACE = 7.0
STABLE = 60.0

ASKED = StopStep(wait=GRACE)

POLICY = RestartPolicy()
ALWAYS = RestartPolicy(when=When.ALWAYS)

CRASH = Exited(Exit(code=1, ran=2.0))
FINE = Exited(Exit(code=0, ran=2.0))
ORPHANS = Exited(Exit(code=0, ran=2.0), left=2)
CRASH_WITH_ORPHANS = Exited(Exit(code=1, ran=2.0), left=2)

UP: tuple[Event, ...] = (Start(), Spawned(), Elapsed())
AGAIN: tuple[Event, ...] = (Elapsed(), Spawned())
"""A wait for a restart ends and the program starts."""
UNKNOWN = Exited(Exit(ran=2.0))
KEPT: tuple[Event, ...] = (Found(kept=True),)
PARKED: tuple[Event, ...] = (*UP, *(CRASH, *AGAIN) * 5, CRASH)

GONE = "[Octyne] Server game was marked for deletion, stopped/crashed, and has now been removed."


@dataclass(frozen=True)
class Story:
    """Events, some of them moments to which the clock advances; then where it is and what is done last."""

    events: Sequence[Event | float]
    state: State
    wanted: Wanted
    effects: Sequence[Effect] = ()
    """Of the last event, without what is said."""
    said: Sequence[str] = ()
    """Parts of what is said at the last event."""
    policy: RestartPolicy = POLICY


STORIES = {
    "START starts it": Story([Start()], State.STARTING, Wanted.UP, [Spawn()]),
    "it settles, then is stable": Story(
        [Start(), Spawned(), Elapsed()], State.RUNNING, Wanted.UP, [Wait(STABLE)]
    ),
    "a started one is watched for a moment": Story(
        [Start(), Spawned()], State.STARTING, Wanted.UP, [Wait(SETTLE)], ["[Octyne] Started server game"]
    ),
    "START twice is START once": Story([*UP, Start()], State.RUNNING, Wanted.UP),
    "START while it starts changes nothing": Story([Start(), Spawned(), Start()], State.STARTING, Wanted.UP),
    "STOP asks, and gives it its grace": Story(
        [*UP, Stop()],
        State.STOPPING,
        Wanted.DOWN,
        [AskToStop(ASKED), Wait(GRACE)],
        ["[Octyne] Stopping server game"],
    ),
    "STOP works on one that has just started": Story(
        [Start(), Spawned(), Stop()], State.STOPPING, Wanted.DOWN, [AskToStop(ASKED), Wait(GRACE)]
    ),
    "STOP twice asks once": Story([*UP, Stop(), Stop()], State.STOPPING, Wanted.DOWN),
    "STOP of a stopped one changes nothing": Story([Stop()], State.STOPPED, Wanted.DOWN),
    "an end that was asked for is no crash": Story(
        [*UP, Stop(), CRASH], State.STOPPED, Wanted.DOWN, [], ["[Octyne] Server game has stopped."]
    ),
    "the grace passes: it is killed": Story(
        [*UP, Stop(), Elapsed()],
        State.STOPPING,
        Wanted.DOWN,
        [SendKill(), Wait(KILL_AGAIN)],
        ["game did not stop in time"],
    ),
    "it is killed again while it lives": Story(
        [*UP, Stop(), Elapsed(), Elapsed()], State.STOPPING, Wanted.DOWN, [SendKill(), Wait(KILL_AGAIN)]
    ),
    "a killed one is stopped": Story(
        [*UP, Kill(), Exited(Exit(signal=9))], State.STOPPED, Wanted.DOWN, [], ["has stopped."]
    ),
    "KILL kills at once": Story(
        [*UP, Kill()],
        State.STOPPING,
        Wanted.DOWN,
        [SendKill(), Wait(KILL_AGAIN)],
        ["[Octyne] Killing server game"],
    ),
    "KILL does not wait for the grace": Story(
        [*UP, Stop(), Kill()], State.STOPPING, Wanted.DOWN, [SendKill(), Wait(KILL_AGAIN)]
    ),
    "STOP after KILL does not ask": Story([*UP, Kill(), Stop()], State.STOPPING, Wanted.DOWN),
    "START during a stop waits for its end": Story([*UP, Stop(), Start()], State.STOPPING, Wanted.UP),
    "START during a stop gives a new run": Story(
        [*UP, Stop(), Start(), CRASH], State.STARTING, Wanted.UP, [Spawn()]
    ),
    "the last command wins: STOP": Story([*UP, Stop(), Start(), Stop(), FINE], State.STOPPED, Wanted.DOWN),
    "the last command wins: START": Story(
        [*UP, Stop(), Start(), Stop(), Start(), FINE], State.STARTING, Wanted.UP, [Spawn()]
    ),
    "START, KILL while stopping is a kill": Story(
        [*UP, Stop(), Start(), Kill()], State.STOPPING, Wanted.DOWN, [SendKill(), Wait(KILL_AGAIN)]
    ),
    "START after a stop is a new run": Story(
        [*UP, Stop(), FINE, Start()], State.STARTING, Wanted.UP, [Spawn()]
    ),
    "a crash is followed by a wait": Story(
        [*UP, CRASH],
        State.BACKOFF,
        Wanted.UP,
        [Wait(0.5)],
        ["[Octyne] Server game has crashed!", "exited with code 1 after 2.0 s; restarting in 0.5 s (1 of 5)"],
    ),
    "the wait is followed by a restart": Story([*UP, CRASH, Elapsed()], State.STARTING, Wanted.UP, [Spawn()]),
    "the second wait is twice as long": Story(
        [*UP, CRASH, *AGAIN, CRASH], State.BACKOFF, Wanted.UP, [Wait(1.0)]
    ),
    "the fifth wait is sixteen times as long": Story(
        [*UP, *(CRASH, *AGAIN) * 4, CRASH], State.BACKOFF, Wanted.UP, [Wait(8.0)], ["(5 of 5)"]
    ),
    "a wait has a cap": Story(
        [*UP, *(CRASH, *AGAIN) * 6, CRASH],
        State.BACKOFF,
        Wanted.UP,
        [Wait(30.0)],
        policy=RestartPolicy(budget=-1),
    ),
    "a wait has a cap also after two thousand crashes": Story(
        [*UP, *(CRASH, *AGAIN) * 2000, CRASH],
        State.BACKOFF,
        Wanted.UP,
        [Wait(30.0)],
        policy=RestartPolicy(budget=-1),
    ),
    "six crashes in ten minutes park": Story(
        PARKED,
        State.FAILED,
        Wanted.UP,
        [],
        ["has crashed!", "restarted 5 times already; not restarted until somebody starts it"],
    ),
    "crashes of long ago do not count": Story(
        [*UP, *(CRASH, *AGAIN) * 5, 600.0, CRASH], State.BACKOFF, Wanted.UP, [Wait(16.0)], ["(1 of 5)"]
    ),
    "crashes of just now do": Story([*UP, *(CRASH, *AGAIN) * 5, 599.0, CRASH], State.FAILED, Wanted.UP),
    "a stable run forgets": Story(
        [*UP, *(CRASH, *AGAIN, Elapsed()) * 5, Elapsed(), CRASH], State.BACKOFF, Wanted.UP, [Wait(0.5)]
    ),
    "START of a parked one starts it": Story([*PARKED, Start()], State.STARTING, Wanted.UP, [Spawn()]),
    "a parked one that is started is supervised again": Story(
        [*PARKED, Start(), Spawned(), CRASH], State.BACKOFF, Wanted.UP, [Wait(0.5)], ["(1 of 5)"]
    ),
    "STOP of a parked one only wants it down": Story([*PARKED, Stop()], State.FAILED, Wanted.DOWN),
    "START during a wait starts at once": Story([*UP, CRASH, Start()], State.STARTING, Wanted.UP, [Spawn()]),
    "STOP during a wait ends it": Story(
        [*UP, CRASH, Stop()], State.STOPPED, Wanted.DOWN, [], ["[Octyne] Server game has stopped."]
    ),
    "KILL during a wait ends it": Story([*UP, CRASH, Kill()], State.STOPPED, Wanted.DOWN),
    "START by hand during a stop forgets crashes": Story(
        [*UP, *(CRASH, *AGAIN) * 5, Stop(), Start(), FINE, Spawned(), CRASH],
        State.BACKOFF,
        Wanted.UP,
        [Wait(0.5)],
    ),
    "exit 0 is no crash": Story([*UP, FINE], State.STOPPED, Wanted.UP, [], ["has stopped."]),
    "exit 130 is no crash": Story([*UP, Exited(Exit(code=130))], State.STOPPED, Wanted.UP),
    "exit 143 is no crash": Story([*UP, Exited(Exit(code=143))], State.STOPPED, Wanted.UP),
    "SIGINT is no crash": Story([*UP, Exited(Exit(signal=2))], State.STOPPED, Wanted.UP),
    "SIGTERM is no crash": Story([*UP, Exited(Exit(signal=15))], State.STOPPED, Wanted.UP),
    "SIGKILL is one": Story(
        [*UP, Exited(Exit(signal=9))], State.BACKOFF, Wanted.UP, [Wait(0.5)], ["crashed", "by SIGKILL"]
    ),
    "SIGSEGV is one": Story([*UP, Exited(Exit(signal=11))], State.BACKOFF, Wanted.UP, [Wait(0.5)]),
    "an unknown end is one": Story([*UP, Exited(Exit())], State.BACKOFF, Wanted.UP, [Wait(0.5)]),
    "exit 0 before it settled is no crash": Story([Start(), Spawned(), FINE], State.STOPPED, Wanted.UP),
    "`always` restarts after exit 0": Story(
        [*UP, FINE], State.BACKOFF, Wanted.UP, [Wait(0.5)], policy=ALWAYS
    ),
    "`always` does not restart what was stopped": Story(
        [*UP, Stop(), FINE], State.STOPPED, Wanted.DOWN, policy=ALWAYS
    ),
    "a budget of 0 parks at the first crash": Story(
        [*UP, CRASH], State.FAILED, Wanted.UP, policy=RestartPolicy(budget=0)
    ),
    "what cannot be started is parked at once": Story(
        [Start(), SpawnFailed("there is no program x")],
        State.FAILED,
        Wanted.UP,
        [],
        ["has crashed!", "cannot start: there is no program x; not restarted until somebody starts it"],
    ),
    "what cannot be started now is tried again": Story(
        [Start(), SpawnFailed("no memory", passing=True)], State.BACKOFF, Wanted.UP, [Wait(0.5)]
    ),
    "what can never be started uses up its budget": Story(
        [
            Start(),
            *(SpawnFailed("no memory", passing=True), Elapsed()) * 5,
            SpawnFailed("no memory", passing=True),
        ],
        State.FAILED,
        Wanted.UP,
    ),
    "orphans are asked to stop": Story(
        [*UP, ORPHANS],
        State.STOPPING,
        Wanted.UP,
        [AskToStop(ASKED), Wait(GRACE)],
        ["2 of its processes remain: asking them to stop"],
    ),
    "orphans are killed after the grace": Story(
        [*UP, ORPHANS, Elapsed()], State.STOPPING, Wanted.UP, [SendKill(), Wait(KILL_AGAIN)]
    ),
    "the last orphan is the end": Story([*UP, ORPHANS, Emptied()], State.STOPPED, Wanted.UP),
    "the last orphan of a crash is the crash": Story(
        [*UP, CRASH_WITH_ORPHANS, Emptied()], State.BACKOFF, Wanted.UP, [Wait(0.5)], ["has crashed!"]
    ),
    "orphans of a stop keep what is left of the grace": Story(
        [*UP, Stop(), ORPHANS], State.STOPPING, Wanted.DOWN, [], ["2 of its processes remain"]
    ),
    "the last orphan of a stop is no crash": Story(
        [*UP, Stop(), CRASH_WITH_ORPHANS, Emptied()], State.STOPPED, Wanted.DOWN
    ),
    "STOP while orphans go makes it no crash": Story(
        [*UP, CRASH_WITH_ORPHANS, Stop(), Emptied()], State.STOPPED, Wanted.DOWN
    ),
    "KILL reaches the orphans": Story(
        [*UP, ORPHANS, Kill()], State.STOPPING, Wanted.DOWN, [SendKill(), Wait(KILL_AGAIN)]
    ),
    "START while orphans go is not lost": Story(
        [*UP, ORPHANS, Start(), Emptied()], State.STARTING, Wanted.UP, [Spawn()]
    ),
    "START, STOP while orphans go is STOP": Story(
        [*UP, ORPHANS, Start(), Stop(), Emptied()], State.STOPPED, Wanted.DOWN
    ),
    "a removed one that is stopped vanishes": Story(
        [Remove()], State.STOPPED, Wanted.DOWN, [Vanish()], [GONE]
    ),
    "a removed one that waits vanishes": Story(
        [*UP, CRASH, Remove()], State.BACKOFF, Wanted.UP, [Vanish()], [GONE]
    ),
    "a removed one that is parked vanishes": Story(
        [*PARKED, Remove()], State.FAILED, Wanted.UP, [Vanish()], [GONE]
    ),
    "a removed one runs on": Story([*UP, Remove()], State.RUNNING, Wanted.UP),
    "a removed one vanishes when it stops": Story(
        [*UP, Remove(), Stop(), FINE], State.STOPPED, Wanted.DOWN, [Vanish()], ["has stopped.", GONE]
    ),
    "a removed one vanishes when it ends": Story(
        [*UP, Remove(), FINE], State.STOPPED, Wanted.UP, [Vanish()], ["has stopped.", GONE]
    ),
    "a removed one vanishes when it crashes": Story(
        [*UP, Remove(), CRASH], State.FAILED, Wanted.UP, [Vanish()], ["has crashed!", "not restarted", GONE]
    ),
    "a removed one vanishes with its orphans": Story(
        [*UP, Remove(), ORPHANS, Emptied()], State.STOPPED, Wanted.UP, [Vanish()]
    ),
    "a removed one that is stopping is not started again": Story(
        [*UP, Stop(), Start(), Remove(), FINE], State.STOPPED, Wanted.UP, [Vanish()]
    ),
    "one that was added again stays": Story(
        [*UP, Remove(), Keep(), Stop(), FINE], State.STOPPED, Wanted.DOWN
    ),
    "one that was added again is restarted": Story(
        [*UP, Remove(), Keep(), CRASH], State.BACKOFF, Wanted.UP, [Wait(0.5)]
    ),
    "what was left behind is stopped": Story(
        [Found(), Stop()],
        State.STOPPING,
        Wanted.DOWN,
        [AskToStop(ASKED), Wait(GRACE)],
        ["[Octyne] Stopping server game"],
    ),
    "what was left behind and is started ends first": Story(
        [Found(), Stop(), Start(), UNKNOWN], State.STARTING, Wanted.UP, [Spawn()]
    ),
    "what is kept runs on, and says what is lost": Story(
        KEPT, State.RUNNING, Wanted.UP, [], ["game was left behind", "its console and input are lost"]
    ),
    "START of what is kept changes nothing": Story([*KEPT, Start()], State.RUNNING, Wanted.UP),
    "STOP of what is kept asks": Story(
        [*KEPT, Stop()], State.STOPPING, Wanted.DOWN, [AskToStop(ASKED), Wait(GRACE)]
    ),
    "KILL of what is kept kills": Story(
        [*KEPT, Kill()], State.STOPPING, Wanted.DOWN, [SendKill(), Wait(KILL_AGAIN)]
    ),
    "what is kept and stopped is no crash": Story(
        [*KEPT, Stop(), UNKNOWN], State.STOPPED, Wanted.DOWN, [], ["has stopped."]
    ),
    "what is kept and started anew is a new run": Story(
        [*KEPT, Stop(), Start(), UNKNOWN], State.STARTING, Wanted.UP, [Spawn()]
    ),
    "the end of what is kept is a crash": Story(
        [*KEPT, UNKNOWN],
        State.BACKOFF,
        Wanted.UP,
        [Wait(0.5)],
        ["has crashed!", "ended, how is unknown, after 2.0 s; restarting in 0.5 s (1 of 5)"],
    ),
    "what is kept and not to be restarted is parked": Story(
        [*KEPT, UNKNOWN], State.FAILED, Wanted.UP, policy=RestartPolicy(budget=0)
    ),
    "what is kept and removed runs on": Story([*KEPT, Remove()], State.RUNNING, Wanted.UP),
    "what is kept and removed vanishes when it ends": Story(
        [*KEPT, Remove(), UNKNOWN], State.FAILED, Wanted.UP, [Vanish()], ["has crashed!", GONE]
    ),
    "a late wait does not start a stopped one": Story(
        [*UP, Stop(), FINE, Elapsed()], State.STOPPED, Wanted.DOWN
    ),
    "a late wait does not start a parked one": Story([*PARKED, Elapsed()], State.FAILED, Wanted.UP),
    "a late end changes nothing": Story([*UP, Stop(), FINE, CRASH], State.STOPPED, Wanted.DOWN),
    "a late end does not shorten a wait": Story([*UP, CRASH, CRASH], State.BACKOFF, Wanted.UP),
}


def machine(policy: RestartPolicy = POLICY) -> Lifecycle:
    """A service called game, without luck."""
    return Lifecycle("game", StopPolicy.by_signal(grace=GRACE), policy, luck=lambda: 0.5)


def tell(life: Lifecycle, events: Sequence[Event | float]) -> Sequence[Effect]:
    """Tell a story; return the effects of its last event."""
    now = 1000.0
    effects: Sequence[Effect] = ()
    for event in events:
        if isinstance(event, float):
            now += event
        else:
            effects = life.handle(event, now)
    return effects


@pytest.mark.parametrize("title", STORIES)
def test_story(title: str) -> None:
    story = STORIES[title]
    life = machine(story.policy)
    effects = tell(life, story.events)
    assert (life.state, life.wanted) == (story.state, story.wanted)
    assert [effect for effect in effects if not isinstance(effect, Say)] == list(story.effects)
    said = [effect.text for effect in effects if isinstance(effect, Say)]
    for text in story.said:
        assert any(text in line for line in said), said


@pytest.mark.parametrize(("luck", "wait"), [(0.0, 0.45), (0.5, 0.5), (1.0, 0.55)])
def test_luck_moves_a_wait_by_a_tenth(luck: float, wait: float) -> None:
    life = Lifecycle("game", StopPolicy(), POLICY, luck=lambda: luck)
    effects = tell(life, [*UP, CRASH])
    assert [effect.seconds for effect in effects if isinstance(effect, Wait)] == pytest.approx([wait])


def test_a_stop_that_is_asked_for_again_says_so_in_its_reason() -> None:
    life = machine()
    tell(life, [*UP, Stop(), Start()])
    assert life.reason == "stopping, will be started again"
    life.handle(Stop(), 1000.0)
    assert "started again" not in life.reason


PATHS: dict[State, list[Sequence[Event]]] = {
    State.STOPPED: [(), (*UP, Stop(), FINE), (*UP, FINE), (*UP, Remove(), FINE)],
    State.STARTING: [(Start(),), (Start(), Spawned()), (*UP, CRASH, Elapsed())],
    State.RUNNING: [UP, (*UP, Elapsed()), (*UP, Remove()), KEPT],
    State.STOPPING: [
        (*UP, Stop()),
        (*UP, Kill()),
        (*UP, ORPHANS),
        (*UP, Stop(), Start()),
        (*UP, Stop(), Remove()),
    ],
    State.BACKOFF: [(*UP, CRASH)],
    State.FAILED: [PARKED, (Start(), SpawnFailed("no program"))],
}

EVENTS: list[Event] = [
    Start(),
    Stop(),
    Kill(),
    Remove(),
    Keep(),
    Spawned(),
    SpawnFailed("no"),
    SpawnFailed("no", passing=True),
    CRASH,
    FINE,
    ORPHANS,
    CRASH_WITH_ORPHANS,
    Emptied(),
    Elapsed(),
    Found(),
    Found(kept=True),
]


@pytest.mark.parametrize("event", EVENTS, ids=str)
@pytest.mark.parametrize("state", State)
def test_every_event_is_understood_in_every_state(state: State, event: Event) -> None:
    for path in PATHS[state]:
        life = machine()
        tell(life, path)
        assert life.state is state
        effects = life.handle(event, 2000.0)
        assert life.state in State
        if state.alive and isinstance(event, Start | Stop | Kill | Remove | Keep | Elapsed):
            assert Spawn() not in effects, "nothing is spawned beside a live one"
