"""What a process prints, gathered by a thread, so that the process never waits for us."""

import threading
import time
from typing import IO

from .processes import DEADLINE


class Output:
    """All that was printed so far; ends with the last process that could still print.

    If it is not `heard`, the stream is closed at once.
    """

    def __init__(self, stream: IO[bytes], *, heard: bool = True) -> None:
        self.text = ""
        self._heard = heard
        self._ended = False
        self._stream = stream
        self._news = threading.Condition()
        self._thread = threading.Thread(target=self._gather, name="output")
        self._thread.start()

    def until(self, wanted: str, times: int = 1, deadline: float = DEADLINE) -> str:
        """Wait until this was printed so often; return all that was. Raises `TimeoutError`, `EOFError`."""
        end = time.monotonic() + deadline
        with self._news:
            while self.text.count(wanted) < times:
                if self._ended:
                    raise EOFError(f"{wanted!r} was never printed, but {self.text!r}")
                if not self._news.wait(end - time.monotonic()):
                    raise TimeoutError(f"{wanted!r} was not printed, but {self.text!r}")
        return self.text

    def until_end(self, deadline: float = DEADLINE) -> str:
        """Wait until nobody can print any more; return all that was printed."""
        self._thread.join(deadline)
        if self._thread.is_alive():
            raise TimeoutError(f"somebody still holds the output open; so far {self.text!r}")
        return self.text

    def _gather(self) -> None:
        with self._stream as stream:
            for line in stream if self._heard else ():
                with self._news:
                    self.text += line.decode(errors="replace")
                    self._news.notify_all()
        with self._news:
            self._ended = True
            self._news.notify_all()
