"""A console's bytes as lines of text, for viewers that know nothing else."""

LONGEST = 64 * 1024
"""Bytes after which a line without an end is split; it is never dropped."""


class Lines:
    """Turns a stream of bytes into whole lines.

    A line ends with a newline; one carriage return before it goes too. Bytes that are no UTF-8 become
    U+FFFD, here at the edge and nowhere before. Escape sequences stay.
    """

    def __init__(self) -> None:
        self._rest = bytearray()

    @property
    def unfinished(self) -> bool:
        """Whether there is a line without an end so far, more of it than half a character."""
        return self._whole() > 0

    @property
    def pending(self) -> int:
        """How many bytes were taken in and are not shown."""
        return len(self._rest)

    def feed(self, data: bytes) -> str | None:
        """Take in bytes; return the lines that are complete, joined by newlines, or None if none is."""
        cut = data.rfind(b"\n")
        if cut < 0:
            self._rest += data
            return self.flush() if len(self._rest) >= LONGEST else None
        whole = bytes(self._rest) + data[:cut] if self._rest else data[:cut]
        self._rest[:] = data[cut + 1 :]
        return _text(whole)

    def flush(self) -> str | None:
        """Return the unfinished line, or None; what comes after begins a new one.

        The first bytes of a character wait for the others: see `finish`.
        """
        cut = self._whole()
        return self._cut(cut) if cut else None

    def finish(self) -> str | None:
        """Return what is left, half a character included; nothing that belongs to it will come."""
        return self._cut(len(self._rest)) if self._rest else None

    def _whole(self) -> int:
        """Return how many bytes of the rest lie before a character that has begun and not ended."""
        size = len(self._rest)
        for back in range(1, min(size, 3) + 1):
            byte = self._rest[-back]
            if byte >= 0xC0:
                length = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
                return size - back if back < length else size
            if byte < 0x80:
                break
        return size

    def _cut(self, cut: int) -> str:
        text = _text(bytes(self._rest[:cut]))
        del self._rest[:cut]
        return text


def _text(data: bytes) -> str:
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n").removesuffix(b"\r")
    return data.decode("utf-8", "replace")
