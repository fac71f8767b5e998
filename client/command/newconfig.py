"""A config that is about to be written: whether it may be, and what to type next."""

import os
import shlex
from typing import TYPE_CHECKING

from .exits import Exit, Stop
from .invocation import Invocation

if TYPE_CHECKING:
    from .asking import Questions

CONFIG = "config.hjson"


def may_write(folder: str, questions: "Questions | None", *, force: bool) -> None:
    """Make sure that nobody's config is replaced who did not want that; raises `Stop`."""
    paths = (os.path.join(folder, name) for name in (CONFIG, "config.json"))
    there = next((path for path in paths if os.path.lexists(path)), None)
    if there is None or force:
        return
    if questions is None:
        raise Stop(
            f"there is {there} already: say --force to replace it, or name another folder", Exit.CONFLICT
        )
    what = (
        "replaced (it is kept beside it)" if there.endswith(CONFIG) else "left there, but no longer be read"
    )
    if not questions.yes(f"There is {there} already. Shall it be {what}", default=False):
        raise Stop("nothing was written", Exit.CONFLICT)


def place(path: str, text: str) -> str | None:
    """Write a config; return as what the old one is kept. Raises `OSError`."""
    from ..setup import placing  # noqa: PLC0415

    kept = placing.keep_old(path)
    placing.put(path, text.encode())
    return kept


def next_steps(path: str) -> list[str]:
    """Return the two commands to type now."""
    folder, name = os.path.split(path)
    if folder == os.getcwd() and (name == CONFIG or not os.path.exists(os.path.join(folder, CONFIG))):
        return ["holdfast run", "holdfast list"]
    return [f"holdfast run --config {shlex.quote(path)}", f"holdfast list --config {shlex.quote(path)}"]


def say_next(invocation: Invocation, path: str) -> None:
    """Say what to type now, and where the web page will be."""
    first, second = next_steps(path)
    invocation.out.say()
    invocation.out.say(f"Now start it:             {first}")
    invocation.out.say(f"and in another terminal:  {second}")
    if address := page_of(path):
        invocation.out.say(f"The web page is then at   {address}")


def page_of(path: str) -> str:
    """Return where the web page will be by a config; nothing if it has none, or nobody can know."""
    from ..doctor.settings import read_settings  # noqa: PLC0415

    try:
        settings = read_settings(path)
    except (OSError, ValueError):
        return ""
    if not settings.web_port or settings.web_port == settings.port:
        return ""
    # While there is no account, it is for this machine only.
    host = "[::1]" if settings.listen == "::1" else "127.0.0.1"
    return f"http{'s' if settings.https else ''}://{host}:{settings.web_port}/"
