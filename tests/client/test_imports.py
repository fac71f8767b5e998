"""A command begins at once: what takes long to import is imported by those who need it."""

import subprocess
import sys

import pytest

from ..system.house import ROOT

SLOW = {"anyio", "asyncio", "httpcore", "httpx", "prompt_toolkit", "rich", "ssl", "textual", "websockets"}


def loaded_by(code: str) -> set[str]:
    """Return the roots of all modules that are there after a few lines of Python."""
    told = f"{code}\nimport sys\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-c", told], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    return set(done.stdout.split())


def test_the_library_itself_is_the_standard_librarys_and_little_of_it() -> None:
    ours = loaded_by("import client") - loaded_by("import importlib")
    assert ours - set(sys.stdlib_module_names) == {"client"}
    assert not ours & SLOW


WAITING = """
from client.quick import Quick
from client import Client, Target

target = Target(socket="x")
Client(target, way=Quick(target, 1)).servers
"""


@pytest.mark.parametrize(
    "code",
    [
        "from client.main import main; main(['list', '--socket', '/nobody/is/here'])",
        "import client.command.shell",
        "from client.command.shell import shell; shell()",
        "import client.clients, client.drivers, client.operation, client.servers, client.system",
        "from client import Client, Failure, NotThere, find",
        WAITING,
    ],
)
def test_what_takes_long_is_not_imported(code: str) -> None:
    assert not loaded_by(code) & SLOW
