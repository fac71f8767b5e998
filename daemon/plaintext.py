"""The output of a terminal as lines of text, for viewers and files that are none.

Rules:

- A line counts as it is when it ends: what a carriage return, a backspace or an erasure has taken from it was
  never there. So a progress bar is one line, and so is a command that was corrected while it was typed.
- Of escape sequences only colours stay (SGR). What moves the cursor to another line begins another line.
- What is drawn on the alternate screen is no text: one line says that it is there.
- It is no matter in which parts the bytes come, and what is kept is bounded, whatever comes.

This is no terminal: it has one line, and cannot go back to those before.
"""

import codecs
import re
from collections.abc import Callable

from .sgr import PLAIN, restyled
from .textline import LONGEST, TextLine

COLUMNS = 80

ELSEWHERE = "[Holdfast] A full-screen program is shown: open it in a terminal viewer (console-v3)"
"""Shown in place of what is drawn on the alternate screen."""

_TOKEN = re.compile(
    r"(?P<text>[^\x00-\x1f\x7f-\x9f]+)"
    r"|(?:\x1b\[|\x9b)(?P<private>[<=>?]?)(?P<parameters>[0-;]{0,64})(?P<between>[ -/]{0,4})(?P<final>[@-~])"
    r"|(?P<command>\x1b\]|\x9d)"
    r"|(?P<string>\x1b[PX^_]|[\x90\x98\x9e\x9f])"
    r"|\x1b(?P<escape>[ -/]{1,4}[0-~]|[0-~])"
    r"|(?P<control>.)",
    re.DOTALL,
)
_BEGUN = re.compile(r"(?:(?:\x1b\[|\x9b)[<=>?]?[0-;]{0,64}[ -/]{0,4}|\x1b[ -/]{0,4})\Z")
"""A sequence of which the end has not come yet."""

_COMMAND_END = re.compile("[\x07\x18\x1a\x1b\x9c\n]")
"""What ends a command such as a title; a newline too, since none has one and text must go on one day."""
_STRING_END = re.compile("[\x18\x1a\x1b\x9c]")
_LONGEST_STRING = 1 << 20
"""Characters of a string that are dropped; what has no end after that is text again."""

_ALTERNATE = frozenset({"47", "1047", "1049"})

_Act = Callable[[], object]
_ActOn = Callable[[int, int], object]


class PlainText:
    """Turns the bytes of a terminal into lines."""

    def __init__(self, columns: int = COLUMNS) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._line = TextLine(columns)
        self._lines: list[str] = []
        self._rest = ""
        self._string: re.Pattern[str] | None = None
        """What ends the string of which we are in the middle."""
        self._dropped = 0
        self._saved = 0
        self._elsewhere = False
        """Whether the alternate screen is shown."""
        self._said = False
        """Whether the latest line says so."""
        self._controls: dict[str, _Act] = {
            "\b": lambda: self._line.move(-1),
            "\t": self._tab,
            "\r": self._line.to_row_start,
            **dict.fromkeys("\n\v\f\x84\x85", self._end),
        }
        self._escapes: dict[str, _Act] = {
            "7": self._save,
            "8": self._restore,
            **dict.fromkeys("DE", self._end),
            "c": self._reset,
        }
        self._finals: dict[str, _ActOn] = {
            "@": lambda count, _: self._line.insert(count),
            "A": lambda count, _: self._line.to_row(-count),
            "B": self._down,
            **dict.fromkeys("Ca", lambda count, _: self._line.move(count)),
            "D": lambda count, _: self._line.move(-count),
            "E": lambda *_: self._break(),
            "F": lambda *_: self._line.to_row_start(),
            **dict.fromkeys("G`", lambda column, _: self._line.to_column(column - 1)),
            **dict.fromkeys("Hf", self._place),
            "P": lambda count, _: self._line.delete(count),
            "X": lambda count, _: self._line.erase_characters(count),
            "d": lambda *_: self._break(),
            "s": lambda *_: self._save(),
            "u": lambda *_: self._restore(),
        }

    @property
    def columns(self) -> int:
        """How wide the terminal is."""
        return self._line.columns

    @columns.setter
    def columns(self, columns: int) -> None:
        self._line.columns = columns

    @property
    def unfinished(self) -> str:
        """The line as it is so far."""
        return self._line.render()

    def feed(self, data: bytes) -> list[str]:
        """Take in bytes; return the lines that have ended."""
        self._take(self._rest + self._decoder.decode(data))
        return self._taken()

    def finish(self) -> list[str]:
        """Return what is left; nothing that belongs to it will come, and what comes is read anew."""
        self._take(self._rest + self._decoder.decode(b"", final=True))
        self._rest, self._string = "", None
        self._decoder.reset()
        self._reset()
        return self._taken()

    def _taken(self) -> list[str]:
        lines, self._lines = self._lines, []
        return lines

    def _take(self, text: str) -> None:
        place, size = 0, len(text)
        while place < size:
            if self._string is not None:
                place = self._skip(self._string, text, place)
                continue
            if text[place] in "\x1b\x9b" and _BEGUN.match(text, place):
                break
            token = _TOKEN.match(text, place)
            if token is None:  # there is always a control character, if nothing else
                break
            place = token.end()
            self._act(token)
        self._rest = text[place:]

    def _skip(self, pattern: re.Pattern[str], text: str, place: int) -> int:
        """Skip what belongs to a string; return where that ends. An escape begins something else."""
        stop = place + _LONGEST_STRING - self._dropped
        end = pattern.search(text, place, stop)
        if end is None:
            self._dropped += min(len(text), stop) - place
            if self._dropped >= _LONGEST_STRING:
                self._string = None
            return min(len(text), stop)
        self._string = None
        return end.start() if end[0] in "\x1b\n" else end.end()

    def _act(self, token: re.Match[str]) -> None:
        match token.lastgroup:
            case "text":
                self._write(token[0])
            case "control":
                if (control := self._controls.get(token[0])) is not None and not self._elsewhere:
                    control()
            case "final":
                self._control(token["private"], token["parameters"], token["between"], token["final"])
            case "escape":
                if token["escape"] == "c":
                    self._show_elsewhere(False)
                if (escape := self._escapes.get(token["escape"])) is not None and not self._elsewhere:
                    escape()
            case kind:
                self._string, self._dropped = _COMMAND_END if kind == "command" else _STRING_END, 0

    def _control(self, private: str, parameters: str, between: str, final: str) -> None:
        if private == "?" and final in "hl" and _ALTERNATE & set(parameters.split(";")):
            self._show_elsewhere(final == "h")
        if private or between:
            return
        if final == "m":
            self._line.style = restyled(self._line.style, parameters)
        elif self._elsewhere:
            return
        elif final in "JK":
            if (how := _number(parameters, 0, 0)) <= 2:
                self._line.erase(how, row=final == "K")
        elif (act := self._finals.get(final)) is not None:
            act(_number(parameters, 0, 1) or 1, _number(parameters, 1, 1) or 1)

    def _write(self, text: str) -> None:
        while text and not self._elsewhere:
            if self._line.full:
                self._end()
            text = self._line.write(text)

    def _end(self) -> None:
        """End the line."""
        self._lines.append(self._line.render())
        self._line.clear()
        self._saved, self._said = 0, False

    def _break(self) -> None:
        """End the line if there is anything in it: the cursor goes to another one."""
        if not self._line.empty:
            self._end()

    def _down(self, count: int, _: int) -> None:
        if not self._line.to_row(count):
            self._break()

    def _place(self, _: int, column: int) -> None:
        self._break()
        self._line.to_column(column - 1)

    def _tab(self) -> None:
        if not self._line.full:
            self._line.tab()

    def _save(self) -> None:
        self._saved = self._line.cursor

    def _restore(self) -> None:
        self._line.to(self._saved)

    def _reset(self) -> None:
        self._show_elsewhere(False)
        self._break()
        self._line.clear()
        self._line.style = PLAIN

    def _show_elsewhere(self, whether: bool) -> None:
        if whether and not self._elsewhere:
            self._break()
            # A program that goes back and forth must not make more text than it writes itself.
            if not self._said:
                self._lines.append(ELSEWHERE)
            self._said = True
        if self._elsewhere and not whether:
            self._line.clear()
        self._elsewhere = whether


def _number(parameters: str, index: int, default: int) -> int:
    """Return one of the parameters, as far as that makes a difference."""
    parts = parameters.split(";")
    part = parts[index].partition(":")[0] if index < len(parts) else ""
    return min(int(part), LONGEST) if part.isdigit() else default
