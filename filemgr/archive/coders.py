"""Decompressors that stand inside zip members and 7z folders, without a header of their own."""

import lzma
from collections.abc import Callable

from ..errors import TooLarge, UnsupportedArchive
from .streams import MOST_WINDOW, Unpacker

_LZMA_PROPERTIES = 5


def lzma1(properties: bytes) -> Callable[[], Unpacker]:
    """Return how LZMA is unpacked: five bytes say how. Raises `TooLarge` for one that needs much memory."""
    if len(properties) != _LZMA_PROPERTIES or properties[0] >= 9 * 5 * 5:
        raise UnsupportedArchive("it is compressed with an LZMA that nobody knows")
    rest, lc = divmod(properties[0], 9)
    pb, lp = divmod(rest, 5)
    window = _bounded(int.from_bytes(properties[1:], "little"))
    chain = {"id": lzma.FILTER_LZMA1, "dict_size": max(window, 4096), "lc": lc, "lp": lp, "pb": pb}
    return lambda: lzma.LZMADecompressor(format=lzma.FORMAT_RAW, filters=[chain])


def lzma2(properties: bytes) -> Callable[[], Unpacker]:
    """Return how LZMA2 is unpacked: one byte says how large the window is."""
    if len(properties) != 1 or properties[0] > 40:
        raise UnsupportedArchive("it is compressed with an LZMA2 that nobody knows")
    window = _bounded((2 | properties[0] & 1) << (properties[0] // 2 + 11))
    chain = {"id": lzma.FILTER_LZMA2, "dict_size": window}
    return lambda: lzma.LZMADecompressor(format=lzma.FORMAT_RAW, filters=[chain])


def deflate64_unpacker() -> Unpacker:
    """Return what unpacks Deflate64."""
    import inflate64  # noqa: PLC0415  it looks its own version up on the disk: 20 ms, and hardly ever needed

    inflater = inflate64.Inflater()
    return Held(inflater.inflate, lambda: bool(inflater.eof))


class Held:
    """Makes an `Unpacker` of what gives back all at once: it gets little, and the rest is held."""

    _PIECE = 4096  # becomes not more than 4 MiB: deflate makes 1,032 bytes of one

    unused_data = b""

    def __init__(self, step: Callable[[bytes], bytes], ended: Callable[[], bool]) -> None:
        self._step = step
        self._ended = ended
        self._input = b""
        self._output = b""

    @property
    def needs_input(self) -> bool:
        """Whether nothing more comes without input."""
        return not self._input and not self._output

    @property
    def eof(self) -> bool:
        """Whether the end was reached."""
        return not self._output and self._ended()

    def decompress(self, data: bytes, max_length: int = -1, /) -> bytes:
        """Return the next bytes."""
        self._input += data
        while self._input and not self._output and not self._ended():
            piece, self._input = self._input[: self._PIECE], self._input[self._PIECE :]
            self._output = self._step(piece)
        found, self._output = self._output[:max_length], self._output[max_length:]
        return found


def _bounded(window: int) -> int:
    if window > MOST_WINDOW:
        raise TooLarge(f"unpacking needs {window >> 20} MiB of memory, and {MOST_WINDOW >> 20} are allowed")
    return window
