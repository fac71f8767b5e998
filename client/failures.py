"""What may go wrong: one exception for each kind of error of the API, and those of the way to it.

`except Refused` catches whatever the API itself has refused; `except Failure` all of it.
"""

import json
import socket
from collections.abc import Mapping

from .exchange import Response


class Failure(Exception):
    """It did not come to what was asked for; the message says why, for people."""


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


class NotHoldfast(Failure):
    """What answers there is not Holdfast, or one that this client does not understand."""


class Refused(Failure):
    """The API has refused. Of this type itself are those whose kind this client does not know."""

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


def refusal(response: Response) -> Failure:
    """Return the exception for an answer that is none of success."""
    try:
        told = json.loads(response.body) if response.body else {}
    except ValueError:
        told = None
    if not isinstance(told, dict):
        return NotHoldfast(f"what answers there is not Holdfast (status {response.status})")
    if "Retry-After".lower() in response.headers and response.headers["retry-after"].isdigit():
        told["retryAfter"] = int(response.headers["retry-after"])
    kind = told.get("kind")
    return refused(response.status, kind if isinstance(kind, str) else "", told)


def refused(status: int, kind: str, told: Mapping[str, object]) -> Refused:
    """Return the exception of a kind, with the sentence that was told."""
    from .refusals import KINDS  # noqa: PLC0415  (only who is refused needs them)

    message = told.get("error")
    sentence = message if isinstance(message, str) and message else f"the API answers with status {status}"
    return KINDS.get(kind, Refused)(status, kind, sentence, told)


def why(exc: BaseException) -> str:
    """Return why a connection could not be made, by what was raised or lies behind it."""
    import ssl  # noqa: PLC0415  (takes a while, and most go over the Unix socket)

    cause: BaseException | None = exc
    while cause is not None:
        match cause:
            case FileNotFoundError():
                return "there is no such file"
            case PermissionError():
                return "permission denied"
            case ConnectionRefusedError():
                return "nobody listens there"
            case socket.gaierror():
                return "there is no such host"
            case TimeoutError():
                return "it does not answer"
            case ssl.SSLCertVerificationError():
                return f"its certificate is not trusted: {cause.verify_message}"
            case ssl.SSLError():
                return "it does not speak TLS"
            case OSError(strerror=str(said)):
                return said
        cause = cause.__cause__ or cause.__context__
    return str(exc)
