"""`python -m client`: see `client.main`."""

from .main import command

command()
