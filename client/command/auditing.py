"""`holdfast audit`: who did what, and whether the log of it is whole."""

import subprocess

import click

from .invocation import Invocation, pass_invocation
from .programs import PYTHON, directories
from .shape import Shaped, ShapedGroup


@click.group(cls=ShapedGroup)
def audit() -> None:
    """Tell who did what, and whether that log is whole."""


@audit.command(cls=Shaped)
@click.option("--first", type=int, default=1, metavar="N", help="The number with which the log here begins.")
@pass_invocation
def verify(invocation: Invocation, first: int) -> int:
    """Say whether entries are missing or were changed: 0 if not, 1 if so, 2 if that cannot be told."""
    config = invocation.config_path
    state, _ = directories(config, invocation.state_dir)
    options = ["--config", config, "--state-dir", state, "--first", str(first)]
    return subprocess.run([*PYTHON, "daemon.auditcheck", *options], check=False).returncode
