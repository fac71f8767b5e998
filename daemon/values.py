"""A value and its place in a text: what a config is taken apart with, so that every complaint can point.

`Value` is one value as it was read. `Section` is an object under inspection: it hands out what was asked for
in the type that was asked for, and knows afterwards which keys nobody asked for.
"""

import json
import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TypeAlias

_MAX_WARNINGS = 100


class ConfigError(Exception):
    """A config that cannot be used: where, and what was expected. Line 0 means the file as a whole."""

    def __init__(self, file: str, line: int, column: int, key: str, reason: str) -> None:
        super().__init__(file, line, column, key, reason)
        self.file = file
        self.line = line
        self.column = column
        self.key = key
        self.reason = reason

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return ": ".join(part for part in (place, self.key, self.reason) if part)


class Source:
    """A text that turns an index into line and column, and collects the warnings about itself."""

    def __init__(self, file: str, text: str) -> None:
        # hjson looks for a line feed to find an indent; without one before the first line it runs past it.
        self.text = "\n" + text
        self.file = file
        self.warnings: list[ConfigError] = []
        self._starts = [match.end() for match in re.finditer("\n", self.text)]

    def error(self, index: int, reason: str, key: str = "") -> ConfigError:
        """Return an error that points to a character, by line and column from 1."""
        line = self.line(index)
        return ConfigError(self.file, line, index - self._starts[line - 1] + 1, key, reason)

    def line(self, index: int) -> int:
        """Return the number of the line in which a character stands."""
        return bisect_right(self._starts, index)

    def warn(self, index: int, reason: str, key: str) -> None:
        """Keep a warning that points to a character; after a hundred nobody reads on."""
        if len(self.warnings) >= _MAX_WARNINGS:
            return
        told = self.error(index, reason, key)
        # A template is read once for each server that inherits it.
        if all(told.args != known.args for known in self.warnings):
            self.warnings.append(told)


Data: TypeAlias = "bool | int | float | str | tuple[Value, ...] | Mapping[str, Value] | None"


@dataclass(frozen=True, slots=True)
class Value:
    """A value, the full path of its key, and where it stands."""

    source: Source = field(repr=False, compare=False)
    index: int = field(compare=False)
    key: str
    data: Data

    def error(self, reason: str) -> ConfigError:
        """Return an error that points to this value."""
        return self.source.error(self.index, reason, self.key)

    def expected(self, what: str) -> ConfigError:
        """Return the error for a value of the wrong kind.

        Of a number, only that it is one: where a text was expected, it may be a secret without its quotes.
        """
        if isinstance(self.data, Mapping):
            got = "an object"
        elif isinstance(self.data, tuple):
            got = "a list"
        elif isinstance(self.data, str):
            got = "a string" if self.data else "an empty string"
        elif self.data is None or isinstance(self.data, bool):
            got = json.dumps(self.data)
        else:
            got = "a number"
        return self.error(f"expected {what}, got {got}")

    def expected_number(self, what: str) -> ConfigError:
        """Return the error where another number was expected: that one is told."""
        if isinstance(self.data, bool) or not isinstance(self.data, int | float):
            return self.expected(what)
        return self.error(f"expected {what}, got {json.dumps(self.data)}")

    def text(self) -> str:
        """Return a string; raises `ConfigError`."""
        if not isinstance(self.data, str):
            raise self.expected("a string")
        return self.data

    def flag(self) -> bool:
        """Return true or false; raises `ConfigError`."""
        if not isinstance(self.data, bool):
            raise self.expected("true or false")
        return self.data

    def plain(self) -> object:
        """Return it as plain data: objects, lists, texts, numbers."""
        if isinstance(self.data, Mapping):
            return {key: value.plain() for key, value in self.data.items()}
        return [value.plain() for value in self.data] if isinstance(self.data, tuple) else self.data

    def warn(self, reason: str) -> None:
        """Keep a warning that points to this value."""
        self.source.warn(self.index, reason, self.key)

    def path(self, key: str) -> str:
        """Return the full path of a key of this object."""
        shown = key if key and key.isprintable() else json.dumps(key)
        return f"{self.key}.{shown}" if self.key else shown


class Section:
    """An object under inspection. A key that is missing or null gives the default.

    Keys may differ in case from what is asked for, as in Octyne; every method raises `ConfigError`.
    """

    def __init__(self, value: Value) -> None:
        if not isinstance(value.data, Mapping):
            raise value.expected("an object")
        self.value = value
        self._items = value.data
        self._folded = {key.lower(): key for key in value.data} if value.data else {}
        self._asked: set[str] = set()
        self._wanted: dict[str, None] = {}
        """The keys that somebody has asked for, there or not."""

    def get(self, key: str) -> Value | None:
        """Return the value of a key, or None."""
        if not self._items:  # as most sections of most servers are
            return None
        self._wanted[key] = None
        if key not in self._items:
            found = self._folded.get(key.lower())
            if found is None:
                return None
            key = found
        self._asked.add(key)
        value = self._items[key]
        return None if value.data is None else value

    @property
    def empty(self) -> bool:
        """Whether there is no key at all: everything has its default."""
        return not self._items

    def require(self, key: str, what: str) -> Value:
        """Return the value of a key that must be there."""
        value = self.get(key)
        if value is None:
            raise self.value.source.error(self.value.index, f"missing, expected {what}", self.value.path(key))
        return value

    def section(self, key: str) -> "Section":
        """Return an object; a missing one is empty, and stands where this one stands."""
        value = self.get(key)
        if value is None:
            value = Value(self.value.source, self.value.index, self.value.path(key), {})
        return Section(value)

    def entries(self) -> Iterator[tuple[str, Value]]:
        """Yield all keys and values, where the keys are names that the user chose."""
        self._asked.update(self._items)
        yield from self._items.items()

    def flag(self, key: str, default: bool) -> bool:
        """Return true or false."""
        value = self.get(key)
        return default if value is None else value.flag()

    def text(self, key: str, default: str) -> str:
        """Return a string."""
        value = self.get(key)
        return default if value is None else value.text()

    def whole(self, key: str, default: int, low: int, high: int) -> int:
        """Return a whole number between two others, both included."""
        value = self.get(key)
        if value is None:
            return default
        if type(value.data) is not int:
            raise value.expected_number("a whole number")
        if not low <= value.data <= high:
            raise value.expected_number(f"a whole number from {low} to {high}")
        return value.data

    def seconds(self, key: str, default: float) -> float:
        """Return a duration."""
        value = self.get(key)
        if value is None:
            return default
        if type(value.data) not in (int, float) or not isinstance(value.data, int | float) or value.data < 0:
            raise value.expected_number("seconds, 0 or more")
        return float(value.data)

    def choice(self, key: str, default: str, *words: str) -> str:
        """Return one of these words; the default need not be one of them."""
        value = self.get(key)
        if value is None:
            return default
        if value.data not in words:
            what = f"{', '.join(words[:-1])} or {words[-1]}"
            raise value.error(f"expected {what}, got {value.text()!r}")
        return value.text()

    def unknown(self, *known: str) -> list[Value]:
        """Return what stands under keys that nobody asked for, but for those that are known otherwise."""
        return [value for key, value in self._items.items() if key not in self._asked and key not in known]

    def warn_unknown(self, *known: str) -> None:
        """Warn about them."""
        for key, value in self._items.items():
            if key not in self._asked and key not in known:
                value.warn(f"is unknown and has no effect{self._meant(key, known)}")

    def _meant(self, key: str, known: Sequence[str]) -> str:
        folded = {name.lower(): name for name in (*self._wanted, *known)}
        near = get_close_matches(key.lower(), folded, 1)
        return f"; did you mean {folded[near[0]]}?" if near else ""
