"""When the output of an attachment came."""

from bisect import bisect_right
from collections.abc import Sequence
from time import time

from supervisor import Attached, Mark, SupervisorUnreachable

from .mirror import Mirror
from .sink import Piece


class Times:
    """When output came: as the supervisor has noted it, or just now."""

    def __init__(self, marks: Sequence[Mark], end: int) -> None:
        self._offsets = [mark.offset for mark in marks]
        self._times = [mark.time for mark in marks]
        self._end = end
        """What lies behind was not there yet."""

    @classmethod
    async def of(cls, mirror: Mirror, name: str, attached: Attached) -> "Times":
        """Ask for the times of what an attachment brings; raises `NoSuchService`."""
        if attached.offset >= attached.end:
            return cls([], attached.end)
        try:
            known = await mirror.marks(name)
        except SupervisorUnreachable:  # or one that knows of no marks
            return cls([], attached.end)
        same = not attached.stream or known.stream == attached.stream
        return cls(known.marks if same else [], attached.end)

    def pieces(self, stream: str, offset: int, data: bytes) -> Sequence[Piece]:
        """Return output in pieces, each with its time."""
        found: list[Piece] = []
        now = time()
        while data:
            at = bisect_right(self._offsets, offset)
            if offset >= self._end or not self._offsets:
                size, moment = len(data), now
            else:
                moment = self._times[max(at - 1, 0)]
                following = self._offsets[at] if at < len(self._offsets) else self._end
                size = min(len(data), max(min(following, self._end) - offset, 1))
            found.append(Piece(stream, offset, moment, data[:size]))
            offset, data = offset + size, data[size:]
        return found
