"""Files up and down: a large one, many small ones, ranges of one, and what is in a folder."""

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import partial

from ..bench import Bench, figures
from ..case import LIMIT, Case, Contender, Figures, Goal, NotMeasured
from ..consumption import consumed
from ..forms import form, put, takes_put, takes_tus, tus
from ..largefile import KEPT, MIB, UNITS, LargeFile, Make
from ..peers import Peer, copied, depot, nginx
from ..target import SPEAKER, Target, Way

SMALL = 10 << 10

MANY = {"files/s": "", "p50": "ms", "p99": "ms", "CPU": "µs/file"}
ASKED = {"requests/s": "", "p50": "ms", "p99": "ms", "CPU": "µs/request", "errors": ""}

TAKES = f"{LIMIT}C recv + write"
SENDS = f"{LIMIT}C sendfile"
COPIES = f"{LIMIT}C read + write"

ABOUT = "All files lie in memory that was touched before; cp has no network."


def cases(bench: Bench) -> Iterator[Case]:
    """Yield them."""
    with ExitStack() as running:
        large = LargeFile(bench)
        running.callback(large.remove)
        rival = running.enter_context(nginx(bench))
        if rival is not None:
            os.link(large.path, f"{rival.files}/{KEPT}")
        for target in bench.targets:
            large.keep(target)
            running.callback(large.forget, target, KEPT)
        with depot(bench, "takes", "receive", large.copy, str(large.size)) as taking:
            yield from _uploads(bench, large, rival, taking)
        giving = running.enter_context(depot(bench, "gives", "give", large.path))
        copying = running.enter_context(depot(bench, "copies", "copy", large.path))
        yield from _downloads(bench, large, rival, {SENDS: giving, COPIES: copying})
        for connections in (1, 16):
            yield _ranges(bench, rival, connections)
        yield from _small(bench, rival)
        for number in (20, 1000):
            yield from _listing(bench, rival, number)


def _uploads(bench: Bench, large: LargeFile, rival: Peer | None, taking: Peer) -> Iterator[Case]:
    everybody: list[Target] = list(bench.targets)
    able = [target for target in everybody if takes_put(target)]
    resuming = [target for target in everybody if takes_tus(target)]
    ways: tuple[tuple[str, Way, Make, list[Target]], ...] = (
        ("a form, TCP", "tcp", form, everybody),
        ("a form, Unix socket", "unix", form, everybody),
        ("PUT, TCP", "tcp", put, able),
        ("PUT, Unix socket", "unix", put, able),
        ("tus, TCP", "tcp", tus, resuming),
    )
    for name, way, make, targets in ways:
        contenders: dict[str, Contender] = {
            target.name: partial(large.up, target, way, "up", make)
            for target in targets
            if way in target.ways
        }
        contenders[TAKES] = partial(large.up_to, taking, way, large.copy)
        if rival is not None and rival.puts:
            contenders["nginx, PUT"] = partial(large.up_to, rival, way, f"{rival.files}/up")
        contenders["cp"] = large.copied
        goals = (
            Goal("MB/s", at_least=0.75, of=TAKES, octyne="Octyne: 60-600"),
            Goal("memory", at_most=20, octyne="Octyne: 2-7 GB"),
        )
        title = f"upload of {large.size // MIB:,} MiB by {name}"
        yield Case(title, contenders, UNITS, goals, bench.names, about=ABOUT)


def _downloads(
    bench: Bench, large: LargeFile, rival: Peer | None, limits: Mapping[str, Peer]
) -> Iterator[Case]:
    first = f"{bench.names[0]}, TCP"
    ways: tuple[tuple[str, Way], ...] = (("TCP", "tcp"), ("Unix socket", "unix"))
    for name, way in ways:
        contenders: dict[str, Contender] = {
            target.name: partial(large.down, target, way, KEPT)
            for target in bench.targets
            if way in target.ways
        }
        goals = [Goal("MB/s", at_least=0.9, of=limit, octyne="Octyne: 2,380") for limit in limits]
        if way == "unix":
            goals = [Goal("MB/s", at_least=1.0, of=first, octyne="Octyne: 2,940")]
            if "tcp" in bench.targets[0].ways:
                contenders[first] = partial(large.down, bench.targets[0], "tcp", KEPT)
        contenders |= {limit: partial(large.down_from, peer, way, KEPT) for limit, peer in limits.items()}
        if rival is not None:
            contenders["nginx"] = partial(large.down_from, rival, way, KEPT)
        contenders["cp"] = large.copied
        title = f"download of {large.size // MIB:,} MiB, {name}"
        yield Case(title, contenders, UNITS, goals, bench.names, about=ABOUT)


def _ranges(bench: Bench, rival: Peer | None, connections: int) -> Case:
    more = {"Range": f"bytes={SMALL}-{2 * SMALL - 1}"}
    contenders: dict[str, Contender] = {}
    for target in bench.targets:
        way = _way(target)
        head = target.head("GET", f"/server/{SPEAKER}/file?path={KEPT}", way, more)
        contenders[target.name] = partial(bench.loaded, target, "", connections, way, 206, head)
    if rival is not None:
        head = f"GET /{KEPT} HTTP/1.1\r\nHost: localhost\r\nRange: {more['Range']}\r\n\r\n".encode()
        contenders["nginx"] = partial(_loaded, bench, rival, connections, 206, head)
    how = f"{connections} connection{'s' * (connections > 1)}"
    return Case(f"10 KiB ranges of a large file, TCP, {how}", contenders, ASKED, (), bench.names)


def _small(bench: Bench, rival: Peer | None) -> Iterator[Case]:
    count = bench.scaled(1000, 10)
    heap = os.path.join(bench.folder, "small")
    os.mkdir(heap)
    for number in range(count):
        with open(f"{heap}/{number:08}", "wb") as file:
            file.write(os.urandom(SMALL))
    contenders: dict[str, Contender] = {}
    for target in bench.targets:
        contenders[f"{target.name}, form"] = partial(_many, bench, target, count, form)
        if takes_put(target):
            contenders[f"{target.name}, PUT"] = partial(_many, bench, target, count, put)
    if rival is not None and rival.puts:
        contenders["nginx, PUT"] = partial(_many_to, bench, rival, count)
    contenders["cp -r"] = partial(_copied, heap, count)
    about = "One request each, one after the other over one TCP connection. nginx and cp do not fsync."
    yield Case(f"{count:,} files of 10 KiB up", contenders, MANY, about=about)
    shutil.rmtree(heap)


def _many(bench: Bench, target: Target, count: int, make: Make) -> Figures:
    way = _way(target)
    _remove(target, "many")
    if target.ask("POST", f"/server/{SPEAKER}/folder?path=many").status != 200:
        raise NotMeasured("no folder can be made")
    sending = make(target, way, "many/@@@@@@@@", SMALL)
    asked = sending.before + bytes(SMALL) + sending.after
    with target.metered() as used:
        told = bench.told("courier", *target.where(way), "ask", str(count), given=asked)
    _remove(target, "many")
    return _of_many(told, count, used.cpu)


def _many_to(bench: Bench, rival: Peer, count: int) -> Figures:
    os.mkdir(f"{rival.files}/many")
    head = f"PUT /many/@@@@@@@@ HTTP/1.1\r\nHost: localhost\r\nContent-Length: {SMALL}\r\n\r\n"
    try:
        with consumed(rival.root) as used:
            words = [*rival.where("tcp"), "ask", str(count)]
            told = bench.told("courier", *words, given=head.encode() + bytes(SMALL))
    finally:
        shutil.rmtree(f"{rival.files}/many")
    return _of_many(told, count, used.cpu)


def _copied(heap: str, count: int) -> Figures:
    used = copied("cp", "-r", heap, f"{heap}-copy")
    shutil.rmtree(f"{heap}-copy")
    return {"files/s": count / used.seconds, "CPU": used.cpu / count * 1e6}


def _of_many(told: Mapping[str, float], count: int, cpu: float) -> Figures:
    return {
        "files/s": count / told["seconds"],
        "p50": told["p50"] * 1000,
        "p99": told["p99"] * 1000,
        "CPU": cpu / count * 1e6,
    }


def _listing(bench: Bench, rival: Peer | None, number: int) -> Iterator[Case]:
    name = f"listed{number}"
    contenders: dict[str, Contender] = {}
    for target in bench.targets:
        _fill(bench, target, name, number)
        contenders[target.name] = partial(
            bench.loaded, target, f"/server/{SPEAKER}/files?path={name}", 1, _way(target)
        )
    if rival is not None:
        os.mkdir(f"{rival.files}/{name}")
        for at in range(number):
            with open(f"{rival.files}/{name}/{at:08}", "wb") as file:
                file.write(_text(at))
        head = f"GET /{name}/ HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
        contenders["nginx, JSON"] = partial(_loaded, bench, rival, 1, 200, head)
    goals = (Goal("p50", at_most=6.0, octyne="Octyne: 12.5"),) if number == 1000 else ()
    about = "nginx looks into no file."
    yield Case(
        f"a folder of {number:,} files listed, TCP", contenders, ASKED, goals, bench.names, about=about
    )
    for target in bench.targets:
        _remove(target, name)


def _fill(bench: Bench, target: Target, name: str, number: int) -> None:
    """Make a folder with files in it, all of them by one connection."""
    way = _way(target)
    if target.ask("POST", f"/server/{SPEAKER}/folder?path={name}").status != 200:
        raise NotMeasured("no folder can be made")
    content = _text(20)
    sending = form(target, way, f"{name}/@@@@@@@@.txt", len(content))
    asked = sending.before + content + sending.after
    bench.told("courier", *target.where(way), "ask", str(number), given=asked)


def _text(number: int) -> bytes:
    return b"a line of text\n" * (number % 50 + 1)


def _loaded(bench: Bench, peer: Peer, connections: int, status: int, head: bytes) -> Figures:
    words: Sequence[str] = [*peer.where("tcp"), str(connections), str(bench.seconds), str(status)]
    with consumed(peer.root) as used:
        told = bench.told("load", *words, given=head)
    return figures(told, used.cpu)


def _way(target: Target) -> Way:
    return "tcp" if "tcp" in target.ways else "unix"


def _remove(target: Target, name: str) -> None:
    target.ask("DELETE", f"/server/{SPEAKER}/file?path={name}")
