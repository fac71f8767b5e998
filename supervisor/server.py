"""The supervisor's private socket: Varlink calls from the daemon and from a debugger."""

import base64
import logging
import os
import socket
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import resources
from typing import Protocol, TypeVar

import anyio
import anyio.abc

from .calls import Calls, Reply
from .descriptors import too_high_for_caller
from .following import Changes, Output
from .history import Happenings
from .planfile import CannotStore
from .process import AGAIN
from .rawoutput import packed
from .record import InvalidRecord, Record
from .refusals import NoSuchService, NotAllowed
from .spec import InvalidSpec
from .stdin import InputRefused
from .supervisor import Supervisor
from .wire import INTERFACE, Channel, InvalidMessage, UnixStream, peer_uid

T_co = TypeVar("T_co", covariant=True)

LAST_WORDS = 3.0
"""Seconds in which calls are answered when the socket is to be closed."""

log = logging.getLogger("holdfast.supervisor")

_UNKNOWN = "org.varlink.service.MethodNotFound"
_INVALID = "org.varlink.service.InvalidParameter"


class Source(Protocol[T_co]):
    """What answers a call that set `more`: an attachment, a watch."""

    async def receive(self) -> T_co:
        """Wait for the next answer; raises `anyio.EndOfStream` when there is none."""

    async def aclose(self) -> None:
        """Answer no more."""


class Steward(Protocol):
    """Who can replace the running program by the one that is installed now."""

    async def upgrade(self) -> None:
        """Ask for it. It returns only if that failed: raises `NotAllowed`, which says why."""

    def handover(self) -> Mapping[str, object]:
        """Return how the running program came to be."""


class Server:
    """Answers calls on behalf of a `Supervisor`."""

    def __init__(self, supervisor: Supervisor, version: str, steward: Steward | None = None) -> None:
        self._supervisor = supervisor
        self._steward = steward
        self._version = version
        self._accepting = anyio.CancelScope()
        self._answering = 0
        """Calls that will be answered once."""
        self._idle = anyio.Event()
        self._closed = anyio.Event()
        self._methods: Mapping[str, Callable[[Record], Awaitable[Reply]]] = {
            **Calls(supervisor).methods,
            "org.varlink.service.GetInfo": self._get_info,
            "org.varlink.service.GetInterfaceDescription": self._get_interface_description,
            f"{INTERFACE}.Handover": self._handover,
        }
        self._streams: Mapping[str, Callable[[Channel, Record, bool], Awaitable[Reply]]] = {
            f"{INTERFACE}.Attach": self._attach,
            f"{INTERFACE}.Watch": self._watch,
            f"{INTERFACE}.History": self._history,
            f"{INTERFACE}.Upgrade": self._upgrade,
        }

    async def serve(self, listener: socket.socket) -> None:
        """Answer on a listening Unix socket until `close`, or until cancelled."""
        async with anyio.create_task_group() as tasks:
            with self._accepting:
                await self._accept(listener, tasks)
            with anyio.move_on_after(LAST_WORDS):
                while self._answering:
                    self._idle = anyio.Event()
                    await self._idle.wait()
            tasks.cancel_scope.cancel()
        self._closed.set()

    @property
    def closed(self) -> bool:
        """Whether calls are taken no more."""
        return self._closed.is_set()

    async def close(self) -> None:
        """Take no more calls, answer those that are under way, hang up on who follows something."""
        self._accepting.cancel()
        await self._closed.wait()

    async def _accept(self, listener: socket.socket, tasks: anyio.abc.TaskGroup) -> None:
        while True:
            try:
                await anyio.wait_readable(listener)
                peer, _ = listener.accept()
            except (BlockingIOError, ConnectionError):
                continue  # the caller has gone already
            except OSError:
                # No descriptor left: neither a reason to end, nor to spin.
                await anyio.sleep(AGAIN)
            else:
                if too_high_for_caller(peer.fileno()):
                    peer.close()
                    await anyio.sleep(AGAIN)
                    continue
                tasks.start_soon(self._converse, UnixStream(peer))

    async def _converse(self, stream: UnixStream) -> None:
        try:
            if peer_uid(stream.socket) not in (0, os.getuid()):
                return  # the directory's mode keeps others out already
            channel = Channel(stream)
            while True:
                call = await channel.receive()
                if call.get("method") in self._streams:
                    await self._answer(channel, call)
                else:
                    with self._under_way():
                        await self._answer(channel, call)
        except (anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError, InvalidMessage):
            return
        except Exception:
            # Whatever is wrong with this conversation, the parent of all programs does not end for it.
            log.exception("a call failed")
        finally:
            await stream.aclose()

    @contextmanager
    def _under_way(self) -> Iterator[None]:
        self._answering += 1
        try:
            yield
        finally:
            self._answering -= 1
            self._idle.set()

    async def _answer(self, channel: Channel, call: Mapping[str, object]) -> None:
        method, more, oneway = call.get("method"), call.get("more") is True, call.get("oneway") is True
        try:
            parameters = Record(call.get("parameters") or {})
            stream = self._streams.get(method) if isinstance(method, str) else None
            handler = self._methods.get(method) if isinstance(method, str) else None
            if stream is not None:
                reply: Reply = {"parameters": await stream(channel, parameters, more)}
            elif handler is not None:
                reply = {"parameters": await handler(parameters)}
            else:
                reply = {"error": _UNKNOWN, "parameters": {"method": str(method)}}
        except InvalidRecord as exc:
            reply = {"error": _INVALID, "parameters": {"parameter": str(exc)}}
        except NoSuchService as exc:
            reply = {"error": f"{INTERFACE}.NoSuchService", "parameters": {"name": exc.name}}
        except NotAllowed as exc:
            reply = _failure("NotAllowed", exc)
        except InvalidSpec as exc:
            reply = _failure("InvalidPlan", exc)
        except CannotStore as exc:
            reply = _failure("CannotStore", exc)
        except InputRefused as exc:
            reply = _failure("InputRefused", exc)
        if not oneway:
            await channel.send(reply)

    async def _attach(self, channel: Channel, parameters: Record, more: bool) -> Reply:
        name, since = parameters.take("name", str), parameters.optional("since", int)
        attachment = await self._supervisor.attach(name, since, parameters.optional("stream", str))
        stream = {"stream": attachment.stream}
        raw = more and parameters.take("raw", bool, False)
        if more:
            begin = _output(Output(attachment.offset, b"", attachment.end))
            await channel.send({"parameters": {**begin, **stream, "raw": raw}, "continues": not raw})

        async def send_raw(output: Output) -> None:
            await channel.send_bytes(packed(output))

        send = send_raw if raw else None
        try:
            return {**await self._follow(channel, attachment, _output, more=more, send=send), **stream}
        except anyio.EndOfStream as exc:
            if raw:
                raise anyio.ClosedResourceError from exc  # hanging up is all that can be said
            raise NoSuchService(name) from exc

    async def _watch(self, channel: Channel, _: Record, more: bool) -> Reply:
        return await self._follow(channel, await self._supervisor.watch(), _changes, more=more)

    async def _history(self, channel: Channel, parameters: Record, more: bool) -> Reply:
        since, origin = parameters.optional("since", int), parameters.optional("origin", str)
        chronicle = await self._supervisor.history(since, origin)
        return await self._follow(channel, chronicle, _happenings, more=more)

    async def _follow(
        self,
        channel: Channel,
        source: Source[T_co],
        encode: Callable[[T_co], Reply],
        *,
        more: bool,
        send: Callable[[T_co], Awaitable[None]] | None = None,
    ) -> Reply:
        """Return one answer; with `more`, send them all, by `send` if they are no messages.

        Raises `anyio.EndOfStream` if the source ends, `anyio.ClosedResourceError` if the caller hangs up.
        """
        answer: Reply | None = None
        ended = False
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(_until_closed, channel, tasks.cancel_scope)
                try:
                    told = await source.receive()
                    while more:
                        if send is None:
                            await channel.send({"parameters": encode(told), "continues": True})
                        else:
                            await send(told)
                        told = await source.receive()
                    answer = encode(told)
                except anyio.EndOfStream:
                    ended = True
                except anyio.BrokenResourceError:
                    answer = None
                tasks.cancel_scope.cancel()
        finally:
            await source.aclose()
        if ended:
            raise anyio.EndOfStream
        if more or answer is None:
            raise anyio.ClosedResourceError
        return answer

    async def _get_info(self, _: Record) -> Reply:
        return {
            "vendor": "Holdfast",
            "product": "Holdfast supervisor",
            "version": self._version,
            "url": "https://varlink.org",
            "interfaces": ["org.varlink.service", INTERFACE],
        }

    async def _get_interface_description(self, parameters: Record) -> Reply:
        if (name := parameters.take("interface", str)) != INTERFACE:
            raise InvalidRecord(f"interface: there is no {name}")
        return {"description": resources.files(__package__).joinpath("supervisor.varlink").read_text()}

    async def _handover(self, _: Record) -> Reply:
        if self._steward is None:
            raise NotAllowed("this supervisor is part of another program")
        return dict(self._steward.handover())

    async def _upgrade(self, channel: Channel, _: Record, more: bool) -> Reply:
        del channel, more  # it is answered by hanging up, when the next program begins
        if self._steward is None:
            raise NotAllowed("this supervisor is part of another program")
        await self._steward.upgrade()
        return {}


async def _until_closed(channel: Channel, scope: anyio.CancelScope) -> None:
    """Notice that the caller has hung up, also while there is nothing to send."""
    try:
        while True:
            await channel.receive()
    except (anyio.EndOfStream, anyio.BrokenResourceError, InvalidMessage):
        scope.cancel()


def _failure(error: str, exc: Exception) -> Reply:
    return {"error": f"{INTERFACE}.{error}", "parameters": {"reason": str(exc)}}


def _output(output: Output) -> Reply:
    data = base64.b64encode(output.data).decode("ascii")
    return {"offset": output.offset, "end": output.end, "data": data}


def _happenings(told: Happenings) -> Reply:
    transitions = [transition.to_dict() for transition in told.transitions]
    return {"origin": told.origin, "transitions": transitions, "lost": told.lost}


def _changes(changes: Changes) -> Reply:
    services = [status.to_dict() for status in changes.services]
    return {"services": services, "removed": list(changes.removed)}
