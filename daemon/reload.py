"""A new config takes effect: one function, whoever asks, all or nothing."""

import hashlib
import logging
import os
from collections.abc import Awaitable, Callable, Sequence

import anyio
import anyio.to_thread

from .config import Config, ConfigError, ConfigFile, Server
from .configdiff import changes
from .goodconfig import GoodConfig

log = logging.getLogger("holdfast.config")

Step = Callable[[Config], Awaitable[None]]

_REMOVED = Server(directory="", command=(), environment={})
"""Stands for a server that is no longer in the config but still runs: it has the defaults."""


class EditedMeanwhile(Exception):
    """The file is not the one that the writer has seen."""


def etag(text: bytes) -> str:
    """Return what names this text and no other (RFC 9110, 8.8.3)."""
    return f'"{hashlib.sha256(text).hexdigest()[:32]}"'


class Reloader:
    """Holds the config that is in force.

    `steps` put a config into effect, the one that can fail first: if a step raises, those before it are
    given the old config again, and the old one stays in force.
    """

    def __init__(self, file: ConfigFile, config: Config, text: bytes, good: GoodConfig) -> None:
        self.file = file
        self.config = config
        self._text = text
        self._good = good
        self._steps: list[Step] = []
        self._turn = anyio.Lock()
        self.checks = anyio.CapacityLimiter(2)
        """For threads that look at texts which are not in force."""
        self.state = os.path.join(os.path.dirname(os.path.abspath(file.path)), "state")
        """The state directory; whoever knows of another says so."""

    @property
    def in_force(self) -> tuple[bytes, Config]:
        """The text, and the config that it is."""
        return self._text, self.config

    def add(self, step: Step) -> None:
        """Add a step; it was given the current config already."""
        self._steps.append(step)

    def scrollback(self, name: str) -> tuple[int, int]:
        """Return how many lines and bytes of scrollback a viewer of this server is shown at first."""
        server = self.config.servers.get(name, _REMOVED)
        return server.scrollback_lines, server.scrollback_bytes

    async def reload(self, *, only_changed: bool = False) -> Sequence[str] | None:
        """Read the file and put it into effect; return what is different (`configdiff.py`).

        With `only_changed` nothing happens, and None is returned, if this text is in force already.
        Raises `ConfigError`, or what a step raises.
        """
        async with self._turn:
            text = await anyio.to_thread.run_sync(self.file.read)
            if only_changed and text == self._text:
                return None
            config = self.file.parse(text)
            different = await self._compare(text)
            await self._put(text, config)
            return different

    async def replace(self, text: bytes, seen: str | None = None) -> Sequence[str]:
        """Write a new text and put it into effect; return what is different (`configdiff.py`).

        Raises `ConfigError`, or what a step raises.
        `seen` is the ETag of the text that it is to replace; raises `EditedMeanwhile` if that is another.
        """
        async with self._turn:
            config = self.file.parse(text)
            old = await anyio.to_thread.run_sync(self._read_or_none)
            if seen not in (None, "*", etag(old or b"")):
                raise EditedMeanwhile("The config has been changed since you read it!")
            different = await self._compare(text)
            await anyio.to_thread.run_sync(self.file.write, text)
            try:
                await self._put(text, config)
            except BaseException:
                if old is not None:
                    with anyio.CancelScope(shield=True):
                        await anyio.to_thread.run_sync(self.file.write, old)
                raise
            return different

    async def _compare(self, text: bytes) -> Sequence[str]:
        # In a thread, since both are read once more, and a config may be large.
        return await anyio.to_thread.run_sync(changes, self._text, text)

    def _read_or_none(self) -> bytes | None:
        try:
            return self.file.read()
        except ConfigError:
            return None

    async def _put(self, text: bytes, config: Config) -> None:
        done: list[Step] = []
        try:
            for step in self._steps:
                done.append(step)
                await step(config)
        except BaseException:
            with anyio.CancelScope(shield=True):
                for step in reversed(done):
                    await self._undo(step)
            raise
        self.config = config
        self._text = text
        for warning in config.warnings:
            log.warning("%s", warning)
        await self._keep_good()

    async def _undo(self, step: Step) -> None:
        try:
            await step(self.config)
        except Exception as exc:  # noqa: BLE001  (what failed may fail again; the others are undone too)
            log.error("a part of the old config could not be put back: %s", exc)

    async def keep_good(self) -> None:
        """Keep the text as the last good one, for a start with a broken file."""
        async with self._turn:
            await self._keep_good()

    async def _keep_good(self) -> None:
        try:
            await anyio.to_thread.run_sync(self._good.save, self._text)
        except OSError as exc:
            log.warning("the last good config could not be kept: %s", exc.strerror)
