"""Consoles for many viewers: one upstream attach per service, text made once, every viewer at its own pace.

Rules:

- Nothing is read from the supervisor while no viewer is waiting for more: what nobody can take costs nobody
  anything. The supervisor's scrollback holds it, and the offsets tell what was lost there.
- A viewer that falls behind the relay's own memory is told how many bytes it missed, and goes on from there.
- A line without an end is shown after `QUIET` seconds: it may be a question that waits for an answer.
- What comes from a terminal is shown as the text that it leaves there, line by line.
- The console of another supervisor begins anew. The stream's name tells, or, where there is none, the offset.
"""

import json
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import cached_property

import anyio
import anyio.abc

from supervisor import Attached, NoSuchService, SupervisorUnreachable

from .framing import TEXT, frame
from .lines import Lines
from .mirror import Mirror
from .terminallines import TerminalLines
from .watched import Tally, Watched

QUIET = 0.3
LAST_WORDS, SILENCE = 1.0, 0.1
"""Seconds that an end waits for last words, and of silence after which there are none."""

REATTACH = 0.2
"""Seconds between attempts to attach to a supervisor that is being replaced."""

KEEP_BYTES = 1 << 20
"""Text that a relay keeps for viewers that are slower than others."""

MOST_FRAME = 900_000
"""Bytes of a message to a viewer: many clients take 1 MiB and no more."""

WORST = 6
"""Bytes of a message that one character can take, as `\\u001b` does."""


def differ(one: str | None, other: str | None) -> bool:
    """Tell whether these name two streams; where one has no name, nobody can tell."""
    return bool(one and other) and one != other


class Piece:
    """Some lines of output, as every viewer gets them."""

    def __init__(self, number: int, start: int, end: int, text: str) -> None:
        self.number = number
        self.start = start
        """How many bytes of output lie before this, so that what a viewer missed can be counted."""
        self.end = end
        self.text = text

    @cached_property
    def plain(self) -> bytes:
        """The frames of messages that are the text, built once for all viewers."""
        return b"".join(frame(TEXT, part.encode()) for part in parts(self.text))

    @cached_property
    def json(self) -> bytes:
        """The frames of `console-v2` messages that show the text, built once for all viewers."""
        return b"".join(frame(TEXT, output_frame(part).encode()) for part in parts(self.text))


def output_frame(text: str) -> str:
    """Return a `console-v2` message that shows text."""
    return '{"type":"output","data":' + json.dumps(text, ensure_ascii=False) + "}"


def parts(text: str) -> Sequence[str]:
    """Return the text in parts, cut between lines, that fit into messages which any client accepts."""
    if len(text) * WORST <= MOST_FRAME or len(output_frame(text).encode()) <= MOST_FRAME:
        return [text]
    middle = text.rfind("\n", 0, len(text) // 2)
    middle = text.find("\n", len(text) // 2) if middle < 0 else middle
    return [text] if middle < 0 else [*parts(text[:middle]), *parts(text[middle + 1 :])]


def missed_notice(count: int) -> str:
    """Return the line that tells of lost output."""
    return f"[Holdfast] {count} bytes of output were skipped: this viewer is slower than the program"


class Viewer:
    """One viewer's place in a relay."""

    def __init__(self, relay: "Relay") -> None:
        self._relay = relay
        self._next = 0
        self._shown = relay.shown
        self.waiting = False

    @property
    def behind(self) -> int:
        """How many bytes of output it has not taken yet."""
        return max(0, self._relay.shown - self._shown)

    async def replay(self) -> Piece:
        """Return the scrollback, once; what comes after is `receive`d."""
        await self._relay.replayed.wait()
        piece = self._relay.replay()
        self._next, self._shown = piece.number, piece.end
        return piece

    async def receive(self) -> Piece:
        """Wait for output. Raises `anyio.EndOfStream` when the service is gone."""
        relay = self._relay
        while self._next >= relay.next:
            if relay.ended:
                raise anyio.EndOfStream
            self.waiting = True
            relay.wanted.set()
            try:
                await relay.news.wait()
            finally:
                self.waiting = False
        if self._next < (oldest := relay.oldest()).number:
            missed = relay.missed(oldest.start - self._shown)
            self._next, self._shown = oldest.number, oldest.start
            return Piece(-1, 0, 0, missed_notice(missed))
        piece = relay.piece(self._next)
        self._next, self._shown = piece.number + 1, piece.end
        return piece


class Relay:
    """One service's console while somebody watches it."""

    def __init__(self, name: str, mirror: Mirror, lines: int, size: int, tally: Tally | None = None) -> None:
        self._name = name
        self._mirror = mirror
        self._tally = tally or Tally()
        self._most_lines = lines
        self._most_bytes = max(size, KEEP_BYTES)
        self._lines: Lines | TerminalLines = Lines()
        self._pieces: deque[Piece] = deque()
        self._replay: Piece | None = None
        """Kept until there is more: when a daemon begins, all viewers come back at once."""
        self._kept = 0
        self._passed = 0
        """Bytes of output that were received, or lost and told of."""
        self._shown = 0
        """How many of them are in pieces."""
        self.next = 0
        """The number of the next piece."""
        self.viewers: set[Viewer] = set()
        self.replayed = anyio.Event()
        """Set when the supervisor's scrollback has arrived."""
        self.news = anyio.Event()
        self.wanted = anyio.Event()
        """Set when a viewer waits for more."""
        self.ended = False
        self.scope = anyio.CancelScope()

    @property
    def lag(self) -> int:
        """Bytes of output by which the slowest viewer is behind."""
        return max((viewer.behind for viewer in self.viewers), default=0)

    @property
    def shown(self) -> int:
        """How many bytes of output lie before the end of the latest piece."""
        return self._shown

    def missed(self, count: int) -> int:
        """Note that so many bytes were lost to a viewer; return how many."""
        self._tally.dropped[self._name] += count
        return count

    def oldest(self) -> Piece:
        """Return the oldest piece that is kept; there is one whenever a viewer is behind."""
        return self._pieces[0]

    def piece(self, number: int) -> Piece:
        """Return a piece that is kept, by its number."""
        return self._pieces[number - self._pieces[0].number]

    def replay(self) -> Piece:
        """Return the last lines; its number is that of the next piece, and it ends where that begins."""
        if self._replay is not None:
            return self._replay
        texts: list[str] = []
        count = 0
        for piece in reversed(self._pieces):
            texts.append(piece.text)
            count += piece.text.count("\n") + 1
            if count >= self._most_lines:
                break
        lines = "\n".join(reversed(texts)).split("\n")[-self._most_lines :] if self._most_lines else []
        self._replay = Piece(self.next, 0, self._shown, "\n".join(lines))
        return self._replay

    async def run(self) -> None:
        """Carry output until cancelled, or until the service is gone."""
        offset: int | None = None
        stream = ""
        with self.scope:
            while True:
                try:
                    attached = await self._mirror.attach(self._name, offset, stream)
                except NoSuchService:
                    break
                except SupervisorUnreachable:
                    await anyio.sleep(REATTACH)
                    continue
                if offset is not None and (attached.offset != offset or differ(stream, attached.stream)):
                    self._add(self._lines.finish())
                stream = attached.stream
                try:
                    offset = await self._carry(attached)
                finally:
                    with anyio.CancelScope(shield=True):
                        await attached.aclose()
        self._add(self._lines.finish())
        self.ended = True
        self.replayed.set()
        self.news.set()

    async def _carry(self, attached: Attached) -> int:
        """Carry what one attachment brings; return where it ended."""
        expected = attached.offset
        replay_end = attached.end
        while True:
            if expected >= replay_end and not self.replayed.is_set():
                self._add(self._lines.flush())
                self.replayed.set()
            if self.replayed.is_set():
                await self._until_wanted()
            try:
                with anyio.move_on_after(QUIET if self._lines.unfinished else None) as patience:
                    output = await attached.receive()
            except (anyio.EndOfStream, SupervisorUnreachable):
                return expected
            if patience.cancelled_caught:
                self._add(self._lines.flush())
                continue
            if output.offset != expected:
                self._add(self._lines.finish())
                self._passed += output.offset - expected
                self._add(missed_notice(self.missed(output.offset - expected)))
            expected = output.offset + len(output.data)
            self._passed += len(output.data)
            self._tally.carried[self._name] += len(output.data)
            self._fit()
            self._add(self._lines.feed(output.data))

    def _fit(self) -> None:
        """Read what comes as that of a terminal, if it has one, as wide as that is."""
        status = self._mirror.latest.get(self._name)
        size = None if status is None else status.terminal
        if isinstance(self._lines, TerminalLines) != (size is not None):
            self._add(self._lines.finish())
            self._lines = Lines() if size is None else TerminalLines(size.columns)
        if size is not None and isinstance(self._lines, TerminalLines):
            self._lines.columns = size.columns

    async def _until_wanted(self) -> None:
        while not any(viewer.waiting for viewer in self.viewers):
            self.wanted = anyio.Event()
            await self.wanted.wait()

    def _add(self, text: str | None) -> None:
        if text is None:
            return
        end = self._passed - self._lines.pending
        self._replay = None
        self._pieces.append(Piece(self.next, self._shown, end, text))
        self.next += 1
        self._shown = end
        self._kept += len(text)
        while self._kept > self._most_bytes and len(self._pieces) > 1:
            self._kept -= len(self._pieces.popleft().text)
        self.news.set()
        self.news = anyio.Event()


class Consoles:
    """The relays of all consoles that somebody watches."""

    def __init__(self, mirror: Mirror, tasks: anyio.abc.TaskGroup) -> None:
        self._mirror = mirror
        self.watched: Watched[Relay] = Watched(tasks)

    async def settle(self) -> None:
        """Wait until what the programs have said last has come, for a moment at most.

        Who resumes by offset loses nothing; a viewer of lines would not see his program stop.
        """
        with anyio.move_on_after(LAST_WORDS):
            for relay in list(self.watched.relays.values()):
                while not relay.ended:
                    with anyio.move_on_after(SILENCE) as silence:
                        await relay.news.wait()
                    if silence.cancelled_caught:
                        break

    @asynccontextmanager
    async def view(self, name: str, lines: int, size: int) -> AsyncIterator[Viewer]:
        """View a console for a while; raises `TooManyViewers`.

        The replay holds at most `lines` lines; `size` is the service's scrollback in bytes.
        """
        tally = self.watched.tally
        async with self.watched.relay(name, lambda: Relay(name, self._mirror, lines, size, tally)) as relay:
            viewer = Viewer(relay)
            relay.viewers.add(viewer)
            try:
                yield viewer
            finally:
                relay.viewers.discard(viewer)
