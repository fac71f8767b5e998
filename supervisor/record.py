"""Read a JSON object field by field: every value has the type that was asked for, or a clear error.

What crosses a process boundary (the plan, a frozen state, a message) is data from somebody else, perhaps
from another version of ourselves. It is taken apart here, once, and is typed from then on.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import Field
from typing import ClassVar, Protocol, TypeVar, cast

T = TypeVar("T", str, int, float, bool)
P = TypeVar("P")

_WORDS = {str: "a string", int: "a whole number", float: "a number", bool: "true or false"}


class InvalidRecord(ValueError):
    """A record lacks a field or holds a value of the wrong type; the message names the field."""


class HasFields(Protocol):
    """Any dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Field[object]]]


def plain(value: HasFields) -> dict[str, object]:
    """Return the fields of a dataclass as they are; `asdict` would look for others in each of them."""
    return {name: getattr(value, name) for name in value.__dataclass_fields__}


class Record:
    """One JSON object under inspection; `path` is where it stands in the whole, for the message."""

    def __init__(self, data: object, path: str = "") -> None:
        if not isinstance(data, Mapping):
            raise InvalidRecord(f"{path or 'record'}: expected an object, got {_kind(data)}")
        self._data = cast("Mapping[str, object]", data)
        self._path = path

    def where(self, key: str) -> str:
        """Return the full path of a field, for an error message."""
        return f"{self._path}.{key}" if self._path else key

    def take(self, key: str, kind: type[T], default: T | None = None) -> T:
        """Return the field; a missing one gives the default, or raises if there is none."""
        value = self._data.get(key)
        if value is None:
            if default is None:
                raise InvalidRecord(f"{self.where(key)}: missing, expected {_WORDS[kind]}")
            return default
        if kind is float and type(value) is int:
            return kind(self._number(key, value))
        if type(value) is not kind:
            raise InvalidRecord(f"{self.where(key)}: expected {_WORDS[kind]}, got {_kind(value)}")
        return value

    def optional(self, key: str, kind: type[T]) -> T | None:
        """Return the field, or None where it is missing or null."""
        return None if self._data.get(key) is None else self.take(key, kind)

    def strings(self, key: str) -> tuple[str, ...]:
        """Return a list of strings; a missing one is empty."""
        values = self._data.get(key, ())
        if not isinstance(values, list | tuple) or not all(type(v) is str for v in values):
            raise InvalidRecord(f"{self.where(key)}: expected a list of strings")
        return tuple(values)

    def numbers(self, key: str) -> tuple[float, ...]:
        """Return a list of numbers; a missing one is empty."""
        values = self._data.get(key, ())
        if not isinstance(values, list | tuple) or not all(type(v) in (int, float) for v in values):
            raise InvalidRecord(f"{self.where(key)}: expected a list of numbers")
        return tuple(self._number(key, v) for v in values)

    def _number(self, key: str, value: float) -> float:
        try:
            return float(value)
        except OverflowError as exc:
            raise InvalidRecord(f"{self.where(key)}: is too large a number") from exc

    def mapping(self, key: str) -> dict[str, str]:
        """Return an object of strings; a missing one is empty."""
        values = self._data.get(key, {})
        if not isinstance(values, Mapping) or not all(
            type(k) is str and type(v) is str for k, v in values.items()
        ):
            raise InvalidRecord(f"{self.where(key)}: expected an object of strings")
        return dict(values)

    def record(self, key: str) -> "Record":
        """Return a field that is an object itself; a missing one is empty."""
        value = self._data.get(key)
        return Record({} if value is None else value, self.where(key))

    def part(self, key: str, read: Callable[["Record"], P], default: P) -> P:
        """Return what is read from a field that is an object; what is as by default is `default` itself."""
        if not self.has(key):
            return default
        found = read(self.record(key))
        return default if found == default else found

    def names(self) -> Sequence[str]:
        """Return the names of all fields."""
        return [str(key) for key in self._data]

    def has(self, key: str) -> bool:
        """Tell whether the field is there and not null."""
        return self._data.get(key) is not None

    def records(self, key: str) -> Iterator["Record"]:
        """Yield the objects of a list; a missing list is empty."""
        values = self._data.get(key, [])
        if not isinstance(values, list | tuple):
            raise InvalidRecord(f"{self.where(key)}: expected a list, got {_kind(values)}")
        for index, value in enumerate(values):
            yield Record(value, f"{self.where(key)}[{index}]")


def _kind(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, list | tuple):
        return "a list"
    return _WORDS.get(type(value), type(value).__name__)
