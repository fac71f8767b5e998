"""What a piece of long work is told: JSON data that came through a pipe from our own daemon."""

from collections.abc import Mapping

from .fences import Fences
from .relpath import RelPath


class InvalidArguments(ValueError):
    """The daemon and its worker do not speak of the same thing; the message says of what."""


class Arguments:
    """Typed access to JSON data; raises `InvalidArguments` for what is missing or of another type."""

    def __init__(self, data: Mapping[str, object]) -> None:
        self._data = data

    def text(self, key: str) -> str:
        """Return a text."""
        value = self._data.get(key)
        if not isinstance(value, str):
            raise InvalidArguments(f"{key}: expected a text")
        return value

    def path(self, key: str) -> RelPath:
        """Return a path."""
        return RelPath.parse(self.text(key))

    def paths(self, key: str) -> list[RelPath]:
        """Return a list of paths."""
        value = self._data.get(key)
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise InvalidArguments(f"{key}: expected a list of texts")
        return [RelPath.parse(item) for item in value]

    def fences(self, key: str) -> Fences:
        """Return a list of folders, None for null; to leave it out is a mistake."""
        if key in self._data and self._data[key] is None:
            return None
        return self.paths(key)

    def flag(self, key: str) -> bool:
        """Return true or false; false if it is missing."""
        value = self._data.get(key, False)
        if not isinstance(value, bool):
            raise InvalidArguments(f"{key}: expected true or false")
        return value

    def whole(self, key: str) -> int:
        """Return a whole number."""
        value = self._data.get(key)
        if not isinstance(value, int) or isinstance(value, bool):
            raise InvalidArguments(f"{key}: expected a whole number")
        return value

    def number(self, key: str) -> float:
        """Return a number."""
        value = self._data.get(key)
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise InvalidArguments(f"{key}: expected a number")
        return float(value)

    def mapping(self, key: str) -> "Arguments":
        """Return JSON data within."""
        value = self._data.get(key)
        if not isinstance(value, dict):
            raise InvalidArguments(f"{key}: expected an object")
        return Arguments(value)

    def mappings(self, key: str) -> list["Arguments"]:
        """Return a list of JSON data within."""
        value = self._data.get(key)
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise InvalidArguments(f"{key}: expected a list of objects")
        return [Arguments(item) for item in value]

    def has(self, key: str) -> bool:
        """Tell whether there is anything but null."""
        return self._data.get(key) is not None
