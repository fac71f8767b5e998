"""The public things of the client library and their docstrings, found in its modules."""

import ast
import importlib
import inspect
import pathlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import ModuleType

from client.operation import Following, Operation, Resource

FOLDER = pathlib.Path(__file__).parents[2] / "client"


@dataclass(frozen=True)
class Documented:
    """Something with a docstring."""

    name: str
    text: str
    line: int
    file: str


@dataclass(frozen=True)
class Offered:
    """An operation or a stream of a resource."""

    resource: type[Resource[object]]  # type: ignore[type-var]
    name: str
    text: str
    steps: object
    followed: bool

    def __str__(self) -> str:
        return f"{self.resource.__name__}.{self.name}"


def modules() -> Sequence[ModuleType]:
    """Return the modules of the library, without those of the command."""
    return [
        importlib.import_module(f"client.{file.stem}")
        for file in sorted(FOLDER.glob("*.py"))
        if file.stem not in ("__init__", "__main__", "main")
    ]


def resources() -> Sequence[type[Resource[object]]]:  # type: ignore[type-var]
    """Return the resources, by name."""
    found = {
        one.__name__: one
        for module in modules()
        for one in vars(module).values()
        if isinstance(one, type) and issubclass(one, Resource) and one.__module__ == module.__name__
    }
    found.pop("Resource")
    return [found[name] for name in sorted(found)]


def offered() -> Iterator[Offered]:
    """Yield all operations and streams."""
    for resource in resources():
        for name, one in vars(resource).items():
            if isinstance(one, Operation | Following) and not name.startswith("_"):
                steps = one._steps if isinstance(one, Operation) else one._begin
                yield Offered(resource, name, one.__doc__ or "", steps, isinstance(one, Following))


def signature(one: Offered) -> str:
    """Return how it is called, without types."""
    words, stars = [], False
    for parameter in list(inspect.signature(one.steps).parameters.values())[1:]:  # type: ignore[arg-type]
        if parameter.kind is parameter.KEYWORD_ONLY and not stars:
            words.append("*")
            stars = True
        stars = stars or parameter.kind is parameter.VAR_POSITIONAL
        optional = parameter.default is not parameter.empty
        prefix = "*" if parameter.kind is parameter.VAR_POSITIONAL else ""
        words.append(f"{prefix}{parameter.name}{'=…' if optional else ''}")
    return f"{one.name}({', '.join(words)})"


def docstrings() -> Iterator[Documented]:
    """Yield each docstring of the library that has an example."""
    for file in sorted(FOLDER.glob("*.py")):
        tree = ast.parse(file.read_bytes())
        yield from _below(tree, file.stem, file.name)


def _below(node: ast.Module | ast.ClassDef | ast.FunctionDef, name: str, file: str) -> Iterator[Documented]:
    text = ast.get_docstring(node)
    if text and ">>>" in text:
        yield Documented(name, text, node.body[0].lineno - 1, file)
    for one in node.body:
        if isinstance(one, ast.ClassDef | ast.FunctionDef):
            yield from _below(one, f"{name}.{one.name}", file)
        elif isinstance(one, ast.AsyncFunctionDef):
            text = ast.get_docstring(one)
            if text and ">>>" in text:
                yield Documented(f"{name}.{one.name}", text, one.body[0].lineno - 1, file)
