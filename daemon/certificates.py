"""The certificate of a listener: what new connections are shown, followed when its files change.

Rules:
- A pair of files is tried before it is used. One that does not fit together, or is half written, leaves the
  one before in force; that is said once in the log, and the next change is the next try.
- Each pair makes a context of its own: in a context that is loaded again, the old certificate would live on
  beside one with another kind of key, and sessions begun with it could be resumed.
- Connections keep what they were opened with.
- Each folder is watched in which a link on the way to the files can be replaced: certbot replaces the last
  one, Kubernetes one in the middle.
"""

import logging
import os
import ssl
import stat
from dataclasses import dataclass
from typing import Self

import anyio

from .sockets import CannotListen
from .transportsettings import Https
from .watching import changes_in

_MOST_LINKS = 40  # as the kernel: path_resolution(7)
_MINIMUM = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}

log = logging.getLogger("holdfast.listeners")


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate and its key as they were found, and the context that shows them."""

    https: Https
    stamp: tuple[tuple[int, ...], ...]
    context: ssl.SSLContext

    @classmethod
    def load(cls, https: Https) -> Self:
        """Return what the files hold; raises `CannotListen` if they cannot be used."""
        stamp = _stamp(https)  # before they are read: what comes after that is a change
        return cls(https, stamp, _context(https))


class Certificate:
    """What new connections are shown; raises `CannotListen` if there is nothing to begin with."""

    def __init__(self, https: Https) -> None:
        self._pair = Pair.load(https)
        self._told = ""
        self._stopped = anyio.Event()
        self._moved = anyio.Event()

    @property
    def context(self) -> ssl.SSLContext:
        """What new connections are encrypted with."""
        return self._pair.context

    def other(self, https: Https) -> Pair | None:
        """Return what the config names now, None if it names the same; raises `CannotListen`."""
        ours = self._pair.https
        same = (https.cert, https.key, https.minimum) == (ours.cert, ours.key, ours.minimum)
        return None if same else Pair.load(https)

    def use(self, other: Pair | None) -> None:
        """Use what `other` has returned; if that was nothing, look whether the files have changed."""
        if other is None:
            self.renew()
        else:
            self._pair, self._told = other, ""
            self._moved.set()

    def renew(self) -> None:
        """Use the files as they are now, if they have changed and can be used."""
        https = self._pair.https
        if _stamp(https) == self._pair.stamp:
            return
        try:
            self._pair = Pair.load(https)
        except CannotListen as exc:
            if str(exc) != self._told:
                self._told = str(exc)
                log.error("the old certificate stays in force: %s", exc)
            return
        self._told = ""
        log.info("the certificate in %s was renewed", https.cert)

    def stop(self) -> None:
        """Let `watch` return."""
        self._stopped.set()
        self._moved.set()

    async def watch(self) -> None:
        """Follow the files until stopped."""
        while not self._stopped.is_set():
            self._moved = anyio.Event()
            folders = self._folders()
            try:
                async with anyio.create_task_group() as tasks, changes_in(folders, self._moved) as changes:
                    # It looks when the folders are watched: what changed before that would go unnoticed.
                    tasks.start_soon(self._look)
                    async for _ in changes:
                        self.renew()
                        if self._folders() != folders:
                            break
            except* (OSError, RuntimeError) as group:
                log.warning("changes of the certificate go unnoticed until a reload: %s", group.exceptions[0])
                await self._moved.wait()

    async def _look(self) -> None:
        self.renew()

    def _folders(self) -> set[str]:
        return folders_of(self._pair.https.cert) | folders_of(self._pair.https.key)


def folders_of(path: str) -> set[str]:
    """Return the folders in which a change can make another file of this path."""
    folders: set[str] = set()
    rest = [name for name in reversed(path.split("/")) if name]
    here, links = "/", 0
    while rest:
        name = rest.pop()
        if name == ".":
            continue
        if name == "..":
            here = os.path.dirname(here)
            continue
        try:
            target = os.readlink(os.path.join(here, name))
        except OSError:  # no link, or nothing
            if not rest:
                folders.add(here)
            here = os.path.join(here, name)
            continue
        folders.add(here)
        links += 1
        if links > _MOST_LINKS:
            break
        here = "/" if target.startswith("/") else here
        rest += [part for part in reversed(target.split("/")) if part]
    return folders


def _context(https: Https) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = _MINIMUM[https.minimum]
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    context.set_alpn_protocols(["http/1.1"])
    try:
        for path in (https.cert, https.key):
            if not stat.S_ISREG(os.stat(path).st_mode):
                raise ValueError(f"{path} is not a file")  # noqa: TRY301
        # Without a password of ours, OpenSSL would ask for one on the terminal, and wait.
        context.load_cert_chain(https.cert, https.key, lambda: b"")
    except (OSError, ValueError) as exc:
        pair = f"{https.cert} and {https.key}"
        raise CannotListen(f"the certificate or its key cannot be used, {pair}: {exc}") from exc
    return context


def _stamp(https: Https) -> tuple[tuple[int, ...], ...]:
    """Return what changes when a file does; nothing of one that is not there."""
    found: list[tuple[int, ...]] = []
    for path in (https.cert, https.key):
        try:
            status = os.stat(path)
        except OSError:
            found.append(())
        else:
            found.append((status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns))
    return tuple(found)
