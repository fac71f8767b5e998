"""A typed client for Holdfast's HTTP API, sync and async, and the `holdfast` command on top of it.

>>> from client import Client, find
>>> with Client(find()) as holdfast:
...     holdfast.servers.get("web").state
'running'

See docs/client.md. What is named here is imported when it is used: a command shall begin at once.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .clients import AsyncClient as AsyncClient
    from .clients import Client as Client
    from .failures import CannotAsk as CannotAsk
    from .failures import CannotConnect as CannotConnect
    from .failures import ConnectionLost as ConnectionLost
    from .failures import Failure as Failure
    from .failures import NotHoldfast as NotHoldfast
    from .failures import Refused as Refused
    from .failures import TimedOut as TimedOut
    from .finding import NotFound as NotFound
    from .finding import find as find
    from .reactions import Conflict as Conflict
    from .reactions import Invalid as Invalid
    from .reactions import NotAllowedTo as NotAllowedTo
    from .reactions import NotKnown as NotKnown
    from .reactions import NotThere as NotThere
    from .reactions import Unavailable as Unavailable
    from .reactions import WentWrong as WentWrong
    from .target import Target as Target

_WHERE = {
    "AsyncClient": "clients",
    "CannotAsk": "failures",
    "CannotConnect": "failures",
    "Client": "clients",
    "Conflict": "reactions",
    "ConnectionLost": "failures",
    "Failure": "failures",
    "Invalid": "reactions",
    "NotAllowedTo": "reactions",
    "NotFound": "finding",
    "NotHoldfast": "failures",
    "NotKnown": "reactions",
    "NotThere": "reactions",
    "Refused": "failures",
    "Target": "target",
    "TimedOut": "failures",
    "Unavailable": "reactions",
    "WentWrong": "reactions",
    "find": "finding",
}


def __getattr__(name: str) -> object:
    if name in _WHERE:
        return getattr(import_module(f".{_WHERE[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(_WHERE)
