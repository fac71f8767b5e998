"""Room for descriptors: the kernel's table is large before there are threads."""

import re
import subprocess
import sys
from pathlib import Path

from supervisor.descriptors import ROOM

from .world import ENVIRONMENT

ROOT = str(Path(__file__).parents[2])

ASKED = """
import resource
from supervisor.descriptors import make_room
before = resource.getrlimit(resource.RLIMIT_NOFILE)
make_room()
assert resource.getrlimit(resource.RLIMIT_NOFILE) == before
print(open("/proc/self/status").read())
"""


def test_the_table_is_large_at_once_and_the_limits_are_as_before() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", ASKED],
        env={**ENVIRONMENT, "PYTHONPATH": ROOT},
        capture_output=True,
        text=True,
        check=True,
    )
    found = re.search(r"^FDSize:\s*(\d+)", ran.stdout, re.MULTILINE)
    assert found is not None
    assert int(found[1]) >= ROOM
