"""A supervisor at work on real programs, asked directly and over its socket."""

import dataclasses
import os
import signal
import sys

import anyio
import anyio.from_thread
import pytest

from supervisor import (
    CannotStore,
    InputRefused,
    InvalidSpec,
    NoSuchService,
    NotAllowed,
    Plan,
    RestartPolicy,
    ScrollbackPolicy,
    ServiceSpec,
    State,
    Wanted,
    stdin,
    tending,
)
from supervisor.console import MOST_FOLLOWED

from .world import DEADLINE, NEVER, SOON, House, alive, end, program, spec, until_dead, until_removed


def running(status: object) -> bool:
    return getattr(status, "state", None) in (State.STARTING, State.RUNNING)


async def test_twelve_starts_at_once_are_one_process(house: House) -> None:
    await house.apply(spec("a", program("echo"), autostart=False))
    pids = []

    async def start() -> None:
        pids.append((await house.api.start("a")).pid)

    async with anyio.create_task_group() as tasks:
        for _ in range(12):
            tasks.start_soon(start)
    assert len(pids) == 12
    assert len(set(pids)) == 1
    reading = await house.console("a")
    await reading.until(b"ready")
    assert reading.data.count(b"[Octyne] Started server a") == 1


async def test_start_right_after_stop_is_a_new_process(house: House) -> None:
    await house.apply(spec("a", program("slow_stop")))
    reading = await house.console("a")
    await reading.until(b"ready")
    first = (await house.status("a")).pid
    assert (await house.api.stop("a")).state is State.STOPPING
    again = await house.api.start("a")
    assert (again.state, again.wanted, again.pid) == (State.STOPPING, Wanted.UP, first)
    await reading.until(b"stopping")
    await house.api.write("a", b"go\n")
    status = await house.until("a", lambda status: status.pid not in (None, first))
    assert running(status)
    assert first is not None
    assert not alive(first)
    await reading.until(b"saved")


async def test_a_stubborn_program_is_killed_after_its_grace_and_the_console_says_so(house: House) -> None:
    await house.apply(spec("a", program("stubborn"), grace=0.05))
    reading = await house.console("a")
    await reading.until(b"ready")
    await house.api.stop("a")
    status = await house.until("a", lambda status: status.state is State.STOPPED)
    assert status.exit is not None
    assert status.exit.signal == signal.SIGKILL
    assert status.reason.endswith("as it did not stop in time")
    await reading.until(b"[Holdfast] a did not stop in time")
    await reading.until(b"[Octyne] Server a has stopped.")
    assert b"crashed" not in reading.data


async def test_kill_does_not_wait_for_the_grace(house: House) -> None:
    await house.apply(spec("a", program("stubborn"), grace=3600))
    reading = await house.console("a")
    await reading.until(b"ready")
    await house.api.stop("a")
    await house.api.kill("a")
    await house.until("a", lambda status: status.state is State.STOPPED)


async def test_a_wrapped_program_has_its_time_to_stop(house: House) -> None:
    wrapped = " ".join(program("slow_stop"))
    await house.apply(spec("a", ("/bin/sh", "-c", f"{wrapped}; exit $?")))
    reading = await house.console("a")
    await reading.until(b"ready")
    await house.api.stop("a")
    await reading.until(b"stopping")
    await house.api.write("a", b"go\n")
    await house.until("a", lambda status: status.state is State.STOPPED)
    await reading.until(b"saved")


async def test_a_crash_is_followed_by_restarts_until_the_budget_is_spent(house: House) -> None:
    await house.apply(spec("a", program("crash", "3"), restart=SOON))
    status = await house.until("a", lambda status: status.state is State.FAILED)
    assert status.exit is not None
    assert status.exit.code == 3
    assert status.restarts == 5
    assert "restarted 5 times already" in status.reason
    reading = await house.console("a")
    data = await reading.until(b"not restarted until somebody starts it")
    assert data.count(b"has crashed!") == 6


async def test_a_parked_service_can_be_started_by_hand(house: House) -> None:
    await house.apply(spec("a", program("crash", "3")))
    await house.until("a", lambda status: status.state is State.FAILED)
    assert running(await house.api.start("a"))
    status = await house.until("a", lambda status: status.state is State.FAILED)
    assert status.exit is not None


async def test_what_cannot_be_started_is_told_at_once_and_not_tried_again(house: House) -> None:
    await house.apply(spec("a", ("/no/such/program",), restart=RestartPolicy(), autostart=False))
    status = await house.api.start("a")
    assert (status.state, status.pid, status.exit) == (State.FAILED, None, None)
    assert "there is no program /no/such/program" in status.reason
    reading = await house.console("a")
    await reading.until(b"there is no program /no/such/program")


async def test_a_file_name_that_is_no_text_is_told_as_well(house: House) -> None:
    await house.apply(spec("a", ("/no/such/\udcff",), autostart=False))
    status = await house.api.start("a")
    assert "/no/such/\udcff" in status.reason
    reading = await house.console("a")
    await reading.until(rb"/no/such/\udcff")


async def test_the_last_64_kib_and_a_line_without_an_end_are_delivered(house: House) -> None:
    await house.apply(spec("a", program("noisy_end", "0")))
    reading = await house.console("a")
    data = await reading.until(b"[Octyne] Server a has stopped.")
    assert b"x" * 65536 + b"\nlast words\n[Octyne] Server a" in data


async def test_the_end_is_delivered_also_if_we_come_late(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tending, "DRAIN", 0.0)
    for _ in range(5):
        await house.apply(spec("a", program("noisy_end", "0")))
        reading = await house.console("a")
        data = await reading.until(b"[Octyne] Server a has stopped.")
        assert data.count(b"x") == 65536
        assert b"last words" in data
        await house.apply()


async def test_who_holds_the_output_open_does_not_keep_the_service_up(house: House) -> None:
    await house.apply(spec("a", program("daemoniser")))
    reading = await house.console("a")
    other = int(await reading.word_after(b"daemon "))
    try:
        await house.until("a", lambda status: status.state is State.STOPPED)
        assert alive(other)
    finally:
        end(other)
        await until_dead(other)


async def test_orphans_are_asked_to_stop_and_the_console_counts_them(house: House) -> None:
    await house.apply(spec("a", program("forker", "0")))
    reading = await house.console("a")
    other = int(await reading.word_after(b"child "))
    await house.until("a", lambda status: status.state is State.STOPPED)
    assert not alive(other)
    await reading.until(b"1 of its processes remain: asking them to stop")


async def test_stubborn_orphans_are_killed(house: House) -> None:
    await house.apply(spec("a", program("forker", "0", "stubborn"), grace=0.05))
    reading = await house.console("a")
    other = int(await reading.word_after(b"child "))
    await house.until("a", lambda status: status.state is State.STOPPED)
    assert not alive(other)


async def test_input_reaches_the_program_and_its_answer_comes_back(house: House) -> None:
    await house.apply(spec("a", program("echo")))
    reading = await house.console("a")
    await reading.until(b"ready\n")
    await house.api.write("a", "grüße\n".encode())
    await reading.until("echo: grüße\n".encode())


async def test_input_to_who_does_not_read_or_run_is_refused(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stdin, "INPUT_PATIENCE", 0.05)
    await house.apply(spec("a", program("deaf")), spec("b", autostart=False))
    with anyio.fail_after(DEADLINE):
        await house.api.write("a", b"x" * 300_000)
        with pytest.raises(InputRefused, match="a: it does not read its input"):
            await house.api.write("a", b"abc")
        with pytest.raises(InputRefused, match="b is not running"):
            await house.api.write("b", b"x")


async def test_a_reader_that_comes_back_gets_exactly_the_rest(house: House) -> None:
    lines = 3000
    await house.apply(spec("a", program("flood", str(lines)), autostart=False))
    begin = 0
    await house.api.start("a")
    data = b""
    with anyio.fail_after(DEADLINE):
        while not data.endswith(b"has stopped.\n"):
            attachment = await house.api.attach("a", begin + len(data))
            for _ in range(2):
                output = await attachment.receive()
                assert output.offset == begin + len(data)
                data += output.data
                if data.endswith(b"has stopped.\n"):
                    break
            await attachment.aclose()
    said = data.split(b"\n")
    assert said[1 : lines + 1] == [b"%099d" % number for number in range(lines)]


async def test_a_reader_that_never_reads_stops_neither_the_program_nor_the_others(house: House) -> None:
    """It is told by the offset how much it has missed."""
    lines = 60_000
    await house.apply(spec("a", program("flood", str(lines)), autostart=False))
    asleep = [await house.console("a") for _ in range(3)]
    awake = await house.console("a")
    await house.api.start("a")
    with anyio.fail_after(DEADLINE):
        while not awake.data.endswith(b"has stopped.\n"):
            await awake.more()
    assert (await house.status("a")).state is State.STOPPED
    end = house.supervisor._services["a"].console.scrollback.end
    assert len(awake.data) + sum(awake.gaps) == end
    for reading in asleep:
        with anyio.fail_after(DEADLINE):
            while not reading.data.endswith(b"has stopped.\n"):
                await reading.more()
        assert reading.gaps, "the ring is smaller than what was said"
        assert len(reading.data) + sum(reading.gaps) == end


async def stream_of(house: House, name: str) -> str:
    attachment = await house.api.attach(name)
    await attachment.aclose()
    return attachment.stream


async def test_a_reader_with_an_offset_of_another_stream_begins_at_the_oldest_byte(house: House) -> None:
    await house.apply(spec("a", program("echo")), spec("b", program("echo")))
    stream, other = await stream_of(house, "a"), await stream_of(house, "b")
    await (await house.console("a")).until(b"ready\n")
    for asked, offset in ((stream, 3), (None, 3), ("", 3), (other, 0), ("none at all", 0)):
        attachment = await house.api.attach("a", 3, asked)
        assert (attachment.offset, attachment.stream) == (offset, stream)
        await attachment.aclose()


async def test_the_stream_of_a_service_goes_on_through_its_restarts_and_changes(house: House) -> None:
    known = spec("a", program("echo"))
    await house.apply(known)
    stream = await stream_of(house, "a")
    await house.api.kill("a")
    await house.until("a", lambda status: status.state is State.STOPPED)
    await house.apply(dataclasses.replace(known, scrollback=ScrollbackPolicy(bytes=100)))
    await house.api.start("a")
    assert await stream_of(house, "a") == stream


async def test_a_service_that_was_removed_and_added_again_has_another_stream(house: House) -> None:
    await house.apply(spec("a", program("echo")))
    old = await house.console("a")
    await old.until(b"ready\n")
    stream = await stream_of(house, "a")
    await house.apply()
    await house.api.kill("a")
    await until_removed(house.api, "a")
    await house.apply(spec("a", program("echo")))
    await (await house.console("a")).until(b"ready\n")
    assert await stream_of(house, "a") != stream
    assert old.attachment.stream == stream
    attachment = await house.api.attach("a", 3, stream)
    assert attachment.offset == 0
    await attachment.aclose()


async def test_a_new_reader_gets_the_last_lines(house: House) -> None:
    known = spec("a", program("flood", "500"), autostart=False)
    policy = ScrollbackPolicy(lines=10)
    await house.apply(ServiceSpec("a", known.command, "/", autostart=False, restart=NEVER, scrollback=policy))
    await house.api.start("a")
    await house.until("a", lambda status: status.state is State.STOPPED)
    attachment = await house.api.attach("a")
    data = (await attachment.receive()).data
    assert data.startswith(b"%099d\n" % 491)
    assert data.count(b"\n") == 10
    await attachment.aclose()


async def test_the_end_of_a_service_ends_its_readers(house: House) -> None:
    await house.apply(spec("a", program("echo")))
    reading = await house.console("a")
    await reading.until(b"ready")
    await house.apply()
    assert (await house.status("a")).removed
    await house.api.stop("a")
    await reading.to_the_end()
    assert (
        b"[Octyne] Server a was marked for deletion, stopped/crashed, and has now been removed."
        in reading.data
    )


async def test_the_first_report_holds_everything_and_later_ones_what_changed(house: House) -> None:
    await house.apply(spec("a", autostart=False), spec("b", autostart=False))
    watch = await house.api.watch()
    with anyio.fail_after(DEADLINE):
        first = await watch.receive()
        assert [status.name for status in first.services] == ["a", "b"]
        assert not first.removed
        await house.api.start("a")
        second = await watch.receive()
        assert [status.name for status in second.services] == ["a"]
        assert second.services[0].version > max(status.version for status in first.services)
        await house.apply(spec("a"), spec("c", autostart=False))
        gone: list[str] = []
        seen: set[str] = set()
        while "b" not in gone or "c" not in seen:
            changes = await watch.receive()
            gone += changes.removed
            seen.update(status.name for status in changes.services)
        assert gone == ["b"]
    await watch.aclose()


async def test_the_first_report_about_nothing_comes_at_once(house: House) -> None:
    watch = await house.api.watch()
    with anyio.fail_after(DEADLINE):
        report = await watch.receive()
    assert (list(report.services), list(report.removed)) == ([], [])
    await watch.aclose()


async def test_a_plan_starts_its_services_but_the_disabled_ones(house: House) -> None:
    await house.apply(spec("b"), spec("a"), spec("off", autostart=False))
    await house.until("a", running)
    await house.until("b", running)
    started = {status.name: status.started for status in await house.api.list()}
    assert started.pop("off") is None
    assert [status.name for status in await house.api.list()] == ["a", "b", "off"]
    first, second = started["b"], started["a"]
    assert first is not None
    assert second is not None
    assert first <= second, "in the plan's order"


async def test_a_changed_service_is_marked_and_the_restart_brings_the_change(house: House) -> None:
    await house.apply(spec("a", program("slow_stop", "one")))
    reading = await house.console("a")
    await reading.until(b"ready one")
    pid = (await house.status("a")).pid
    await house.apply(spec("a", program("slow_stop", "two")))
    status = await house.status("a")
    assert (status.outdated, status.pid) == (True, pid)
    await house.apply(spec("a", program("slow_stop", "one")))
    assert not (await house.status("a")).outdated, "what was taken back needs no restart"
    await house.apply(spec("a", program("slow_stop", "two")))
    await house.api.kill("a")
    await house.api.start("a")
    await reading.until(b"ready two")
    assert not (await house.status("a")).outdated


async def test_the_same_plan_again_changes_nothing(house: House) -> None:
    await house.apply(spec("a"), spec("b", autostart=False))
    await house.until("a", lambda status: status.state is State.RUNNING)
    before = await house.api.list()
    await house.apply(spec("a"), spec("b", autostart=False))
    assert await house.api.list() == before


async def test_a_removed_service_runs_until_it_is_stopped(house: House) -> None:
    await house.apply(spec("a"))
    pid = (await house.until("a", running)).pid
    await house.apply()
    status = await house.status("a")
    assert (status.removed, status.pid) == (True, pid)
    with pytest.raises(NotAllowed, match="no longer part of the config"):
        await house.api.start("a")
    await house.api.stop("a")
    await until_removed(house.api, "a")
    with pytest.raises(NoSuchService):
        await house.api.stop("a")


async def test_a_service_that_comes_back_into_the_plan_is_as_it_was(house: House) -> None:
    await house.apply(spec("a"))
    pid = (await house.until("a", running)).pid
    await house.apply()
    await house.apply(spec("a"))
    status = await house.status("a")
    assert (status.removed, status.pid, status.outdated) == (False, pid, False)
    assert running(await house.api.start("a"))


async def test_a_service_that_was_never_up_goes_at_once(house: House) -> None:
    await house.apply(spec("a", autostart=False))
    await house.apply()
    assert list(await house.api.list()) == []


async def test_a_plan_that_cannot_be_stored_is_not_carried_out(house: House) -> None:
    await house.apply(spec("a", autostart=False))
    path = os.path.join(house.directory, "state", "plan.json")
    os.unlink(path)
    os.makedirs(os.path.join(path, "in the way"))
    with pytest.raises(CannotStore, match=r"plan\.json"):
        await house.apply(spec("b"))
    assert [status.name for status in await house.api.list()] == ["a"]


async def test_who_does_not_exist_cannot_be_asked_for_anything(house: House) -> None:
    for name in ("nobody", "", "\ud800", "a\0b"):
        for ask in (house.api.start, house.api.stop, house.api.kill, house.api.attach):
            with pytest.raises(NoSuchService) as caught:
                await ask(name)
            assert caught.value.name == name
        with pytest.raises(NoSuchService):
            await house.api.write(name, b"")


async def test_two_plans_at_once_are_carried_out_one_after_the_other(house: House) -> None:
    async with anyio.create_task_group() as tasks:
        for number in range(10):
            tasks.start_soon(house.api.apply, Plan((spec(f"s{number}", autostart=False),)))
    assert len(await house.api.list()) == 1


async def test_during_the_shutdown_nothing_is_started(house: House) -> None:
    await house.apply(spec("a", program("slow_stop")), spec("b", autostart=False))
    reading = await house.console("a")
    await reading.until(b"ready")
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(house.supervisor.shutdown)
        await reading.until(b"stopping")
        with pytest.raises(NotAllowed, match="shutting down"):
            await house.api.start("b")
        with pytest.raises(NotAllowed, match="shutting down"):
            await house.apply(spec("c"))
        await house.api.write("a", b"go\n")
    assert (await house.status("b")).state is State.STOPPED


async def test_a_plan_that_is_being_stored_when_the_end_begins_starts_nothing(house: House) -> None:
    await house.apply(spec("a", program("slow_stop")))
    reading = await house.console("a")
    await reading.until(b"ready")
    store = house.supervisor._store
    assert store is not None
    save, storing, go_on = store.save, anyio.Event(), anyio.Event()

    def slowly(plan: Plan) -> None:
        anyio.from_thread.run_sync(storing.set)
        anyio.from_thread.run(go_on.wait)
        save(plan)

    store.save = slowly  # type: ignore[method-assign]
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(house.apply, spec("a", program("slow_stop")), spec("late"))
        await storing.wait()
        tasks.start_soon(house.supervisor.shutdown)
        await reading.until(b"stopping")
        go_on.set()
        await house.api.write("a", b"go\n")
    assert house.supervisor.alive() == []
    assert [status.name for status in await house.api.list()] == ["a"]
    stored = store.load()
    assert stored is not None
    assert [known.name for known in stored.services] == ["a", "late"]


async def test_a_plan_that_makes_no_sense_is_refused_alike(house: House) -> None:
    with pytest.raises(InvalidSpec):
        await house.apply(spec("a"), spec("a"))


async def test_blocks_of_a_reader_are_of_a_size_for_one_message(house: House) -> None:
    await house.apply(spec("a", program("flood", "5000"), autostart=False))
    await house.api.start("a")
    await house.until("a", lambda status: status.state is State.STOPPED)
    attachment = await house.api.attach("a", 0)
    assert len((await attachment.receive()).data) <= MOST_FOLLOWED
    await attachment.aclose()


STRAY = """
import os, time
if os.fork() == 0:
    os.setpgid(0, 0)
    print(os.getpid(), flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("how", ["stop", "kill"])
async def test_who_has_left_the_group_but_not_the_session_goes_too(house: House, how: str) -> None:
    await house.apply(spec("a", (sys.executable, "-S", "-c", STRAY)))
    reading = await house.console("a")
    stray = int(await reading.until(b"server a\n") and await reading.word_after(b"server a\n"))
    assert alive(stray)
    await getattr(house.api, how)("a")
    await house.until("a", lambda status: status.state is State.STOPPED)
    assert not alive(stray)
    await reading.aclose()
