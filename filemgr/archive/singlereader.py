"""Unpacks one compressed file."""

import os

from ..errors import UnsupportedArchive
from .holes import Content
from .limits import Meter
from .streams import PIECE, Stream
from .tree import Look, Tree, Unwanted, clean


class SingleReader:
    """Puts a stream into a file in a tree."""

    def __init__(self, stream: Stream, name: str, tree: Tree, meter: Meter) -> None:
        self._stream = stream
        self._name = name
        self._tree = tree
        self._meter = meter

    def unpack(self) -> None:
        """Unpack it; raises `BadArchive`, `TooLarge`, `UnsupportedArchive`, `Cancelled`, `OSError`."""
        self._meter.entry()
        try:
            fd = self._tree.file(clean(self._name))
        except Unwanted as exc:
            raise UnsupportedArchive(f"the name of what is in it would be {self._name!r}: {exc}") from exc
        try:
            content = Content(fd)
            while data := self._stream.read(PIECE):
                self._meter.content(len(data), content.write(data))
            content.finish()
        except BaseException:
            os.close(fd)
            raise
        self._tree.dress(fd, Look())
