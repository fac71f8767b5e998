"""Start: how soon a server answers, its supervisor and its commands, and the pause of a handover."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import partial

from ..bench import Bench
from ..case import LIMIT, Case, Contender, Figures, Goal, NotMeasured
from ..consumption import family
from ..keepers import alive
from ..private import ask
from ..started import until
from ..target import Target

COUNTS = (0, 1000)

GOAL = (Goal("first answer", at_most=300.0, octyne="Octyne: 6 without servers, 138 with 1,000"),)

TIMES = 10
"""How often a command is run in one turn."""

HANDOVERS = 5


def cases(bench: Bench) -> Iterator[Case]:
    """Yield them: the server, its daemon and its supervisor alone, then the commands, then the handover."""
    own = [target for target in bench.targets if target.again is not None]
    for target in bench.targets:
        if target.again is None:
            bench.note(f"{target.name}: a start is measured of what is started here (--start)")
    ours = [target for target in own if target.command[-1:] == ["run"]]
    for count in COUNTS:
        number = bench.scaled(count) if count else 0
        yield Case(
            f"the server's first answer, {number} servers",
            {target.name: partial(_first, target, number) for target in own},
            {"very first": "ms", "first answer": "ms", "all up": "ms"},
            GOAL,
            bench.names,
            rounds=1 if count else 3,
            about="from exec of the command; very first: in an empty folder (Holdfast checks its config, and "
            "makes an account); the others: when it is started again there",
        )
        yield Case(
            f"the API daemon's first answer, {number} servers",
            {target.name: partial(_killed, target, number) for target in ours},
            {"first answer": "ms", "missed": "ms"},
            GOAL,
            bench.names,
            rounds=2 if count else 3,
            about="after SIGKILL of the daemon alone: from exec of the next one; missed: from the kill",
        )
    yield Case(
        "the supervisor's first answer",
        {target.name: partial(_supervisor, bench, target) for target in ours},
        {"first answer": "ms"},
        about="from exec of a supervisor without a daemon, at its private socket",
    )
    yield from _commands(bench, ours)
    for count in (1, 100, 1000):
        number = bench.scaled(count)
        yield Case(
            f"a handover, {number} programs",
            {target.name: partial(_handover, target, number) for target in ours},
            {"pause": "ms", "worst pause": "ms", "asked to answered": "ms"},
            rounds=1,
            about="the pause, in which no output is read, as the supervisor tells it; "
            "asked to answered: with the trial of the new program",
        )


def _first(target: Target, count: int) -> Figures:
    with target.with_servers(count, "answers") as one:
        assert one.root is not None
        root = one.root
        until(lambda: alive(root, count))
        figures = {"very first": (one.answered - one.begun) * 1000}
        # It is ours to wait for; `started` finds it gone.
        os.kill(one.root, signal.SIGTERM)
        until(lambda: _over(root))
        begun = time.monotonic()
        process = subprocess.Popen(
            one.command,
            cwd=one.folders,
            env=dict(one.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            until(lambda: _answers(one), process)
            figures["first answer"] = (time.monotonic() - begun) * 1000
            until(lambda: alive(process.pid, count), process)
            figures["all up"] = (time.monotonic() - begun) * 1000
        finally:
            process.terminate()
            process.wait()
    return figures


def _over(pid: int) -> bool:
    """Whether a child has ended; it is not waited for."""
    with suppress(ChildProcessError):
        return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is not None
    return True


def _answers(target: Target) -> bool:
    try:
        return target.ask("GET", "/servers", way="unix").status == 200
    except OSError:
        return False


def _killed(target: Target, count: int) -> Figures:
    with target.with_servers(count) as one:
        assert one.root is not None
        root = one.root
        (daemon,) = _others(root)
        killed = time.monotonic()
        os.kill(daemon, signal.SIGKILL)
        until(lambda: [pid for pid in _others(root) if pid != daemon] != [])
        begun = time.monotonic()
        until(lambda: _answers(one))
        over = time.monotonic()
    return {"first answer": (over - begun) * 1000, "missed": (over - killed) * 1000}


def _others(root: int) -> list[int]:
    return [pid for pid in family(root) if pid != root]


def _supervisor(bench: Bench, target: Target) -> Figures:
    folder = os.path.join(bench.folder, f"{target.name}-supervisor")
    shutil.rmtree(folder, ignore_errors=True)
    os.mkdir(folder)
    begun = time.monotonic()
    process = subprocess.Popen(
        [target.command[0], "-P", "-m", "supervisor", "--state-dir", folder, "--runtime-dir", folder],
        env=dict(target.environment),
        stderr=subprocess.DEVNULL,
    )
    try:
        until(lambda: _told(os.path.join(folder, "supervisor.sock")), process)
        return {"first answer": (time.monotonic() - begun) * 1000}
    finally:
        process.terminate()
        process.wait()


def _told(path: str) -> bool:
    try:
        return ask(path, "List") is not None
    except (OSError, NotMeasured):
        return False


def _commands(bench: Bench, ours: Sequence[Target]) -> Iterator[Case]:
    with ExitStack() as running:
        ten = [running.enter_context(target.with_servers(10)) for target in ours]
        if not ten:
            return
        path = ten[0].path or ""
        nothing: dict[str, Contender] = {
            f"{LIMIT}Python that does nothing": partial(_run, [sys.executable, "-c", "pass"], {}),
            f"{LIMIT}C that asks the same": partial(_run, [bench.native("ask"), path], {}),
        }
        if (curl := bench.rival("curl")) is not None:
            words = [curl, "-s", "--unix-socket", path, "http://x/servers?details=true"]
            nothing["curl"] = partial(_run, words, {})
        for name, words, more in (
            ("list", ["list"], {}),
            ("list --json", ["list", "--json"], {}),
            ("--version", ["--version"], {}),
            ("--help", ["--help"], {}),
            ("completion of a command", ["--", "li"], {"_HOLDFAST_COMPLETE": "zsh"}),
        ):
            contenders: dict[str, Contender] = {
                target.name: partial(
                    _run,
                    [*target.command[:-1], *words],
                    {**target.environment, "HOLDFAST_SOCKET": target.path or "", **more},
                )
                for target in ten
            }
            goals = (Goal("took", at_most=150.0),) if name == "list" else ()
            yield Case(
                f"holdfast {name}, 10 servers", contenders | nothing, {"took": "ms"}, goals, bench.names
            )
            nothing = {}


def _run(words: Sequence[str], environment: dict[str, str]) -> Figures:
    more = environment or {"PATH": os.environ["PATH"]}
    took: list[float] = []
    for _ in range(TIMES):
        begun = time.perf_counter()
        ran = subprocess.run(words, env=more, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
        took.append(time.perf_counter() - begun)
        if ran.returncode:
            raise NotMeasured(ran.stderr.decode(errors="replace").strip()[-200:])
    return {"took": sorted(took)[len(took) // 2] * 1000}


def _handover(target: Target, count: int) -> Figures:
    with _private(target, count) as path:
        pauses: list[float] = []
        took: list[float] = []
        for _ in range(HANDOVERS):
            begun = time.monotonic()
            if (told := ask(path, "Upgrade")) is not None:
                raise NotMeasured(f"it was not handed over: {told}")
            until(lambda: _told(path))
            took.append((time.monotonic() - begun) * 1000)
            told = ask(path, "Handover") or {}
            pauses.append(float(str(told["pause"])) * 1000)
            until(lambda: bool((ask(path, "Handover") or {}).get("serving")))
        middle = HANDOVERS // 2
        return {
            "pause": sorted(pauses)[middle],
            "worst pause": max(pauses),
            "asked to answered": sorted(took)[middle],
        }


@contextmanager
def _private(target: Target, count: int) -> Iterator[str]:
    with target.with_servers(count) as one:
        assert one.folders is not None
        yield os.path.join(one.folders, "state", "run", "supervisor.sock")
