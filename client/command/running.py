"""`holdfast run`: becomes the supervisor, which runs the API."""

import os
import sys

import click

from ..place import started_place
from .invocation import Invocation, pass_invocation
from .programs import PYTHON, checked
from .shape import Shaped


@click.command(cls=Shaped)
@click.option(
    "--runtime-dir", default="", metavar="DIR", help="Where the private socket is; default: run in the state."
)
@click.option(
    "--program-descriptors",
    type=click.IntRange(min=8),
    metavar="N",
    help="How many descriptors programs may have.",
)
@click.option(
    "--cgroups", type=click.Choice(("auto", "off")), default="auto", help="One per program, if we may."
)
@pass_invocation
def run(invocation: Invocation, runtime_dir: str, program_descriptors: int | None, cgroups: str) -> int:
    """Run the supervisor and the API in the foreground.

    Ctrl-C stops the programs, each in its own way, and then Holdfast; a second one kills what still lives.
    """
    config = os.path.abspath(invocation.config_path)
    place = started_place(config, invocation.state_dir, runtime_dir)
    # Without a stored plan nothing would run: a mistake in the first config ends here, told once.
    if not os.path.exists(os.path.join(place.state, "plan.json")) and (code := checked(config)):
        return code
    daemon = [*PYTHON, "daemon", "--config", config, "--state-dir", place.state, "--with-parent"]
    daemon += ["--supervisor", place.socket]
    supervisor = [*PYTHON, "supervisor", "--state-dir", place.state, "--runtime-dir", place.runtime]
    if program_descriptors is not None:
        supervisor += ["--program-descriptors", str(program_descriptors)]
    if cgroups != "auto":
        supervisor += ["--cgroups", cgroups]
    supervisor += ["--", *daemon]
    sys.stdout.flush()
    sys.stderr.flush()
    return os.execv(sys.executable, supervisor)  # noqa: S606  (does not return)
