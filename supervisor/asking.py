"""How a program is asked to stop: by a signal, a line, or a command; and who hears if that cannot be done."""

from collections.abc import Callable, Mapping

import anyio.abc

from .child import Child
from .errand import ErrandFailed, run_errand
from .policies import StopStep, Way
from .spec import ServiceSpec
from .stdin import InputRefused


class Asking:
    """Asks one program after the other; an answer to an earlier way than the latest is of no use."""

    def __init__(
        self,
        tasks: anyio.abc.TaskGroup,
        take: Callable[[int], int],
        failed: Callable[[Child, str], None],
    ) -> None:
        """`take` reads a command's output; `failed` hears of a way that is of no use, and why."""
        self._tasks = tasks
        self._take = take
        self._failed = failed
        self._latest = 0

    def ask(self, step: StopStep, child: Child, spec: ServiceSpec, environment: Mapping[str, str]) -> None:
        """Begin to ask; never waits."""
        self._latest += 1
        if step.way is Way.SIGNAL:
            child.signal(step.signal)
        elif step.way is Way.LINE:
            self._tasks.start_soon(self._write, step, child, self._latest)
        else:
            known = {**environment, "HOLDFAST_PID": str(child.pid)}
            self._tasks.start_soon(self._run, step, child, spec, known, self._latest)

    async def _write(self, step: StopStep, child: Child, number: int) -> None:
        try:
            await child.stdin.write(step.line.encode("utf-8", "surrogateescape") + b"\n")
        except InputRefused as exc:
            self._tell(step, child, exc, number)
        else:
            await child.stdin.pour()

    async def _run(
        self, step: StopStep, child: Child, spec: ServiceSpec, environment: Mapping[str, str], number: int
    ) -> None:
        try:
            await run_errand(step.command, spec, environment, step.wait, self._take)
        except ErrandFailed as exc:
            self._tell(step, child, exc, number)

    def _tell(self, step: StopStep, child: Child, exc: Exception, number: int) -> None:
        if number == self._latest:
            self._failed(child, f"{step}: {exc}")
