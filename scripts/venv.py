"""Makes .venv hold exactly what a lock file says, and this project. Called by scripts/venv.sh.

    venv.py check LOCK    asked of .venv's own Python: is it ready? The answer is the exit status.
    venv.py make LOCK     asked of the machine's Python: get it ready, whatever state it is in.
    venv.py node          asked of .venv's own Python: install Node there, for a machine that has none.

The stamp in .venv is removed before anything is changed and written when everything is done. So:

    stamp                                   then .venv is    and make
    as expected                             READY            leaves it alone
    other lock files or another project     STALE            updates it in place
    none, or another folder or Python       BROKEN           begins anew

STALE is not begun anew because Holdfast may be running from it.
"""

import fcntl
import hashlib
import os
import subprocess
import sys
from pathlib import Path

READY, STALE, BROKEN = 0, 10, 20

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "stamp"

RUN_LOCK, DEV_LOCK, NODE_LOCK = "requirements.lock", "requirements-dev.lock", "requirements-node.lock"

PIP = (PYTHON, "-I", "-m", "pip", "install", "--quiet", "--no-input", "--no-cache-dir", "--no-user")

# With these pip would install, or write, somewhere else.
ELSEWHERE = ("PIP_LOG", "PIP_PREFIX", "PIP_REPORT", "PIP_ROOT", "PIP_SRC", "PIP_TARGET", "PIP_USER")


def stamp(lock: str) -> tuple[str, str, str]:
    """Return the place, the content and the lock file that the stamp has when all is well."""
    # The scripts in .venv/bin name the folder they were made in, and packages sit below a Python version.
    place = f"{ROOT} {sys.version_info.major}.{sys.version_info.minor}"
    content = hashlib.sha256()
    for name in ("pyproject.toml", RUN_LOCK, DEV_LOCK):
        content.update(hashlib.sha256((ROOT / name).read_bytes()).digest())
    return place, content.hexdigest(), lock


def check(lock: str) -> int:
    """Return READY, STALE or BROKEN; to be asked of .venv's own Python."""
    try:
        place, content, installed = STAMP.read_text().splitlines()
    except (OSError, ValueError):
        return BROKEN
    expected_place, expected_content, _ = stamp(lock)
    if place != expected_place:
        return BROKEN
    # The development lock includes the other.
    return READY if content == expected_content and installed in {lock, DEV_LOCK} else STALE


def make(lock: str) -> None:
    """Make .venv ready; raises CalledProcessError, after the program that failed has said why."""
    held = hold()
    state = ask_venv(lock)
    if state == READY:
        return
    place, content, _ = stamp(lock)
    if state == STALE:
        # The Python of .venv stays, and need not be the one that runs this.
        place = STAMP.read_text().splitlines()[0]
    STAMP.unlink(missing_ok=True)
    if state == BROKEN:
        say(f"making .venv with Python {sys.version_info.major}.{sys.version_info.minor}")
        run(held, sys.executable, "-I", "-m", "venv", "--clear", VENV)

    say(f"installing what {lock} lists into .venv")
    run(held, *PIP, "--require-hashes", "--no-deps", "-r", lock)
    # Who wants the page builds it afterwards, with scripts/webui.py: then its faults are told in a sentence,
    # and keep nobody from running.
    without_page = {"HOLDFAST_WITHOUT_PAGE": "1"}
    run(held, *PIP, "--no-deps", "--no-build-isolation", "--editable", ".", **without_page)

    written = VENV / "stamp.new"
    written.write_text(f"{place}\n{content}\n{lock}\n")
    written.replace(STAMP)


def install_node() -> None:
    """Install Node into .venv, which is ready; raises CalledProcessError, after pip has said why."""
    held = hold()
    say(f"installing Node.js into .venv, as {NODE_LOCK} lists it")
    # Where there is no wheel pip would compile Node, for hours.
    run(held, *PIP, "--require-hashes", "--no-deps", "--only-binary", ":all:", "-r", NODE_LOCK)


def hold() -> int:
    """Return a descriptor that holds .venv for us alone, as long as it is open."""
    # The folder itself is locked: no lock file is left over, and .venv can be removed meanwhile.
    held = os.open(ROOT / "scripts", os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say("waiting for another script to finish with .venv")
        fcntl.flock(held, fcntl.LOCK_EX)
    return held


def run(held: int, *command: str | Path, **settings: str) -> None:
    """Run a program, with these environment variables more; raises CalledProcessError."""
    env = {name: value for name, value in os.environ.items() if name not in ELSEWHERE}
    env |= {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_ROOT_USER_ACTION": "ignore", **settings}
    # pip asks rustc for its version, and rustup's rustc makes ~/.rustup where there is none.
    if not os.path.exists(os.path.expanduser("~/.rustup")):
        env.setdefault("RUSTUP_HOME", str(VENV / "rustup"))
    # The child holds the lock too: if we are killed, nobody comes in between while it still writes.
    subprocess.run(command, check=True, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, pass_fds=(held,))


def ask_venv(lock: str) -> int:
    """Return what .venv's own Python answers to check, BROKEN if it cannot."""
    try:
        asked = subprocess.run(
            [PYTHON, "-I", "-S", __file__, "check", lock], check=False, stderr=subprocess.DEVNULL
        )
    except OSError:
        return BROKEN
    return asked.returncode if asked.returncode in {READY, STALE} else BROKEN


def say(text: str) -> None:
    """Tell the user, apart from what the script prints."""
    print(f"Holdfast: {text}", file=sys.stderr, flush=True)


def main() -> int:
    """Do what the command line asks; return the exit status."""
    verb, *rest = sys.argv[1:]
    if verb == "check":
        return check(*rest)
    try:
        {"make": make, "node": install_node}[verb](*rest)
    except KeyboardInterrupt:
        return 130
    except subprocess.CalledProcessError as failed:
        say(f"could not get .venv ready ({failed.cmd[0]} ended with {failed.returncode})")
        return 1
    except OSError as error:
        say(f"could not get .venv ready: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
