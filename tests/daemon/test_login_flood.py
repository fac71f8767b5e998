"""A flood of wrong logins: everybody else goes on, and no more than two passwords are checked at once.

How fast the others are meanwhile is measured by `benchmarks/login_flood.py`.
"""

import threading

import anyio
import pytest

from daemon.passwords import Verdict

from .device import log_in, without_delay
from .house import House, program


@pytest.mark.parametrize("delay", [True, False])
async def test_a_console_and_a_listing_answer_while_logins_flood(
    house: House, monkeypatch: pytest.MonkeyPatch, delay: bool
) -> None:
    if not delay:  # as a flood from many addresses would be
        await without_delay(house, app=program("echo"))
    passwords, lock = house.parts.people._passwords, threading.Lock()
    judge, inside, seen = passwords._judge, 0, [0]
    statuses: set[int] = set()
    sent = 0

    def watched(stored: str | None, password: str) -> Verdict:
        nonlocal inside
        with lock:
            inside += 1
            seen.append(inside)
        try:
            return judge(stored, password)
        finally:
            with lock:
                inside -= 1

    monkeypatch.setattr(passwords, "_judge", watched)

    async def flood(number: int) -> None:
        nonlocal sent
        while True:
            answer = await log_in(house, "wrong one", name="admin" if number % 2 else f"name{number}")
            statuses.add(answer.status_code)
            sent += 1

    async with anyio.create_task_group() as tasks, house.view() as viewer:
        await viewer.until("ready")
        for number in range(50):
            tasks.start_soon(flood, number)
        for number in range(20):
            await viewer.type(f"line {number}")
            await viewer.until(f"line {number}")
            assert (await house.remote.get("/servers")).status_code == 200
        while sent < 100:
            assert (await house.local.get("/servers")).status_code == 200
        tasks.cancel_scope.cancel()
    assert statuses <= {401, 429}
    assert 1 <= max(seen) <= 2
    assert (await house.remote.get("/servers")).status_code == 200
