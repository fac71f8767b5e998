"""What the API answers, as typed values.

A record is a frozen dataclass; its fields are the keys of the JSON object in Python's spelling (`totalMemory`
is `total_memory`). Keys that this client does not know are in `raw`, which holds the object as it came.
"""

import json
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, field, fields
from typing import TypeVar, Union, cast, get_args, get_origin

from .exchange import Response
from .failures import NotHoldfast

R = TypeVar("R", bound="Record")

Json = Mapping[str, object]

_known: "dict[type[Record], Sequence[tuple[str, str, object, bool]]]" = {}
"""What the fields of each record are: name, key, type, and whether it must be there."""


@dataclass(frozen=True, kw_only=True)
class Record:
    """An object that the API has told of."""

    raw: Json = field(default_factory=dict, repr=False, compare=False)
    """The object as it came."""


def told(response: Response) -> Json:
    """Return the JSON object of an answer; raises `NotHoldfast`."""
    try:
        value = json.loads(response.body)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise NotHoldfast("the answer is no JSON object")
    return value


def record(kind: type[R], value: object) -> R:
    """Return the record that an object describes; raises `NotHoldfast` if it is another one."""
    if not isinstance(value, dict):
        raise NotHoldfast(f"the answer has no {kind.__name__}, but {_kind(value)}")
    given: dict[str, object] = {"raw": value}
    for name, key, wanted, needed in _fields(kind):
        if key in value:
            given[name] = _value(wanted, value[key], f"{kind.__name__}.{key}")
        elif needed:
            raise NotHoldfast(f"the answer has a {kind.__name__} without {key}")
    return kind(**given)  # type: ignore[arg-type]


def records(kind: type[R], values: object) -> Sequence[R]:
    """Return the records of a JSON array; raises `NotHoldfast`."""
    if not isinstance(values, list):
        raise NotHoldfast(f"the answer has no list of {kind.__name__}")
    return [record(kind, value) for value in values]


def _fields(kind: type[Record]) -> Sequence[tuple[str, str, object, bool]]:
    if kind not in _known:
        hints = typing.get_type_hints(kind)
        _known[kind] = [
            (one.name, _key(one.name), hints[one.name], _needed(one))
            for one in fields(kind)
            if one.name != "raw"
        ]
    return _known[kind]


def _needed(one: Field[object]) -> bool:
    return one.default is MISSING and one.default_factory is MISSING


def _key(name: str) -> str:
    first, *rest = name.rstrip("_").split("_")
    return first + "".join(word.capitalize() for word in rest)


def _value(wanted: object, value: object, where: str) -> object:
    """Return a value as the type that is wanted."""
    origin = get_origin(wanted)
    if origin in (Union, types.UnionType):
        return _either(get_args(wanted), value, where)
    if origin is not None:
        return _collection(origin, get_args(wanted), value, where)
    if wanted is object:
        return value
    if wanted is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if wanted is int and isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(wanted, type):
        if issubclass(wanted, Record):
            return record(wanted, value)
        if isinstance(value, wanted) and not (wanted is int and isinstance(value, bool)):
            return value
    raise NotHoldfast(f"the answer has {_kind(value)} as {where}")


def _either(choices: Sequence[object], value: object, where: str) -> object:
    if value is None and type(None) in choices:
        return None
    for choice in choices:
        if choice is not type(None):
            try:
                return _value(choice, value, where)
            except NotHoldfast:
                continue
    raise NotHoldfast(f"the answer has {_kind(value)} as {where}")


def _collection(origin: object, of: Sequence[object], value: object, where: str) -> object:
    if isinstance(origin, type) and issubclass(origin, Mapping) and isinstance(value, dict):
        return {str(key): _value(of[1], one, where) for key, one in cast("Json", value).items()}
    if isinstance(origin, type) and issubclass(origin, Sequence) and isinstance(value, list):
        return tuple(_value(of[0], one, where) for one in value)
    raise NotHoldfast(f"the answer has {_kind(value)} as {where}")


def _kind(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")
