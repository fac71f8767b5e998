"""Schedules at work: real small servers, and a clock that is moved by hand."""

import json
import os
import tarfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import cast

import anyio
import pytest

from daemon.schedules import AGAIN

from .door import DEADLINE
from .handclock import HandClock
from .house import House, Json, eventually, living, program, python, read, write

FOUR = datetime(2026, 11, 21, 4, tzinfo=UTC).timestamp()
DAY = 86_400.0
ENVIRON = "import os, sys; print(os.environ['GREETING'], os.getcwd(), len(os.environ))"


def nightly(action: str, **more: object) -> Json:
    return {"cron": "0 4 * * *", "timeZone": "UTC", "action": action, **more}


def server(**schedules: Json) -> Json:
    return {**program("echo"), "schedules": schedules}


@pytest.fixture
def clock() -> HandClock:
    return HandClock(FOUR - 3600)


@pytest.fixture
async def at_three(folder: str, clock: HandClock) -> AsyncIterator[House]:
    """A daemon at three in the morning."""
    async with living(folder, servers={"app": program("echo")}, clock=clock) as house:
        await house.until("app", state="running")
        yield house


async def schedules(house: House) -> dict[str, Json]:
    answer = await house.local.get("/server/app/schedules")
    assert answer.status_code == 200, answer.text
    return {one["name"]: one for one in answer.json()["schedules"]}


async def latest(house: House, name: str = "it", outcome: str | None = None) -> Json:
    """Wait for the end of a run; return what became of it."""

    async def look() -> Json:
        return cast("Json", (await schedules(house))[name]["last"] or {"outcome": "running"})

    return await eventually(
        look, lambda one: one["outcome"] == outcome if outcome else one["outcome"] != "running"
    )


async def known(house: House) -> None:
    """Wait until all schedules have been looked at, so that their past begins now."""
    path = os.path.join(house.folder, "state", "schedules.db")

    async def look() -> int:
        if not os.path.exists(path):
            return -1
        return len(house.parts.schedules._kept)

    await eventually(look, lambda count: count == len(house.parts.schedules._entries))


async def at_four(house: House, clock: HandClock, **wanted: Json) -> None:
    """Have these schedules of `app`, and let it become four o'clock."""
    await house.configure(app=server(**wanted))
    await known(house)
    clock.set(FOUR)


async def test_what_comes_is_shown(at_three: House, clock: HandClock) -> None:
    await at_three.configure(app=server(it=nightly("restart", timeZone="Europe/Berlin", cron="30 5 * * *")))
    shown = (await schedules(at_three))["it"]
    assert shown["next"][0] == {"at": FOUR + 1800, "text": "2026-11-21T05:30:00+01:00"}  # type: ignore[index]
    assert len(shown["next"]) == 3  # type: ignore[arg-type]
    del shown["next"]
    assert shown == {
        "server": "app",
        "name": "it",
        "action": "restart",
        "cron": "30 5 * * *",
        "timeZone": "Europe/Berlin",
        "enabled": True,
        "jitter": 0.0,
        "onlyIf": "running",
        "running": False,
        "last": None,
        "recent": [],
        "missed": 0,
    }
    answer = await at_three.local.get("/schedules")
    assert [one["name"] for one in answer.json()["schedules"]] == ["it"]


async def test_without_schedules_nobody_wakes_up_and_no_file_is_made(
    at_three: House, clock: HandClock
) -> None:
    clock.go(DAY)
    await at_three.configure(app=program("echo"), other=program("echo"))
    assert clock.looks == 0
    assert not os.path.exists(os.path.join(at_three.folder, "state", "schedules.db"))


async def test_a_program_is_restarted_after_its_warnings(at_three: House, clock: HandClock) -> None:
    warn = [{"minutes": 1, "line": "in one minute"}, {"minutes": 10, "line": "in ten minutes"}]
    before = await at_three.show("app")
    async with at_three.view() as viewer:
        await at_three.configure(app=server(it=nightly("restart", warn=warn)))
        await known(at_three)
        clock.set(FOUR - 600)
        await viewer.until("echo: in ten minutes")
        clock.set(FOUR - 60)
        await viewer.until("echo: in one minute")
        assert (await at_three.show("app"))["pid"] == before["pid"]
        clock.set(FOUR)

        async def look() -> Json:
            return await at_three.show("app")

        await eventually(look, lambda now: now["state"] == "running" and now["pid"] != before["pid"])
    assert (await latest(at_three))["outcome"] == "done"
    (line,) = [one for one in at_three.done() if one["action"] == "schedule.run"]
    told = {key: line[key] for key in ("user", "ip", "server", "schedule", "does", "due")}
    assert told == {
        "user": "@schedule",
        "ip": "@",
        "server": "app",
        "schedule": "it",
        "does": "restart",
        "due": int(FOUR),
    }


async def test_a_program_is_stopped_and_started(at_three: House, clock: HandClock) -> None:
    await at_four(at_three, clock, it=nightly("stop"), up=nightly("start", cron="0 5 * * *"))
    await at_three.until("app", state="stopped")
    assert (await latest(at_three))["outcome"] == "done"
    clock.set(FOUR + 3600)
    await at_three.until("app", state="running")
    assert (await latest(at_three, "up"))["outcome"] == "done"


async def test_a_program_is_killed(at_three: House, clock: HandClock) -> None:
    await at_four(at_three, clock, it=nightly("kill"))
    shown = await at_three.until("app", state="stopped")
    assert cast("Json", shown["lastExit"])["signal"] == 9


async def test_a_line_is_typed(at_three: House, clock: HandClock) -> None:
    async with at_three.view() as viewer:
        await at_four(at_three, clock, it=nightly("input", line="save-all"))
        await viewer.until("echo: save-all")


async def test_a_command_runs_in_the_servers_folder_with_its_environment(
    at_three: House, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUR_SECRET", "1")
    command = cast("list[str]", python(ENVIRON)["command"])
    app = {**server(it=nightly("command", command=command)), "environment": {"GREETING": "hello"}}
    await at_three.configure(app={**app, "directory": at_three.folder})
    await known(at_three)
    clock.set(FOUR)
    result = await latest(at_three)
    greeting, folder, variables = cast("str", result["output"]).split()
    assert (greeting, folder) == ("hello", at_three.folder)
    assert int(variables) < 20
    assert "hello" not in json.dumps(at_three.audit())


async def test_a_command_that_fails_or_takes_too_long_says_so(at_three: House, clock: HandClock) -> None:
    fails = python("print('no luck'); raise SystemExit(3)")["command"]
    hangs = python("import time; print('here', flush=True); time.sleep(1000)")["command"]
    await at_four(
        at_three,
        clock,
        it=nightly("command", command=fails),
        long=nightly("command", command=hangs, timeout=1),
        none=nightly("command", command=["/does/not/exist"]),
    )
    failed = await latest(at_three)
    assert failed["outcome"] == "failed"
    assert "code 3" in cast("str", failed["detail"])
    assert failed["output"] == "no luck\n"
    late = await latest(at_three, "long")
    assert "did not end within 1 s" in cast("str", late["detail"])
    assert late["output"] == "here\n"
    none = await latest(at_three, "none")
    assert "/does/not/exist" in cast("str", none["detail"])
    causes = [str(one.get("cause")) for one in at_three.audit() if one.get("action") == "schedule.run"]
    assert any("code 3" in cause for cause in causes)


async def test_archives_are_made_and_only_the_schedules_own_are_removed(
    at_three: House, clock: HandClock
) -> None:
    world = os.path.join(at_three.folder, "world")
    os.makedirs(os.path.join(world, "backups"))
    write(os.path.join(world, "level.dat"), "level")
    foreign = os.path.join(world, "backups", "it-20200101-000000Z.tar.gz")
    write(foreign, "mine")
    archive = {"type": "tar", "compress": "gzip", "keep": 2}
    app = {**server(it=nightly("archive", archive=archive)), "directory": world}
    await at_three.configure(app=app)
    await known(at_three)
    for day in range(4):
        clock.set(FOUR + day * DAY)
        await eventually(
            lambda: latest(at_three, outcome="done"),
            lambda one, due=FOUR + day * DAY: one["due"] == due,  # type: ignore[misc]
        )
    assert sorted(os.listdir(os.path.join(world, "backups"))) == [
        "it-20200101-000000Z.tar.gz",
        "it-20261123-040000Z.tar.gz",
        "it-20261124-040000Z.tar.gz",
    ]
    with tarfile.open(os.path.join(world, "backups", "it-20261124-040000Z.tar.gz")) as made:
        # What people put there is kept; what schedules have made is in none of their archives.
        assert sorted(made.getnames()) == ["backups", "backups/it-20200101-000000Z.tar.gz", "level.dat"]
    (job, *_) = (await at_three.local.get("/jobs")).json()["jobs"]
    assert (job["user"], job["schedule"]) == ("@schedule", "it")


async def test_an_archive_that_cannot_be_made_removes_nothing(at_three: House, clock: HandClock) -> None:
    world = os.path.join(at_three.folder, "world")
    os.makedirs(world)
    archive = {"path": "missing", "keep": 1}
    await at_three.configure(app={**server(it=nightly("archive", archive=archive)), "directory": world})
    await known(at_three)
    clock.set(FOUR)
    assert (await latest(at_three))["outcome"] == "failed"
    assert os.listdir(os.path.join(world, "backups")) == []


async def test_a_server_that_is_not_as_it_must_be_is_left_alone(at_three: House, clock: HandClock) -> None:
    await at_three.operate("app", "TERM")
    await at_three.until("app", state="stopped")
    await at_four(at_three, clock, it=nightly("restart"), always=nightly("input", line="x", onlyIf="always"))
    skipped = await latest(at_three)
    assert (skipped["outcome"], skipped["detail"]) == ("skipped", "the server is stopped")
    assert (await at_three.show("app"))["state"] == "stopped"
    assert (await latest(at_three, "always"))["outcome"] == "failed"


async def test_a_run_that_lasts_keeps_the_next_one_from_running(at_three: House, clock: HandClock) -> None:
    door = os.path.join(at_three.folder, "door")
    os.mkfifo(door)
    command = python(f"open({door!r}).read()")["command"]
    await at_four(at_three, clock, it=nightly("command", command=command))
    await eventually(lambda: schedules(at_three), lambda seen: seen["it"]["running"])
    clock.set(FOUR + DAY)
    skipped = await latest(at_three, outcome="skipped")
    assert skipped["due"] == FOUR + DAY
    assert "was not over" in cast("str", skipped["detail"])
    answer = await at_three.local.post("/server/app/schedules/it", content="RUN")
    assert (answer.status_code, answer.json()["kind"]) == (409, "not-allowed")
    await anyio.to_thread.run_sync(write, door, "")
    shown = await eventually(lambda: schedules(at_three), lambda seen: not seen["it"]["running"])
    assert [one["outcome"] for one in cast("list[Json]", shown["it"]["recent"])] == ["skipped", "done"]
    assert [one["action"] for one in at_three.audit() if one.get("user") == "@schedule"] == [
        "schedule.skip",
        "schedule.run",
    ]


async def test_a_run_whose_schedule_is_removed_is_cancelled(at_three: House, clock: HandClock) -> None:
    door = os.path.join(at_three.folder, "door")
    os.mkfifo(door)
    command = python(f"print(1, flush=True); open({door!r}).read()")["command"]
    await at_four(at_three, clock, it=nightly("command", command=command))
    await eventually(lambda: schedules(at_three), lambda seen: seen["it"]["running"])
    await at_three.configure(app=server())
    cancelled = await eventually(_asked(at_three, "schedule.run"))
    assert "cancelled" in str(cancelled[0]["cause"])


async def test_a_run_can_be_asked_for(at_three: House, clock: HandClock) -> None:
    await at_three.configure(app=server(it=nightly("input", line="hello")))
    async with at_three.view() as viewer:
        answer = await at_three.remote.post("/server/app/schedules/it", content="run")
        assert answer.json() == {"success": True}
        await viewer.until("echo: hello")
    done = await latest(at_three)
    assert (done["outcome"], done["due"], done["by"]) == ("done", None, "admin")
    assert [one["user"] for one in at_three.done() if one["action"] == "schedule.run"] == [
        "admin",
        "@schedule",
    ]
    for path, body, status, kind in (
        ("/server/app/schedules/it", "JUMP", 400, "invalid-operation"),
        ("/server/app/schedules/other", "RUN", 404, "no-such-schedule"),
        ("/server/other/schedules/it", "RUN", 404, "no-such-server"),
    ):
        answer = await at_three.local.post(path, content=body)
        assert (answer.status_code, answer.json()["kind"]) == (status, kind)
    await at_three.operate("app", "TERM")
    await at_three.until("app", state="stopped")
    answer = await at_three.local.post("/server/app/schedules/it", content="RUN")
    assert answer.json() == {"error": "cannot run it: the server is stopped", "kind": "not-allowed"}


async def test_a_clock_that_is_set_runs_nothing_twice_and_what_it_jumps_over_is_told(
    at_three: House, clock: HandClock
) -> None:
    await at_four(at_three, clock, it=nightly("input", line="x", missed="skip"))
    await latest(at_three, outcome="done")
    clock.set(FOUR - 3600)
    clock.set(FOUR + 60)
    clock.set(FOUR + 2.5 * DAY)
    missed = await latest(at_three, outcome="missed")
    assert (missed["due"], (await schedules(at_three))["it"]["missed"]) == (FOUR + DAY, 2)
    (line,) = [one for one in at_three.audit() if one.get("action") == "schedule.miss"]
    assert "2 runs were missed" in str(line["cause"])
    clock.set(FOUR + 3 * DAY)
    await latest(at_three, outcome="done")
    ran = [one["due"] for one in at_three.done() if one["action"] == "schedule.run"]
    assert ran == [int(FOUR), int(FOUR + 3 * DAY)]


async def test_a_daemon_that_comes_back_makes_up_for_what_it_missed_once(folder: str) -> None:
    app = {"app": server(it=nightly("input", line="x"), not_that=nightly("input", line="y", missed="skip"))}
    async with living(folder, servers=app, clock=HandClock(FOUR - 60)) as house:
        await known(house)
    for _ in range(2):
        async with living(folder, clock=HandClock(FOUR + 600)) as house:
            await house.until("app", state="running")
            await latest(house, "not_that", "missed")
            await latest(house, outcome="done")
    lines = [json.loads(line) for line in read(os.path.join(folder, "logs", "octyne.log")).splitlines()]
    assert [one["action"] for one in lines if one.get("user") == "@schedule"].count("schedule.run") == 1
    assert [one["action"] for one in lines if one.get("user") == "@schedule"].count("schedule.miss") == 1


async def test_a_run_that_the_daemon_did_not_outlive_is_told_and_not_done_again(folder: str) -> None:
    door = os.path.join(folder, "door")
    os.mkfifo(door)
    command = python(f"open({door!r}).read()")["command"]
    app = {"app": server(it=nightly("command", command=command))}
    clock = HandClock(FOUR - 60)
    async with living(folder, servers=app, clock=clock) as house:
        await known(house)
        clock.set(FOUR)
        await eventually(lambda: schedules(house), lambda seen: seen["it"]["running"])
    async with living(folder, clock=HandClock(FOUR + 10)) as house:
        told = await latest(house)
        assert (told["outcome"], told["due"]) == ("interrupted", FOUR)
        assert not (await schedules(house))["it"]["running"]
        (line,) = await eventually(_asked(house, "schedule.run"))
        assert "interrupted" in str(line["cause"])


async def test_a_restart_that_is_late_is_needless_for_who_was_started_since(folder: str) -> None:
    app = {"app": server(it=nightly("restart"))}
    async with living(folder, servers=app, clock=HandClock(FOUR - 60)) as house:
        await known(house)
    async with living(folder, clock=HandClock(FOUR + 600)) as house:
        assert (await latest(house))["detail"] == "it was started since it was due"


async def test_who_is_late_gives_the_warnings_first(folder: str) -> None:
    warn = [{"minutes": 0.002, "line": "soon"}, {"minutes": 0.001, "line": "now"}]
    app = {"app": server(it=nightly("stop", warn=warn))}
    async with living(folder, servers=app, clock=HandClock(FOUR - 60)) as house:
        await known(house)
    async with living(folder, clock=HandClock(FOUR + 600)) as house:
        async with house.view() as viewer:
            await viewer.until("Server app has stopped.")
            assert viewer.text.index("echo: soon") < viewer.text.index("echo: now")
        assert (await latest(house))["detail"] == "late: asked to stop"


async def test_the_history_of_a_server_names_the_schedule(at_three: House, clock: HandClock) -> None:
    following = await at_three.door.supervisor.history(0)
    try:
        await at_four(at_three, clock, it=nightly("stop"))
        told: list[tuple[str, str]] = []
        with anyio.fail_after(DEADLINE):
            while ("schedule", "it") not in told:
                happenings = await following.receive()
                told += [(str(one.cause.kind), one.cause.who) for one in happenings.transitions]
    finally:
        await following.aclose()


async def test_while_the_disk_refuses_nothing_is_run_and_then_it_is(
    at_three: House, clock: HandClock, full_disk: Callable[[], AbstractContextManager[None]]
) -> None:
    await at_three.configure(app=server(it=nightly("input", line="x")))
    await known(at_three)
    with full_disk():
        clock.set(FOUR)

        async def refused() -> str:
            return at_three.parts.schedules._refused

        assert "schedules.db" in await eventually(refused)
        assert (await schedules(at_three))["it"]["last"] is None
    clock.go(AGAIN)
    assert (await latest(at_three))["outcome"] == "done"


async def test_output_is_for_who_may_see_the_console(at_three: House, clock: HandClock) -> None:
    roles = {"watcher": [{"permissions": ["server.view"], "servers": ["app"]}]}
    at_three.settings["roles"] = roles
    command = python("print('secret')")["command"]
    await at_four(at_three, clock, it=nightly("command", command=command))
    assert (await latest(at_three))["output"] == "secret\n"
    body = {"username": "eve", "password": "a long password", "roles": ["watcher"]}
    answer = await at_three.local.post("/accounts", content=json.dumps(body))
    assert answer.status_code == 200, answer.text
    eve = at_three.client(await at_three.log_in("eve"))
    seen = await eve.get("/server/app/schedules")
    assert "secret" not in seen.text
    assert seen.json()["schedules"][0]["last"]["outcome"] == "done"
    assert (await eve.post("/server/app/schedules/it", content="RUN")).status_code == 403
    await at_three.configure(other=server(it=nightly("kill")))
    assert (await eve.get("/schedules")).json() == {"schedules": []}


async def test_what_is_switched_off_begins_anew(at_three: House, clock: HandClock) -> None:
    await at_four(at_three, clock, it=nightly("kill", enabled=False))
    assert (await schedules(at_three))["it"]["next"] == []
    await known(at_three)
    await at_three.configure(app=server(it=nightly("kill")))
    await eventually(lambda: schedules(at_three), lambda seen: seen["it"]["next"])
    assert (await at_three.show("app"))["state"] == "running"
    assert (await schedules(at_three))["it"]["last"] is None


async def test_what_comes_back_into_the_config_begins_anew(at_three: House, clock: HandClock) -> None:
    await at_three.configure(app=server(it=nightly("input", line="x"), other=nightly("input", line="y")))
    await known(at_three)
    await at_three.configure(app=server(other=nightly("input", line="y")))
    clock.set(FOUR)
    assert (await latest(at_three, "other"))["outcome"] == "done"
    await at_three.configure(app=server(it=nightly("input", line="x"), other=nightly("input", line="z")))
    clock.go(1)
    await eventually(lambda: schedules(at_three), lambda seen: seen["it"]["next"][0]["at"] == FOUR + DAY)  # type: ignore[index]
    shown = (await schedules(at_three))["it"]
    assert (shown["last"], shown["missed"]) == (None, 0)


def _asked(house: House, action: str) -> Callable[[], Awaitable[list[Json]]]:
    async def look() -> list[Json]:
        return [one for one in house.audit() if one.get("action") == action]

    return look
