"""Programs that keep others running, as people use them instead: supervisord, circus, pm2."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from .bench import Bench
from .case import NotMeasured
from .consumption import children, family
from .started import until

SLEEP = "/bin/sleep"
LENGTH = "100000"


@dataclass(frozen=True, slots=True)
class Keeper:
    """One that was started, with all of its programs."""

    root: int
    begun: float
    """When it was started, on the monotonic clock."""
    end: Callable[[], None]
    """Asks it to end everything; it need not be over then."""


def programs(root: int) -> list[int]:
    """Return what lives below a keeper and is none of its own processes."""
    return [pid for own in family(root) for pid in children(own) if _runs(pid, SLEEP)]


def alive(root: int, count: int) -> bool:
    """Tell whether so many programs live below a keeper; it costs little as long as they are fewer."""
    return len(children(root)) >= count and len(programs(root)) >= count


def _runs(pid: int, program: str) -> bool:
    try:
        return os.path.samefile(f"/proc/{pid}/exe", program)
    except OSError:
        return False


@contextmanager
def supervisord(bench: Bench, folder: str, count: int) -> Iterator[Keeper]:
    """Start Supervisor (supervisord.org), with a config that restarts each program at once."""
    lines = ["[supervisord]", "nodaemon=true", "minfds=16384", "logfile=/dev/null", "logfile_maxbytes=0"]
    lines += [f"pidfile={folder}/pid", f"childlogdir={folder}"]
    for number in range(count):
        lines += [f"[program:s{number:04}]", f"command={SLEEP} {LENGTH}", "autorestart=true", "startsecs=0"]
    config = _written(folder, "supervisord.conf", "\n".join(lines))
    with _process([_found(bench, "supervisord", "supervisor"), "-c", config], folder) as keeper:
        yield keeper


@contextmanager
def circus(bench: Bench, folder: str, count: int) -> Iterator[Keeper]:
    """Start circus (circus.readthedocs.io)."""
    lines = ["[circus]", f"endpoint=ipc://{folder}/ask", f"pubsub_endpoint=ipc://{folder}/hear"]
    for number in range(count):
        lines += [f"[watcher:s{number:04}]", f"cmd={SLEEP}", f"args={LENGTH}", "warmup_delay=0"]
    config = _written(folder, "circus.ini", "\n".join(lines))
    with _process([_found(bench, "circusd", "python3-circus"), config], folder) as keeper:
        yield keeper


@contextmanager
def pm2(bench: Bench, folder: str, count: int) -> Iterator[Keeper]:
    """Start pm2 (pm2.keymetrics.io); its daemon leaves whoever starts it, and is found by its pid file."""
    app = {"script": SLEEP, "args": LENGTH, "interpreter": "none", "exec_mode": "fork"}
    apps = {"apps": [{"name": f"s{number:04}", **app} for number in range(count)]}
    config = _written(folder, "programs.json", json.dumps(apps))
    environment = {"PATH": os.environ["PATH"], "HOME": folder, "PM2_HOME": folder}
    words = [_found(bench, "pm2", "npm, then npm install pm2"), *(["start", config] if count else ["ping"])]
    begun = time.monotonic()
    command = subprocess.Popen(
        words, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL
    )
    try:
        until(lambda: os.path.exists(f"{folder}/pm2.pid") and bool(_number(f"{folder}/pm2.pid")))
        god = _number(f"{folder}/pm2.pid")
        yield Keeper(god, begun, lambda: os.kill(god, signal.SIGTERM))
    finally:
        command.kill()
        command.wait()
        if god := _number(f"{folder}/pm2.pid"):
            # One that is given up may still be starting programs: it stands still while they are listed.
            with suppress(ProcessLookupError):
                os.kill(god, signal.SIGSTOP)
            left = programs(god)
            with suppress(ProcessLookupError):
                os.kill(god, signal.SIGKILL)
            for pid in left:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


KEEPERS = {"supervisord": supervisord, "circus": circus, "pm2": pm2}


@contextmanager
def _process(words: Sequence[str], folder: str) -> Iterator[Keeper]:
    begun = time.monotonic()
    with open(os.path.join(folder, "output"), "wb") as output:
        process = subprocess.Popen(
            words,
            cwd=folder,
            env={"PATH": os.environ["PATH"], "HOME": folder},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield Keeper(process.pid, begun, process.terminate)
    finally:
        left = programs(process.pid)
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for pid in left:
            with suppress(ProcessLookupError):
                if _runs(pid, SLEEP):
                    os.kill(pid, signal.SIGKILL)


def _found(bench: Bench, program: str, package: str) -> str:
    found = bench.rival(program, package)
    if found is None:
        raise NotMeasured(f"{program} is not here")
    return found


def _written(folder: str, name: str, text: str) -> str:
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"{text}\n")
    return path


def _number(path: str) -> int:
    with suppress(OSError, ValueError), open(path, encoding="ascii") as file:
        return int(file.read())
    return 0
