"""What the log is told of services: each change once, with its fields."""

import logging
from collections.abc import Iterator

import anyio
import pytest

from supervisor import RestartPolicy, State
from supervisor.journal import fields

from .world import House, program, spec

LATER = RestartPolicy(first=600.0, cap=600.0, jitter=0.0)


@pytest.fixture(autouse=True)
def _all_levels(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    with caplog.at_level(logging.INFO, "holdfast.services"):
        yield


def told(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str, str]]:
    """Return level, action and text of what was told."""
    found = [(record, fields(record, record.getMessage())) for record in caplog.records]
    return [(record.levelname, said["ACTION"], said["MESSAGE"]) for record, said in found if "ACTION" in said]


async def test_start_and_stop_are_told_once_each(house: House, caplog: pytest.LogCaptureFixture) -> None:
    await house.apply(spec("a", program("echo"), grace=5.0))
    running = await house.until("a", lambda status: status.state is State.RUNNING)
    await house.api.stop("a")
    stopped = await house.until("a", lambda status: status.state is State.STOPPED)
    assert told(caplog) == [
        ("INFO", "service.started", f"a: started (pid {running.pid})"),
        ("INFO", "service.stopped", f"a: {stopped.reason}"),
    ]
    for record in caplog.records:
        found = fields(record, "")
        assert (found["SERVER"], found["SERVER_PID"]) == ("a", str(running.pid))


async def test_a_restart_is_a_stop_and_a_start(house: House, caplog: pytest.LogCaptureFixture) -> None:
    await house.apply(spec("a", ("/bin/sleep", "1000")))
    first = await house.until("a", lambda status: status.pid)
    await house.api.stop("a")
    await house.api.start("a")
    second = await house.until("a", lambda status: status.pid not in (None, first.pid))
    began, ended, began_again = told(caplog)
    assert began == ("INFO", "service.started", f"a: started (pid {first.pid})")
    assert ended[:2] == ("INFO", "service.stopped")
    assert ended[2].startswith("a: was ended by SIGTERM after ")
    assert ended[2].endswith(" s, as asked")
    assert began_again == ("INFO", "service.started", f"a: started (pid {second.pid})")


async def test_a_crash_is_a_warning_that_says_what_comes_next(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    await house.apply(spec("a", ("/bin/sh", "-c", "exit 3"), restart=LATER))
    status = await house.until("a", lambda status: status.state is State.BACKOFF)
    (_, _, started), crashed = told(caplog)
    assert started.startswith("a: started (pid ")
    level, action, text = crashed
    assert (level, action) == ("WARNING", "service.crashed")
    assert text.startswith(f"a: {status.reason}, in ")
    assert "exited with code 3" in text
    await house.api.stop("a")
    assert told(caplog)[2:] == [("INFO", "service.stopped", "a: stopped while waiting to be restarted")]


async def test_what_stays_down_after_a_crash_is_an_error(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    await house.apply(spec("a", ("/does/not/exist",)))
    status = await house.until("a", lambda status: status.state is State.FAILED)
    assert told(caplog) == [("ERROR", "service.failed", f"a: {status.reason}")]
    assert "SERVER_PID" not in fields(caplog.records[0], "")


async def test_a_kill_after_the_grace_is_a_warning(house: House, caplog: pytest.LogCaptureFixture) -> None:
    await house.apply(spec("a", program("stubborn"), grace=0.05))
    reading = await house.console("a")
    await reading.until(b"ready")
    await house.api.stop("a")
    await house.until("a", lambda status: status.state is State.STOPPED)
    assert [(level, action) for level, action, _ in told(caplog)] == [
        ("INFO", "service.started"),
        ("WARNING", "service.overdue"),
        ("INFO", "service.stopped"),
    ]


async def test_of_one_that_vanishes_the_end_is_told(house: House, caplog: pytest.LogCaptureFixture) -> None:
    await house.apply(spec("a"))
    await house.until("a", lambda status: status.pid)
    await house.apply()
    await house.api.stop("a")
    with anyio.fail_after(20):
        while len(told(caplog)) < 2:  # noqa: ASYNC110
            await anyio.sleep(0.01)
    assert told(caplog)[1][1] == "service.stopped"
