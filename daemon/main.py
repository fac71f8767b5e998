"""The daemon as a program: its options, its config, its exit code."""

import argparse
import logging
import os
import resource
import sys
from collections.abc import Sequence

import anyio

from supervisor import (
    InvalidSpec,
    Notifier,
    SupervisorClient,
    inherited,
    leave_quietly,
    log_to_stderr,
    make_room,
)

from .config import Config, ConfigError, ConfigFile, find_config
from .goodconfig import GoodConfig
from .held import HeldSockets
from .plan import compile_plan
from .reload import Reloader
from .run import Daemon

BAD_CONFIG = 78
"""Exit code for a config that cannot be used, EX_CONFIG of sysexits.h."""

STRANGERS = frozenset(
    {
        "ASGI callable returned without completing handshake.",
        "Invalid HTTP request received.",
        "Invalid UTF-8 sequence received from client.",
        "Unsupported upgrade request.",
    }
)
"""What uvicorn says of requests that are refused or broken: anybody could fill the log with it."""

log = logging.getLogger("holdfast")


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve the API until asked to stop; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m daemon", description="Holdfast's API daemon")
    parser.add_argument("--config", help="the config file; default: config.hjson or config.json here")
    parser.add_argument("--state-dir", help="where state is kept; default: state")
    parser.add_argument("--supervisor", default="state/run/supervisor.sock", help="the supervisor's socket")
    parser.add_argument("--with-parent", action="store_true", help="stop when standard input is closed")
    parser.add_argument("--check", action="store_true", help="only say what is wrong with the config")
    parser.add_argument(
        "--json", action="store_true", help="with --check: say it as JSON, and what the config would change"
    )
    parser.add_argument("--try", action="store_true", dest="trial", help="only say whether it can be started")
    parser.add_argument("--socket", action="store_true", help="only say where the Unix socket is")
    options = parser.parse_args(arguments)
    if options.trial:
        return 0  # all that it needs was imported
    make_room()
    log_to_stderr()
    # uvicorn tells of every WebSocket at this level, with its query: tickets are secrets.
    uvicorn = logging.getLogger("uvicorn.error")
    uvicorn.setLevel(logging.WARNING)
    uvicorn.addFilter(lambda record: str(record.msg).strip() not in STRANGERS)
    logging.getLogger("watchfiles").setLevel(logging.WARNING)
    if options.check and options.json:
        return _report(options.config, options.state_dir)
    if options.check or options.socket:
        return _check(options.config, tell_socket=options.socket)
    _raise_limits()
    state: str = options.state_dir or "state"
    os.makedirs(state, mode=0o700, exist_ok=True)
    try:
        file = ConfigFile(os.path.abspath(find_config(options.config, os.getcwd())))
        good = GoodConfig(os.path.join(state, "last-good-config"), file)
        text, config = _load(file, good)
    except ConfigError as exc:
        log.error("%s", exc)
        return BAD_CONFIG
    reloader = Reloader(file, config, text, good)
    notifier = Notifier.of(os.environ)
    held = HeldSockets(notifier, inherited(os.environ))
    daemon = Daemon(reloader, state, SupervisorClient(options.supervisor), notifier, held)
    try:
        return anyio.run(daemon.run, options.with_parent, backend_options={"use_uvloop": True})
    finally:
        notifier.close()
        leave_quietly()


def _report(path: str | None, state: str | None) -> int:
    from .configreport import ConfigReport  # noqa: PLC0415  (nobody who starts us waits for it)

    report = ConfigReport.of(path, os.getcwd(), state)
    sys.stdout.write(f"{report.to_json()}\n")
    return 0 if report.error is None else BAD_CONFIG


def _check(path: str | None, *, tell_socket: bool) -> int:
    try:
        config = ConfigFile(os.path.abspath(find_config(path, os.getcwd()))).load()
        compile_plan(config)
    except (ConfigError, InvalidSpec) as exc:
        log.error("%s", exc)
        return BAD_CONFIG
    if tell_socket:
        sys.stdout.write(f"{config.unix_socket.location if config.unix_socket.enabled else ''}\n")
        return 0
    for warning in config.warnings:
        log.warning("%s", warning)
    return 0


def _load(file: ConfigFile, good: GoodConfig) -> tuple[bytes, Config]:
    """Return the config; if it is broken, the last good one, so that it can be mended through the API."""
    try:
        text = file.read()
        return text, file.parse(text)
    except ConfigError as broken:
        known = good.load()
        if known is None:
            raise
        log.error("%s", broken)
        log.error("the last good config is in force until this one is mended")
        return known


def _raise_limits() -> None:
    """Take more descriptors than a shell gives: one for each connection."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 1 << 16)), hard))
