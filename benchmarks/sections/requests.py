"""Small requests: how many, how soon, and how soon while the server is busy with something else."""

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial

from ..bench import Bench, figures
from ..case import LIMIT, Case, Contender, Figures, Goal
from ..target import SPEAKER, Target, Way
from .busy import busy_with

UNITS = {"requests/s": "", "p50": "ms", "p99": "ms", "CPU": "µs/request", "errors": ""}

FEW, MANY, CROWD = 1, 16, 64
"""Connections."""

WAYS: Sequence[Way] = ("tcp", "unix")


def cases(bench: Bench) -> Iterator[Case]:
    """Yield them: what programs poll, over both ways in, and what is refused."""
    with ExitStack() as running:
        two = [running.enter_context(target.with_servers(2)) for target in bench.targets if target.again]
        known = two or list(bench.targets)
        near, port = running.enter_context(_answerer(bench))
        for way in WAYS:
            where = ["tcp", "127.0.0.1", str(port)] if way == "tcp" else ["unix", near]
            for connections in (FEW, MANY, CROWD):
                limit = {f"{LIMIT}C server": partial(_limit, bench, where, connections)}
                yield _case(bench, known, "GET /servers, 2 servers", "/servers", way, connections, limit)
            name = "s0000" if two else SPEAKER
            yield _case(bench, known, "GET /server/{id}, it runs", f"/server/{name}", way, MANY)
            yield _case(bench, known, "GET /server/{id}, it runs", f"/server/{name}", way, CROWD)
            yield _case(bench, known, "GET /", "/", way, MANY)
            yield _case(bench, known, "404", "/nowhere", way, MANY, status=404)
        yield _refused(bench, known)
        for path in ("/accounts", "/config"):
            yield _case(bench, known, f"GET {path}", path, "tcp", MANY)
        mine = [target for target in known if target.ask("GET", "/health").status == 200]
        if mine:
            for path in (
                "/account",
                "/sessions",
                "/jobs",
                f"/server/{name}/history",
                f"/server/{name}/files",
            ):
                yield _case(bench, mine, f"GET {path}", path, "tcp", MANY)
    with ExitStack() as running:
        hundred = [
            running.enter_context(target.with_servers(100)) for target in bench.targets if target.again
        ]
        for way in WAYS:
            yield _case(bench, hundred, "GET /servers, 100 servers", "/servers", way, MANY)
    for work in ("flood", "upload", "archive"):
        contenders: dict[str, Contender] = {
            target.name: partial(_while_busy, bench, target, work) for target in bench.targets
        }
        yield Case(
            f"GET /servers while there is: {work}, TCP, {MANY} connections",
            contenders,
            UNITS,
            (Goal("p99", at_most=5.0),),
            bench.names,
        )


GOALS = {
    ("GET /servers, 2 servers", MANY): (
        Goal("requests/s", at_least=48_000, octyne="Octyne: 48-58 k"),
        Goal("p99", at_most=1.0, octyne="Octyne: 4.2"),
    ),
    ("GET /servers, 100 servers", MANY): (Goal("requests/s", at_least=40_000, octyne="Octyne: 19-25 k"),),
    ("GET /server/{id}, it runs", MANY): (Goal("requests/s", at_least=25_000, octyne="Octyne: 0.9 k"),),
}
"""All others: 15,000 a second."""


def _case(
    bench: Bench,
    targets: list[Target],
    name: str,
    path: str,
    way: Way,
    connections: int,
    limit: Mapping[str, Contender] | None = None,
    status: int = 200,
) -> Case:
    contenders: dict[str, Contender] = {
        target.name: partial(bench.loaded, target, path, connections, way, status)
        for target in targets
        if way in target.ways
    }
    goals = GOALS.get((name, connections), ())
    if not goals and connections == MANY:
        goals = (Goal("requests/s", at_least=15_000),)
    how = f"{'TCP' if way == 'tcp' else 'Unix socket'}, {connections} connection{'s' * (connections > 1)}"
    return Case(f"{name}, {how}", {**contenders, **(limit or {})}, UNITS, goals, bench.names)


def _refused(bench: Bench, targets: list[Target]) -> Case:
    asked = b"GET /servers HTTP/1.1\r\nHost: localhost\r\nAuthorization: nobody\r\n\r\n"
    contenders: dict[str, Contender] = {
        target.name: partial(bench.loaded, target, "", MANY, "tcp", 401, asked)
        for target in targets
        if "tcp" in target.ways
    }
    goals = (Goal("requests/s", at_least=15_000),)
    return Case(f"401, TCP, {MANY} connections", contenders, UNITS, goals, bench.names)


def _limit(bench: Bench, where: list[str], connections: int) -> Figures:
    asked = b"GET /servers HTTP/1.1\r\nHost: localhost\r\n\r\n"
    return figures(bench.told("load", *where, str(connections), str(bench.seconds), "200", given=asked))


@contextmanager
def _answerer(bench: Bench) -> Iterator[tuple[str, int]]:
    path = f"{bench.folder}/answer.sock"
    process = subprocess.Popen([bench.native("answer"), path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield path, int(json.loads(process.stdout.readline()))
        process.stdin.close()


def _while_busy(bench: Bench, target: Target, work: str) -> Figures:
    with busy_with(work, bench, target):
        return bench.loaded(target, "/servers", MANY, "tcp" if "tcp" in target.ways else "unix")
