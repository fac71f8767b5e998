"""What the sections are given: the targets, a folder, the programs in C, and rivals."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from .case import NotMeasured
from .native import Native
from .target import Target, Way

SHARED = "/dev/shm"
"""Files lie in memory where they can, so that the disk is not what is measured."""


@dataclass(slots=True)
class Bench:
    """One run of the suite."""

    folder: str
    """Scratch; gone afterwards."""
    targets: Sequence[Target]
    scale: float = 1.0
    seconds: float = 3.0
    """How long one contender's turn takes, where that can be chosen."""
    rivals: Mapping[str, str] = field(default_factory=dict)
    """Where programs are that are not on the PATH."""

    @property
    def native(self) -> Native:
        """The programs in C: `bench.native("load")` is a path."""
        return Native(os.path.join(self.folder, "native"))

    @property
    def names(self) -> Sequence[str]:
        """The names of the targets."""
        return [target.name for target in self.targets]

    def scaled(self, amount: int, least: int = 1) -> int:
        """Return an amount at the scale of this run."""
        return max(least, round(amount * self.scale))

    def rival(self, program: str, package: str = "") -> str | None:
        """Return the path of somebody else's program; None, and a note, if it is not here."""
        found = self.rivals.get(program) or shutil.which(program)
        if found is None:
            self.note(f"{program} is not here: apt install {package or program}")
        return found

    def note(self, text: str) -> None:
        """Tell the person who watches."""
        print(f"benchmarks: {text}", file=sys.stderr, flush=True)

    def told(self, name: str, *words: str, given: bytes = b"") -> dict[str, float]:
        """Run a program in C that prints one JSON object; raises `NotMeasured` with what it complains of."""
        ran = subprocess.run(
            [self.native(name), *words], input=given, capture_output=True, check=False, timeout=600
        )
        if ran.returncode:
            raise NotMeasured(
                ran.stderr.decode(errors="replace").strip() or f"{name} ended with {ran.returncode}"
            )
        return {key: float(value) for key, value in json.loads(ran.stdout).items()}

    def loaded(
        self, target: Target, path: str, connections: int, way: Way, status: int = 200, request: bytes = b""
    ) -> dict[str, float]:
        """Ask one thing again and again; return requests/s, times in ms, CPU in µs a request, and errors."""
        asked = request or target.head("GET", path, way)
        with target.metered() as used:
            told = self.told(
                "load", *target.where(way), str(connections), str(self.seconds), str(status), given=asked
            )
        return figures(told, used.cpu)


def figures(told: Mapping[str, float], cpu: float = 0.0) -> dict[str, float]:
    """Return what the load tells, in the units of the table."""
    return {
        "requests/s": told["answers"] / told["seconds"],
        "p50": told["p50"] * 1000,
        "p99": told["p99"] * 1000,
        "worst": told["worst"] * 1000,
        "CPU": cpu / told["answers"] * 1e6,
        "errors": told["errors"],
    }
