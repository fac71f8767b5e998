"""What `PATCH /server/{id}/files` may say: a list of operations, checked before any of them is done."""

import json
from dataclasses import dataclass
from typing import Self

from filemgr import InvalidPath, RelPath

from .jsontext import DEPTH, InvalidJson, read_json

MOST = 10_000
"""Operations in one request."""

_PATHS = {"mv": {"src": "source", "dest": "destination"}, "cp": {"src": "source", "dest": "destination"}}
_PATHS["rm"] = {"path": "file"}


@dataclass(frozen=True, slots=True)
class Bulk:
    """The operations as JSON data for a worker, or what is wrong with them: (index, sentence)."""

    data: list[dict[str, str]]
    mistakes: list[tuple[int, str]]

    @classmethod
    def read(cls, body: bytes, depth: int = DEPTH) -> Self:
        """Return what is asked for; raises `InvalidJson` for what is no list of operations at all."""
        data = read_json(body, depth)
        operations = data.get("operations") if isinstance(data, dict) else None
        if not isinstance(operations, list):
            raise InvalidJson("it has no list of operations")
        read = cls([], [])
        if not operations:
            read.mistakes.append((0, "No operations provided!"))
        if len(operations) > MOST:
            read.mistakes.append((MOST, f"At most {MOST} operations are possible at once!"))
            return read
        for index, one in enumerate(operations):
            read._take(index, one)
        return read

    @property
    def text(self) -> str:
        """The operations in one line, for the audit log."""
        return json.dumps(self.data, ensure_ascii=False)

    def _take(self, index: int, one: object) -> None:
        operation = one.get("operation") if isinstance(one, dict) else None
        if not isinstance(one, dict) or not isinstance(operation, str) or operation not in _PATHS:
            self.mistakes.append((index, "Invalid operation! Operations available: mv,cp,rm"))
            return
        taken = {"operation": operation}
        for key, what in _PATHS[operation].items():
            value = one.get(key)
            if not isinstance(value, str) or not value:
                self.mistakes.append((index, f"{operation} requires {key}!"))
                continue
            try:
                taken[key] = str(RelPath.parse(value))
            except InvalidPath as exc:
                self.mistakes.append((index, f"Invalid {what} path: {exc}"))
        self.data.append(taken)
