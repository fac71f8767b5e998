"""Reads JSON with comments (HuJSON), Hjson and plain JSON, and remembers where every value stands.

The rules:

- Never more than 1 MiB or 100 levels; UTF-8, with or without a byte order mark; no NUL character.
- The top is an object. An empty text is a mistake, not an empty object.
- A key stands once in its object; the hjson library would silently take the last one.
- Whatever the bytes, the answer is a `Value` or a `ConfigError`.

The hjson library reads objects, arrays, keys and quoted strings. What stands here is the dispatch between
its functions, since that is where positions are known. There is no fast path through `json.loads`: it knows
no positions, which most real files need for a warning, and two parsers are two opinions about one text.
"""

import math
import re
from dataclasses import dataclass

from hjson import HjsonDecodeError
from hjson.decoder import JSONArray, JSONObject, getNext, mlscanstring, scanstring

from .values import ConfigError, Source, Value

MAX_BYTES = 1 << 20
MAX_DEPTH = 100

# A literal is one only if a separator, a comment or the end of the line follows; else it begins a string.
# If a quoted key follows, somebody forgot a comma, and Hjson would take the rest of the line for text.
_LITERAL = re.compile(
    r"(?:(?P<word>true|false|null|NaN|-?Infinity)|(?P<whole>-?(?:0|[1-9][0-9]*))(?P<real>\.[0-9]+)?(?P<exp>[eE][-+]?[0-9]+)?)"
    r"(?:(?=[ \t]*(?:[,}\]#\r\n]|//|/\*|\Z))|[ \t]+(?P<next>\"[^\"\r\n]*\")[ \t]*:)"
)
_WORDS = {"true": True, "false": False, "null": None}
_REST_OF_LINE = re.compile(r"[^\r\n]*")
_SWALLOWED = re.compile(r"\s(?://|#|/\*)|,$")
_NOT_TEXT = re.compile("[\0\ud800-\udfff]")
_MAX_DIGITS = 100
_MAX_INDENT = 200  # hjson walks to the beginning of the line for each ''' in it

_WORDING = {
    "Unterminated string starting at": "this string is never closed",
    "Invalid control character %r at": "a quoted string must not contain a line break or control character",
    "Invalid \\X escape sequence %r": "there is no such escape",
    "Invalid \\uXXXX escape sequence": "expected four hexadecimal digits after \\u",
    "Expecting ':' delimiter": "expected a colon after the key",
}


class _Pairs(list[tuple[str, "_Raw"]]):
    """The keys and values of an object, as often as they stand there."""


@dataclass(slots=True)
class _Raw:
    """A value that does not know its key yet."""

    index: int
    data: "bool | int | float | str | tuple[_Raw, ...] | _Pairs | None"


def read(data: bytes, file: str) -> Value:
    """Return the object that the text describes, each value with its place; raises `ConfigError`."""
    if len(data) > MAX_BYTES:
        raise ConfigError(file, 0, 0, "", f"is larger than {MAX_BYTES} bytes")
    data = data.removeprefix(b"\xef\xbb\xbf")
    try:
        source = Source(file, data.decode())
    except UnicodeDecodeError as exc:
        good = Source(file, data[: exc.start].decode())
        raise good.error(len(good.text), f"byte 0x{data[exc.start]:02x} is not UTF-8") from exc
    if "\0" in source.text:
        raise source.error(source.text.index("\0"), "a NUL character has no place in a config")
    try:
        return _settle(source, _Reader(source).read(), "")
    except RecursionError as exc:
        raise ConfigError(file, 0, 0, "", "is nested too deeply") from exc


class _Reader:
    """One pass over a text."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._text = source.text
        self._at = 0  # the end of what was read, for errors that come without a place
        self._open: list[int] = []
        self._greedy: int | None = None

    def read(self) -> _Raw:
        try:
            return self._top()
        except HjsonDecodeError as exc:
            raise self._translated(str(exc.msg), int(exc.pos)) from exc
        except IndexError as exc:
            start = max(self._at, self._text.find("/*", self._at))
            raise self._source.error(start, "this comment is never closed") from exc
        except ValueError as exc:  # from chr(), by way of an escape such as \u-123
            raise self._source.error(self._at, "an escape in or behind this value is no character") from exc

    def _top(self) -> _Raw:
        text = self._text
        first, start = getNext(text, 0)
        if not first:
            raise self._source.error(1, "the file is empty")
        self._at = start
        if first == "{":
            raw, end = self._value(text, start)
        elif first == "[" or ":" not in text:
            raise self._source.error(start, "expected an object")
        else:
            pairs, end = JSONObject((text, start), None, True, self._value, None, _Pairs, None, True)
            raw = _Raw(start, pairs)
        rest, end = getNext(text, end)
        if rest:
            raise self._source.error(end, f"expected the end of the text, got {rest!r}")
        return raw

    def _value(self, text: str, index: int) -> tuple[_Raw, int]:
        self._at = index
        first = text[index : index + 1]
        if first and first in "{[":
            self._at += 1
            if len(self._open) == MAX_DEPTH:
                raise self._source.error(index, f"nested more than {MAX_DEPTH} levels deep")
            self._open.append(index)
            if first == "{":
                data, end = JSONObject((text, index + 1), None, True, self._value, None, _Pairs)
            else:
                values, end = JSONArray((text, index + 1), self._value)
                data = tuple(values)
            self._open.pop()
        elif text.startswith("'''", index):
            data, end = self._block(index)
        elif first and first in "\"'":
            data, end = scanstring(text, index + 1)
        else:
            data, end = self._bare(index, first)
        self._at = end
        return _Raw(index, data), end

    def _block(self, index: int) -> tuple[str, int]:
        if self._text.rfind("\n", max(0, index - _MAX_INDENT), index) < 0:
            raise self._source.error(index, f"''' must stand in the first {_MAX_INDENT} columns")
        try:
            text, end = mlscanstring(self._text, index)
        except (HjsonDecodeError, IndexError) as exc:
            raise self._source.error(index, "this ''' string is never closed") from exc
        return str(text), int(end)

    def _bare(self, index: int, first: str) -> tuple[bool | int | float | str | None, int]:
        if not first:
            raise self._ended(index)
        if first in "}],:":
            raise self._source.error(index, f"expected a value, got {first!r}")
        literal = _LITERAL.match(self._text, index)
        if literal is None:
            line = _REST_OF_LINE.match(self._text, index)
            text = line[0] if line else ""
            if self._greedy is None and re.search(r"[\[\]{}]", text):
                self._greedy = index
            return text.strip(), index + len(text)
        if literal["next"]:
            raise self._source.error(
                literal.start("next"), f"a comma is missing before {literal['next'][:40]}"
            )
        return self._literal(literal), literal.end()

    def _literal(self, literal: re.Match[str]) -> bool | int | float | None:
        if literal["word"] in _WORDS:
            return _WORDS[literal["word"]]
        number = math.inf
        if not literal["word"] and len(literal[0]) <= _MAX_DIGITS:
            number = float(literal[0])
        if not math.isfinite(number):
            raise self._source.error(literal.start(), f"{literal[0][:40]} is not a number that can be used")
        return number if literal["real"] or literal["exp"] else int(literal[0])

    def _translated(self, message: str, index: int) -> ConfigError:
        if index >= len(self._text):
            return self._ended(index)
        if "%r" in message:  # these two point behind the culprit
            index -= 1
        return self._source.error(index, _WORDING.get(message) or message[:1].lower() + message[1:])

    def _ended(self, index: int) -> ConfigError:
        reason = "the text ends where a key and a value were expected"
        if self._open:
            start = self._open[-1]
            reason = f"the text ends, but the {self._text[start]} of line {self._source.line(start)} is open"
        if self._greedy is not None:
            line = self._source.line(self._greedy)
            reason += f"; in line {line}, text without quotes took the rest of the line, brackets too"
        return self._source.error(index, reason)


def _settle(source: Source, raw: _Raw, key: str) -> Value:
    """Return the value with the full path of its key; refuse and warn about what needs that path."""
    if isinstance(raw.data, _Pairs):
        value = Value(source, raw.index, key, None)
        items: dict[str, Value] = {}
        for name, item in raw.data:
            path = value.path(name)
            if name in items:
                first = source.line(items[name].index)
                raise source.error(item.index, f"stands here for the second time, after line {first}", path)
            if _NOT_TEXT.search(name):
                raise source.error(item.index, "must not contain NUL or half of a surrogate pair", path)
            items[name] = _settle(source, item, path)
        return Value(source, raw.index, key, items)
    if isinstance(raw.data, tuple):
        entries = tuple(_settle(source, item, f"{key}[{at}]") for at, item in enumerate(raw.data))
        return Value(source, raw.index, key, entries)
    value = Value(source, raw.index, key, raw.data)
    if isinstance(raw.data, str):
        if _NOT_TEXT.search(raw.data):
            raise value.error("must not contain NUL or half of a surrogate pair")
        if source.text[raw.index] not in "\"'" and _SWALLOWED.search(raw.data):
            value.warn("text without quotes takes the rest of its line, comment and comma too")
    return value
