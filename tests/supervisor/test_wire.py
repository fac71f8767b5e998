"""The private socket, as somebody else's Varlink client finds it, and as somebody who talks garbage does."""

import base64
import dataclasses
import json
import os
import re
import socket
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import resources
from typing import TypeVar, cast

import anyio
import anyio.to_thread
import pytest

from supervisor import (
    Cause,
    CauseKind,
    Execution,
    Exit,
    InputRefused,
    Limits,
    NoSuchService,
    Output,
    Plan,
    ReadyPolicy,
    RestartPolicy,
    ScrollbackPolicy,
    ServiceSpec,
    ServiceStatus,
    State,
    StopPolicy,
    StopStep,
    SupervisorClient,
    SupervisorUnreachable,
    Terminal,
    Transition,
    Wanted,
    stdin,
    wire,
)
from supervisor.rawoutput import HEAD, RawOutput, packed
from supervisor.record import Record
from supervisor.wire import INTERFACE, InvalidMessage

from .world import DEADLINE, House, program, spec

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its docstrings hold invalid escapes
    import varlink
    import varlink.scanner

T = TypeVar("T")

pytestmark = pytest.mark.parametrize("house", ["socket"], indirect=True)

DESCRIPTION = resources.files("supervisor").joinpath("supervisor.varlink").read_text(encoding="utf-8")


@contextmanager
def connected(path: str) -> Iterator[varlink.SimpleClientInterfaceHandler]:
    """A connection of the `varlink` package, which read what it knows from the server itself."""
    client = varlink.Client.new_with_address(f"unix:{path}")
    with client, client.open(INTERFACE) as connection:
        yield connection


async def asked(house: House, ask: Callable[[varlink.SimpleClientInterfaceHandler], T]) -> T:
    """Let the package ask, in a thread since it blocks."""

    def run() -> T:
        with connected(house.socket) as connection:
            return ask(connection)

    with anyio.fail_after(DEADLINE):
        return await anyio.to_thread.run_sync(run)


async def test_another_client_learns_the_interface_from_the_server(house: House) -> None:
    def ask() -> tuple[Mapping[str, object], str]:
        address = f"unix:{house.socket}"
        with (
            varlink.Client.new_with_address(address) as client,
            client.open("org.varlink.service") as service,
        ):
            return service.GetInfo(), client.get_interface(INTERFACE).get_description()

    info, description = await anyio.to_thread.run_sync(ask)
    assert info["vendor"] == "Holdfast"
    assert info["interfaces"] == ["org.varlink.service", INTERFACE]
    assert description == DESCRIPTION


async def test_another_client_can_call_every_method(house: House) -> None:
    plan = json.loads(json.dumps(Plan((spec("a", program("echo"), autostart=False),)).to_dict()))

    def ask(connection: varlink.SimpleClientInterfaceHandler) -> list[str]:
        called = ["Apply", "List", "Start", "Attach", "Write", "Stop", "Kill", "Watch", "Upgrade", "Handover"]
        called += ["Restart", "Ready", "Condemn", "Signal", "History", "Marks", "Resize", "Pause", "Resume"]
        called += ["Heard"]
        assert connection.Apply(plan) in (None, {})
        assert [service["state"] for service in connection.List()["services"]] == ["stopped"]
        assert connection.Start("a")["service"]["wanted"] == "up"
        with connected(house.socket) as other:
            answers = other.Attach("a", 0, _more=True)
            data = b""
            begin = next(answers)
            assert (begin["offset"], begin["data"]) == (0, "")
            while b"ready\n" not in data:
                answer = next(answers)
                assert answer["offset"] == len(data)
                assert answer.get("stream") is None, "the first answer has said it"
                data += base64.b64decode(answer["data"])
            assert list(connection.Heard()["heard"]) == list(connection.Heard(["a", "b"])["heard"]) == ["a"]
            assert connection.Write("a", base64.b64encode(b"hello\n").decode()) in (None, {})
            while b"echo: hello\n" not in data:
                data += base64.b64decode(next(answers)["data"])
        marks = connection.Marks("a")
        assert (marks["stream"], marks["marks"][0]["offset"]) == (begin["stream"], 0)
        with pytest.raises(varlink.VarlinkError, match="a runs in no terminal"):
            connection.Resize("a", 30, 100)
        with connected(house.socket) as other:
            for stream, offset in ((begin["stream"], 3), (None, 3), ("0123456789abcdef", 0)):
                again = other.Attach("a", 3, stream)
                assert (again["offset"], again["stream"]) == (offset, begin["stream"])
                assert data.startswith(base64.b64decode(again["data"])[:6], offset)
        with connected(house.socket) as other:
            answers = other.Watch(_more=True)
            first = next(answers)
            assert [service["name"] for service in first["services"]] == ["a"]
            assert first["removed"] == []
            assert connection.Pause("a")["service"]["paused"] is True
            assert connection.Resume("a")["service"]["paused"] is False
            with pytest.raises(varlink.VarlinkError, match="a: it is not paused"):
                connection.Resume("a")
            next(answers)
            assert connection.Stop("a")["service"]["wanted"] == "down"
            assert connection.Kill("a")["service"]["wanted"] == "down"
            while next(answers)["services"][0]["wanted"] != "down":
                pass
        cause = {"kind": "check", "who": "web", "detail": ""}
        assert connection.Restart("a", cause)["service"]["wanted"] == "up"
        with pytest.raises(varlink.VarlinkError, match="by now, not 99"):
            connection.Ready("a", 99, cause)
        with pytest.raises(varlink.VarlinkError, match="by now, not 99"):
            connection.Condemn("a", 99, cause, "it does not answer")
        with pytest.raises(varlink.VarlinkError, match="by now, not 99"):
            connection.Signal("a", 99, 15)
        with connected(house.socket) as other:
            told = next(other.History(0, None, _more=True))
            assert [change["service"] for change in told["transitions"]][:1] == ["a"]
            assert told["lost"] == 0
        for method in (connection.Upgrade, connection.Handover):
            with pytest.raises(varlink.VarlinkError, match="part of another program"):
                method()
        return called

    called = await asked(house, ask)
    interface = varlink.scanner.Interface(DESCRIPTION)
    methods = [
        name for name, member in interface.members.items() if isinstance(member, varlink.scanner._Method)
    ]
    assert sorted(called) == sorted(methods)


async def test_attach_and_watch_without_more_answer_once_and_the_connection_lives_on(house: House) -> None:
    await house.apply(spec("a", ("/bin/echo", "hello"), autostart=False))

    def ask(connection: varlink.SimpleClientInterfaceHandler) -> None:
        assert [service["name"] for service in connection.Watch()["services"]] == ["a"]
        connection.Start("a")
        assert connection.Attach("a", 0)["offset"] == 0
        assert len(connection.List()["services"]) == 1

    await asked(house, ask)


async def test_every_error_of_the_interface_arrives(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stdin, "INPUT_PATIENCE", 0.05)
    await house.apply(spec("deaf", program("deaf")), spec("removed", program("slow_stop")))
    await (await house.console("removed")).until(b"ready")
    await house.apply(spec("deaf", program("deaf")))
    plan = json.loads(json.dumps(Plan((spec("a"),)).to_dict()))
    broken = {"services": [{**plan["services"][0], "directory": "relative"}]}

    def ask(connection: varlink.SimpleClientInterfaceHandler) -> dict[str, Mapping[str, object]]:
        found: dict[str, Mapping[str, object]] = {}
        much = base64.b64encode(b"x" * 300_000).decode()
        connection.Write("deaf", much)
        for call, argument in (
            (connection.Start, ("nobody",)),
            (connection.Start, ("removed",)),
            (connection.Apply, (broken,)),
            (connection.Write, ("deaf", much)),
        ):
            with pytest.raises(varlink.VarlinkError) as caught:
                call(*argument)
            found[caught.value.error().removeprefix(f"{INTERFACE}.")] = caught.value.parameters()
        path = os.path.join(house.directory, "state", "plan.json")
        os.unlink(path)
        os.makedirs(os.path.join(path, "in the way"))
        with pytest.raises(varlink.VarlinkError) as caught:
            connection.Apply(plan)
        found[caught.value.error().removeprefix(f"{INTERFACE}.")] = caught.value.parameters()
        return found

    found = await asked(house, ask)
    interface = varlink.scanner.Interface(DESCRIPTION)
    errors = {
        name: list(member.type.fields)
        for name, member in interface.members.items()
        if isinstance(member, varlink.scanner._Error)
    }
    assert {name: list(parameters) for name, parameters in found.items()} == errors


@pytest.mark.parametrize(
    ("method", "parameters", "error"),
    [
        ("org.holdfast.Supervisor.Nothing", {}, "org.varlink.service.MethodNotFound"),
        ("Start", {"name": "a"}, "org.varlink.service.MethodNotFound"),
        ("\ud800", {}, "org.varlink.service.MethodNotFound"),
        (3, {}, "org.varlink.service.MethodNotFound"),
        (None, {}, "org.varlink.service.MethodNotFound"),
        (f"{INTERFACE}.Start", {}, "org.varlink.service.InvalidParameter"),
        (f"{INTERFACE}.Start", {"name": 3}, "org.varlink.service.InvalidParameter"),
        (f"{INTERFACE}.Start", [1], "org.varlink.service.InvalidParameter"),
        (f"{INTERFACE}.Start", "x", "org.varlink.service.InvalidParameter"),
        (f"{INTERFACE}.Start", {"name": "\ud800"}, f"{INTERFACE}.NoSuchService"),
        (f"{INTERFACE}.Attach", {"name": "nobody"}, f"{INTERFACE}.NoSuchService"),
        (f"{INTERFACE}.Attach", {"name": "a", "since": "x"}, "org.varlink.service.InvalidParameter"),
        (f"{INTERFACE}.Attach", {"name": "a", "since": 1.5}, "org.varlink.service.InvalidParameter"),
        (f"{INTERFACE}.Attach", {"name": "a", "stream": 1}, "org.varlink.service.InvalidParameter"),
        (f"{INTERFACE}.Write", {"name": "a", "data": "€"}, "org.varlink.service.InvalidParameter"),
        (f"{INTERFACE}.Write", {"name": "a", "data": "abc"}, "org.varlink.service.InvalidParameter"),
        (f"{INTERFACE}.Apply", {"plan": 3}, "org.varlink.service.InvalidParameter"),
        (f"{INTERFACE}.Apply", {"plan": {"services": [3]}}, f"{INTERFACE}.InvalidPlan"),
        (
            f"{INTERFACE}.Apply",
            {"plan": {"services": [{"name": "\ud800", "command": ["x"], "directory": "/"}]}},
            f"{INTERFACE}.InvalidPlan",
        ),
        (
            f"{INTERFACE}.Apply",
            {"plan": {"services": [{"name": "a", "command": ["\ud800"], "directory": "/"}]}},
            f"{INTERFACE}.InvalidPlan",
        ),
        (
            f"{INTERFACE}.Apply",
            {
                "plan": {
                    "services": [
                        {"name": "a", "command": ["x"], "directory": "/", "stop": {"grace": 10**400}}
                    ]
                }
            },
            f"{INTERFACE}.InvalidPlan",
        ),
        (
            "org.varlink.service.GetInterfaceDescription",
            {"interface": "x"},
            "org.varlink.service.InvalidParameter",
        ),
        ("org.varlink.service.GetInterfaceDescription", {}, "org.varlink.service.InvalidParameter"),
    ],
)
async def test_a_call_that_makes_no_sense_is_answered_with_an_error(
    house: House, method: object, parameters: object, error: str
) -> None:
    await house.apply(spec("a", autostart=False))
    raw = await Raw.connect(house)
    await raw.send(json.dumps({"method": method, "parameters": parameters}).encode() + b"\0")
    assert (await raw.receive())["error"] == error
    await raw.send(b'{"method": "%s.List"}\0' % INTERFACE.encode())
    assert "error" not in await raw.receive(), "the conversation goes on"
    raw.close()


class Raw:
    """A connection without manners."""

    def __init__(self, peer: socket.socket) -> None:
        self.socket = peer
        self.buffer = b""

    @classmethod
    async def connect(cls, house: House) -> "Raw":
        return cls((await wire.connect(house.socket)).socket)

    async def send(self, data: bytes) -> None:
        rest = memoryview(data)
        with anyio.fail_after(DEADLINE):
            while rest:
                try:
                    rest = rest[self.socket.send(rest) :]
                except BlockingIOError:
                    await anyio.wait_writable(self.socket)

    async def more(self) -> None:
        await anyio.wait_readable(self.socket)
        data = self.socket.recv(1 << 20)
        assert data, "the server hung up"
        self.buffer += data

    async def exactly(self, size: int) -> bytes:
        with anyio.fail_after(DEADLINE):
            while len(self.buffer) < size:
                await self.more()
        data, self.buffer = self.buffer[:size], self.buffer[size:]
        return data

    async def receive(self) -> Mapping[str, object]:
        with anyio.fail_after(DEADLINE):
            while b"\0" not in self.buffer:
                await self.more()
        message, _, self.buffer = self.buffer.partition(b"\0")
        return cast("Mapping[str, object]", json.loads(message))

    async def until_hung_up(self) -> None:
        with anyio.fail_after(DEADLINE):
            while True:
                await anyio.wait_readable(self.socket)
                try:
                    if not self.socket.recv(1 << 20):
                        return
                except ConnectionError:
                    return

    def close(self) -> None:
        anyio.notify_closing(self.socket)
        self.socket.close()


@pytest.mark.parametrize(
    "garbage",
    [
        b"\0",
        b"GET / HTTP/1.1\r\n\r\n\0",
        b"[]\0",
        b"3\0",
        b"null\0",
        b'"x"\0',
        b"\xff\xfe\0",
        b"{\0",
        b"[" * 200_000 + b"\0",
        b'{"method": ' + b"9" * 10_000 + b"}\0",
    ],
)
async def test_who_talks_garbage_is_hung_up_on_and_nobody_else(house: House, garbage: bytes) -> None:
    raw = await Raw.connect(house)
    await raw.send(garbage)
    await raw.until_hung_up()
    raw.close()
    assert list(await house.api.list()) == []


async def test_a_message_without_end_is_cut_off(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "MAX_MESSAGE", 1 << 20)
    raw = await Raw.connect(house)
    with pytest.raises((BrokenPipeError, ConnectionResetError)):
        await raw.send(b"x" * (16 << 20))
    raw.close()
    assert list(await house.api.list()) == []


async def test_who_hangs_up_in_the_middle_harms_nobody(house: House) -> None:
    await house.apply(spec("a", program("flood")))
    calls = [
        b'{"method": "',
        b'{"method": "%s.List"}\0' % INTERFACE.encode(),
        b'{"method": "%s.Watch", "more": true}\0' % INTERFACE.encode(),
        b'{"method": "%s.Attach", "more": true, "parameters": {"name": "a"}}\0' % INTERFACE.encode(),
    ]
    for call in calls * 25:
        raw = await Raw.connect(house)
        await raw.send(call)
        raw.close()
    assert (await house.status("a")).state in (State.STARTING, State.RUNNING)


async def test_a_hundred_connections_are_served_at_once(house: House) -> None:
    await house.apply(spec("a", program("echo")))
    connections = [await Raw.connect(house) for _ in range(100)]
    for raw in connections:
        await raw.send(b'{"method": "%s.List"}\0' % INTERFACE.encode())
    for raw in connections:
        assert "parameters" in await raw.receive()
    for raw in connections:
        raw.close()


async def test_messages_in_pieces_and_in_one_piece_are_messages(house: House) -> None:
    raw = await Raw.connect(house)
    call = b'{"method": "%s.List"}\0' % INTERFACE.encode()
    for byte in call:
        await raw.send(bytes([byte]))
    assert "parameters" in await raw.receive()
    await raw.send(call * 3)
    for _ in range(3):
        assert "parameters" in await raw.receive()
    raw.close()


async def test_a_oneway_call_is_done_and_not_answered(house: House) -> None:
    await house.apply(spec("a", autostart=False))
    raw = await Raw.connect(house)
    start = {"method": f"{INTERFACE}.Start", "parameters": {"name": "a"}, "oneway": True}
    await raw.send(json.dumps(start).encode() + b"\0")
    await raw.send(b'{"method": "%s.List"}\0' % INTERFACE.encode())
    answer = json.dumps((await raw.receive())["parameters"])
    assert '"wanted": "up"' in answer
    raw.close()


async def test_nobody_at_the_socket_is_told_as_such(house: House) -> None:
    for path in ("nowhere", "no/where", "state"):
        with pytest.raises(SupervisorUnreachable, match="no supervisor at"):
            await SupervisorClient(os.path.join(house.directory, path)).list()


async def test_a_supervisor_that_names_no_stream_is_understood(house: House) -> None:
    """It is older than the daemon, for a moment of an upgrade."""
    path = os.path.join(house.directory, "older")
    asked: list[object] = []
    with wire.listen(path) as listener, anyio.fail_after(DEADLINE):
        async with anyio.create_task_group() as tasks:

            async def answer() -> None:
                await anyio.wait_readable(listener)
                channel = wire.Channel(wire.UnixStream(listener.accept()[0]))
                asked.append((await channel.receive())["parameters"])
                begin = {"offset": 3, "end": 5, "data": ""}
                await channel.send({"parameters": begin, "continues": True})
                await channel.send({"parameters": {**begin, "data": "b25l"}, "continues": True})
                await channel.aclose()

            tasks.start_soon(answer)
            attached = await SupervisorClient(path).attach("a", 3, "0123456789abcdef")
            assert (attached.offset, attached.end, attached.stream) == (3, 5, "")
            assert asked == [{"name": "a", "since": 3, "stream": "0123456789abcdef", "raw": True}]
            assert await attached.receive() == Output(3, b"one", 5), "as a message: it knows of no other way"
            await attached.aclose()


async def test_output_is_bytes_after_the_first_answer_if_that_was_asked_for(house: House) -> None:
    await house.apply(spec("a", ("/bin/cat",)))
    await house.until("a", lambda status: status.pid)
    raw = await Raw.connect(house)
    call = {
        "method": f"{INTERFACE}.Attach",
        "more": True,
        "parameters": {"name": "a", "since": 0, "raw": True},
    }
    await raw.send(json.dumps(call).encode() + b"\0")
    first = await raw.receive()
    assert first["continues"] is False
    assert Record(first["parameters"]).take("raw", bool)
    await house.api.write("a", b"\0one\0\n")
    said = b""
    while not said.endswith(b"\0one\0\n"):
        offset, end, size = HEAD.unpack(await raw.exactly(HEAD.size))
        assert (offset, end) == (len(said), len(said) + size)
        said += await raw.exactly(size)
    raw.close()


async def test_output_that_comes_in_pieces_to_a_reader_who_gives_up_again_and_again_is_whole(
    house: House,
) -> None:
    del house
    ours, theirs = socket.socketpair()
    channel = wire.Channel(wire.UnixStream(ours))
    output, sent = (
        RawOutput(channel),
        [Output(7, b"one\0two", 15), Output(15, b"", 15), Output(15, b"x" * 300, 400)],
    )
    got: list[Output] = []
    for byte in b"".join(map(packed, sent)):
        theirs.send(bytes([byte]))
        with anyio.move_on_after(0.001):
            got.append(await output.receive())
    while len(got) < len(sent):
        got.append(await output.receive())
    assert got == sent
    theirs.send(HEAD.pack(0, 0, (1 << 20) + 1))
    with pytest.raises(InvalidMessage):
        await output.receive()
    theirs.close()
    await channel.aclose()


ASKED = Cause(CauseKind.SCHEDULE, "nightly", "at four")

FULL = ServiceStatus(
    "a",
    State.BACKOFF,
    Wanted.UP,
    "why",
    7,
    8,
    1.5,
    2.5,
    3,
    Exit(1, None, 0.5, "memory had run out"),
    removed=True,
    outdated=True,
    run=4,
    cause=ASKED,
    terminal=Terminal(30, 100),
    run_begin=9,
    awaits="check",
    note="loading",
)

TOLD = Transition(
    "a",
    1.5e9,
    State.RUNNING,
    State.BACKOFF,
    Wanted.UP,
    ASKED,
    "why",
    4,
    8,
    Exit(1),
    2,
    ("x",),
    "restart",
    2.5,
    9,
)


def fields(interface: varlink.scanner.Interface, name: str) -> list[str]:
    return list(interface.members[name].type.fields)


async def test_the_interface_file_says_what_is_sent(house: House) -> None:
    interface = varlink.scanner.Interface(DESCRIPTION)
    names = re.findall(r"^(?:type|method|error) (\w+)", DESCRIPTION, re.MULTILINE)
    assert len(names) == len(set(names)), "types, methods and errors share one space of names"
    known = ServiceSpec("a", ("x",), "/")
    for name, kind, data in (
        ("Service", ServiceStatus, FULL.to_dict()),
        ("Exit", Exit, Exit().to_dict()),
        ("Spec", ServiceSpec, known.to_dict()),
        ("StopPolicy", StopPolicy, known.stop.to_dict()),
        ("StopStep", StopStep, StopStep().to_dict()),
        ("ReadyPolicy", ReadyPolicy, dataclasses.asdict(known.ready)),
        ("Execution", Execution, known.execution.to_dict()),
        ("Limits", Limits, dataclasses.asdict(known.limits)),
        ("Terminal", Terminal, dataclasses.asdict(Terminal())),
        ("Cause", Cause, Cause().to_dict()),
        ("Transition", Transition, TOLD.to_dict()),
        ("RestartPolicy", RestartPolicy, known.restart.to_dict()),
        ("ScrollbackPolicy", ScrollbackPolicy, dataclasses.asdict(known.scrollback)),
        ("Plan", Plan, Plan().to_dict()),
    ):
        assert fields(interface, name) == [field.name for field in dataclasses.fields(kind)] == list(data), (
            name
        )
    service = interface.members["Service"].type.fields
    assert list(service["state"].fields) == [str(state) for state in State]
    assert list(service["wanted"].fields) == [str(wanted) for wanted in Wanted]


async def test_a_status_survives_the_wire(house: House) -> None:
    assert ServiceStatus.from_record(Record(json.loads(json.dumps(FULL.to_dict())))) == FULL


async def test_what_happened_survives_the_wire(house: House) -> None:
    assert Transition.from_record(Record(json.loads(json.dumps(TOLD.to_dict())))) == TOLD


async def test_what_the_server_raises_the_client_raises(house: House) -> None:
    with pytest.raises(NoSuchService, match="there is no service nobody"):
        await house.api.start("nobody")
    await house.apply(spec("a", autostart=False))
    with pytest.raises(InputRefused, match="a is not running"):
        await house.api.write("a", b"x")
