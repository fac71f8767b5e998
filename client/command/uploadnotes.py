"""Which uploads are not whole, kept in a file of the person's own: the same command goes on with them.

Whoever knows the name of an upload may go on with it: the file is for its owner only. What cannot be kept is
no reason to fail; that upload begins anew then.
"""

import contextlib
import json
import os
import time
from collections.abc import Iterator, MutableMapping

FORGOTTEN = 7 * 86400.0
"""Seconds after which nobody goes on with it."""


class UploadNotes(MutableMapping[str, str]):
    """The uploads to one Holdfast."""

    def __init__(self, where: str) -> None:
        """`where`: the Holdfast."""
        self._where = where
        state = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
        self._path = os.path.join(state, "holdfast", "uploads.json")

    def __getitem__(self, key: str) -> str:
        return self._read()[self._key(key)][0]

    def __setitem__(self, key: str, upload: str) -> None:
        notes = self._read()
        notes[self._key(key)] = upload, time.time()
        self._write(notes)

    def __delitem__(self, key: str) -> None:
        notes = self._read()
        del notes[self._key(key)]
        self._write(notes)

    def __iter__(self) -> Iterator[str]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self._read())

    def _key(self, key: str) -> str:
        return f"{self._where} {key}"

    def _read(self) -> dict[str, tuple[str, float]]:
        try:
            with open(self._path, encoding="utf-8") as file:
                kept = json.load(file)
            now = time.time()
            return {
                str(key): (str(upload), float(since))
                for key, (upload, since) in kept.items()
                if abs(now - since) < FORGOTTEN
            }
        except (OSError, ValueError, TypeError, AttributeError, RecursionError):
            return {}

    def _write(self, notes: dict[str, tuple[str, float]]) -> None:
        new = f"{self._path}.{os.getpid()}"
        with contextlib.suppress(OSError):
            os.makedirs(os.path.dirname(self._path), mode=0o700, exist_ok=True)
            try:
                flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
                with open(os.open(new, flags, 0o600), "w", encoding="utf-8") as file:
                    json.dump(notes, file)
                os.rename(new, self._path)
            except BaseException:
                os.unlink(new)
                raise
