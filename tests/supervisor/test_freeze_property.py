"""Whatever state services are in: what a supervisor freezes, the next one thaws to the same."""

import base64
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import anyio
from hypothesis import given, settings
from hypothesis import strategies as st

from supervisor import (
    Boot,
    Cause,
    CauseKind,
    LeftBehind,
    ServiceSpec,
    State,
    StopPolicy,
    StopStep,
    Supervisor,
    Wanted,
)
from supervisor.events import Held
from supervisor.roster import FREEZE_VERSION

from .world import ENVIRONMENT

Json = dict[str, object]

NOW = 4096.0
AGES = st.integers(0, 1 << 20).map(lambda number: number / 8)  # exact as a float, also after a subtraction
EXITS = st.none() | st.fixed_dictionaries(
    {
        "code": st.none() | st.integers(0, 255),
        "signal": st.none() | st.integers(1, 64),
        "ran": AGES,
        "note": st.sampled_from(["", "memory had run out"]),
    }
)
NAMES = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=12)
CAUSES = st.builds(Cause, st.sampled_from(CauseKind), st.text(max_size=5), st.text(max_size=5)).map(
    Cause.to_dict
)
STEPS = st.builds(StopStep, wait=AGES).map(StopStep.to_dict)
LIFECYCLES = st.fixed_dictionaries(
    {
        "state": st.sampled_from([str(state) for state in State if not state.alive]),
        "wanted": st.sampled_from([str(wanted) for wanted in Wanted]),
        "cause": CAUSES,
        "run": st.integers(0, 1 << 40),
        "steps": st.lists(STEPS, max_size=3),
        "condemned": st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
        "reason": st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
        "paused": st.booleans(),
        "asked": st.booleans(),
        "overdue": st.booleans(),
        "killed": st.booleans(),
        "removed": st.booleans(),
        "held": st.none() | st.sampled_from([str(held) for held in Held]),
        "waits_for": st.lists(NAMES, max_size=3),
        "previous": EXITS,
        "exit": EXITS,
        "streak": st.integers(0, 1 << 40),
        "restart_ages": st.lists(AGES, max_size=5),
    }
)


@st.composite
def services(draw: st.DrawFn) -> Json:
    """One service that is not alive, as a record of the first version, which holds its output."""
    said = draw(st.binary(max_size=300))
    spec = ServiceSpec(
        draw(NAMES),
        ("/bin/true", draw(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))),
        "/",
        autostart=draw(st.booleans()),
        stop=StopPolicy.by_signal(grace=draw(AGES)),
        boot=draw(st.sampled_from(Boot)),
        leftovers=draw(st.sampled_from(LeftBehind)),
    )
    return {
        "spec": spec.to_dict(),
        "spawned_spec": spec.to_dict(),
        "lifecycle": draw(LIFECYCLES),
        "remaining": draw(st.none() | AGES),
        "child": None,
        "console": {
            "limit": draw(st.integers(300, 1 << 16)),
            "end": len(said) + draw(st.integers(0, 1 << 50)),
            "bytes": base64.b64encode(said).decode(),
        },
        "run_begin": draw(st.integers(0, 1 << 40)),
        "silence": draw(AGES),
        "voice": None,
        "changed": draw(st.integers(0, 1 << 40)),
    }


@settings(deadline=None, max_examples=60)
@given(
    st.lists(services(), max_size=4, unique_by=lambda one: cast("Json", one["spec"])["name"]),
    st.integers(1 << 40, 1 << 41),
    st.booleans(),
)
def test_freeze_thaw_freeze_is_the_identity(entries: list[Json], counter: int, planned: bool) -> None:
    given = {"version": 1, "counter": counter, "planned": planned, "waiting": [], "services": entries}
    first, second = anyio.run(_twice, json.loads(json.dumps(given)), backend="asyncio")
    assert first.record == second.record
    assert first.said == second.said == [_console(one) for one in entries]
    told = cast("list[Json]", first.record["services"])
    for one, other in zip(told, entries, strict=True):
        assert {**one, "console": 0} == json.loads(json.dumps({**other, "console": 0}))
    assert (first.record["version"], first.record["counter"]) == (FREEZE_VERSION, counter)


@dataclass(frozen=True)
class Frozen:
    """A supervisor as data, and what its consoles hold, by their ends; `full` names the memory files too."""

    full: Json
    record: Json
    said: Sequence[tuple[int, bytes]]


async def _twice(record: Json) -> tuple[Frozen, Frozen]:
    """Become what a record says; freeze, and become that."""
    async with anyio.create_task_group() as tasks:
        first, second = Supervisor(tasks, ENVIRONMENT), Supervisor(tasks, ENVIRONMENT)
        first.thaw(record, NOW)
        one = _frozen(first)
        for entry in cast("list[Json]", one.full["services"]):
            console = cast("Json", entry["console"])
            console["memory"] = os.dup(cast("int", console["memory"]))  # both live in this process
        second.thaw(one.full, NOW)
        other = _frozen(second)
        tasks.cancel_scope.cancel()
    return one, other


def _frozen(supervisor: Supervisor) -> Frozen:
    full = json.loads(json.dumps(supervisor.freeze(NOW)))
    record = json.loads(json.dumps(full))
    for entry in record["services"]:
        del entry["console"]["memory"]
    rings = [service.console.scrollback for service in supervisor._services.values()]
    return Frozen(full, record, [(ring.end, ring.everything()) for ring in rings])


def _console(entry: Json) -> tuple[int, bytes]:
    console = cast("Json", entry["console"])
    return cast("int", console["end"]), base64.b64decode(cast("str", console["bytes"]))
