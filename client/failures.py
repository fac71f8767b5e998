"""What may go wrong: one exception for each kind of error of the API, and those of the way to it.

`except Refused` catches whatever the API itself has refused; `except Failure` all of it.
"""

import json
import socket
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .exchange import Response


class Failure(Exception):
    """It did not come to what was asked for; the message says why, for people."""

    def __reduce__(self) -> "tuple[object, ...]":
        """Let it be copied, and come out of another process as it went in there."""
        return _copied, (type(self), self.args), self.__dict__


def _copied(kind: "type[Failure]", args: "tuple[object, ...]") -> "Failure":
    # Not by the constructor, whose words are others.
    return kind.__new__(kind, *args)


class CannotConnect(Failure):
    """Nobody answers there, or we may not go there."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(f"cannot connect to {where}: {why}")
        self.where = where
        self.why = why


class ConnectionLost(Failure):
    """The connection was cut before the answer was whole; what was asked for may have happened."""


class TimedOut(Failure):
    """There was no answer in time; what was asked for may happen yet."""


AWAY = (CannotConnect, ConnectionLost, TimedOut)
"""What passes by itself, if the daemon is only being replaced."""

NOBODY = ("nobody listens there", "there is no such file")
"""Why a socket cannot be connected to behind which there is nobody, as `why` has it."""


class CannotAsk(Failure):
    """It cannot be asked for like that: no request was sent, or not the whole of it, and nothing was done."""


class NotHoldfast(Failure):
    """What answers there is not Holdfast, or one that this client does not understand."""


class Refused(Failure):
    """The API has refused. What kinds there are, and groups of them, is in refusals.py.

    A kind that this client does not know is of the group itself that fits the status.
    """

    def __init__(self, status: int, kind: str, message: str, told: Mapping[str, object]) -> None:
        super().__init__(message)
        self.status = status
        """The status of HTTP."""
        self.kind = kind
        """The API's own word for it."""
        self.told = told
        """All that the answer says."""

    @property
    def detail(self) -> str:
        """What the API says beyond the sentence, or nothing."""
        said = self.told.get("detail")
        return said if isinstance(said, str) else ""

    @property
    def retry_after(self) -> float | None:
        """Seconds after which it may be asked again, if the API has told."""
        said = self.told.get("retryAfter")
        return float(said) if isinstance(said, int | float) else None


def refusal(response: "Response") -> Failure:
    """Return the exception for an answer that is none of success."""
    told = _told(response)
    # Ours are never redirected, and say why; but the answer to HEAD has no body, and no reason.
    if told is None or response.status < 400:
        return NotHoldfast(f"what answers there is not Holdfast (status {response.status})")
    if (later := response.headers.get("retry-after", "")).isdecimal():
        told = {**told, "retryAfter": int(later)}
    kind = told.get("kind")
    return refused(response.status, kind if isinstance(kind, str) else "", told)


def refused(status: int, kind: str, told: Mapping[str, object]) -> Refused:
    """Return the exception of a kind, with the sentence that was told."""
    from .reactions import group_of  # noqa: PLC0415
    from .refusals import KINDS  # noqa: PLC0415  (only who is refused needs them)

    message = told.get("error")
    sentence = message if isinstance(message, str) and message else f"the API answers with status {status}"
    return KINDS.get(kind, group_of(status))(status, kind, sentence, told)


def _told(response: "Response") -> Mapping[str, object] | None:
    if not response.body:
        return {}
    try:
        told = json.loads(response.body)
    except (ValueError, RecursionError):
        return None
    return told if isinstance(told, dict) else None


def why(exc: BaseException) -> str:
    """Return why a connection could not be made, by what was raised or lies behind it."""
    cause: BaseException | None = exc
    while cause is not None:
        match cause:
            case BaseExceptionGroup():
                return why(cause.exceptions[0])  # one for each address of a name
            case FileNotFoundError():
                return "there is no such file"
            case PermissionError():
                return "permission denied"
            case ConnectionRefusedError():
                return "nobody listens there"
            case socket.gaierror():
                return "there is no such host"
            case BlockingIOError():
                return "too many wait there already"  # connect(2): the queue of a Unix socket is full
            case TimeoutError():
                return "it does not answer"
            # By name: to import ssl takes a while, and most go over the Unix socket.
            case OSError() if type(cause).__module__ == "ssl":
                distrust = getattr(cause, "verify_message", "")
                return f"its certificate is not trusted: {distrust}" if distrust else "it does not speak TLS"
            case OSError(strerror=str(said)):
                return said
        cause = cause.__cause__ or cause.__context__
    return str(exc)
