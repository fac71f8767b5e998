"""`holdfast check`: what is wrong with a config."""

import click

from .invocation import Invocation, pass_invocation
from .programs import checked
from .shape import Shaped


@click.command(cls=Shaped)
@pass_invocation
def check(invocation: Invocation) -> int:
    """Say what is wrong with a config."""
    return checked(invocation.config_path)
