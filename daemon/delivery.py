"""One attempt to tell a target of a notice, and what came of it.

What is logged and answered of it holds no URL, no header and no secret: the name of the host at most.
"""

import json
import os
import stat
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

import anyio
import anyio.to_thread

from supervisor import open_without_waiting

from .destinations import Forbidden
from .notice import Notice
from .noticecommand import CannotStart, TookTooLong, run_command
from .noticesettings import TargetSettings, Way
from .noticetext import Letter, host_name, letter
from .outgoing import Answer, Outgoing, Unreachable
from .signature import InvalidSecret, signed

MOST_SECRET = 16 << 10
"""Bytes of a file with a URL or a secret in it."""

_FILES = anyio.CapacityLimiter(2)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an attempt; `wait` is how long we were asked to wait, in seconds."""

    delivered: bool
    why: str = ""
    again: bool = False
    """Whether another attempt may succeed."""
    wait: float | None = None
    status: int | None = None
    """The HTTP status, or the exit code of a command."""


class CannotRead(Exception):
    """A file with a URL or a secret cannot be had."""


async def deliver(outgoing: Outgoing, settings: TargetSettings, notice: Notice) -> Outcome:
    """Tell a target once; raises nothing."""
    try:
        told = letter(settings, notice, host_name())
        if settings.way is Way.COMMAND:
            return await _run(settings, told)
        return await _post(outgoing, settings, notice, told)
    except (CannotRead, TookTooLong, Unreachable) as exc:
        return Outcome(False, str(exc), again=True)
    except (CannotStart, Forbidden, InvalidSecret) as exc:
        return Outcome(False, str(exc))
    except Exception as exc:  # noqa: BLE001  (one target must not end the daemon; its text may hold the URL)
        return Outcome(False, f"an error that nobody expected: {type(exc).__name__}")


async def _run(settings: TargetSettings, told: Letter) -> Outcome:
    code = await run_command(settings.command, told.words, told.body, settings.timeout)
    if code == 0:
        return Outcome(True, status=0)
    how = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
    return Outcome(False, f"the command {how}", again=True, status=code)


async def _post(outgoing: Outgoing, settings: TargetSettings, notice: Notice, told: Letter) -> Outcome:
    url, secret = await anyio.to_thread.run_sync(_secrets, settings, limiter=_FILES)
    body = told.body
    headers = {**settings.headers, "content-type": "application/json; charset=utf-8"}
    if settings.way is Way.NTFY:
        url, body = _ntfy(url, body)
    if secret:
        headers |= signed(secret, notice.id, int(time.time()), body)
    elif settings.way is Way.WEBHOOK:
        headers["webhook-id"] = notice.id
    answer = await outgoing.request(
        "POST", url, headers, body, settings.timeout, allow_private=settings.allow_private
    )
    return _outcome(answer)


def _ntfy(url: str, body: bytes) -> tuple[str, bytes]:
    """Return where ntfy takes JSON, and the JSON with the topic in it: both are in the URL of a topic."""
    path, mark, query = url.partition("?")
    root, _, topic = path.rstrip("/").rpartition("/")
    if root.endswith("/") or not topic or not root.partition("://")[2]:
        raise Forbidden("is no URL of a topic, such as https://ntfy.sh/TOPIC")
    return f"{root}/{mark}{query}", json.dumps({"topic": topic, **json.loads(body)}).encode()


def _outcome(answer: Answer) -> Outcome:
    status = answer.status
    if 200 <= status < 300:
        return Outcome(True, status=status)
    why = f"answered with {status}"
    if 300 <= status < 400:
        return Outcome(False, f"{why}: redirects are not followed", status=status)
    again = status >= 500 or status in (408, 425, 429)
    return Outcome(False, why, again, _retry_after(answer) if again else None, status)


def _retry_after(answer: Answer) -> float | None:
    """Return the seconds that the answer asks us to wait (RFC 9110, 10.2.3)."""
    text = answer.headers.get("retry-after", "").strip()
    try:
        return max(0.0, float(text))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return None


def _secrets(settings: TargetSettings) -> tuple[str, str]:
    """Return (URL, secret); a file is read anew each time, so that a new secret takes effect."""
    url = _content(settings.url_file, "urlFile") if settings.url_file else settings.url
    secret = _content(settings.secret_file, "secretFile") if settings.secret_file else settings.secret
    return url, secret


def _content(path: str, key: str) -> str:
    try:
        with open(path, "rb", opener=open_without_waiting) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise CannotRead(f"{key} is not a regular file")
            data = file.read(MOST_SECRET + 1)
    except OSError as exc:
        raise CannotRead(f"{key} cannot be read: {exc.strerror}") from exc
    try:
        text = data.decode("utf-8").strip()
    except UnicodeDecodeError:
        text = ""
    if not text or len(data) > MOST_SECRET:
        raise CannotRead(f"{key} has nothing in it that could be used")
    return text
