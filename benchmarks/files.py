"""How fast files come, go, are packed and unpacked, and how much memory that takes.

    .venv/bin/python -m benchmarks.files [--gibibytes 2] [--tree 500] [--rounds 3] [--folder /dev/shm]

Everything takes turns with what a person would use instead: cp, zip, tar, pigz, zstd, unzip. Needs `curl`;
a tool that is missing is left out.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.system import processes
from tests.system.house import Holdfast, program

MIB = 1 << 20
SOURCES = (
    sysconfig.get_paths()["stdlib"],
    "/usr/share/doc",
    "/usr/lib/python3",
    "/usr/share",
    "/usr/bin",
    "/usr/lib",
)
"""What a realistic tree is made of: texts of programs, documentation, binaries."""

Work = Callable[[], None]


def main() -> None:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(description="measure transfers and archives")
    parser.add_argument("--gibibytes", type=float, default=2)
    parser.add_argument("--tree", type=int, default=500, help="MB of the tree that is packed")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", default="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
    options = parser.parse_args()
    folder = tempfile.mkdtemp(dir=options.folder)
    house = Holdfast(folder)
    try:
        house.settings["files"] = {"uploadLimit": 1 << 40}
        house.configure(app=program("echo"))
        house.start()
        bench = Bench(house, options.rounds)
        bench.transfers(int(options.gibibytes * 1024) * MIB)
        bench.archives(options.tree * 1_000_000)
    finally:
        house.end()
        shutil.rmtree(folder)


class Bench:
    """The cases, in one running Holdfast."""

    def __init__(self, house: Holdfast, rounds: int) -> None:
        self._house = house
        self._rounds = rounds
        self._files = Path(house.path("programs", "app"))
        self._aside = Path(house.path("aside"))
        self._aside.mkdir()
        self._token = house.log_in()

    def transfers(self, size: int) -> None:
        """One large file, up and down, over TCP and the Unix socket."""
        source = self._aside / "source"
        block = os.urandom(64 * MIB)
        with source.open("wb") as file:
            for _ in range(size // len(block)):
                file.write(block)
        size = source.stat().st_size
        sink = self._aside / "sink"
        up, down = self._files / "up", self._files / "down"
        os.link(source, down)
        form = ("-F", f"upload=@{source};filename=up")
        cases: dict[str, Work] = {
            "cp": lambda: _run("cp", str(source), str(sink)),
            "upload, form, TCP": lambda: self._curl("/file?path=/", *form),
            "upload, form, Unix socket": lambda: self._curl("/file?path=/", *form, local=True),
            "upload, PUT, TCP": lambda: self._curl("/file?path=up", "-T", str(source)),
            "download, TCP": lambda: self._curl("/file?path=down", "-o", str(sink)),
            "download, Unix socket": lambda: self._curl("/file?path=down", "-o", str(sink), local=True),
        }
        self._table(f"one file of {size / MIB:.0f} MiB", size, cases, lambda: _remove(sink, up))
        _remove(source, down)

    def archives(self, size: int) -> None:
        """A tree, packed and unpacked."""
        tree = self._files / "tree"
        size = _grow(tree, size)
        made, out = self._files / "made", self._files / "out"
        cases: dict[str, Work] = {"cp -r": lambda: _run("cp", "-r", str(tree), str(out))}
        for name, query, command in (
            ("zip", "", "zip -qr {made} tree"),
            ("tar", "&archiveType=tar&compress=false", "tar -cf {made} tree"),
            ("tar.gz", "&archiveType=tar&compress=gzip", "tar -cf - tree | pigz > {made}"),
            ("tar.zst", "&archiveType=tar&compress=zstd", "tar -cf - tree | zstd -q -T0 > {made}"),
        ):
            tool = command.split(" | ")[-1].split()[0]
            if shutil.which(tool):
                cases[f"{name}: {tool}"] = self._by_shell(command, f"{made}.{name}")
            cases[f"{name}: holdfast"] = self._pack(f"made.{name}", query)
        self._table(f"packing a tree of {size / 1e6:.0f} MB", size, cases, lambda: self._clear(made, out))
        cases = {}
        untar = "{made} | tar -xf - -C {out}"
        for name, query, command in (
            ("zip", "", "unzip -q {made} -d {out}"),
            ("tar.gz", "&archiveType=tar&compress=gzip", f"mkdir {{out}}; pigz -dc {untar}"),
            (
                "tar.zst",
                "&archiveType=tar&compress=zstd",
                f"mkdir {{out}}; zstd -qdc {untar}",
            ),
        ):
            self._pack(f"made.{name}", query)()
            tool = command.split("; ")[-1].split()[0]
            if shutil.which(tool):
                cases[f"{name}: {tool}"] = self._by_shell(command, f"{made}.{name}", str(out))
            cases[f"{name}: holdfast"] = self._unpack(f"made.{name}", "out")
        self._table("extracting it", size, cases, lambda: shutil.rmtree(out, ignore_errors=True))

    def _clear(self, made: Path, out: Path) -> None:
        shutil.rmtree(out, ignore_errors=True)
        _remove(*made.parent.glob(f"{made.name}.*"))

    def _pack(self, name: str, query: str) -> Work:
        return lambda: self._curl(f"/compress?path={name}{query}", "-d", '["tree"]')

    def _unpack(self, name: str, dest: str) -> Work:
        return lambda: self._curl(f"/decompress?path={name}", "-d", dest)

    def _by_shell(self, command: str, made: str, out: str = "") -> Work:
        line = command.format(made=made, out=out)
        return lambda: _run("sh", "-c", line, cwd=str(self._files))

    def _curl(self, path: str, *arguments: str, local: bool = False) -> None:
        way = (
            ["--unix-socket", self._house.path("api.sock")]
            if local
            else ["-H", f"Authorization: {self._token}"]
        )
        url = f"http://127.0.0.1:{self._house.port}/server/app{path}"
        done = subprocess.run(["curl", "-sSf", *way, *arguments, url], capture_output=True, check=False)
        if done.returncode:
            sys.exit(f"curl {path}: {done.stderr.decode()}")
        if done.stdout.startswith((b"{", b" {")) and not json.loads(done.stdout)["success"]:
            sys.exit(f"{path}: {done.stdout.decode()}")

    def _table(self, title: str, size: int, cases: Mapping[str, Work], clear: Work) -> None:
        times: dict[str, list[float]] = {name: [] for name in cases}
        peaks: dict[str, tuple[int, int]] = {}
        for _ in range(self._rounds):
            for name, work in cases.items():
                clear()
                with self._watching() as seen:
                    begin = time.monotonic()
                    work()
                    times[name].append(time.monotonic() - begin)
                peaks[name] = max(peaks.get(name, (0, 0)), (seen[0], seen[1]))
        clear()
        print(f"\n{title}, median of {self._rounds}")
        print(f"{'':>28}  {'MB/s':>6}  {'daemon':>8}  {'worker':>8}")
        for name, figures in times.items():
            daemon, worker = (f"{peak / 1024:.0f} MiB" if peak else "" for peak in peaks[name])
            ours = "holdfast" in name or "load" in name
            rate = size / 1e6 / statistics.median(figures)
            print(f"{name:>28}  {rate:>6.0f}  {daemon if ours else '':>8}  {worker if ours else '':>8}")

    @contextmanager
    def _watching(self) -> Iterator[list[int]]:
        """Yield the peaks of the daemon's and its worker's memory in KiB; they are there at the end."""
        daemon = self._house.daemon
        assert daemon is not None
        Path(f"/proc/{daemon}/clear_refs").write_text("5", encoding="ascii")  # proc(5): forgets the peak
        seen, done = [0, 0], threading.Event()

        def watch() -> None:
            while not done.wait(0.02):
                for pid in _children(daemon):
                    with suppress(OSError):  # it has ended
                        seen[1] = max(seen[1], processes.memory(pid, "VmHWM") // 1024)

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            yield seen
        finally:
            done.set()
            watcher.join()
            seen[0] = processes.memory(daemon, "VmHWM") // 1024


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            found += map(int, (task / "children").read_text(encoding="ascii").split())
        except OSError:
            continue
    return found


def _grow(tree: Path, size: int) -> int:
    """Copy files into the tree until there are so many bytes; return how many there are."""
    total = count = 0
    for source in SOURCES:
        for folder, _, names in os.walk(source):
            target = tree / str(count // 200)
            target.mkdir(parents=True, exist_ok=True)
            for name in names:
                path = os.path.join(folder, name)
                if os.path.islink(path) or not os.path.isfile(path) or os.path.getsize(path) > 64 * MIB:
                    continue
                shutil.copyfile(path, target / f"{count}-{name}")
                total += os.path.getsize(path)
                count += 1
                if total >= size:
                    return total
    return total


def _run(*command: str, cwd: str | None = None) -> None:
    subprocess.run(command, check=True, cwd=cwd)


def _remove(*paths: Path) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
