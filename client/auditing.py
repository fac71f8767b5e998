"""`holdfast audit`: whether the log of who did what is whole."""

import argparse
import subprocess
from collections.abc import Sequence
from typing import Protocol


class Commands(Protocol):
    """Where a command is added to the command line."""

    def add_parser(self, name: str, *, help: str) -> argparse.ArgumentParser:  # noqa: A002
        """Add one."""


def add_audit(commands: Commands) -> None:
    """Add `audit` and what it can do."""
    audit = commands.add_parser("audit", help="check the log of who did what")
    kinds = audit.add_subparsers(dest="audit", required=True, metavar="WHAT")
    verify = kinds.add_parser("verify", help="say whether entries are missing or were changed")
    verify.add_argument("--config", help="the config file (default: config.hjson or config.json here)")
    verify.add_argument("--state-dir", help="where state is kept (default: state beside the config)")
    verify.add_argument("--first", type=int, default=1, help="the number with which the log here begins")


def verify(python: Sequence[str], config: str, state: str, first: int) -> int:
    """Have the log checked; return 0 if it is whole, 1 if it is not, 2 if that cannot be told."""
    options = ["--config", config, "--state-dir", state, "--first", str(first)]
    return subprocess.run([*python, "daemon.auditcheck", *options], check=False).returncode
