"""`holdfast` with one command more, which shows what it was given: a word as a shell has completed it."""

import json
import sys
import types

import click

import client.command.shell
from client.command import completing, shape
from client.command.table import COMMANDS, Entry
from client.main import main


@click.command(cls=shape.Shaped)
@click.argument("servers", type=completing.SERVER, nargs=-1)
@click.option("--place", type=completing.PLACE)
@click.option("--remote", type=completing.REMOTE)
@click.option("--off", type=completing.SERVER_OFF)
@click.option("--on", type=completing.SERVER_ON)
@click.option("--signal", type=completing.SIGNAL, help="A signal: one of many.")
@click.option("--account", type=completing.ACCOUNT)
def probe(**given: object) -> None:
    """Show what it is given."""
    sys.stdout.write(f"GIVEN{json.dumps([one for one in given.values() if one])}\n")


made = types.ModuleType("client.command.probe")
made.__dict__["probe"] = probe
sys.modules[made.__name__] = made
more = Entry("probe", "probe:probe", "Show what it is given", "Tests")
client.command.shell.__dict__["COMMANDS"] = (*COMMANDS, more)
sys.exit(main())
