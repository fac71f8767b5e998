"""One side of `console-v3` without a connection: positions, refusals, lines that nobody has answered."""

import json
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.consoleevents import Event, Gap, Notice, Output, Reset, Settings, State, Taken, Unsure
from client.consoleprotocol import MOST_LINE, NAME, ConsoleProtocol, bytes_of, resizing
from client.failures import ConnectionLost, NotHoldfast, Refused
from client.refusals import NoSuchServer, NotAuthenticated, NotPermitted, SupervisorUnreachable


def settings(offset: int, end: int, stream: str = "s") -> str:
    said = {"type": "settings", "readOnly": False, "stream": stream, "offset": offset, "end": end}
    return json.dumps({**said, "terminal": None})


def output(offset: int, data: bytes) -> bytes:
    return offset.to_bytes(8, "big") + data


def begun(offset: int = 0, end: int = 0, *, history: bool = True) -> ConsoleProtocol:
    protocol = ConsoleProtocol("chat", history=history)
    protocol.opened(NAME)
    protocol.hear(settings(offset, end))
    return protocol


class Daemon:
    """Keeps the latest bytes of one stream after the other, and shows them as the daemon does."""

    def __init__(self) -> None:
        self.number = 0
        self.data = b""
        self.kept = 0

    @property
    def stream(self) -> str:
        return f"stream {self.number}"

    def greet(self, target: str) -> tuple[list[str], int]:
        """Return what comes first, and where output begins."""
        query = parse_qs(urlsplit(target).query)
        since = int(query["since"][0]) if "since" in query else None
        anew = since is not None and (query["stream"][0] != self.stream or since > len(self.data))
        offset = self.kept if since is None or anew else max(since, self.kept)
        first = [settings(offset, len(self.data), self.stream)]
        if anew:
            first.append(json.dumps({"type": "reset", "stream": self.stream, "offset": offset}))
        return first, offset


class Viewing:
    """A viewer, his connection, and what he has seen of the latest stream; `?` is lost, as he was told."""

    def __init__(self) -> None:
        self.daemon = Daemon()
        self.protocol = ConsoleProtocol("chat")
        self.seen: bytearray | None = None
        self.shown: int | None = None
        """Up to where the daemon has shown it; None without a connection."""

    def say(self, amount: int) -> None:
        begin = len(self.daemon.data)
        self.daemon.data += bytes((begin + index) % 63 for index in range(amount))

    def forget(self, amount: int) -> None:
        most = len(self.daemon.data) if self.shown is None else self.shown
        self.daemon.kept = max(self.daemon.kept, min(amount, most))

    def cut(self, _: int) -> None:
        self.shown = None

    def begin_another(self, _: int) -> None:
        self.daemon.number, self.daemon.data, self.daemon.kept, self.shown = (
            self.daemon.number + 1,
            b"",
            0,
            None,
        )

    def show(self, amount: int) -> None:
        if self.shown is None:
            self.protocol.opened(NAME)
            first, self.shown = self.daemon.greet(self.protocol.request.target)
            for message in first:
                self._hear(message)
        if data := self.daemon.data[self.shown : self.shown + amount]:
            self._hear(output(self.shown, data))
            self.shown += len(data)

    def _hear(self, message: str | bytes) -> None:
        for event in self.protocol.hear(message):
            match event:
                case Settings(offset=offset) if self.seen is None:
                    self.seen = bytearray(b"?" * offset)
                case Reset(offset=offset):
                    self.seen = bytearray(b"?" * offset)
                case Gap():
                    assert self.seen is not None
                    assert event.from_ == len(self.seen)
                    self.seen += b"?" * (event.to - event.from_)
                case Output():
                    assert self.seen is not None
                    assert event.offset == len(self.seen)
                    self.seen += event.data


STEPS = st.one_of(
    st.tuples(st.just(Viewing.say), st.integers(1, 40)),
    st.tuples(st.just(Viewing.show), st.integers(1, 30)),
    st.tuples(st.just(Viewing.forget), st.integers(0, 60)),
    st.tuples(st.just(Viewing.cut), st.just(0)),
    st.tuples(st.just(Viewing.begin_another), st.just(0)),
)


@given(st.lists(STEPS, max_size=60))
def test_whatever_is_cut_every_byte_comes_once_or_is_told_to_be_lost(
    steps: list[tuple[Callable[[Viewing, int], None], int]],
) -> None:
    viewing = Viewing()
    for step, amount in [*steps, (Viewing.show, 10_000)]:
        step(viewing, amount)
    assert viewing.seen is not None
    assert len(viewing.seen) == len(viewing.daemon.data)
    assert all(
        mine in (ord("?"), theirs) for mine, theirs in zip(viewing.seen, viewing.daemon.data, strict=True)
    )


def test_one_comes_back_to_where_one_was() -> None:
    protocol = begun(5, 8)
    assert protocol.hear(output(5, b"abc")) == (Output(5, b"abc"),)
    assert protocol.request.target == "/server/chat/console?since=8&stream=s"


def test_the_name_of_a_server_is_quoted() -> None:
    assert ConsoleProtocol("a b/c?").request.target == "/server/a%20b%2Fc%3F/console"


@pytest.mark.parametrize("offset", [4, 6])
def test_a_byte_that_is_missing_or_comes_twice_is_a_fault(offset: int) -> None:
    with pytest.raises(NotHoldfast, match="not 5"):
        begun(5, 9).hear(output(offset, b"x"))


@pytest.mark.parametrize("message", ["", "[]", "{}", '{"type":7}', '{"type":"settings"}', b"", b"\0" * 8])
def test_what_can_mean_nothing_is_a_fault(message: str | bytes) -> None:
    with pytest.raises(NotHoldfast):
        begun().hear(message)


def test_what_is_not_known_yet_is_left_out() -> None:
    assert begun().hear('{"type":"weather","sun":true}') == ()
    assert begun().hear('{"type":"pong","id":""}') == ()


def test_what_was_lost_while_nobody_was_there_is_a_gap() -> None:
    protocol = begun(0, 0)
    protocol.hear(output(0, b"abc"))
    protocol.opened(NAME)
    _, gap = protocol.hear(settings(10, 20))
    assert isinstance(gap, Gap)
    assert (gap.from_, gap.to) == (3, 10)
    assert protocol.hear(output(10, b"x")) == (Output(10, b"x"),)


def test_another_stream_is_no_gap() -> None:
    protocol = begun(0, 0)
    protocol.hear(output(0, b"abc"))
    protocol.opened(NAME)
    assert len(protocol.hear(settings(10, 20, "other"))) == 1


def test_without_history_what_was_said_before_is_left_out() -> None:
    protocol = begun(0, 5, history=False)
    assert protocol.hear(output(0, b"abc")) == ()
    assert protocol.hear(output(3, b"defg")) == (Output(5, b"fg"),)
    assert protocol.hear(output(7, b"h")) == (Output(7, b"h"),)


@pytest.mark.parametrize(
    ("code", "reason", "kind", "after"),
    [
        (4401, "not-authenticated", NotAuthenticated, NotAuthenticated),
        (4403, "not-permitted", NotPermitted, NotPermitted),
        (4404, "no-such-server", NoSuchServer, NoSuchServer),
        (4404, "This console has ended", NoSuchServer, NoSuchServer),
        (4400, "invalid-since", Refused, Refused),
        (4429, "too-many-viewers", Refused, ConnectionLost),
        (4503, "supervisor-unreachable", SupervisorUnreachable, ConnectionLost),
        (1012, "Your rights have changed", ConnectionLost, ConnectionLost),
        (1009, "", ConnectionLost, ConnectionLost),
        (1000, "", ConnectionLost, ConnectionLost),
        (None, "", ConnectionLost, ConnectionLost),
    ],
)
def test_the_close_code_says_whether_one_may_come_back(
    code: int | None, reason: str, kind: type[Exception], after: type[Exception]
) -> None:
    first = ConsoleProtocol("chat").closed(code, reason)
    assert isinstance(first, kind)
    assert isinstance(begun().closed(code, reason), after)


def test_a_refusal_says_what_was_told_before_it() -> None:
    protocol = ConsoleProtocol("chat")
    protocol.opened(NAME)
    protocol.hear('{"type":"error","message":"This server does not exist!"}')
    assert str(protocol.closed(4404, "no-such-server")) == "This server does not exist!"
    assert str(begun().closed(4404, "This console has ended")) == "chat was removed"


def test_another_protocol_is_not_holdfast() -> None:
    with pytest.raises(NotHoldfast, match="console-v3"):
        ConsoleProtocol("chat").opened(None)


def test_lines_that_were_not_answered_are_told_and_not_sent_again() -> None:
    protocol = begun()
    first, message = protocol.line("save ü")
    assert json.loads(message) == {"type": "input", "data": "save ü", "id": first}
    second, _ = protocol.line("stop")
    third, _ = protocol.line("list")
    protocol.hear(json.dumps({"type": "taken", "id": first}))
    protocol.not_sent(third)
    (unsure,) = protocol.lost()
    assert isinstance(unsure, Unsure)
    assert (unsure.lines, unsure.ids) == (["stop"], [second])
    assert protocol.lost() == ()


def test_a_notice_about_a_line_answers_it() -> None:
    protocol = begun()
    name, _ = protocol.line("save")
    said = {"type": "notice", "message": "no", "id": name, "kind": "input-refused"}
    (notice,) = protocol.hear(json.dumps(said))
    assert isinstance(notice, Notice)
    assert notice.raw == said
    assert protocol.lost() == ()


def test_a_line_that_is_too_long_is_not_sent() -> None:
    protocol = begun()
    with pytest.raises(ValueError, match="bytes"):
        protocol.line("x" * MOST_LINE)
    assert protocol.lost() == ()


def test_bytes_are_sent_in_parts_that_fit() -> None:
    data = bytes(range(256)) * 1000
    assert b"".join(bytes_of(data)) == data
    assert max(map(len, bytes_of(data))) <= 1 << 16


@pytest.mark.parametrize("size", [(0, 80), (24, 0), (1001, 80)])
def test_no_terminal_has_such_a_size(size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="1 to 1000"):
        resizing(*size)


def test_states_are_typed() -> None:
    said = {"type": "state", "state": "running", "status": 1, "run": 3, "terminal": {"rows": 2, "columns": 3}}
    events: list[Event] = [*begun().hear(json.dumps(said)), *begun().hear('{"type":"taken","id":"7"}')]
    state, taken = events
    assert isinstance(state, State)
    assert state.terminal is not None
    assert (state.run, state.terminal.columns) == (3, 3)
    assert isinstance(taken, Taken)
