"""What one hears at a console, as values (docs/api.md, `console-v3`)."""

from collections.abc import Sequence
from dataclasses import dataclass

from .records import Record
from .servers import Exit, Size


@dataclass(frozen=True, kw_only=True)
class Settings(Record):
    """The console is there: first, and whenever a connection that was cut has been made anew."""

    read_only: bool
    stream: str
    offset: int
    """Where output begins."""
    end: int
    """Where the console ended when this was told."""
    terminal: Size | None = None
    """How large the server's terminal is; None if it has none."""


@dataclass(frozen=True, slots=True)
class Output:
    """Bytes that the program has said, right behind those that came before."""

    offset: int
    """Where the first of them is in the stream."""
    data: bytes

    @property
    def end(self) -> int:
        """Where the next byte will be."""
        return self.offset + len(self.data)


@dataclass(frozen=True, kw_only=True)
class Gap(Record):
    """The bytes `from_` this one to before `to` are lost: nobody keeps them any more."""

    from_: int
    to: int


@dataclass(frozen=True, kw_only=True)
class Reset(Record):
    """Another stream begins, whose offsets have nothing to do with those before."""

    stream: str
    offset: int


@dataclass(frozen=True, kw_only=True)
class State(Record):
    """How the server is, whenever that changes."""

    state: str
    status: int
    """0 off, 1 on, 2 crashed."""
    wanted: str = "down"
    reason: str = ""
    pid: int | None = None
    run: int = 0
    restarts: int = 0
    terminal: Size | None = None
    uptime: float | None = None
    """Seconds."""
    restart_in: float | None = None
    """Seconds."""
    at: float = 0.0
    """Unix time at which it was told."""


@dataclass(frozen=True, kw_only=True)
class Notice(Record):
    """Something for people that is not output; `id` and `kind` say which line was not taken, and why."""

    message: str
    id: str = ""
    kind: str = ""


@dataclass(frozen=True, kw_only=True)
class Taken(Record):
    """The program was given the line with this `id`, which `send_line` has returned."""

    id: str


@dataclass(frozen=True, kw_only=True)
class Unsure(Record):
    """The connection was cut before these lines were answered: whether the program got them, nobody knows."""

    lines: Sequence[str]
    ids: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Error(Record):
    """What the daemon could not make sense of, or why it closes the console."""

    message: str


Event = Settings | Output | Gap | Reset | State | Exit | Notice | Taken | Unsure | Error

KINDS: dict[str, type[Record]] = {
    "settings": Settings,
    "gap": Gap,
    "reset": Reset,
    "state": State,
    "exit": Exit,
    "notice": Notice,
    "taken": Taken,
    "error": Error,
}
"""What each type of message is."""
