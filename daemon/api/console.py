"""`WS /server/{id}/console`: a program's output and input, in the protocol that the client offers.

Without a subprotocol, who may not view gets an HTTP error; with one, errors too are told in messages.
"""

import json

from starlette.websockets import WebSocketDisconnect

from supervisor import ServiceStatus, SupervisorUnreachable

from ..conversation import Conversation
from ..described import Param, described, described_socket
from ..errors import ApiError, NoSuchServer, answer_for
from ..parts import Answer, Call, SocketCall
from ..rawprotocol import MOST_OFFSET, ThirdProtocol
from ..shapes import TEXT, whole
from ..textprotocols import FirstProtocol, SecondProtocol
from ..watched import TooManyViewers

_CLOSE_CODES = {401: 4401, 403: 4403, 404: 4404}


@described("Console", answers={}, errors=({400: "upgrade-needed"},))
def upgrade_needed(call: Call) -> Answer:
    """Tell a client that asks over plain HTTP."""

    def refuse(_: ServiceStatus) -> Answer:
        raise ApiError(400, "upgrade-needed", "This endpoint can only be used with a WebSocket!")

    return call.with_server(refuse)


@described_socket(
    "Console",
    protocols={
        "": "Text: the scrollback first, then output; each message to us is a line of input",
        "console-v2": "JSON messages: settings, output, input, ping and pong",
        "console-v3": "Bytes by their offset, so that who comes back gets exactly the rest",
    },
    query=(
        Param("since", "With `console-v3`: go on at this byte", whole("An offset", maximum=MOST_OFFSET)),
        Param("stream", "With `console-v3`: the stream whose offset that is", TEXT),
    ),
    closes={
        1009: "The message was too large",
        4400: "`since` is no offset",
        4401: "Not, or no longer, authenticated",
        4403: "Not allowed",
        4404: "No such server, or none any more",
        4429: "Too many viewers",
        4503: "The supervisor cannot be reached",
    },
)
async def view(call: SocketCall) -> None:
    """Serve one viewer, from the first message to the last."""
    protocol = _chosen(call)
    refusal = call.refusal or await _missing(call)
    if refusal is not None or call.identity is None:
        await _refuse(call, refusal or NoSuchServer(), protocol.name)
        return
    try:
        await protocol(call, call.identity).converse()
    except ApiError as exc:
        await _refuse(call, exc, protocol.name)
    except TooManyViewers as exc:
        await _refuse(call, ApiError(429, "too-many-viewers", str(exc)), protocol.name)


def _chosen(call: SocketCall) -> type[Conversation]:
    offered = call.socket.scope["subprotocols"]
    for protocol in (ThirdProtocol, SecondProtocol):
        if protocol.name in offered:
            return protocol
    return FirstProtocol


async def _missing(call: SocketCall) -> ApiError | None:
    try:
        await call.parts.mirror.service(call.server)
    except NoSuchServer as exc:
        return exc
    except SupervisorUnreachable as exc:
        return ApiError(503, "supervisor-unreachable", str(exc))
    return None


async def _refuse(call: SocketCall, refusal: ApiError, subprotocol: str | None) -> None:
    if subprotocol is None:
        await call.socket.send_denial_response(answer_for(refusal))
        return
    try:
        await call.socket.accept(subprotocol)
        error = {"type": "error", "message": refusal.message}
        await call.socket.send_text(json.dumps(error, separators=(",", ":")))
        # Not the message again: it may be longer than what fits into a close frame.
        await call.socket.close(_CLOSE_CODES.get(refusal.status, 4000 + refusal.status), refusal.kind)
    except (WebSocketDisconnect, RuntimeError):
        return  # gone already
