"""The supervisor as seen from another process: the methods of `Supervisor`, each a call over its socket."""

import base64
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NoReturn

import anyio

from .cause import SOMEBODY, Cause
from .following import Changes, Output
from .history import Happenings, Transition
from .marks import Marked
from .planfile import CannotStore
from .rawoutput import RawOutput
from .record import InvalidRecord, Record
from .refusals import NoSuchService, NotAllowed
from .spec import InvalidSpec, Plan
from .status import ServiceStatus
from .stdin import InputRefused
from .wire import INTERFACE, Channel, InvalidMessage, connect

PATIENCE = 8.0
"""Seconds in which a call is answered: browsers give up after ten."""


class SupervisorUnreachable(Exception):
    """Nobody answers at the supervisor's socket; the message says what was tried."""


class _WentAway(SupervisorUnreachable):
    """It hung up without an answer."""


class RemoteAttachment:
    """A console that is being followed over the socket."""

    def __init__(self, channel: Channel, offset: int, end: int, stream: str, *, raw: bool) -> None:
        """`raw` says whether bytes follow; a supervisor that does not know of that sends messages."""
        self._channel = channel
        self._raw = RawOutput(channel) if raw else None
        self.stream = stream
        """The name of the stream; empty if the supervisor is one that gave them no names yet."""
        self.offset = offset
        """Where the next output begins, unless it is lost before it is read."""
        self.end = end
        """Where the console ended by the last answer."""

    async def receive(self) -> Output:
        """Wait for output.

        Raises `anyio.EndOfStream` when the service or the supervisor is gone.
        """
        output = await (self._next_message() if self._raw is None else self._next_bytes(self._raw))
        self.offset, self.end = output.offset + len(output.data), output.end
        return output

    async def _next_bytes(self, raw: RawOutput) -> Output:
        try:
            return await raw.receive()
        except anyio.BrokenResourceError as exc:
            raise anyio.EndOfStream from exc
        except InvalidMessage as exc:
            raise SupervisorUnreachable(f"the supervisor sent garbage: {exc}") from exc

    async def _next_message(self) -> Output:
        try:
            answer = await _receive(self._channel)
        except NoSuchService as exc:
            raise anyio.EndOfStream from exc
        data = base64.b64decode(answer.take("data", str))
        return Output(answer.take("offset", int), data, answer.take("end", int))

    async def aclose(self) -> None:
        """Stop following."""
        await self._channel.aclose()


class RemoteWatch:
    """Reports of what changed, over the socket."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    async def receive(self) -> Changes:
        """Wait for changes; the first answer comes at once and holds every service.

        Raises `anyio.EndOfStream` when the supervisor is gone.
        """
        with _understood("Watch"):
            answer = await _receive(self._channel)
            known = [ServiceStatus.from_record(entry) for entry in answer.records("services")]
            return Changes(known, answer.strings("removed"))

    async def aclose(self) -> None:
        """Stop watching."""
        await self._channel.aclose()


class RemoteChronicle:
    """Reports of what happened, over the socket."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    async def receive(self) -> Happenings:
        """Wait for changes; the first answer comes at once, and may be empty.

        Raises `anyio.EndOfStream` when the supervisor is gone.
        """
        with _understood("History"):
            answer = await _receive(self._channel)
            transitions = [Transition.from_record(entry) for entry in answer.records("transitions")]
            return Happenings(answer.take("origin", str), transitions, answer.take("lost", int))

    async def aclose(self) -> None:
        """Stop following."""
        await self._channel.aclose()


class SupervisorClient:
    """Has the methods of `Supervisor`, and raises what it raises, or `SupervisorUnreachable`."""

    def __init__(self, path: str) -> None:
        self._path = os.path.abspath(path)

    async def apply(self, plan: Plan) -> None:
        """See `Supervisor.apply`."""
        await self._call("Apply", {"plan": plan.to_dict()})

    async def list(self) -> Sequence[ServiceStatus]:
        """See `Supervisor.list`."""
        answer = await self._call("List", {})
        with _understood("List"):
            return [ServiceStatus.from_record(entry) for entry in answer.records("services")]

    async def start(self, name: str, cause: Cause = SOMEBODY) -> ServiceStatus:
        """See `Supervisor.start`."""
        return await self._command("Start", name, cause)

    async def stop(self, name: str, cause: Cause = SOMEBODY) -> ServiceStatus:
        """See `Supervisor.stop`."""
        return await self._command("Stop", name, cause)

    async def kill(self, name: str, cause: Cause = SOMEBODY) -> ServiceStatus:
        """See `Supervisor.kill`."""
        return await self._command("Kill", name, cause)

    async def restart(self, name: str, cause: Cause = SOMEBODY) -> ServiceStatus:
        """See `Supervisor.restart`."""
        return await self._command("Restart", name, cause)

    async def pause(self, name: str, cause: Cause = SOMEBODY) -> ServiceStatus:
        """See `Supervisor.pause`."""
        return await self._command("Pause", name, cause)

    async def resume(self, name: str, cause: Cause = SOMEBODY) -> ServiceStatus:
        """See `Supervisor.resume`."""
        return await self._command("Resume", name, cause)

    async def ready(self, name: str, run: int, cause: Cause) -> ServiceStatus:
        """See `Supervisor.ready`."""
        return await self._command("Ready", name, cause, run=run)

    async def condemn(self, name: str, run: int, cause: Cause, reason: str) -> ServiceStatus:
        """See `Supervisor.condemn`."""
        return await self._command("Condemn", name, cause, run=run, reason=reason)

    async def signal(self, name: str, run: int, number: int) -> None:
        """See `Supervisor.signal`."""
        await self._call("Signal", {"name": name, "run": run, "signal": number})

    async def heard(self, names: Sequence[str] | None = None) -> Mapping[str, float]:
        """See `Supervisor.heard`."""
        answer = await self._call("Heard", {"names": None if names is None else list(names)})
        with _understood("Heard"):
            heard = answer.record("heard")
            return {name: heard.take(name, float) for name in heard.names()}

    async def write(self, name: str, data: bytes) -> None:
        """See `Supervisor.write`."""
        await self._call("Write", {"name": name, "data": base64.b64encode(data).decode("ascii")})

    async def resize(self, name: str, rows: int, columns: int) -> ServiceStatus:
        """See `Supervisor.resize`."""
        answer = await self._call("Resize", {"name": name, "rows": rows, "columns": columns})
        with _understood("Resize"):
            return ServiceStatus.from_record(answer.record("service"))

    async def attach(
        self, name: str, since: int | None = None, stream: str | None = None
    ) -> RemoteAttachment:
        """See `Supervisor.attach`."""
        wanted = {"name": name, "since": since, "stream": stream, "raw": True}
        channel = await self._ask("Attach", wanted, more=True)
        try:
            with anyio.fail_after(PATIENCE):
                begin = await _receive(channel)
        except TimeoutError as exc:
            await channel.aclose()
            raise SupervisorUnreachable("the supervisor did not answer Attach in time") from exc
        except anyio.EndOfStream as exc:
            await channel.aclose()
            raise SupervisorUnreachable("the supervisor went away during Attach") from exc
        except BaseException:
            with anyio.CancelScope(shield=True):
                await channel.aclose()
            raise
        offset, end, stream = begin.take("offset", int), begin.take("end", int), begin.optional("stream", str)
        return RemoteAttachment(channel, offset, end, stream or "", raw=begin.take("raw", bool, False))

    async def marks(self, name: str) -> Marked:
        """See `Supervisor.marks`."""
        answer = await self._call("Marks", {"name": name})
        with _understood("Marks"):
            return Marked.from_record(answer)

    async def watch(self) -> RemoteWatch:
        """See `Supervisor.watch`."""
        return RemoteWatch(await self._ask("Watch", {}, more=True))

    async def history(self, since: int | None = None, origin: str | None = None) -> RemoteChronicle:
        """See `Supervisor.history`."""
        return RemoteChronicle(await self._ask("History", {"since": since, "origin": origin}, more=True))

    async def _command(self, method: str, name: str, cause: Cause, **more: object) -> ServiceStatus:
        answer = await self._call(method, {"name": name, "cause": cause.to_dict(), **more})
        with _understood(method):
            return ServiceStatus.from_record(answer.record("service"))

    async def _call(self, method: str, parameters: Mapping[str, object]) -> Record:
        try:
            return await self._call_once(method, parameters)
        except _WentAway:
            # What it has read it answers, even when it is being replaced; this call is for the next one, who
            # has the same socket. One that was killed leaves a socket where nobody can connect.
            return await self._call_once(method, parameters)

    async def _call_once(self, method: str, parameters: Mapping[str, object]) -> Record:
        channel = await self._ask(method, parameters)
        try:
            with anyio.fail_after(PATIENCE), _understood(method):
                return await _receive(channel)
        except anyio.EndOfStream as exc:
            raise _WentAway(f"the supervisor went away during {method}") from exc
        except TimeoutError as exc:
            raise SupervisorUnreachable(f"the supervisor did not answer {method} in time") from exc
        finally:
            await channel.aclose()

    async def _ask(self, method: str, parameters: Mapping[str, object], *, more: bool = False) -> Channel:
        try:
            channel = Channel(await connect(self._path))
        except OSError as exc:
            raise SupervisorUnreachable(f"no supervisor at {self._path}: {exc.strerror}") from exc
        call: dict[str, object] = {"method": f"{INTERFACE}.{method}", "parameters": parameters}
        if more:
            call["more"] = True
        try:
            await channel.send(call)
        except BaseException as exc:
            with anyio.CancelScope(shield=True):
                await channel.aclose()
            if isinstance(exc, anyio.BrokenResourceError):
                raise _WentAway(f"the supervisor went away during {method}") from exc
            raise
        return channel


@contextmanager
def _understood(method: str) -> Iterator[None]:
    """Take an answer of an unknown shape for that of a supervisor that is not ours."""
    try:
        yield
    except InvalidRecord as exc:
        raise SupervisorUnreachable(f"the supervisor's answer to {method} is not understood: {exc}") from exc


async def _receive(channel: Channel) -> Record:
    try:
        message = await channel.receive()
    except anyio.BrokenResourceError as exc:
        raise anyio.EndOfStream from exc
    except InvalidMessage as exc:
        raise SupervisorUnreachable(f"the supervisor sent garbage: {exc}") from exc
    if "error" in message:
        _raise(str(message["error"]), Record(message.get("parameters") or {}))
    return Record(message.get("parameters") or {})


def _raise(error: str, parameters: Record) -> NoReturn:
    reason = parameters.take("reason", str, error)
    match error.removeprefix(f"{INTERFACE}."):
        case "NoSuchService":
            raise NoSuchService(parameters.take("name", str))
        case "NotAllowed":
            raise NotAllowed(reason)
        case "InvalidPlan":
            raise InvalidSpec(reason)
        case "CannotStore":
            raise CannotStore(reason)
        case "InputRefused":
            raise InputRefused(reason)
    raise InvalidRecord(f"the supervisor refused the call: {error} {parameters.take('parameter', str, '')}")
