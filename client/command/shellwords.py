"""What stands on a line that somebody types into a shell, and how a word is written so that it stays one."""

import re
from dataclasses import dataclass, field

_OPERATORS = frozenset("|&;()<>")

_PLAIN = re.compile(r"[\w@%+,./:=^-]*")

_ASSIGNMENT = re.compile(r"\w+=")


@dataclass(slots=True)
class Line:
    """A line up to the cursor: the words before, and the one at which it stands, without quotes."""

    words: list[str] = field(default_factory=list)
    current: str = ""
    head: str = ""
    """That of it which the shell leaves as it is: bash replaces only what follows a colon."""
    quote: str = ""
    """The quotation mark that is open."""
    before: str = ""
    """The head before that quotation mark: once it is closed, what is in it begins nothing."""
    redirected: bool = False
    """Whether the current word names a file that the shell itself opens."""


def parted(text: str, breaks: str = "") -> Line:
    """Take a line apart as a POSIX shell does; unquoted `breaks` begin what bash replaces."""
    line = Line()
    begun, at = False, 0
    while at < len(text):
        char = text[at]
        at += 1
        if line.quote:
            at = _quoted(line, text, char, at)
        elif char.isspace() or char in _OPERATORS:
            if begun:
                _end(line)
            begun = False
            if char in _OPERATORS:
                line.redirected = char in "<>"
                if not line.redirected:
                    line.words.clear()
        else:
            begun = True
            if char in "'\"":
                line.quote, line.before, line.head = char, line.head, line.current
            elif char == "\\":
                line.current += text[at : at + 1]
                at += 1
            else:
                line.current += char
                if char in breaks:
                    line.head = line.current
    while line.words and _ASSIGNMENT.match(line.words[0]):
        del line.words[0]
    return line


def written(word: str, quote: str = "") -> str:
    """Return a word as it must be typed, inside of an open quotation mark or outside of any."""
    if quote == "'":
        return word.replace("'", "'\\''")
    if quote == '"':
        return re.sub(r'(["$`\\])', r"\\\1", word)
    if _PLAIN.fullmatch(word):
        return word
    begin = "\\" if word.startswith(("~", "#")) else ""
    return begin + re.sub(r"([^\w@%+,./:=^~#-])", r"\\\1", word)


def _quoted(line: Line, text: str, char: str, at: int) -> int:
    if char == line.quote:
        line.quote, line.head = "", line.before
    elif char == "\\" and line.quote == '"' and text[at : at + 1] in ("$", "`", '"', "\\"):
        line.current += text[at]
        return at + 1
    else:
        line.current += char
    return at


def _end(line: Line) -> None:
    if not line.redirected:
        line.words.append(line.current)
    line.current, line.head, line.redirected = "", "", False
