"""The way to a console: which address it has as a WebSocket, and what it means if that cannot be opened."""

from collections.abc import Mapping
from typing import Literal, TypedDict

from websockets.exceptions import InvalidHandshake, InvalidMessage, InvalidStatus, WebSocketException
from websockets.typing import Subprotocol

from .consoleprotocol import MOST_MESSAGE, NAME
from .exchange import Request, Response
from .failures import CannotConnect, ConnectionLost, Failure, NotHoldfast, refusal, why
from .target import Target

CONNECTING = 10.0
"""Seconds until an address is given up."""

CLOSING = 1.0
"""Seconds that the other side has to close, too."""

WAITING = 4
"""Messages that are read before anybody asks for them: the rest waits with the daemon, which keeps it."""


class Options(TypedDict):
    """What both kinds of connections are told."""

    subprotocols: list[Subprotocol]
    additional_headers: Mapping[str, str]
    user_agent_header: str
    compression: Literal["deflate"] | None
    proxy: None
    open_timeout: float
    ping_interval: None
    close_timeout: float
    max_size: int
    max_queue: int


def address(target: Target, request: Request) -> str:
    """Return the address of a WebSocket."""
    return f"ws{target.base.removeprefix('http')}{request.target}"


def options(target: Target) -> Options:
    """Return how a console is opened. No pings of WebSocket's own: the daemon sends none, and wants ours."""
    return Options(
        subprotocols=[Subprotocol(NAME)],
        additional_headers=target.headers,
        user_agent_header="holdfast",
        compression="deflate" if target.url else None,  # on one machine it only costs
        proxy=None,
        open_timeout=CONNECTING,
        ping_interval=None,
        close_timeout=CLOSING,
        max_size=MOST_MESSAGE,
        max_queue=WAITING,
    )


def said(exc: BaseException, target: Target) -> Failure:
    """Return the failure for what was raised while a console was opened."""
    match exc:
        case InvalidStatus():
            answer = exc.response
            headers = {name.lower(): value for name, value in answer.headers.raw_items()}
            return refusal(Response(answer.status_code, headers, bytes(answer.body or b"")))
        case InvalidMessage() if isinstance(exc.__cause__, EOFError | ConnectionError):
            return ConnectionLost(f"{target.where} has closed the connection at once")
        case InvalidHandshake():
            return NotHoldfast(f"what answers at {target.where} is not Holdfast: {exc}")
        case TimeoutError():
            return CannotConnect(target.where, "it does not answer")
        case WebSocketException():
            return ConnectionLost(f"the connection was cut: {exc}")
    return CannotConnect(target.where, why(exc))
