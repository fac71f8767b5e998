"""A machine with a real systemd, in namespaces of its own. It needs root, and a systemd that is installed."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BOOT = os.path.join(ROOT, "tests", "real", "boot")

SYSTEMD = "/lib/systemd/systemd"
TOOLS = ("unshare", "nsenter", "ip", "pivot_root", "systemctl", "journalctl", "dbus-daemon", "curl")

NAMESPACES = ("--pid", "--mount", "--uts", "--ipc", "--cgroup")

DEADLINE = 120.0
"""Seconds in which anything has come true."""

PACE = 0.05
"""Seconds between two looks."""


def obstacle() -> str | None:
    """Return why there can be no such machine here, if so."""
    if os.geteuid() != 0:
        return "not root"
    missing = [
        tool for tool in TOOLS if shutil.which(tool, path=f"{os.environ['PATH']}:/usr/sbin:/sbin") is None
    ]
    if missing or not os.path.exists(SYSTEMD):
        return f"not installed: {', '.join(missing) or SYSTEMD}"
    if cgroups() is None:
        return "no cgroup2 file system"
    return None


def cgroups() -> str | None:
    """Return where the cgroup2 file system is mounted."""
    with open("/proc/mounts", encoding="utf-8") as file:
        mounts = [line.split() for line in file]
    return next((place for _, place, kind, *_ in mounts if kind == "cgroup2"), None)


class Machine:
    """A machine that runs."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        """Its first process, as we see it."""

    def run(
        self, command: str, *, check: bool = True, network: bool = False
    ) -> "subprocess.CompletedProcess[str]":
        """Let a shell run a command as root. Its network is the machine's own, or `network`, ours."""
        own = () if network else ("--net",)
        enter = ["nsenter", "--target", str(self.pid), *NAMESPACES, *own, "--root", "--wd"]
        environment = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_"))}
        environment |= {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "HOME": "/root"}
        done = subprocess.run(
            [*enter, "sh", "-c", f"cd /src; {command}"],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
        if check and done.returncode:
            raise AssertionError(f"{command}: {done.stdout}{done.stderr}\n{self.log()}")
        return done

    def says(self, command: str) -> str:
        """Return what a command prints, without the last newline."""
        return self.run(command).stdout.rstrip("\n")

    def show(self, unit: str, name: str) -> str:
        """Return a property of a unit."""
        return self.says(f"systemctl show --value -p {name} {unit}")

    def until(self, command: str, wanted: str) -> str:
        """Wait until a command prints this among other things; return all of it."""
        end = time.monotonic() + DEADLINE
        while wanted not in (found := self.run(command, check=False).stdout):
            assert time.monotonic() < end, f"{command}: never {wanted!r}, but {found!r}\n{self.log()}"
            time.sleep(PACE)
        return found

    def log(self) -> str:
        """Return the latest of the journal."""
        return self.run("journalctl --no-pager -n 60 -o short-monotonic", check=False).stdout


@contextmanager
def booted() -> Iterator[Machine]:
    """Start a machine; at the end nothing is left of it."""
    place = cgroups()
    assert place is not None
    cgroup = os.path.join(place, f"holdfast-test-{os.getpid()}")
    os.mkdir(cgroup)
    folder = tempfile.mkdtemp(prefix="holdfast-machine-")
    # It is the root of the machine's own cgroups.
    join = f'echo $$ >"{cgroup}/cgroup.procs"; exec "$@"'
    unshare = ["unshare", "--fork", "--kill-child", "--net", *NAMESPACES]
    command = ["sh", "-c", join, "sh", *unshare, BOOT, folder, ROOT]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    try:
        machine = Machine(_child(process))
        machine.until("systemctl is-active little.target", "active\n")
        yield machine
    finally:
        process.kill()  # and with it its child, the machine's first process, and with that the machine
        process.wait()
        _remove(cgroup)
        os.rmdir(folder)


def _child(process: "subprocess.Popen[bytes]") -> int:
    """Return the first process of the machine, once it is systemd."""
    end = time.monotonic() + DEADLINE
    while process.poll() is None and time.monotonic() < end:
        with open(f"/proc/{process.pid}/task/{process.pid}/children", encoding="ascii") as file:
            children = file.read().split()
        for child in children:
            with open(f"/proc/{child}/comm", encoding="ascii") as file:
                if file.read() == "systemd\n":
                    return int(child)
        time.sleep(PACE)
    raise AssertionError(f"the machine did not start: {process.poll()}")


def _remove(cgroup: str) -> None:
    end = time.monotonic() + DEADLINE
    for folder, _, _ in os.walk(cgroup, topdown=False):
        while True:
            try:
                os.rmdir(folder)
                break
            except OSError:
                # The last of its processes are still on their way out.
                assert time.monotonic() < end, folder
                time.sleep(PACE)
