"""Stopping real programs step by step: a line, a command, a signal."""

import sys
from dataclasses import replace
from pathlib import Path

from supervisor import Cause, CauseKind, State, StopPolicy, StopStep, Way

from .world import House, program, spec

LONG = 600.0


async def test_a_line_on_its_input_stops_a_program(house: House) -> None:
    quits = (sys.executable, "-c", "print('up', flush=True); print('told', input(), flush=True)")
    await house.apply(replace(spec("a", quits), stop=StopPolicy((StopStep(Way.LINE, "quit", wait=LONG),))))
    reading = await house.console("a")
    await reading.until(b"up\n")
    await house.api.stop("a")
    status = await house.until("a", lambda status: status.state is State.STOPPED)
    await reading.until(b"told quit\n")
    assert status.exit is not None
    assert status.exit.code == 0


async def test_a_command_stops_a_program_and_is_heard_in_its_console(house: House) -> None:
    tells = ("/bin/sh", "-c", "echo telling $HOLDFAST_PID; kill -9 $HOLDFAST_PID")
    steps = StopPolicy((StopStep(Way.COMMAND, command=tells, wait=LONG),))
    await house.apply(replace(spec("a", program("stubborn")), stop=steps))
    reading = await house.console("a")
    await reading.until(b"ready\n")
    pid = (await house.status("a")).pid
    await house.api.stop("a")
    await house.until("a", lambda status: status.state is State.STOPPED)
    await reading.until(f"telling {pid}\n".encode())


async def test_steps_that_fail_are_told_and_the_next_one_is_taken_at_once(house: House) -> None:
    steps = StopPolicy(
        (
            StopStep(Way.COMMAND, command=("/no/such/program",), wait=LONG),
            StopStep(Way.COMMAND, command=("/bin/sh", "-c", "exit 3"), wait=LONG),
            StopStep(signal=9, wait=LONG),
        )
    )
    await house.apply(replace(spec("a", program("stubborn")), stop=steps))
    reading = await house.console("a")
    await reading.until(b"ready\n")
    await house.api.stop("a")
    await house.until("a", lambda status: status.state is State.STOPPED)
    said = await reading.until(b"exited with code 3")
    assert b"there is no program /no/such/program" in said


async def test_a_command_that_does_not_end_is_killed_after_its_wait(house: House) -> None:
    steps = StopPolicy((StopStep(Way.COMMAND, command=program("stubborn"), wait=0.2),))
    await house.apply(replace(spec("a", program("stubborn")), stop=steps))
    reading = await house.console("a")
    await reading.until(b"ready\n")
    await house.api.stop("a")
    await house.until("a", lambda status: status.state is State.STOPPED)


async def test_a_program_that_reads_no_input_any_more_gets_the_next_step(house: House) -> None:
    deaf = (sys.executable, "-c", "import os, signal; os.close(0); print('up', flush=True); signal.pause()")
    steps = StopPolicy((StopStep(Way.LINE, "quit", wait=LONG), StopStep(wait=LONG)))
    await house.apply(replace(spec("a", deaf), stop=steps))
    reading = await house.console("a")
    await reading.until(b"up\n")
    await house.api.stop("a")
    await house.until("a", lambda status: status.state is State.STOPPED)
    await reading.until(b"it has closed its input")


async def test_a_program_that_cannot_be_asked_as_it_should_be_may_still_save_at_sigterm(house: House) -> None:
    saves = (
        "import os, signal, sys; os.close(0); signal.signal(15, lambda *_: sys.exit(print('saved')));"
        "print('up', flush=True); signal.pause()"
    )
    steps = StopPolicy((StopStep(Way.LINE, "quit", wait=LONG),))
    await house.apply(replace(spec("a", (sys.executable, "-c", saves)), stop=steps))
    reading = await house.console("a")
    await reading.until(b"up\n")
    await house.api.stop("a")
    await reading.until(b"saved\n")
    status = await house.until("a", lambda status: status.state is State.STOPPED)
    assert "as asked" in status.reason


async def test_a_stop_command_that_works_on_is_part_of_the_stop_and_never_meets_the_next_run(
    house: House, tmp_path: Path
) -> None:
    go = tmp_path / "go"
    tidies = f"kill -9 $HOLDFAST_PID; until [ -e {go} ]; do sleep 0.05; done; echo tidied"
    steps = StopPolicy((StopStep(Way.COMMAND, command=("/bin/sh", "-c", tidies), wait=LONG),))
    await house.apply(replace(spec("a", program("stubborn")), stop=steps))
    reading = await house.console("a")
    await reading.until(b"ready\n")
    await house.api.restart("a")
    await reading.until(b"1 of its processes remain")
    assert (await house.status("a")).run == 1
    go.touch()
    assert (await reading.until(b"tidied\n")).count(b"Started") == 1
    await house.until("a", lambda status: status.run == 2)


async def test_a_kill_ends_the_stop_command_too(house: House) -> None:
    waits = ("/bin/sh", "-c", "echo telling; exec sleep 600")
    steps = StopPolicy((StopStep(Way.COMMAND, command=waits, wait=LONG),))
    await house.apply(replace(spec("a", program("stubborn")), stop=steps))
    reading = await house.console("a")
    await reading.until(b"ready\n")
    await house.api.stop("a")
    await reading.until(b"telling\n")
    await house.api.kill("a")
    await house.until("a", lambda status: status.state is State.STOPPED)


async def test_a_restart_is_a_new_run_and_history_tells_who_asked(house: House) -> None:
    await house.apply(spec("a", program("echo")))
    first = await house.until("a", lambda status: status.pid is not None)
    await house.api.restart("a", Cause(CauseKind.PERSON, "ann", "from 192.0.2.1"))
    await house.until("a", lambda status: status.run == 2 and status.state.alive)
    following = await house.api.history()
    told = (await following.receive()).transitions
    await following.aclose()
    assert [(one.before, one.after, one.run) for one in told if one.cause.who == "ann"] == [
        (State.RUNNING if told[1].after is State.RUNNING else State.STARTING, State.STOPPING, 1),
        (State.STOPPING, State.STARTING, 2),
    ]
    last = told[-1] if told[-1].after is State.STARTING else told[-2]
    assert last.pid not in (None, first.pid)
    assert last.exit is not None
