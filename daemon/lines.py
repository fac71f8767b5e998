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
        """Whether there is a line without an end so far."""
        return bool(self._rest)

    def feed(self, data: bytes) -> str | None:
        """Take in bytes; return the lines that are complete, joined by newlines, or None if none is."""
        cut = data.rfind(b"\n")
        if cut < 0:
            self._rest += data
            return self._split() if len(self._rest) >= LONGEST else None
        whole = bytes(self._rest) + data[:cut] if self._rest else data[:cut]
        self._rest[:] = data[cut + 1 :]
        return _text(whole)

    def flush(self) -> str | None:
        """Return the unfinished line as it is, or None; what comes after begins a new one."""
        if not self._rest:
            return None
        text = _text(bytes(self._rest))
        self._rest.clear()
        return text

    def _split(self) -> str:
        # Not through the middle of a character: up to three bytes wait for the rest of theirs.
        cut = len(self._rest)
        for back in range(1, 4):
            byte = self._rest[-back]
            if byte >= 0xC0:
                cut -= back
                break
            if byte < 0x80:
                break
        text = _text(bytes(self._rest[:cut]))
        del self._rest[:cut]
        return text


def _text(data: bytes) -> str:
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n").removesuffix(b"\r")
    return data.decode("utf-8", "replace")
