"""Hears of changes in files of the kernel that say so by POLLPRI, such as cgroup.events (cgroups(7))."""

import os
import select

import anyio


class Bell:
    """One such file, kept open; raises `OSError` where it cannot be.

    An epoll instance of its own stands between it and the event loop, which knows of no POLLPRI; and for
    everything else these files are always ready.
    """

    def __init__(self, path: str) -> None:
        self._fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            self._epoll = select.epoll()
        except OSError:
            os.close(self._fd)
            raise
        self._epoll.register(self._fd, select.EPOLLPRI | select.EPOLLET)

    def read(self) -> bytes:
        """Return what the file says now; raises `OSError` when it is gone. What changes later rings."""
        self._epoll.poll(0)
        return os.pread(self._fd, 1 << 16, 0)

    async def rung(self) -> None:
        """Wait until it may say something else than was read last."""
        await anyio.wait_readable(self._epoll.fileno())

    def close(self) -> None:
        """Close it; who waits is woken."""
        anyio.notify_closing(self._epoll.fileno())
        self._epoll.close()
        os.close(self._fd)


def counters(text: bytes) -> dict[str, int]:
    """Return the numbers of a file of lines `name number`."""
    found: dict[str, int] = {}
    for line in text.decode("ascii", "replace").splitlines():
        name, _, number = line.partition(" ")
        if number.isdigit():
            found[name] = int(number)
    return found
