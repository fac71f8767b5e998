"""Plans as data: what is refused, and that nothing is lost on the way."""

import json
import math
import os
from dataclasses import replace

import pytest

from supervisor import (
    Boot,
    Execution,
    InvalidSpec,
    LeftBehind,
    Limits,
    Plan,
    ReadyPolicy,
    RestartPolicy,
    ScrollbackPolicy,
    ServiceSpec,
    Sign,
    StopPolicy,
    StopStep,
    Terminal,
    Way,
    When,
)
from supervisor.planfile import CannotStore, PlanFile
from supervisor.record import Record

FULL = ServiceSpec(
    "ünï",
    ("/bin/game", "--port", "1"),
    "/srv/game",
    {"A": "1", "RAW": "\udcff"},
    autostart=False,
    stop=StopPolicy(
        (StopStep(Way.LINE, "stop", wait=1.5), StopStep(signal=2), StopStep(Way.COMMAND, command=("x", "y")))
    ),
    restart=RestartPolicy(When.ALWAYS, 1.0, 3.0, 9.0, 0.5, -1, 60.0, 5.0, (3,), (1,)),
    scrollback=ScrollbackPolicy(10, 1000),
    boot=Boot.WANTED,
    leftovers=LeftBehind.KEEP,
    ready=ReadyPolicy(Sign.NOTIFY, 30.0, 10.0),
    execution=Execution("nobody", "games", ("a", "1000"), 0o27, 5, 100, {"nofile": (1024, -1)}),
    limits=Limits(1 << 30, 1 << 29, 0, 1.5, 50, 100, 1 << 20, 1 << 20),
    terminal=Terminal(30, 100),
    after=("a",),
    requires=("b",),
)

SMALL = {"name": "a", "command": ["x"], "directory": "/"}


def test_a_plan_survives_json() -> None:
    plan = Plan((FULL, ServiceSpec("b", ("x",), "/")))
    assert Plan.from_dict(json.loads(json.dumps(plan.to_dict()))) == plan


@pytest.mark.parametrize("data", [SMALL, ServiceSpec("a", ("x",), "/").to_dict()])
def test_specs_share_what_is_as_by_default_whether_it_is_said_or_not(data: dict[str, object]) -> None:
    one, other = Plan.from_dict({"services": [data, {**data, "name": "b"}]}).services
    assert replace(one, name="b") == other == ServiceSpec("b", ("x",), "/")
    for part in ("stop", "restart", "scrollback", "ready", "execution", "limits"):
        assert getattr(one, part) is getattr(other, part)


def test_what_a_plan_does_not_say_has_its_default() -> None:
    """Also in a plan that an older version has stored."""
    plan = Plan.from_dict({"services": [SMALL]})
    assert plan == Plan((ServiceSpec("a", ("x",), "/"),))
    assert (plan.services[0].boot, plan.services[0].leftovers) == (Boot.ENABLED, LeftBehind.STOP)


def test_a_spec_is_plain_data() -> None:
    """Words too: a record takes nothing that only behaves like a string."""
    assert ServiceSpec.from_record(Record(FULL.to_dict())) == FULL


def test_who_starts_and_when_needs_no_restart_of_a_program() -> None:
    assert replace(FULL, autostart=True, boot=Boot.NEVER).runs_as(FULL)
    assert replace(FULL, limits=Limits()).runs_as(FULL), "they count at once"
    assert not replace(FULL, leftovers=LeftBehind.STOP).runs_as(FULL)
    assert not replace(FULL, command=("y",)).runs_as(FULL)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": ""}, "name"),
        ({"name": "n" * 256}, "name"),
        ({"name": "a\0b"}, "name"),
        ({"name": "\ud800"}, "name"),
        ({"name": None}, "name: missing"),
        ({"name": 3}, "name: expected a string, got a whole number"),
        ({"command": []}, "command"),
        ({"command": [""]}, "command"),
        ({"command": ["a\0"]}, "command"),
        ({"command": ["\ud800"]}, "command"),
        ({"command": "sleep 3"}, "command: expected a list of strings"),
        ({"command": ["a", 3]}, "command"),
        ({"directory": "relative"}, "directory: expected an absolute path"),
        ({"directory": "/\ud800"}, "directory"),
        ({"directory": "/\0"}, "directory"),
        ({"environment": {"A=B": ""}}, "environment"),
        ({"environment": {"": ""}}, "environment"),
        ({"environment": {"A": "\0"}}, "environment"),
        ({"environment": {"A": "\ud800"}}, "environment"),
        ({"environment": {"A": 3}}, "environment"),
        ({"environment": ["A"]}, "environment"),
        ({"autostart": 1}, "autostart: expected true or false"),
        ({"stop": {"signal": 0}}, "signal: there is no signal 0"),
        ({"stop": {"signal": 65}}, "signal: there is no signal 65"),
        ({"stop": {"signal": True}}, "stop.signal"),
        ({"stop": {"grace": -1}}, "wait: expected seconds"),
        ({"stop": {"grace": math.nan}}, "wait: expected seconds"),
        ({"stop": {"grace": math.inf}}, "wait: expected seconds"),
        ({"stop": {"grace": 10**400}}, "stop.grace: is too large a number"),
        ({"stop": 3}, "stop: expected an object"),
        ({"stop": {"steps": [{"signal": 65}]}}, r"stop.steps\[0\].signal: there is no signal 65"),
        ({"stop": {"steps": [{"way": "letter"}]}}, "way: expected one of line, signal, command"),
        ({"stop": {"steps": [{"way": "command"}]}}, r"stop.steps\[0\].command: is empty"),
        ({"stop": {"steps": [{"way": "line", "line": "a\0"}]}}, "NUL"),
        ({"stop": {"steps": [{}] * 33}}, "stop.steps: expected at most 32"),
        ({"restart": {"when": "often"}}, "when: expected one of"),
        ({"restart": {"codes": [256]}}, "restart.codes: expected 0 to 255, got 256"),
        ({"restart": {"signals": [65]}}, "restart.signals: there is no signal 65"),
        ({"ready": {"timeout": -1}}, "ready.timeout"),
        ({"ready": {"by": "magic"}}, "by: expected one of settled, notify, check"),
        ({"execution": {"umask": 512}}, "execution.umask"),
        ({"execution": {"nice": 20}}, "execution.nice"),
        ({"execution": {"oom_score_adjust": 1001}}, "execution.oom_score_adjust"),
        ({"execution": {"rlimits": {"magic": [1, 1]}}}, "execution.rlimits: there is no limit 'magic'"),
        ({"execution": {"rlimits": {"nofile": [2, 1]}}}, "execution.rlimits.nofile"),
        ({"execution": {"rlimits": {"nofile": [1]}}}, "nofile: expected two whole numbers"),
        ({"execution": {"user": "a:b"}}, "cannot be a user or group"),
        ({"limits": {"memory": 0}}, "limits.memory"),
        ({"limits": {"cpu": 0}}, "limits.cpu"),
        ({"limits": {"cpu_weight": 0}}, "limits.cpu_weight"),
        ({"limits": {"swap": -1}}, "limits.swap"),
        ({"terminal": {"rows": 0}}, "terminal.rows: expected 1 to 1000, got 0"),
        ({"restart": {"factor": 0.5}}, "restart.factor"),
        ({"restart": {"jitter": 2}}, "restart.jitter"),
        ({"restart": {"cap": -1}}, "restart.cap"),
        ({"restart": {"budget": 1.5}}, "restart.budget"),
        ({"scrollback": {"lines": -1}}, "scrollback.lines"),
        ({"scrollback": {"bytes": -1}}, "scrollback.bytes"),
        ({"boot": "often"}, "boot: expected one of enabled, wanted, always, never, got 'often'"),
        ({"boot": True}, "boot: expected a string"),
        ({"leftovers": ""}, "leftovers: expected one of stop, keep, got ''"),
    ],
)
def test_what_could_never_be_carried_out_is_refused_by_name(change: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidSpec, match=rf"services\[0\].*{message}"):
        Plan.from_dict({"services": [{**SMALL, **change}]})


@pytest.mark.parametrize(
    "data", [None, 3, "x", [], {"services": 3}, {"services": [3]}, {"services": {"a": 1}}]
)
def test_what_is_no_plan_is_refused(data: object) -> None:
    with pytest.raises(InvalidSpec):
        Plan.from_dict(data)


def test_two_services_of_one_name_are_refused() -> None:
    with pytest.raises(InvalidSpec, match="twice"):
        Plan.from_dict({"services": [SMALL, SMALL]})


def test_a_stored_plan_comes_back(tmp_path_factory: pytest.TempPathFactory) -> None:
    store = PlanFile(str(tmp_path_factory.mktemp("state")))
    assert store.load() is None
    store.save(Plan((FULL,)))
    assert store.load() == Plan((FULL,))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff",
        b"[]",
        b"null",
        b"[" * 100_000,
        b'{"services": [{}]}',
        b'{"services": [{"name": 1}]}',
        b"\0",
    ],
)
def test_a_damaged_plan_is_none_and_is_set_aside(
    content: bytes, tmp_path_factory: pytest.TempPathFactory, caplog: pytest.LogCaptureFixture
) -> None:
    directory = tmp_path_factory.mktemp("state")
    store = PlanFile(str(directory))
    (directory / "plan.json").write_bytes(content)
    assert store.load() is None
    (kept,) = directory.iterdir()
    assert kept.name.startswith("plan.json.damaged-")
    assert kept.read_bytes() == content
    assert f"{store.path} is damaged" in caplog.text


def test_a_plan_that_cannot_be_read_is_told_with_its_path(tmp_path_factory: pytest.TempPathFactory) -> None:
    store = PlanFile(str(tmp_path_factory.mktemp("state")))
    os.mkdir(store.path)
    with pytest.raises(InvalidSpec, match=r"plan\.json"):
        store.load()


def test_a_plan_that_cannot_be_stored_leaves_nothing_behind(tmp_path_factory: pytest.TempPathFactory) -> None:
    directory = tmp_path_factory.mktemp("state")
    (directory / "plan.json" / "in the way").mkdir(parents=True)
    with pytest.raises(CannotStore, match=r"plan\.json"):
        PlanFile(str(directory)).save(Plan())
    assert [entry.name for entry in directory.iterdir()] == ["plan.json"]
