"""The words in which `configschema*.py` describe the keys of a config: JSON Schema, draft 2020-12."""

from collections.abc import Mapping

from .described import Schema


def told(schema: Schema, about: str, default: object = None, *examples: object) -> Schema:
    """Return a schema with what people are told of it; a default of None means that there is none."""
    return {
        **schema,
        "description": about,
        **({} if default is None else {"default": default}),
        **({"examples": [*examples]} if examples else {}),
    }


def line(about: str, default: str | None = None, *examples: str) -> Schema:
    """Return the schema of a text."""
    return told({"type": "string"}, about, default, *examples)


def switch(about: str, default: bool) -> Schema:
    """Return the schema of true or false."""
    return told({"type": "boolean"}, about, default)


def count(about: str, default: int | None, low: int, high: int) -> Schema:
    """Return the schema of a whole number."""
    return told({"type": "integer", "minimum": low, "maximum": high}, about, default)


def amount(about: str, default: float | None, low: float = 0, high: float | None = None) -> Schema:
    """Return the schema of a number, such as a duration in seconds."""
    bounds = {"minimum": low} if high is None else {"minimum": low, "maximum": high}
    return told({"type": "number", **bounds}, about, default)


def word(about: str, default: str | None, *words: str) -> Schema:
    """Return the schema of one of some words."""
    return told({"type": "string", "enum": [str(one) for one in words]}, about, default)


def some(items: Schema, about: str, default: object = None, *examples: object) -> Schema:
    """Return the schema of a list."""
    return told({"type": "array", "items": items}, about, default, *examples)


def one_or_some(items: Schema, about: str, *examples: object) -> Schema:
    """Return the schema of one, or a list of them."""
    return told({"oneOf": [items, {"type": "array", "items": items}]}, about, None, *examples)


def group(about: str, keys: Mapping[str, Schema], *required: str) -> dict[str, object]:
    """Return the schema of an object with these keys; others are warned about and have no effect."""
    return {
        "type": "object",
        "description": about,
        "properties": keys,
        "additionalProperties": False,
        **({"required": [*required]} if required else {}),
    }


def named(about: str, values: Schema, *examples: object) -> Schema:
    """Return the schema of an object whose keys are names that the user chooses."""
    return told({"type": "object", "additionalProperties": values}, about, None, *examples)


def size(about: str, *examples: object) -> Schema:
    """Return the schema of bytes, also as a text with a unit."""
    pattern = r"^\s*[0-9]+(\.[0-9]+)?\s*[kKmMgGtT]?[iI]?[bB]?\s*$"
    kinds = [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": pattern}]
    return told({"oneOf": kinds}, f"{about}: bytes, or a text such as 512MiB", None, *examples)


COMMAND: Schema = {
    "oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]
}

SIGNAL: Schema = {"type": ["string", "integer"]}
