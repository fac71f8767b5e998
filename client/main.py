"""`holdfast`: the command of the person at the machine."""

import argparse
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from importlib import metadata

from .auditing import add_audit, verify

CONFIGS = ("config.hjson", "config.json")

# -P: the folder that we happen to be in may hold a `daemon.py` of its own.
PYTHON = (sys.executable, "-P", "-m")


class _Version(argparse.Action):
    """Shows the version; it is looked up only then, since that takes a while."""

    def __init__(self, option_strings: Sequence[str], dest: str, help: str | None = None) -> None:  # noqa: A002
        super().__init__(option_strings, dest, nargs=0, help=help)

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        parser.exit(message=f"holdfast {metadata.version('holdfast')}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out a command line; return the exit code."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends us without a traceback
    parser = argparse.ArgumentParser(prog="holdfast", description="Keeps long-running programs running.")
    parser.add_argument("--version", "-v", action=_Version, help="show the version and end")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="run the supervisor and the API in the foreground")
    upgrade = commands.add_parser(
        "upgrade", help="have a running Holdfast become the version that is installed now; programs run on"
    )
    for command in (run, upgrade):
        command.add_argument("--config", help="the config file (default: config.hjson or config.json here)")
        command.add_argument("--state-dir", help="where state is kept (default: state beside the config)")
        command.add_argument("--runtime-dir", help="where the private socket is (default: run in the state)")
    run.add_argument("--program-descriptors", type=int, help="how many descriptors programs may have")
    run.add_argument("--cgroups", choices=("auto", "off"), default="auto", help="one per program, if we may")
    check = commands.add_parser("check", help="say what is wrong with a config")
    check.add_argument("--config", help="the config file (default: config.hjson or config.json here)")
    add_audit(commands)
    factor = commands.add_parser("factor", help="turn on the second factor of an account")
    factor.add_argument("account")
    factor.add_argument("--off", action="store_true", help="turn it off instead")
    factor.add_argument("--config", help="the config file (default: config.hjson or config.json here)")
    options = parser.parse_args(arguments)
    config = options.config or next((name for name in CONFIGS if os.path.exists(name)), None)
    if options.command == "upgrade" and (options.runtime_dir or options.state_dir):
        return _upgrade(config or "", options.state_dir, options.runtime_dir)
    if config is None:
        sys.stderr.write(f"holdfast: there is no {' and no '.join(CONFIGS)} here; name one with --config\n")
        return 2
    if options.command == "check":
        return _check(config)
    if options.command == "audit":
        return verify(PYTHON, config, _directories(config, options.state_dir, None)[0], options.first)
    if options.command == "factor":
        return _factor(config, options.account, off=options.off)
    if options.command == "upgrade":
        return _upgrade(config, options.state_dir, options.runtime_dir)
    return _run(config, options.state_dir, options.runtime_dir, options.program_descriptors, options.cgroups)


def _check(config: str) -> int:
    return subprocess.run([*PYTHON, "daemon", "--check", "--config", config], check=False).returncode


def _factor(config: str, account: str, *, off: bool) -> int:
    """Ask the daemon of a config, which knows where that socket is."""
    command = [*PYTHON, "daemon", "--socket", "--config", config]
    found = subprocess.run(command, stdout=subprocess.PIPE, text=True, errors="surrogateescape", check=False)
    if found.returncode:
        return found.returncode
    from .factor import turn_off, turn_on  # noqa: PLC0415  (most commands need no HTTP)
    from .local import Refused  # noqa: PLC0415

    try:
        (turn_off if off else turn_on)(found.stdout.removesuffix("\n"), account)
    except Refused as exc:
        sys.stderr.write(f"holdfast: {exc}\n")
        return 1
    return 0


def _directories(config: str, state: str | None, runtime: str | None) -> tuple[str, str]:
    """Return where state is kept, and where the private socket is."""
    state = os.path.abspath(state or os.path.join(os.path.dirname(os.path.abspath(config)), "state"))
    return state, os.path.abspath(runtime or os.path.join(state, "run"))


def _upgrade(config: str, state: str | None, runtime: str | None) -> int:
    """Ask the running supervisor to become the program that is installed now."""
    _, runtime = _directories(config, state, runtime)
    command = [*PYTHON, "supervisor.upgrade", os.path.join(runtime, "supervisor.sock")]
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, errors="replace", check=False)
    said = done.stderr
    if said.startswith("Traceback"):
        why = said.strip().splitlines()[-1]
        said = f"holdfast: what is installed now cannot run, the running one goes on: {why}\n"
    sys.stderr.write(said)
    return done.returncode


def _run(config: str, state: str | None, runtime: str | None, descriptors: int | None, cgroups: str) -> int:
    """Become the supervisor, which starts the API daemon as a program of its own."""
    config = os.path.abspath(config)
    state, runtime = _directories(config, state, runtime)
    # Without a stored plan nothing would run: a mistake in the first config ends here, told once.
    if not os.path.exists(os.path.join(state, "plan.json")) and (code := _check(config)):
        return code
    daemon = [*PYTHON, "daemon", "--config", config, "--state-dir", state, "--with-parent"]
    daemon += ["--supervisor", os.path.join(runtime, "supervisor.sock")]
    supervisor = [*PYTHON, "supervisor", "--state-dir", state, "--runtime-dir", runtime]
    if descriptors is not None:
        supervisor += ["--program-descriptors", str(descriptors)]
    if cgroups != "auto":
        supervisor += ["--cgroups", cgroups]
    supervisor += ["--", *daemon]
    sys.stdout.flush()
    sys.stderr.flush()
    return os.execv(sys.executable, supervisor)  # noqa: S606  (does not return)
