"""JSON that a client sends: read in one way only, with its depth bounded before anything is built of it."""

import json
import re

from .errors import ApiError

DEPTH = 64
"""Levels of lists and objects, if nobody says otherwise."""

# Each text is matched to its end, also one without an end: the search never begins again within one.
_TEXTS = re.compile(r'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_OPENING_AND_CLOSING = str.maketrans("{}", "[]")
_OTHERS = re.compile(r"[^][]+")


class InvalidJson(ApiError):
    """A body is no JSON, or not what it should be; `detail` says where or why."""

    def __init__(self, detail: str) -> None:
        super().__init__(400, "invalid-json", "Invalid JSON body!", detail=detail)


def read_json(text: bytes | str, depth: int = DEPTH) -> object:
    """Return what a text says; raises `InvalidJson` for what is no UTF-8, no JSON, or too deep."""
    try:
        if isinstance(text, bytes):
            text = text.decode("utf-8-sig")
        if _is_deeper(text, depth):
            raise InvalidJson(f"it is nested more than {depth} levels deep (limits.jsonDepth)")
        found: object = json.loads(text)
    except UnicodeDecodeError as exc:
        raise InvalidJson("it is not UTF-8") from exc
    except ValueError as exc:
        raise InvalidJson(str(exc)) from exc
    except RecursionError as exc:
        raise InvalidJson("it is nested too deeply") from exc
    return found


def _is_deeper(text: str, depth: int) -> bool:
    """Tell whether a text that is JSON has more levels; of one that is none, either may be said.

    Without recursion, and without a step of Python for each character: what stands innermost is taken away,
    as many times as there may be levels.
    """
    if text.count("[") + text.count("{") <= depth:
        return False
    brackets = _OTHERS.sub("", _TEXTS.sub("", text).translate(_OPENING_AND_CLOSING))
    for _ in range(depth):
        if not brackets:
            return False
        brackets = brackets.replace("[]", "")
    return brackets.count("[") == brackets.count("]") > 0
