"""JSON with comments and trailing commas, as Octyne reads it: values, and where each stands in the text.

So a value can be replaced, and all the rest, comments and all, stays as somebody has written it.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_TOKEN = re.compile(
    r'(?P<blank>[ \t\r\n]+|//[^\n]*|/\*.*?\*/)|(?P<text>"(?:[^"\\\n]|\\.)*")'
    r"|(?P<word>-?[0-9][0-9.eE+-]*|true|false|null)|(?P<mark>[{}\[\],:])",
    re.DOTALL,
)


class NotHujson(ValueError):
    """The text is something else; the message says where."""


@dataclass(frozen=True, slots=True, eq=False)
class Spot:
    """A value, and its place in the text. `value` is a dict or list of spots, or plain."""

    value: object
    start: int
    end: int

    def get(self, *keys: str) -> "Spot | None":
        """Return what stands below these keys; they may differ in case, as for Octyne."""
        here: Spot | None = self
        for key in keys:
            if here is None or not isinstance(here.value, dict):
                return None
            folded = {name.lower(): spot for name, spot in here.value.items()}
            here = here.value.get(key) or folded.get(key.lower())
        return here

    @property
    def items(self) -> Mapping[str, "Spot"]:
        """What an object holds; nothing of another value."""
        return self.value if isinstance(self.value, dict) else {}


def parse(text: str) -> Spot:
    """Return the value of a text; raises `NotHujson`."""
    tokens = _tokens(text)
    try:
        found = _value(tokens, next(tokens), text)
        rest = next(tokens, None)
    except RecursionError:
        raise NotHujson("it is nested too deeply") from None
    except StopIteration:
        raise NotHujson("the text ends too early") from None
    if rest is not None:
        raise _wrong(text, rest.start())
    return found


def replaced(text: str, values: Mapping[Spot, str]) -> str:
    """Return the text with other texts in the places of these values."""
    for spot in sorted(values, key=lambda one: one.start, reverse=True):
        text = f"{text[: spot.start]}{json.dumps(values[spot], ensure_ascii=False)}{text[spot.end :]}"
    return text


def _tokens(text: str) -> Iterator[re.Match[str]]:
    at = 1 if text.startswith("\ufeff") else 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise _wrong(text, at)
        at = found.end()
        if found.lastgroup != "blank":
            yield found


def _value(tokens: Iterator[re.Match[str]], first: re.Match[str], text: str) -> Spot:
    match first[0]:
        case "{":
            pairs: dict[str, Spot] = {}
            end = first.end()
            for key in _separated(tokens, "}", text):
                if key.lastgroup != "text" or next(tokens)[0] != ":":
                    raise _wrong(text, key.start())
                value = _value(tokens, next(tokens), text)
                pairs[str(_plain(key, text))] = value
                end = value.end
            return Spot(pairs, first.start(), end)
        case "[":
            values = [_value(tokens, one, text) for one in _separated(tokens, "]", text)]
            return Spot(values, first.start(), values[-1].end if values else first.end())
    if first.lastgroup == "mark":
        raise _wrong(text, first.start())
    return Spot(_plain(first, text), first.start(), first.end())


def _separated(tokens: Iterator[re.Match[str]], end: str, text: str) -> Iterator[re.Match[str]]:
    """Yield the first token of each element; the consumer takes what follows it, up to the comma."""
    token = next(tokens, None)
    while token is not None and token[0] != end:
        yield token
        token = next(tokens, None)
        if token is not None and token[0] == ",":
            token = next(tokens, None)
        elif token is not None and token[0] != end:
            raise _wrong(text, token.start())
    if token is None:
        raise NotHujson("the text ends too early")


def _plain(token: re.Match[str], text: str) -> object:
    try:
        value: object = json.loads(token[0], strict=False)
    except ValueError:
        raise _wrong(text, token.start()) from None
    return value


def _wrong(text: str, at: int) -> NotHujson:
    line = text.count("\n", 0, at) + 1
    column = at - text.rfind("\n", 0, at)
    return NotHujson(f"line {line}, column {column}: that is not JSON with comments, as Octyne reads it")
