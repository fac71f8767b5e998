"""Another file system below the root."""

import os
import shutil
import subprocess
import sys

import pytest


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("unshare") is None, reason="only root can mount")
def test_moves_between_file_systems_are_whole_and_what_needs_a_rename_is_refused(
    tmp_path: os.PathLike[str],
) -> None:
    command = ["unshare", "--mount", sys.executable, "-m", "tests.filemgr.operations.mounted", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == 77 or "unshare failed" in done.stderr:
        pytest.skip("mounts are not allowed here")
    assert done.returncode == 0, done.stderr
