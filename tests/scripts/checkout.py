"""A checkout with a page of one file, and in place of Node and npm programs that need no network."""

import os
import select
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

PYTHON = (sys.executable, "-E", "-s", "-B")

PACE, LOOKS = 0.02, 1500
"""Seconds between two looks at a pipe of which nobody tells us, and how many looks."""

NPM = """#!/bin/sh
# Notes what it is asked for; waits at a pipe, or fails, where there is one of that name.
here=$(dirname -- "$0")
echo "$*" >> "$here/calls"
env > "$here/environment"
for verb in ci build check test; do
    case " $* " in *" $verb "*) asked=$verb ;; esac
done
[ ! -p "$here/hold-$asked" ] || read -r _ < "$here/hold-$asked"
[ ! -e "$here/fail-$asked" ] || { cat "$here/fail-$asked"; exit 3; }
case $asked in
    ci) rm -rf node_modules && mkdir node_modules ;;
    build) mkdir -p "$6/assets" && cp src/main.ts "$6/index.html" && cp src/main.ts "$6/assets/main.js" ;;
    *) echo "the $asked was run" ;;
esac
"""


class Checkout:
    """The folder, and how its webui.py is called."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.page = folder / "daemon" / "webui"
        self.source = folder / "webui" / "src" / "main.ts"
        self.programs = folder / "bin"
        for path in (self.page.parent, self.source.parent, self.programs):
            path.mkdir(parents=True)
        shutil.copytree(ROOT / "scripts", folder / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "requirements-node.lock", folder)
        self.source.write_text("one")
        for name in ("package.json", "package-lock.json"):
            (folder / "webui" / name).write_text("{}")
        self.program("npm", NPM)
        self.node("v22.12.0")
        self._started: list[subprocess.Popen[str]] = []
        self.environment = {"PATH": f"{self.programs}:{os.defpath}", "HOME": str(folder / "home")}

    def program(self, name: str, text: str) -> None:
        """Put a program on the path."""
        (self.programs / name).write_text(text)
        (self.programs / name).chmod(0o755)

    def node(self, version: str) -> None:
        """Let Node say that it has this version."""
        self.program("node", f"#!/bin/sh\necho {version}\n")

    def webui(self, *verbs: str, python: tuple[str, ...] = PYTHON) -> "subprocess.CompletedProcess[str]":
        """Run webui.py to its end."""
        return subprocess.run(
            self.command(*verbs, python=python),
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def start(self, *verbs: str) -> "subprocess.Popen[str]":
        """Start webui.py, whose messages can be read."""
        process = subprocess.Popen(
            self.command(*verbs),
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._started.append(process)
        return process

    def command(self, *verbs: str, python: tuple[str, ...] = PYTHON) -> list[str]:
        """Return how webui.py is called."""
        return [*python, str(self.folder / "scripts" / "webui.py"), *verbs]

    def hold(self, verb: str) -> None:
        """Let npm wait when it is asked for this."""
        os.mkfifo(self.programs / f"hold-{verb}")

    def reached(self, verb: str) -> int:
        """Wait until npm waits there; return the pipe that it reads, which ends when the caller closes it."""
        for _ in range(LOOKS):
            try:
                return os.open(self.programs / f"hold-{verb}", os.O_WRONLY | os.O_NONBLOCK)
            except OSError:  # ENXIO: nobody reads it yet
                select.select([], [], [], PACE)
        raise TimeoutError(f"npm was never asked for {verb}, but for {self.calls()}")

    def end(self) -> None:
        """End what was started and still runs, after a test that has failed."""
        for process in self._started:
            process.terminate()
            process.communicate()

    def calls(self) -> list[str]:
        """Return what npm was asked for so far: `ci --omit=dev`, `build`, …"""
        path = self.programs / "calls"
        lines = path.read_text().splitlines() if path.exists() else []
        return [line.removeprefix("run --silent ").partition(" -- ")[0] for line in lines]

    def shown(self) -> str:
        """Return what the page says."""
        return (self.page / "index.html").read_text()

    def left_over(self) -> list[str]:
        """Return what stands beside the page, and beside the sources."""
        beside = {*os.listdir(self.page.parent), *os.listdir(self.source.parent.parent)}
        return sorted(beside - {"webui", "src", "package.json", "package-lock.json", "node_modules"})
