"""Sessions, opened and closed as the daemon does it."""

import json
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import anyio

from daemon.ledger import Ledger
from daemon.people import People
from daemon.sessions import Sessions

HASH = "0" * 64
"""A hash of an unknown password."""


@asynccontextmanager
async def opened(
    path: str, clock: Callable[[], float] = time.time, per_account: int = 1000
) -> AsyncIterator[Sessions]:
    """Open the sessions of a file."""
    ledger = Ledger(path)
    sessions = Sessions(ledger, clock=clock, per_account=per_account)
    sessions.load((await ledger.open())["sessions"])
    await ledger.settle("forget old sessions")
    try:
        yield sessions
    finally:
        await ledger.close()


@asynccontextmanager
async def people(folder: str, **accounts: object) -> AsyncIterator[People]:
    """Open everybody, with these accounts."""
    users = os.path.join(folder, "users.json")
    Path(users).write_text(json.dumps(accounts or {"eve": HASH}), encoding="utf-8")
    async with anyio.create_task_group() as tasks:
        everybody = People(users, folder, tasks)
        await everybody.open()
        try:
            yield everybody
        finally:
            await everybody.close()
            tasks.cancel_scope.cancel()
