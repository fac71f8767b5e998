"""One run of the daemon: everything that exists is made here, from top to bottom."""

import logging
import os
import signal
import sys
from functools import partial

import anyio
import anyio.abc
import anyio.to_thread

from supervisor import (
    VERSION,
    CannotStore,
    NotAllowed,
    Notifier,
    SupervisorClient,
    SupervisorUnreachable,
    replace_file,
)

from . import garbage
from .accounts import Accounts, AccountsNotSaved
from .assembly import ACCOUNTS, Assembly
from .audit import SYSTEM, Audit
from .config import ConfigError
from .exposure import warnings_of
from .held import HeldSockets
from .listeners import Listeners
from .plan import compile_plan
from .reload import Reloader
from .sockets import CannotListen
from .watching import changes_in

LISTEN_AGAIN = 1.0
"""Seconds until an address that is taken is tried again."""

log = logging.getLogger("holdfast")


class Daemon:
    """One run of the daemon."""

    def __init__(
        self,
        reloader: Reloader,
        state: str,
        supervisor: SupervisorClient,
        notifier: Notifier,
        held: HeldSockets,
    ) -> None:
        self._reloader = reloader
        self._notifier = notifier
        self._held = held
        self._state = state
        self._supervisor = supervisor
        self._stop = anyio.Event()
        self._introduced = anyio.Event()
        self._code = 0

    async def run(self, with_parent: bool) -> int:
        """Serve until asked to stop; return the exit code."""
        assembly = Assembly(
            self._reloader,
            self._supervisor,
            self._state,
            self._held,
            os.getppid() if with_parent else None,
        )
        try:
            async with anyio.create_task_group() as tasks:
                await assembly.open(tasks)
                assembly.start(tasks)
                parts = assembly.parts
                accounts = parts.people.accounts
                tasks.start_soon(self._watch_signals, parts.audit)  # before anybody is told that we serve
                tasks.start_soon(self._notifier.run)
                tasks.start_soon(self._serve, assembly, tasks)
                tasks.start_soon(self._watch_files, accounts, parts.audit, tasks)
                if with_parent:
                    tasks.start_soon(self._watch_parent)
                await self._introduce(accounts)
                self._introduced.set()
                await self._stop.wait()
                self._notifier.stopping()
                parts.jobs.close()
                parts.logs.close()
                parts.chronicle.close()
                parts.live.close()
                await parts.consoles.settle()
                await assembly.listeners.close()
                await self._notifier.settle()
                tasks.cancel_scope.cancel()
        finally:
            await assembly.close()
        return self._code

    async def _introduce(self, accounts: Accounts) -> None:
        """Make the first account, and show its password once, on the terminal and nowhere else."""
        await accounts.keep_good()
        try:
            password = await accounts.ensure_admin()
        except AccountsNotSaved as exc:
            log.error("the first account could not be made, nobody can log in: %s", exc)
            return
        if password is None:
            return
        # Under systemd there is no terminal, and the journal is a log.
        if not os.environ.get("JOURNAL_STREAM") and _show(f"admin, password {password}"):
            return
        path = os.path.join(self._state, "admin-password")
        await anyio.to_thread.run_sync(replace_file, path, f"{password}\n".encode())
        log.info("An account was made: admin. Its password stands in %s, delete that file", path)

    async def _serve(self, assembly: Assembly, tasks: anyio.abc.TaskGroup) -> None:
        audit, listeners, mirror = assembly.audit, assembly.listeners, assembly.parts.mirror
        reloader = self._reloader
        for warning in (*reloader.config.warnings, *warnings_of(reloader.config)):
            log.warning("%s", warning)
        # First the programs: they need no port. The config may have been edited while nobody took it.
        tasks.start_soon(mirror.run, lambda: compile_plan(reloader.config), partial(self._read_again, audit))
        await assembly.upkeep.begin()
        tasks.start_soon(assembly.upkeep.run)
        await self._listen(listeners)
        self._notifier.status(f"serves {' and '.join(listeners.addresses)}")
        self._notifier.ready()
        audit.started(reloader.config.port)
        log.info("Holdfast %s serves %s", VERSION, " and ".join(listeners.addresses))
        listeners.tell_page()
        await reloader.keep_good()
        await anyio.to_thread.run_sync(_import_the_rest)
        garbage.settle()

    async def _listen(self, listeners: Listeners) -> None:
        await self._introduced.wait()  # without an account, we would begin on loopback
        told = ""
        while True:
            try:
                await listeners.apply(self._reloader.config)
            except CannotListen as exc:
                if str(exc) != told:
                    told = str(exc)
                    log.error("%s", exc)
                    log.error("the programs run all the same; the API comes as soon as it can listen")
                    self._notifier.status(told)
                    self._notifier.ready()  # all but this is done, and who started us need not wait
            else:
                return
            await anyio.sleep(LISTEN_AGAIN)

    async def _watch_files(self, accounts: Accounts, audit: Audit, tasks: anyio.abc.TaskGroup) -> None:
        """Notice edits by hand. The folder is watched, since editors replace the file."""
        path = self._reloader.file.path
        target = os.path.realpath(path)
        folders = {os.path.dirname(path), os.path.dirname(target)}
        configs = {os.path.basename(path), os.path.basename(target)}
        # It begins when the folder is watched: an edit between our reading and that would go unnoticed.
        tasks.start_soon(self._read_again, audit)
        try:
            async with changes_in(folders, self._stop) as all_changes:
                async for changes in all_changes:
                    names = {os.path.basename(changed) for _, changed in changes}
                    if ACCOUNTS in names:
                        accounts.refresh()
                        await accounts.keep_good()
                    if names & configs:
                        await self._reload(audit, only_changed=True)
        except (OSError, RuntimeError) as exc:
            # The user's quota of inotify instances may be used up; everything else works all the same.
            log.warning("changes of files go unnoticed until SIGHUP or /config/reload: %s", exc)

    async def _watch_signals(self, audit: Audit) -> None:
        with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT, signal.SIGHUP) as signals:
            async for number in signals:
                if number is signal.SIGHUP:
                    await self._reload(audit)
                else:
                    self._end(0)

    async def _watch_parent(self) -> None:
        """End with the supervisor that started us: it holds the other end of our standard input."""
        while True:
            await anyio.wait_readable(0)
            if not os.read(0, 4096):
                break
        log.error("the supervisor is gone, so the API ends as well")
        self._end(1)

    async def _reload(self, audit: Audit, *, only_changed: bool = False) -> None:
        self._notifier.reloading()
        await self._read_again(audit, only_changed=only_changed)
        self._notifier.ready()

    async def _read_again(self, audit: Audit, *, only_changed: bool = True) -> None:
        before = audit.settings
        try:
            changes = await self._reloader.reload(only_changed=only_changed)
        except (ConfigError, CannotListen, CannotStore, SupervisorUnreachable, NotAllowed) as exc:
            log.error("the config was not reloaded, the old one stays in force: %s", exc)
        else:
            if changes is not None:
                log.info("the config was reloaded")
            if changes:
                audit.record("config.reload", {"changes": changes}, ip="@", user=SYSTEM, also=before)

    def _end(self, code: int) -> None:
        self._code = code
        self._stop.set()


def _import_the_rest() -> None:
    """Import what the first answer does not need, so that nobody waits for it later."""
    from . import frames  # noqa: F401, PLC0415


def _show(account: str) -> bool:
    """Show what must be seen by a person; tell whether it was written."""
    try:
        sys.stdout.write(f"An account was made: {account} (this is shown only once)\n")
        sys.stdout.flush()
    except OSError:
        return False
    return True
