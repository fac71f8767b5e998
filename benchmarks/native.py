"""The programs in C: what must be faster than that which it measures, and the limits of the machine."""

import os
import shutil
import subprocess

from .case import NotMeasured

SOURCES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "native")


class Native:
    """Builds them, each once, into a folder."""

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def __call__(self, name: str) -> str:
        """Return the path of the program made of `native/NAME.c`; raises `NotMeasured` without a compiler."""
        path = os.path.join(self._folder, name)
        if os.path.exists(path):
            return path
        if shutil.which("cc") is None:
            raise NotMeasured("it takes a C compiler: apt install gcc libc6-dev")
        source = os.path.join(SOURCES, f"{name}.c")
        made = subprocess.run(
            ["cc", "-O2", "-D_GNU_SOURCE", "-pthread", "-o", path, source, "-lm"],
            capture_output=True,
            text=True,
            check=False,
        )
        if made.returncode:
            raise NotMeasured(f"cc cannot build {name}.c: {made.stderr.strip()}")
        return path
