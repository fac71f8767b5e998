"""The first answer waits for no library that it does not need."""

import subprocess
import sys

from ..system.house import ROOT

LATER = {
    "importlib.metadata",
    "segno",
    "websockets",
    "daemon.configreport",
    "daemon.configschema",
    "daemon.frames",
}


def test_what_the_first_answer_does_not_need_is_not_imported_before() -> None:
    told = "import daemon.main\nimport sys\nprint(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", told], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    assert not LATER & set(done.stdout.split())
