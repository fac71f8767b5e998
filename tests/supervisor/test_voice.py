"""What a program says of itself counts if it is the program that says it; who falls silent is stopped."""

import os
import shutil
import signal
import socket
from dataclasses import replace
from pathlib import Path

import anyio
import pytest

from supervisor import CauseKind, Execution, Plan, ReadyPolicy, ServiceSpec, Sign, State, SupervisorClient
from supervisor import voice as module

from .real import eventually, started
from .systemd import systemd
from .test_handover import hand_over
from .world import House, Reading, program, spec, until

NOTIFY = ReadyPolicy(Sign.NOTIFY)


def speaker(ready: ReadyPolicy = NOTIFY, grace: float = 30.0) -> ServiceSpec:
    return replace(spec("a", program("notifier"), grace=grace), ready=ready)


async def told(house: House, *lines: str) -> Reading:
    """Start the program and have it say this."""
    reading = await house.console("a")
    await reading.until(b"watchdog")
    for line in lines:
        await house.api.write("a", line.encode() + b"\n")
        await reading.until(b"done: " + line.encode())
    return reading


async def test_it_is_starting_until_it_says_that_it_is_ready(house: House) -> None:
    await house.apply(speaker())
    await told(house, "STATUS=loading")
    status = await house.until("a", lambda status: status.note == "loading")
    assert (status.state, status.awaits) == (State.STARTING, "notify")
    await house.api.write("a", b"READY=1|STATUS=serves\n")
    status = await house.until("a", lambda status: status.state is State.RUNNING and status.note == "serves")
    assert (status.awaits, status.cause.kind) == ("", CauseKind.READY)


async def test_one_that_does_not_say_so_in_time_has_crashed(house: House) -> None:
    await house.apply(speaker(ReadyPolicy(Sign.NOTIFY, timeout=0.2)))
    status = await house.until("a", lambda status: status.state is State.FAILED)
    assert "it was not ready within 0.2 s" in status.reason
    assert status.note == ""


async def test_one_that_asks_for_more_time_gets_it(house: House) -> None:
    await house.apply(speaker(ReadyPolicy(Sign.NOTIFY, timeout=600.0)))
    await told(house, "EXTEND_TIMEOUT_USEC=1800000000")
    deadline = house.supervisor._services["a"]._alarm.deadline
    assert deadline is not None
    assert deadline - anyio.current_time() > 1000.0
    await told(house, "EXTEND_TIMEOUT_USEC=1000000", "EXTEND_TIMEOUT_USEC=x", "EXTEND_TIMEOUT_USEC=-5")
    assert house.supervisor._services["a"]._alarm.deadline == deadline, "it is never made shorter"


async def test_one_that_falls_silent_is_aborted_and_that_is_a_crash(house: House) -> None:
    await house.apply(speaker(ReadyPolicy(watchdog=3.0)))
    reading = await told(house, "beat")
    assert b"watchdog 3000000 \n" in reading.data, "meant for whoever reads it, so WATCHDOG_PID is not set"
    await house.until("a", lambda status: status.state is State.RUNNING)
    await house.api.write("a", b"hush\n")
    status = await house.until("a", lambda status: status.state is State.FAILED)
    assert "kept silent towards its watchdog for 3 s" in status.reason
    assert status.cause.kind is CauseKind.WATCHDOG
    assert status.exit is not None
    assert status.exit.signal == signal.SIGABRT


async def test_one_that_ignores_the_abort_is_stopped_in_its_own_way(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ABORT", replace(module.ABORT, wait=0.1))
    command = ("/bin/sh", "-c", "trap '' ABRT; trap 'exit 7' TERM; while :; do sleep 0.05; done")
    await house.apply(replace(spec("a", command), ready=ReadyPolicy(watchdog=0.1)))
    status = await house.until("a", lambda status: status.state is State.FAILED)
    assert status.exit is not None
    assert status.exit.code == 7


async def test_it_may_change_how_often_it_must_say_that_it_lives(house: House) -> None:
    await house.apply(speaker(ReadyPolicy(Sign.NOTIFY, watchdog=600.0)))
    await told(house, "READY=1")
    await house.until("a", lambda status: status.state is State.RUNNING)
    await told(house, "WATCHDOG_USEC=200000")
    status = await house.until("a", lambda status: status.state is State.FAILED)
    assert "watchdog for 0.2 s" in status.reason


async def test_one_that_says_that_it_does_not_work_is_stopped_at_once(house: House) -> None:
    await house.apply(speaker(ReadyPolicy(Sign.NOTIFY, watchdog=600.0)))
    await told(house, "READY=1")
    await house.api.write(
        "a", b"WATCHDOG=trigger\n"
    )  # it may be stopped before it can say that it has said it
    status = await house.until("a", lambda status: status.state is State.FAILED)
    assert "it says that it does not work" in status.reason


async def test_one_that_stops_by_itself_need_not_say_that_it_lives(house: House) -> None:
    await house.apply(speaker(ReadyPolicy(Sign.NOTIFY, watchdog=600.0)))
    await told(house, "READY=1")
    await house.until("a", lambda status: status.state is State.RUNNING)
    await told(house, "STOPPING=1|STATUS=saving")
    await house.until("a", lambda status: status.note == "saving")
    assert house.supervisor._services["a"]._voice._until is None


async def test_a_stranger_is_not_believed(house: House) -> None:
    await house.apply(speaker())
    name = await (await house.console("a")).word_after(b"socket ")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as stranger:
        stranger.sendto(b"READY=1\nSTATUS=mine", "\0" + name[1:])
    await told(house, "STATUS=own")
    status = await house.until("a", lambda status: status.note)
    assert (status.state, status.note) == (State.STARTING, "own")


@pytest.mark.parametrize("who", ["other", "gone"])
async def test_what_it_has_started_is_believed(house: House, who: str) -> None:
    await house.apply(speaker())
    await told(house, f"{who} READY=1")
    await house.until("a", lambda status: status.state is State.RUNNING)


async def test_what_it_says_is_shown_without_control_characters_and_bounded(house: House) -> None:
    await house.apply(speaker())
    await told(house, f"STATUS=\x1b[31m\t{'x' * 2000}")
    status = await house.until("a", lambda status: status.note)
    assert status.note == "[31m " + "x" * 395


async def test_descriptors_that_it_sends_are_closed_so_a_barrier_ends(house: House) -> None:
    code = (
        "import array,os,socket,select;"
        "r,w=os.pipe();s=socket.socket(socket.AF_UNIX,socket.SOCK_DGRAM);"
        "s.connect('\\0'+os.environ['NOTIFY_SOCKET'][1:]);"
        "s.sendmsg([b'BARRIER=1'],[(socket.SOL_SOCKET,socket.SCM_RIGHTS,array.array('i',[w]))]);"
        "os.close(w);os.read(r,1);s.send(b'READY=1');input()"
    )
    command = (*program("notifier")[:-1], "-c", code)
    await house.apply(replace(spec("a", command), ready=NOTIFY))
    await house.until("a", lambda status: status.state is State.RUNNING)


async def test_a_program_that_need_not_notify_has_no_socket(house: House) -> None:
    await house.apply(speaker(ReadyPolicy()))
    reading = await told(house)
    assert b"socket \n" in reading.data
    assert house.supervisor._services["a"]._voice.descriptors == []


async def test_each_run_has_a_socket_of_its_own_and_none_is_left(house: House) -> None:
    await house.apply(speaker())
    first = await (await house.console("a")).word_after(b"socket ")
    await house.api.kill("a")
    await house.until("a", lambda status: status.state is State.STOPPED)
    assert first not in await anyio.Path("/proc/net/unix").read_text(encoding="ascii", errors="replace")
    await house.api.start("a")
    status = await house.status("a")
    attached = await house.api.attach("a", status.run_begin)
    reading = Reading(attached)
    house.readings.append(reading)
    assert await reading.word_after(b"socket ") != first
    assert reading.data.count(b"socket ") == 1, "the output of this run begins there"


async def test_when_it_was_heard_last_is_known_and_what_we_say_does_not_count(house: House) -> None:
    await house.apply(spec("a", program("echo")), spec("off", autostart=False))
    await (await house.console("a")).until(b"ready")
    before = (await house.api.heard(["a", "nobody"]))["a"]
    house.supervisor._services["a"].console.say("something")
    assert await house.api.heard(["a"]) == {"a": before}
    await house.api.write("a", b"hello\n")
    await house.readings[0].until(b"echo: hello")
    assert (await house.api.heard())["a"] > before
    assert set(await house.api.heard()) == {"a", "off"}


async def test_a_handover_keeps_the_socket_and_the_watchdog(tmp_path: Path) -> None:
    with started(str(tmp_path)) as running:
        api = await running.ready()
        await api.apply(Plan((speaker(ReadyPolicy(Sign.NOTIFY, watchdog=3.0)),)))
        reading = Reading(await api.attach("a", 0))
        await reading.until(b"watchdog")
        await api.write("a", b"READY=1|STATUS=first\nbeat\n")
        before = await until(api, "a", lambda status: status.state is State.RUNNING)
        await reading.until(b"done: beat")
        await reading.aclose()
        await hand_over(running)
        status = await until(api, "a", lambda status: True)
        assert (status.pid, status.note, status.run) == (before.pid, "first", before.run)
        await api.write("a", b"STATUS=second\n")
        await until(api, "a", lambda status: status.note == "second")
        await api.write("a", b"hush\n")
        status = await until(api, "a", lambda status: status.state is State.FAILED)
        assert "silent towards its watchdog" in status.reason


async def test_it_is_still_starting_after_a_handover_and_becomes_ready(tmp_path: Path) -> None:
    with started(str(tmp_path)) as running:
        api = await running.ready()
        await api.apply(Plan((speaker(),)))
        await hand_over(running)
        assert (await until(api, "a", lambda status: True)).state is State.STARTING
        await api.write("a", b"READY=1\n")
        await until(api, "a", lambda status: status.state is State.RUNNING)


async def test_after_a_death_its_name_is_bound_again(tmp_path: Path) -> None:
    plan = Plan((speaker(ReadyPolicy(Sign.NOTIFY, watchdog=600.0)),))
    house = str(tmp_path / "house")
    with systemd(str(tmp_path / "notify")) as by, by.hearing(), started(house, by=by) as running:
        api = await running.ready()
        await api.apply(plan)
        await api.write("a", b"READY=1|STATUS=first\n")
        before = await until(api, "a", lambda status: status.note == "first")
        running.process.kill()
        await running.ended()
        by.listen()
        with started(house, by=by) as second:
            await second.ready()
            await api.apply(plan)
            assert await _pid(api) == before.pid
            await api.write("a", b"STATUS=second\n")
            status = await until(api, "a", lambda status: status.note == "second")
            assert (status.state, status.pid) == (State.RUNNING, before.pid)


async def _pid(api: SupervisorClient) -> int | None:
    (status,) = await api.list()
    assert status.pid is not None
    os.kill(status.pid, 0)
    return status.pid


async def test_what_was_said_of_an_earlier_run_is_forgotten(house: House) -> None:
    await house.apply(speaker())
    await told(house, "STATUS=old")
    await house.until("a", lambda status: status.note == "old")
    await house.api.kill("a")
    await house.until("a", lambda status: status.state is State.STOPPED and not status.note)

    async def silent() -> bool:
        return not house.supervisor._services["a"]._voice.descriptors

    await eventually(silent)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can let a program run as another user")
@pytest.mark.skipif(shutil.which("systemd-notify") is None, reason="systemd-notify is not installed")
async def test_a_program_that_runs_as_another_user_is_heard(house: House) -> None:
    command = ("/bin/sh", "-c", "systemd-notify --ready --status=nobody-speaks; exec sleep 1000")
    one = replace(spec("a", command), ready=NOTIFY, execution=Execution(user="nobody"))
    await house.apply(one)
    status = await house.until("a", lambda status: status.state is State.RUNNING and status.note)
    assert status.note == "nobody-speaks"
