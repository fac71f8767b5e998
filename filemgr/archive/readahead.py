"""A stream that is read in a thread of its own, some pieces ahead, so that unpacking and writing overlap."""

import queue
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self

from .streams import PIECE, Stream

_PIECES = 128
"""32 MiB: a tree has stretches of small files, which take the kernel longer, and of large ones."""


class ReadAhead:
    """Reads a stream ahead; leaving the block ends the thread."""

    def __init__(self, source: Stream) -> None:
        self._source = source
        self._pieces: queue.Queue[bytes | BaseException] = queue.Queue(_PIECES)
        self._held = memoryview(b"")
        self._ended = False
        self._given_up = False
        self._thread = threading.Thread(target=self._run, name="read-ahead")

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes; raises what reading raised."""
        if not self._held and not self._ended:
            piece = self._pieces.get()
            if isinstance(piece, BaseException):
                self._ended = True
                raise piece
            self._ended = not piece
            if len(piece) <= size:
                return piece  # and no copy of it
            self._held = memoryview(piece)
        data, self._held = self._held[:size], self._held[size:]
        return bytes(data)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._given_up = True
        with suppress(queue.Empty):
            while True:
                self._pieces.get_nowait()
        self._thread.join()  # it has room for the one piece that it may be at

    def _run(self) -> None:
        try:
            while not self._given_up:
                piece = self._source.read(PIECE)
                self._pieces.put(piece)
                if not piece:
                    return
        except BaseException as exc:  # noqa: BLE001  it is raised where the stream is read
            self._pieces.put(exc)
