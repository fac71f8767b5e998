"""Who may import whom. Imports inside functions count too."""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

OURS = {"supervisor", "filemgr", "daemon", "client"}

MAY_IMPORT = {
    "supervisor": set(),
    "filemgr": set(),
    "daemon": {"supervisor", "filemgr"},
    "client": set(),
}
"""Which other packages of ours a package may import, and only their roots."""

NO_NOUNS = {"utils", "util", "common", "base", "helpers", "helper", "misc"}


@dataclass(frozen=True)
class Import:
    """One imported module, by its full name."""

    file: Path
    line: int
    module: str

    @property
    def package(self) -> str:
        return self.module.partition(".")[0]

    def __str__(self) -> str:
        return f"{self.file.relative_to(ROOT)}:{self.line} imports {self.module}"


def files(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def imports(file: Path) -> Iterator[Import]:
    package = file.relative_to(ROOT).with_suffix("").parts[:-1]
    for node in ast.walk(ast.parse(file.read_bytes(), str(file))):
        match node:
            case ast.Import():
                for name in node.names:
                    yield Import(file, node.lineno, name.name)
            case ast.ImportFrom(level=0, module=str(module)):
                yield Import(file, node.lineno, module)
            case ast.ImportFrom():
                parents = package[: len(package) - node.level + 1]
                assert parents, f"{file}:{node.lineno} leaves its package"
                # `from . import x` and `from .x import y` both name the module x.
                tails = [node.module] if node.module else [name.name for name in node.names]
                for tail in tails:
                    yield Import(file, node.lineno, ".".join((*parents, tail)))


@pytest.mark.parametrize("package", sorted(OURS))
def test_a_package_imports_only_what_stands_below_it_and_only_its_root(package: str) -> None:
    for file in files(package):
        for found in imports(file):
            if found.package in OURS - {package}:
                assert found.package in MAY_IMPORT[package], found
                assert found.module == found.package, f"{found}, which is not the package's root"


def test_the_supervisor_needs_the_standard_library_and_anyio_alone() -> None:
    for file in files("supervisor"):
        for found in imports(file):
            assert found.package in {"anyio", "supervisor", *sys.stdlib_module_names}, found


def test_file_management_knows_neither_the_event_loop_nor_http() -> None:
    for file in files("filemgr"):
        for found in imports(file):
            assert found.package not in {"anyio", "asyncio", "starlette", "uvicorn", "http"}, found


def test_resources_of_the_api_know_neither_each_other_nor_the_route_table() -> None:
    for file in files("daemon/api"):
        for found in imports(file):
            itself = f"daemon.api.{file.stem}"
            within = found.module == "daemon.api" or found.module.startswith("daemon.api.")
            if file.name != "__init__.py":
                assert not within or found.module == itself, found
            assert found.module not in ("daemon.app", "daemon.routes"), found


def test_nothing_of_ours_imports_tests() -> None:
    for package in OURS:
        for file in files(package):
            for found in imports(file):
                assert found.package != "tests", found


def test_every_module_is_named_after_a_thing() -> None:
    for package in OURS:
        for file in files(package):
            assert file.stem not in NO_NOUNS, file


def test_no_module_holds_two_nouns() -> None:
    for package in OURS:
        for file in files(package):
            length = len(file.read_text(encoding="utf-8").splitlines())
            assert length <= 350, f"{file} has {length} lines"
