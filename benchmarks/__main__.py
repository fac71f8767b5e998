"""Measures servers that speak Octyne's API: how fast they are, and what they cost.

    benchmarks/run                                        this checkout, every section
    benchmarks/run requests --start old=holdfast:../old --start new=holdfast
    benchmarks/run console --target unix:/run/octyne.sock
    benchmarks/run requests --target http://127.0.0.1:42069 --token TOKEN

A server that runs already must have the server `speaker`: `--config` prints a config that has it.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from contextlib import ExitStack, closing
from importlib import import_module
from typing import cast

from .bench import SHARED, Bench
from .case import Measured, NotMeasured, Section
from .report import as_json, goals, machine, table
from .rounds import measure
from .started import config_of, kind_of, started
from .target import given

SECTIONS = ("console", "requests", "transfers", "archives", "supervision", "start")


def main() -> int:
    """Measure, and print the tables; returns the exit code."""
    options = _options().parse_args()
    folder = tempfile.mkdtemp(prefix="holdfast-benchmarks-", dir=SHARED if os.path.isdir(SHARED) else None)
    os.mkdir(os.path.join(folder, "native"))
    try:
        return _run(options, folder)
    except (NotMeasured, ValueError, OSError) as exc:
        print(f"benchmarks: {exc}", file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="benchmarks/run",
        description=__doc__.split("\n\n")[0],
        epilog="\n\n".join(__doc__.split("\n\n")[1:]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=f"of {', '.join(SECTIONS)}")
    parser.add_argument(
        "--target",
        action="append",
        default=[],
        metavar="[NAME=]ADDRESS[,ADDRESS]",
        help="a server that runs: unix:/path, http://host:port, or both",
    )
    parser.add_argument("--token", help="of an account at the targets over TCP")
    parser.add_argument(
        "--start",
        action="append",
        default=[],
        metavar="[NAME=]KIND",
        help="start one: holdfast, holdfast:CHECKOUT or octyne:PROGRAM; without any target, holdfast",
    )
    parser.add_argument("--only", default="", metavar="TEXT", help="cases that have this in their name")
    parser.add_argument("--rounds", type=int, default=3, help="how often each takes its turn (3)")
    parser.add_argument("--seconds", type=float, default=3.0, help="of a turn, where that can be chosen (3)")
    parser.add_argument("--scale", type=float, default=1.0, help="of all sizes (1.0)")
    parser.add_argument("--minutes", type=float, default=60.0, help="no case begins after that (60)")
    parser.add_argument(
        "--rival", action="append", default=[], metavar="NAME=PATH", help="where a program is"
    )
    parser.add_argument("--json", metavar="FILE", help="write the figures there, too")
    parser.add_argument("--list", action="store_true", help="name the sections, and do nothing")
    parser.add_argument(
        "--config", metavar="FOLDER", help="make a folder for a target of your own, and do nothing else"
    )
    return parser


def _run(options: argparse.Namespace, folder: str) -> int:
    wrong = [name for name in options.sections if name not in SECTIONS]
    if wrong:
        raise ValueError(f"{wrong[0]} is no section: {', '.join(SECTIONS)}")
    if options.list:
        for name in SECTIONS:
            print(f"{name:12} {(_section(name).__doc__ or '').splitlines()[0]}")
        return 0
    rivals = dict(text.split("=", 1) for text in options.rival if "=" in text)
    bench = Bench(folder, [], options.scale, options.seconds, rivals)
    if options.config:
        return _write_config(bench, os.path.abspath(options.config))
    kinds = options.start or ([] if options.target else ["holdfast"])
    begun = time.monotonic()
    results: list[Measured] = []
    with ExitStack() as running:
        targets = [given(text, options.token) for text in options.target]
        for target in targets:
            running.enter_context(target.account())
        own = [started(kind_of(text), folder, bench.native("speaker")) for text in kinds]
        targets += [running.enter_context(one) for one in own]
        if len({target.name for target in targets}) < len(targets):
            raise ValueError("two targets have one name: --start NAME=KIND, --target NAME=ADDRESS")
        bench.targets = targets
        about = {
            **machine(),
            "targets": [_version(target.ask("GET", "/").body, target.name) for target in targets],
        }
        print(json.dumps(about))
        until = begun + options.minutes * 60
        for name in options.sections or SECTIONS:
            _measure(name, bench, options, until, results)
    print("\n".join(goals(results)))
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump({"machine": about, "cases": [as_json(one) for one in results]}, file, indent=1)
    return 0


def _measure(
    name: str, bench: Bench, options: argparse.Namespace, until: float, results: list[Measured]
) -> None:
    with closing(_section(name).cases(bench)) as cases:
        for case in cases:
            if options.only.casefold() not in case.name.casefold():
                continue
            if time.monotonic() > until:
                bench.note(f"{name}: out of time before: {case.name}")
                break
            one = measure(name, case, options.rounds, until)
            results.append(one)
            print("\n".join(table(one)), flush=True)


def _section(name: str) -> Section:
    return cast("Section", import_module(f".sections.{name}", __package__))


def _version(body: bytes, name: str) -> str:
    try:
        return f"{name} {json.loads(body)['version']}"
    except (ValueError, KeyError, TypeError):
        return name


def _write_config(bench: Bench, folder: str) -> int:
    os.makedirs(os.path.join(folder, "speaker"), exist_ok=True)
    speaker = os.path.join(folder, "speaker", "speak")
    shutil.copy(bench.native("speaker"), speaker)
    for name in ("config.json", "config.hjson"):
        with open(os.path.join(folder, name), "x", encoding="utf-8") as file:
            json.dump(config_of(speaker, folder, 42069), file, indent=2)
    print(
        f"start your server in {folder}; then: benchmarks/run --target unix:{folder}/api.sock,http://127.0.0.1:42069"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
