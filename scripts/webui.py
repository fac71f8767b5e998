"""Builds the web page, webui/, into daemon/webui, and checks and tests it. Needs nothing but Python.

    webui.py build      build the page unless the one that is there is of these sources
    webui.py install    fetch what checking and testing need too, so that it is fetched once
    webui.py check      check its types
    webui.py test       run its unit tests, and show what they print

Several verbs are done one after another. The exit status is 0 if all went well, 130 after Ctrl-C, else 1.

Node is the machine's own if it is new enough for Vite and has npm, or else the one in the Python package
that requirements-node.lock names; in the .venv of the checkout that one is installed when it is needed.

Nothing is written outside the checkout. npm's settings (registry, proxy, certificates) hold as ever.

A page is built beside the old one and takes its place in one step: a running daemon never has half a page,
and a build that fails or is stopped leaves the old one. Two stamps say whether there is something to do:

    daemon/webui/.stamp           the sources of the page that was built
    webui/node_modules/.holdfast  the lock file that was installed, and whether for checking and testing too
"""

import ctypes
import fcntl
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
from typing import Self

from nodejs import ROOT, Node, NotBuilt, a_node, say

SOURCES = ROOT / "webui"
PAGE = ROOT / "daemon" / "webui"
NEW_PAGE, OLD_PAGE = PAGE.with_name(".webui-new"), PAGE.with_name(".webui-old")
MODULES = SOURCES / "node_modules"
CACHE = SOURCES / ".npm"
STAMP, INSTALLED = ".stamp", ".holdfast"

WITHOUT = "HOLDFAST_WITHOUT_PAGE"

LONGEST = 900
"""Seconds that one program may take; a download over a slow line is the longest of all."""

LAST_LINES = 25
"""How many lines of a program's output are shown after it failed."""

# With these npm would install, or write, somewhere else or something else.
ELSEWHERE = frozenset(
    f"npm_config_{name}"
    for name in (
        "cache",
        "dry_run",
        "global",
        "location",
        "logs_dir",
        "logs_max",
        "omit",
        "only",
        "package_lock_only",
    )
) | frozenset(f"npm_config_{name}" for name in ("prefix", "production", "workspace", "workspaces"))

UNREACHABLE = re.compile(
    r"\b(EAI_AGAIN|ECONNREFUSED|ECONNRESET|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|ERR_SOCKET_TIMEOUT|ETIMEDOUT)\b"
)


class Workshop:
    """webui/ held by us alone: another script that wants it waits."""

    def __init__(self) -> None:
        if not (SOURCES / "package-lock.json").is_file():
            raise NotBuilt(f"there are no sources in {SOURCES}")
        # The folder itself is locked: no lock file is left over.
        self._held = os.open(SOURCES, os.O_RDONLY)
        try:
            fcntl.flock(self._held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another script to finish with the web page")
            fcntl.flock(self._held, fcntl.LOCK_EX)
        self._node: Node | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._held)

    def build(self) -> None:
        """Build the page and put it in its place."""
        wanted = sources()
        if built() == wanted:
            return  # by the one we waited for
        say("building the web page")
        self.install(testing=False)
        for left_over in (NEW_PAGE, OLD_PAGE):
            shutil.rmtree(left_over, ignore_errors=True)
        try:
            options = ("--outDir", str(NEW_PAGE), "--emptyOutDir")
            self.npm("run", "--silent", "build", "--", *options, mode="production")
            if not (NEW_PAGE / "index.html").is_file():
                raise NotBuilt("Vite has made no index.html")
            (NEW_PAGE / STAMP).write_text(wanted)
            put_in_place()
        finally:
            shutil.rmtree(NEW_PAGE, ignore_errors=True)

    def install(self, *, testing: bool = True) -> None:
        """Have the packages of the lock file in node_modules; those of checking and testing too, or not."""
        stamp = MODULES / INSTALLED
        fitting = {f"{lock()} testing"} | (set() if testing else {f"{lock()} building"})
        if stamp.is_file() and stamp.read_text() in fitting:
            return
        say("fetching the packages of the web page")
        stamp.unlink(missing_ok=True)
        self.npm("ci", "--ignore-scripts", "--include=dev" if testing else "--omit=dev")
        stamp.write_text(f"{lock()} {'testing' if testing else 'building'}")

    def check(self) -> None:
        """Check the types; raise `NotBuilt` with what is wrong."""
        self.install(testing=True)
        self.npm("run", "--silent", "check")

    def test(self) -> None:
        """Run the unit tests, which print for themselves."""
        self.install(testing=True)
        self.npm("run", "--silent", "test", shown=True)

    def npm(self, *arguments: str, mode: str = "", shown: bool = False) -> None:
        """Run npm in webui/; raise `NotBuilt` with the last of what it printed if it fails."""
        if self._node is None:
            self._node = a_node()
        env = {name: value for name, value in os.environ.items() if name.lower() not in ELSEWHERE}
        env.pop("NODE_ENV", None)
        if mode:
            env["NODE_ENV"] = mode
        env["PATH"] = os.pathsep.join((self._node.folder, env.get("PATH", os.defpath)))
        env |= {
            "NODE_DISABLE_COMPILE_CACHE": "1",  # it would be in /tmp
            "npm_config_cache": str(CACHE),
            "npm_config_update_notifier": "false",
            # npm waits for a minute between two tries, and who is offline waits for that at each start.
            "npm_config_fetch_retry_mintimeout": "1000",
            "npm_config_fetch_retry_maxtimeout": "5000",
        }
        what = f"npm {arguments[0] if arguments[0] != 'run' else ' '.join(arguments[:3:2])}"
        output = None if shown else subprocess.PIPE
        with subprocess.Popen(
            [*self._node.npm, *arguments],
            cwd=SOURCES,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=None if shown else subprocess.STDOUT,
            text=True,
            errors="replace",
            # The child holds the lock too: if we are killed, nobody comes in between while it still writes.
            pass_fds=(self._held,),
            process_group=0,
        ) as process:
            try:
                printed = process.communicate(timeout=LONGEST)[0] or ""
            except subprocess.TimeoutExpired:
                raise NotBuilt(f"`{what}` did not end in {LONGEST // 60} minutes") from None
            finally:
                if process.returncode is None:
                    os.killpg(process.pid, signal.SIGKILL)
        if process.returncode == 0:
            # Kept after a failure only: what has been fetched is not fetched again.
            shutil.rmtree(CACHE, ignore_errors=True)
            return
        if arguments[0] == "ci" and (fault := UNREACHABLE.search(printed)):
            raise NotBuilt(f"npm cannot reach its registry ({fault[0]})")
        last = "\n".join(printed.rstrip().splitlines()[-LAST_LINES:])
        raise NotBuilt(f"`{what}` ended with {process.returncode}" + (f":\n{last}\n" if last else ""))


def sources() -> str:
    """Return the digest of all that the page is built from."""
    digest = hashlib.sha256()
    for place, folders, names in os.walk(SOURCES):
        folders[:] = sorted(name for name in folders if name != MODULES.name and not name.startswith("."))
        for name in sorted(names):
            path = os.path.join(place, name)
            with open(path, "rb") as file:
                content = hashlib.sha256(file.read()).hexdigest()
            digest.update(f"{os.path.relpath(path, SOURCES)}\0{content}\n".encode())
    return digest.hexdigest()


def built() -> str | None:
    """Return the digest of what the page that is there was built from; nothing if there is none."""
    try:
        return (PAGE / STAMP).read_text() if (PAGE / "index.html").is_file() else None
    except OSError:
        return None


def lock() -> str:
    """Return what node_modules depends on: the lock file and the machine, for some packages are programs."""
    digest = hashlib.sha256(os.uname().machine.encode())
    for name in ("package.json", "package-lock.json"):
        digest.update(hashlib.sha256((SOURCES / name).read_bytes()).digest())
    return digest.hexdigest()


def put_in_place() -> None:
    """Let the new page be the page, in one step where the system can do that."""
    if not PAGE.exists():
        NEW_PAGE.rename(PAGE)
        return
    try:
        exchange = ctypes.CDLL(None, use_errno=True).renameat2
        at_cwd, swapped = -100, 2  # AT_FDCWD, RENAME_EXCHANGE: see rename(2)
        if exchange(at_cwd, os.fsencode(NEW_PAGE), at_cwd, os.fsencode(PAGE), swapped) == 0:
            return
    except AttributeError:
        pass  # an older C library
    PAGE.rename(OLD_PAGE)
    NEW_PAGE.rename(PAGE)
    shutil.rmtree(OLD_PAGE, ignore_errors=True)


def build() -> None:
    """Have a page of these sources in daemon/webui; raises `NotBuilt`, and then the old one stays."""
    if built() == sources():
        return
    with Workshop() as workshop:
        workshop.build()


def main(verbs: list[str]) -> int:
    """Do what the command line asks; return the exit status."""
    # What it has started ends with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if os.environ.get(WITHOUT):
        say(f"the web page is left alone, as {WITHOUT} is set")
        return 0
    try:
        if verbs == ["build"]:
            return build_to_run()
        with Workshop() as workshop:
            for verb in verbs:
                VERBS[verb](workshop)
    except KeyboardInterrupt:
        return 130
    except (NotBuilt, OSError) as error:
        say(str(error))
        return 1
    return 0


def build_to_run() -> int:
    """Build the page, and if that fails say what there is instead; return the exit status."""
    try:
        build()
    except (NotBuilt, OSError) as error:
        left = "there is none for now" if built() is None else "the one that was built before stays"
        say(f"the web page could not be built and {left}: {error}")
        return 1
    return 0


VERBS = {"build": Workshop.build, "install": Workshop.install, "check": Workshop.check, "test": Workshop.test}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
