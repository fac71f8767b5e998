"""What `PATCH /server/{id}/file` may say: JSON, or the older form of three lines."""

from dataclasses import dataclass

from filemgr import InvalidPath, RelPath

from .errors import ApiError
from .jsontext import DEPTH, InvalidJson, read_json

OPERATIONS = ("mv", "cp", "chmod")


@dataclass(frozen=True, slots=True)
class FileOrder:
    """`mv` and `cp` from `src` to `dest`; `chmod` of `src` to `mode`, octal."""

    operation: str
    src: str
    dest: str = ""
    mode: str = ""


def read_order(body: bytes, depth: int = DEPTH) -> FileOrder:
    """Return what is asked for; raises `ApiError` 400 and 405, as Octyne does."""
    try:
        text = body.decode()
    except UnicodeDecodeError as exc:
        raise InvalidJson("it is not UTF-8") from exc
    return _from_json(text, depth) if text.lstrip().startswith("{") else _from_lines(text)


def path_of(text: str, what: str) -> RelPath:
    """Return a path in a body; raises `ApiError` 400 `Invalid source path: …`, where `what` is `source`."""
    try:
        return RelPath.parse(text)
    except InvalidPath as exc:
        raise ApiError(400, "invalid-path", f"Invalid {what} path: {exc}") from exc


def _from_json(text: str, depth: int) -> FileOrder:
    told = read_json(text, depth)
    if not isinstance(told, dict):
        raise InvalidJson("it is not an object")
    operation = _checked(told.get("operation"))
    keys = ("path", "mode") if operation == "chmod" else ("src", "dest")
    values = [value for key in keys if isinstance(value := told.get(key), str) and value]
    if len(values) < len(keys):
        raise InvalidJson(f"{operation} needs {' and '.join(keys)}, as strings that are not empty")
    return (
        FileOrder("chmod", values[0], mode=values[1])
        if operation == "chmod"
        else FileOrder(operation, *values)
    )


def _from_lines(text: str) -> FileOrder:
    operation, *rest = text.split("\n")
    operation = _checked(operation.strip())
    if len(rest) < 2:
        raise ApiError(405, "invalid-operation", f"{operation} operation requires two arguments!")
    first, second = (line.removesuffix("\r") for line in rest[:2])
    return (
        FileOrder("chmod", second, mode=first)
        if operation == "chmod"
        else FileOrder(operation, first, second)
    )


def _checked(operation: object) -> str:
    if not isinstance(operation, str) or operation not in OPERATIONS:
        raise ApiError(405, "invalid-operation", "Invalid operation! Operations available: mv,cp")
    return operation
