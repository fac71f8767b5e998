"""`holdfast audit verify`, as a person runs it."""

import subprocess

from .house import Holdfast, holdfast


def verify(house: Holdfast, *options: str) -> tuple[int, str]:
    """Return the exit code and what is said."""
    command, environment = holdfast("audit", "verify", "--config", house.path("config.hjson"), *options)
    done = subprocess.run(
        command, env={**environment, **house.environment}, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    return done.returncode, done.stdout
