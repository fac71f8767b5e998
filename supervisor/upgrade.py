"""`python -m supervisor.upgrade SOCKET`: has a running supervisor become what is installed now."""

import contextlib
import sys
from collections.abc import Sequence

import anyio

from .client import SupervisorUnreachable
from .record import InvalidRecord, Record
from .wire import INTERFACE, Channel, InvalidMessage, connect

PATIENCE = 60.0
"""Seconds in which the next program must answer: the old one gives it 20 to say that it can."""

API_PATIENCE = 20.0
"""Seconds in which the new API must serve: the old one answers what is under way before it ends."""

PACE = 0.05
"""Seconds between two attempts to reach the next program."""

BROKEN = (OSError, anyio.EndOfStream, anyio.BrokenResourceError, InvalidMessage)


class NotUpgraded(Exception):
    """The running program goes on; the message says why."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Upgrade, and tell how it went; return the exit code."""
    (path,) = sys.argv[1:] if arguments is None else arguments
    try:
        text = anyio.run(upgrade, path)
    except (NotUpgraded, SupervisorUnreachable) as exc:
        sys.stderr.write(f"holdfast: {exc}\n")
        return 1
    sys.stdout.write(f"{text}\n")
    return 0


async def upgrade(path: str) -> str:
    """Have the supervisor at a socket upgraded; return what became of it, for people.

    Raises `NotUpgraded`, `SupervisorUnreachable`.
    """
    try:
        before = await _ask(path, "Handover")
    except BROKEN as exc:
        raise SupervisorUnreachable(f"no supervisor can be reached at {path}") from exc
    done = before.take("handovers", int)
    with contextlib.suppress(*BROKEN):  # it hangs up when the next one begins
        await _ask(path, "Upgrade")
    with anyio.move_on_after(PATIENCE):
        while True:
            try:
                now = await _ask(path, "Handover")
            except (ConnectionRefusedError, FileNotFoundError) as exc:
                # A handover leaves the socket open: here it was closed.
                raise NotUpgraded(f"the supervisor at {path} has ended meanwhile") from exc
            except BROKEN:
                await anyio.sleep(PACE)
                continue
            if now.take("handovers", int) > done:
                return _told(now, await _renewed(path, now))
            raise NotUpgraded(now.take("failure", str, "the supervisor was started anew meanwhile"))
    raise NotUpgraded(f"the supervisor at {path} does not answer any more")


async def _ask(path: str, method: str) -> Record:
    """Return the answer to a call; raises `NotUpgraded` for an error, and what is in `BROKEN`."""
    channel = Channel(await connect(path))
    try:
        await channel.send({"method": f"{INTERFACE}.{method}"})
        answer = Record(await channel.receive())
    except InvalidRecord as exc:
        raise InvalidMessage(str(exc)) from exc
    finally:
        await channel.aclose()
    if answer.has("error"):
        said = answer.record("parameters").take("reason", str, "")
        raise NotUpgraded(said or "the running supervisor is too old to be asked: send it SIGHUP")
    return answer.record("parameters")


async def _renewed(path: str, now: Record) -> str:
    """Return what became of the API."""
    if not now.take("daemon", bool, False):
        return "the API runs apart and is renewed by itself (systemctl restart holdfast.service)"
    with anyio.move_on_after(API_PATIENCE):
        while not now.take("serving", bool, True):
            await anyio.sleep(PACE)
            with contextlib.suppress(*BROKEN):
                now = await _ask(path, "Handover")
        return "the API is renewed"
    return "but the new API does not serve yet, see its log"


def _told(now: Record, renewed: str) -> str:
    version, before = now.take("version", str), now.take("before", str, "?")
    pause, programs = now.take("pause", float, 0.0), now.take("programs", int)
    run = "1 program runs" if programs == 1 else f"{programs} programs run"
    text = f"Holdfast {version} took over from {before}: {run} on, pause {pause * 1000:.0f} ms"
    return f"{text}; {renewed}"


if __name__ == "__main__":
    sys.exit(main())
