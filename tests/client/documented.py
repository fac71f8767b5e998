"""The public things of the client library and their docstrings, found in its modules."""

import ast
import importlib
import inspect
import pathlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, cast

from client import Client
from client.clients import Resources
from client.operation import Blocking, Following, Operation, Resource

if TYPE_CHECKING:
    from client.drivers import Way

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
    """An operation or a stream, by the name that a caller types: `servers.list`."""

    resource: str
    name: str
    text: str
    begins: Callable[..., object]
    followed: bool

    def __str__(self) -> str:
        return f"{self.resource}.{self.name}"


class Nobody:
    """A way that leads nowhere."""

    def close(self) -> None:
        """There is nothing to let go of."""


def nobody() -> Client:
    """Return a client that only shows what it has."""
    return Client(socket="nowhere", way=cast("Way", Nobody()))


def nouns() -> Sequence[str]:
    """Return the names of the resources that a client has."""
    return [name for name, one in vars(Resources).items() if isinstance(one, cached_property)]


def resource(noun: str) -> type[Resource[Blocking]]:
    """Return the class of a resource."""
    return cast("type[Resource[Blocking]]", type(getattr(nobody(), noun)))


def classes() -> Iterator[type[Resource[Blocking]]]:
    """Yield the resources that the modules of the library have, also those that no client has."""
    for file in sorted(FOLDER.glob("*.py")):
        if file.stem not in ("__init__", "__main__", "main"):
            module = importlib.import_module(f"client.{file.stem}")
            for one in vars(module).values():
                if isinstance(one, type) and issubclass(one, Resource) and one.__module__ == module.__name__:
                    yield one


def offered() -> Iterator[Offered]:
    """Yield all operations and streams of all resources."""
    for noun in nouns():
        kind = resource(noun)
        seen: set[str] = set()
        for base in kind.__mro__:
            for name, one in vars(base).items():
                if name.startswith("_") or name in seen:
                    continue
                seen.add(name)
                if isinstance(one, Operation):
                    yield Offered(noun, name, one.__doc__ or "", one._steps, followed=False)
                elif isinstance(one, Following):
                    yield Offered(noun, name, one.__doc__ or "", one._begin, followed=True)


def methods() -> Iterator[Offered]:
    """Yield what a client has besides its resources."""
    for base in Client.__mro__:
        for name, one in vars(base).items():
            if not name.startswith("_") and (inspect.isfunction(one) or isinstance(one, classmethod)):
                called = one.__func__ if isinstance(one, classmethod) else one
                yield Offered("", name, called.__doc__ or "", called, followed=False)


def sentence(one: Offered) -> str:
    """Return what it promises, in one line."""
    said = " ".join(one.text.strip().split("\n\n")[0].split())
    return said.partition("; raises")[0].partition(" Raises")[0].rstrip(".:")


def signature(one: Offered) -> str:
    """Return how it is called, without types."""
    words, stars = [], False
    for parameter in list(inspect.signature(one.begins).parameters.values())[1:]:
        if parameter.kind is parameter.KEYWORD_ONLY and not stars:
            words.append("*")
            stars = True
        stars = stars or parameter.kind is parameter.VAR_POSITIONAL
        prefix = "*" if parameter.kind is parameter.VAR_POSITIONAL else ""
        optional = parameter.default is not parameter.empty
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
