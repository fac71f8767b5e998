"""Folders that are watched, so that files which people change there are noticed."""

from collections.abc import AsyncGenerator, Collection
from contextlib import aclosing

import anyio
import watchfiles
from watchfiles import Change

STEP = 200
"""Milliseconds between two looks of the library's thread at what the kernel has told it.

It wakes for each look, changes or not: at 10 ms that cost more than everything else in an idle daemon.
"""

NOTICED_AFTER = 2 * STEP
"""Milliseconds after which a changed file is read, however much goes on there."""


def changes_in(
    folders: Collection[str], stop: anyio.Event
) -> aclosing[AsyncGenerator[set[tuple[Change, str]], None]]:
    """Return what yields changes, some at a time, until told to stop; raises `OSError`, `RuntimeError`.

    Folders are watched, since editors replace the file.
    """
    return aclosing(
        watchfiles.awatch(
            *folders,
            recursive=False,
            debounce=NOTICED_AFTER,
            step=STEP,
            stop_event=stop,
            watch_filter=None,
        )
    )
