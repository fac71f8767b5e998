"""A person at a terminal in front of a console."""

import asyncio
from typing import TYPE_CHECKING

from .consolemode import Detached, Ending, Killed, Mode, Sitting
from .consoleshow import Show, begun
from .exits import Exit, Stop
from .typedlines import history_path

if TYPE_CHECKING:
    from .detaching import Keys
    from .invocation import Invocation


def talk(invocation: "Invocation", name: str, *, tail: int | None, leaving: "Keys", lines_only: bool) -> int:
    """Show a console until the person leaves it; return the exit code. Raises `Failure`, `Stop`."""
    return asyncio.run(_talk(invocation, name, tail, leaving, lines_only=lines_only))


async def _talk(
    invocation: "Invocation", name: str, tail: int | None, leaving: "Keys", *, lines_only: bool
) -> int:
    from ..asyncconsoles import AsyncConsole  # noqa: PLC0415
    from ..refusals import NoSuchServer  # noqa: PLC0415

    out, target = invocation.out, invocation.target
    console = AsyncConsole(target, begun(name, tail), patience=None)
    try:
        await console.__aenter__()
    except NoSuchServer as exc:
        raise Stop(f"{exc}{invocation.suggestion(name)}", Exit.NOT_THERE) from exc
    try:
        show = Show(name, out, tail, console.settings.end)
        history = history_path(name, target.where)
        sitting = Sitting(console, show, leaving, history, lines_only)
        ending: Ending = sitting.mode
        while isinstance(ending, Mode):
            ending = await _show(sitting, ending, tail)
    finally:
        await console.__aexit__(None, None, None)
    match ending:
        case Killed(number):
            return 128 + number
        case Detached():
            out.note(show.remark(f"left the console of {name}"))
    return Exit.DONE


async def _show(sitting: Sitting, mode: Mode, tail: int | None) -> Ending:
    match mode:
        case Mode.LINES:
            from .consolelines import edit_lines  # noqa: PLC0415  (takes a while)

            return await edit_lines(sitting)
        case Mode.LOOK:
            from .consolelook import look  # noqa: PLC0415

            return await look(sitting)
        case Mode.KEYS:
            from .consolekeys import pass_keys  # noqa: PLC0415

            return await pass_keys(sitting, tail)
