"""Standard input and outputs that are closed, or that nobody reads."""

import subprocess

import pytest

from ..system.house import holdfast
from ..system.processes import DEADLINE
from .typed import Typist


def typed(shell: Typist, line: str) -> tuple[int, str]:
    """Type a line into bash, for which `$@` is holdfast; return exit code and standard error."""
    command, environment = holdfast()
    done = subprocess.run(
        ["bash", "-c", line, "bash", *command],
        env={**environment, **shell.environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )
    return done.returncode, done.stderr


@pytest.mark.parametrize(
    "arguments", ["logs -f chat", "list --watch --interval 0.1", "console -f --tail 5 chat"]
)
def test_who_has_read_enough_ends_it_as_any_program(shell: Typist, arguments: str) -> None:
    shell("console", "chat", "--send", "x" * 100)
    many = 'for i in {1..2000}; do echo line; done | "$@" console chat > /dev/null; '
    pipe = f'{{ "$@" {arguments}; echo code $? >&2; }} | head -c 1 > /dev/null'
    if arguments.startswith("list"):
        assert typed(shell, pipe) == (0, "code 141\n")
    else:
        assert typed(shell, f"({many}) & {pipe}; wait")[1].endswith("code 141\n")


@pytest.mark.parametrize("closed", ["<&- > /dev/null", ">&-", "> /dev/null 2>&-"])
@pytest.mark.parametrize("arguments", ["list", "console --linger 0 chat"])
def test_what_is_closed_is_as_good_as_the_null_device(shell: Typist, arguments: str, closed: str) -> None:
    assert typed(shell, f'"$@" {arguments} {closed}') == (0, "")
