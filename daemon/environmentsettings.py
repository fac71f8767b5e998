"""What a server's program finds in its environment: `environment`, and the files of `environmentFile`."""

import io
import os
import stat
from collections.abc import Callable

from dotenv.parser import parse_stream

from supervisor import open_without_waiting

from .executionsettings import items
from .values import Section, Value

MOST_BYTES = 1 << 20


def read_environment(section: Section, path: Callable[[str], str]) -> dict[str, str]:
    """Return the variables of a server: those of its files, in their order, then its own.

    A file whose name begins with `-` may be missing. Raises `ConfigError`.
    """
    environment: dict[str, str] = {}
    files = section.get("environmentFile")
    if files is not None:
        for value in items(files):
            environment |= _read_file(value, path)
    for name, value in section.section("environment").entries():
        if not name or "=" in name:
            raise value.error("expected the name of a variable, not empty and without =")
        if isinstance(value.data, bool | int | float):
            raise value.error("expected a string (put it in quotes)")  # it may be a secret
        if value.data is not None:
            environment[name] = value.text()
        else:
            environment.pop(name, None)
    return environment


def _read_file(value: Value, path: Callable[[str], str]) -> dict[str, str]:
    name = value.text()
    if not name.removeprefix("-"):
        raise value.expected("the path of a file")
    try:
        text = _text(path(name.removeprefix("-")))
    except FileNotFoundError as exc:
        if name.startswith("-"):
            return {}
        raise value.error(f"{name} does not exist (-{name} if it need not)") from exc
    except (OSError, ValueError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else str(exc)
        raise value.error(f"{name} cannot be read: {reason}") from exc
    found: dict[str, str] = {}
    for binding in parse_stream(io.StringIO(text)):
        line = binding.original.line
        if binding.error or (binding.key is not None and binding.value is None):
            raise value.error(f"{name}, line {line}: expected NAME=value")  # what it says may be a secret
        if binding.key is not None and binding.value is not None:
            if "\0" in binding.key + binding.value:
                raise value.error(f"{name}, line {line}: holds a NUL character")
            found[binding.key] = binding.value
    return found


def _text(path: str) -> str:
    with open(path, "rb", opener=open_without_waiting) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise ValueError("it is not a regular file")
        data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise ValueError(f"it is larger than {MOST_BYTES} bytes")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise ValueError("it is not UTF-8") from exc
