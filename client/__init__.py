"""A typed client for Holdfast's HTTP API, sync and async, and the `holdfast` command on top of it.

>>> from client import Client
>>> with Client(socket="state/api.sock") as holdfast:  # doctest: +SKIP
...     holdfast.servers.start("web")

See docs/client.md. What is named here is imported when it is used: a command shall begin at once.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .asyncconsoles import AsyncConsole as AsyncConsole
    from .clients import AsyncClient as AsyncClient
    from .clients import Client as Client
    from .consoles import Console as Console
    from .failures import CannotConnect as CannotConnect
    from .failures import Failure as Failure
    from .failures import Refused as Refused
    from .finding import NotFound as NotFound
    from .finding import find as find
    from .target import Target as Target

_WHERE = {
    "AsyncClient": "clients",
    "AsyncConsole": "asyncconsoles",
    "CannotConnect": "failures",
    "Client": "clients",
    "Console": "consoles",
    "Failure": "failures",
    "NotFound": "finding",
    "Refused": "failures",
    "Target": "target",
    "find": "finding",
}


def __getattr__(name: str) -> object:
    if name in _WHERE:
        return getattr(import_module(f".{_WHERE[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(_WHERE)
