"""Stopping real programs step by step: a line, a command, a signal."""

import sys
from dataclasses import replace

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
