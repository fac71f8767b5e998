"""Calls that are answered once: what each takes, and what it gives back."""

import base64
import binascii
import signal
from collections.abc import Awaitable, Callable, Mapping

from .cause import Cause
from .record import InvalidRecord, Record
from .spec import Plan
from .status import ServiceStatus
from .supervisor import Supervisor
from .wire import INTERFACE

Reply = dict[str, object]


class Calls:
    """The calls on a `Supervisor`, by the names of their methods; each raises what that raises."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor

    @property
    def methods(self) -> Mapping[str, Callable[[Record], Awaitable[Reply]]]:
        """What answers which method."""
        return {
            f"{INTERFACE}.Apply": self._apply,
            f"{INTERFACE}.List": self._list,
            f"{INTERFACE}.Start": self._start,
            f"{INTERFACE}.Stop": self._stop,
            f"{INTERFACE}.Kill": self._kill,
            f"{INTERFACE}.Restart": self._restart,
            f"{INTERFACE}.Pause": self._pause,
            f"{INTERFACE}.Resume": self._resume,
            f"{INTERFACE}.Ready": self._ready,
            f"{INTERFACE}.Condemn": self._condemn,
            f"{INTERFACE}.Signal": self._signal,
            f"{INTERFACE}.Write": self._write,
            f"{INTERFACE}.Marks": self._marks,
            f"{INTERFACE}.Heard": self._heard,
            f"{INTERFACE}.Resize": self._resize,
        }

    async def _apply(self, parameters: Record) -> Reply:
        await self._supervisor.apply(Plan.from_record(parameters.record("plan")))
        return {}

    async def _list(self, _: Record) -> Reply:
        return {"services": [status.to_dict() for status in await self._supervisor.list()]}

    async def _start(self, parameters: Record) -> Reply:
        return _service(await self._supervisor.start(*_wish(parameters)))

    async def _stop(self, parameters: Record) -> Reply:
        return _service(await self._supervisor.stop(*_wish(parameters)))

    async def _kill(self, parameters: Record) -> Reply:
        return _service(await self._supervisor.kill(*_wish(parameters)))

    async def _restart(self, parameters: Record) -> Reply:
        return _service(await self._supervisor.restart(*_wish(parameters)))

    async def _pause(self, parameters: Record) -> Reply:
        return _service(await self._supervisor.pause(*_wish(parameters)))

    async def _resume(self, parameters: Record) -> Reply:
        return _service(await self._supervisor.resume(*_wish(parameters)))

    async def _ready(self, parameters: Record) -> Reply:
        name, cause = _wish(parameters)
        return _service(await self._supervisor.ready(name, parameters.take("run", int), cause))

    async def _condemn(self, parameters: Record) -> Reply:
        name, cause = _wish(parameters)
        run, reason = parameters.take("run", int), parameters.take("reason", str)
        return _service(await self._supervisor.condemn(name, run, cause, reason))

    async def _signal(self, parameters: Record) -> Reply:
        number = parameters.take("signal", int)
        if number not in signal.valid_signals():
            raise InvalidRecord(f"signal: there is no signal {number}")
        await self._supervisor.signal(parameters.take("name", str), parameters.take("run", int), number)
        return {}

    async def _heard(self, asked: Record) -> Reply:
        names = asked.strings("names") if asked.has("names") else None
        return {"heard": await self._supervisor.heard(names)}

    async def _marks(self, parameters: Record) -> Reply:
        return (await self._supervisor.marks(parameters.take("name", str))).to_dict()

    async def _write(self, parameters: Record) -> Reply:
        try:
            data = base64.b64decode(parameters.take("data", str), validate=True)
        except (binascii.Error, ValueError) as exc:
            raise InvalidRecord(f"data: {exc}") from exc
        await self._supervisor.write(parameters.take("name", str), data)
        return {}

    async def _resize(self, parameters: Record) -> Reply:
        name, rows = parameters.take("name", str), parameters.take("rows", int)
        return _service(await self._supervisor.resize(name, rows, parameters.take("columns", int)))


def _wish(parameters: Record) -> tuple[str, Cause]:
    return parameters.take("name", str), Cause.from_record(parameters.record("cause"))


def _service(status: ServiceStatus) -> Reply:
    return {"service": status.to_dict()}
