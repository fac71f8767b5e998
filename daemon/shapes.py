"""The words in which schemas are written: JSON Schema, draft 2020-12, as OpenAPI 3.1 has it."""

from collections.abc import Mapping
from typing import Any

from .described import Schema

TEXT: Schema = {"type": "string"}
WHOLE: Schema = {"type": "integer", "minimum": 0}
ANY: Schema = {}
BYTES: Schema = {"type": "string", "format": "binary"}
FLAG: Schema = {"type": "string", "enum": ["true", "false"]}
"""A switch in a query: anything but `true` counts as false."""


def text(about: str, **more: object) -> Schema:
    """Return the schema of a string."""
    return {"type": "string", "description": about, **more}


def whole(about: str, **more: object) -> Schema:
    """Return the schema of a whole number that is not negative."""
    return {"type": "integer", "minimum": 0, "description": about, **more}


def number(about: str) -> Schema:
    """Return the schema of a number that is not negative."""
    return {"type": "number", "minimum": 0, "description": about}


def flag(about: str) -> Schema:
    """Return the schema of true or false."""
    return {"type": "boolean", "description": about}


def one_of(about: str, *words: str) -> Schema:
    """Return the schema of some words, one of which it is."""
    return {"type": "string", "enum": [*words], "description": about}


def maybe(schema: Schema) -> Schema:
    """Return the same, or null."""
    return {**schema, "type": [schema["type"], "null"]}


def listed(items: Schema, about: str) -> Schema:
    """Return the schema of a list."""
    return {"type": "array", "items": items, "description": about}


def shape(properties: Mapping[str, Schema], *optional: str, **more: object) -> dict[str, Any]:
    """Return the schema of an object; all keys are there, but for those that are optional."""
    required = [key for key in properties if key not in optional]
    return {
        "type": "object",
        "properties": properties,
        **({"required": required} if required else {}),
        **more,
    }


def by_name(values: Schema, about: str) -> dict[str, object]:
    """Return the schema of an object whose keys are names."""
    return {"type": "object", "additionalProperties": values, "description": about}
