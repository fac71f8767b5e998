"""Folders that are watched, so that files which people change there are noticed."""

from collections.abc import AsyncGenerator, Collection
from contextlib import aclosing

import anyio
import watchfiles
from watchfiles import Change

NOTICED_AFTER = 50
"""Milliseconds of quiet after which a changed file is read."""


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
            step=NOTICED_AFTER // 5,
            stop_event=stop,
            watch_filter=None,
        )
    )
