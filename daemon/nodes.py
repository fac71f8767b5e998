"""JSON data whose shape is known, read without a cast: what is missing is empty."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

Node: TypeAlias = Mapping[str, object]


def node(parent: Node, key: str) -> Node:
    """Return an object."""
    value = parent.get(key)
    return value if isinstance(value, Mapping) else {}


def named(parent: Node, key: str) -> list[tuple[str, Node]]:
    """Return the objects in an object, with their names."""
    return [(name, value) for name, value in node(parent, key).items() if isinstance(value, Mapping)]


def nodes(parent: Node, key: str) -> list[Node]:
    """Return the objects in a list."""
    return [one for one in items(parent, key) if isinstance(one, Mapping)]


def items(parent: Node, key: str) -> Sequence[object]:
    """Return a list."""
    value = parent.get(key)
    return value if isinstance(value, Sequence) and not isinstance(value, str) else ()


def text(parent: Node, key: str) -> str:
    """Return a string."""
    value = parent.get(key)
    return value if isinstance(value, str) else ""
