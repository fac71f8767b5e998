"""A supervisor, and its socket, which can be shut and opened again."""

import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import anyio
import anyio.abc

from supervisor import Supervision, Supervisor, SupervisorClient
from supervisor.planfile import PlanFile
from supervisor.server import Server
from supervisor.wire import listen

DEADLINE = 20.0
"""Seconds after which a condition is held never to come true; no test takes as long."""


@dataclass
class Door:
    """A supervisor behind a socket; `api` is how the daemon asks it."""

    supervisor: Supervisor
    api: Supervision
    path: str
    tasks: anyio.abc.TaskGroup
    _scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    _shut: anyio.Event = field(default_factory=anyio.Event)

    def open(self) -> None:
        """Let callers in."""
        listener = listen(self.path)
        self._scope, self._shut = anyio.CancelScope(), anyio.Event()
        self.tasks.start_soon(self._serve, listener)

    async def shut(self) -> None:
        """Hang up on everybody."""
        self._scope.cancel()
        await self._shut.wait()

    async def _serve(self, listener: socket.socket) -> None:
        try:
            with listener, self._scope:
                await Server(self.supervisor, "test").serve(listener)
        finally:
            os.unlink(self.path)
            self._shut.set()


@asynccontextmanager
async def supervising(folder: str, *, over_socket: bool) -> AsyncIterator[Door]:
    """Run a supervisor; at the end nothing that it started lives."""
    os.makedirs(os.path.join(folder, "state"), exist_ok=True)
    path = os.path.join(folder, "supervisor.sock")
    async with anyio.create_task_group() as tasks:
        supervisor = Supervisor(tasks, {"PATH": os.environ["PATH"]}, PlanFile(os.path.join(folder, "state")))
        door = Door(supervisor, SupervisorClient(path) if over_socket else supervisor, path, tasks)
        door.open()
        try:
            yield door
        finally:
            with anyio.CancelScope(shield=True), anyio.fail_after(DEADLINE):
                for status in await supervisor.list():
                    await supervisor.kill(status.name)
                await supervisor.shutdown()
                supervisor.close()
                await door.shut()
            tasks.cancel_scope.cancel()
