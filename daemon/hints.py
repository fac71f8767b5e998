"""What could be found out about an end besides what the supervisor knows: so far, who holds a port.

It is found out when the end is heard of, since a moment later the port may be free, and remembered while it
is the latest that is known of the server.
"""

import logging
from collections.abc import Callable

from supervisor import ServiceStatus, State, Transition

from .config import Config
from .mirror import Mirror
from .ports import MOST_RAN, Lookup, diagnose, numbers_of, taken

log = logging.getLogger("holdfast.hints")


class Hints:
    """Looks at ends, in whatever thread, and remembers what there was to say."""

    def __init__(self, mirror: Mirror, config: Callable[[], Config]) -> None:
        """`config` returns the one that is in force."""
        self._mirror = mirror
        self._config = config
        self._found: dict[str, tuple[int, str]] = {}

    def enrich(self, transition: Transition, body: dict[str, object]) -> None:
        """Add a `hint` to what is told of an end, if there is one; may take a moment, raises nothing."""
        try:
            hint = self._look(transition)
        except Exception:
            # Only a hint: whatever /proc looks like, the event is told.
            log.exception("nothing could be found out about the end of %s", transition.service)
            return
        if hint is not None:
            body["hint"] = hint
            self._found[transition.service] = transition.run, hint
        elif transition.exit is not None:
            self._found.pop(transition.service, None)

    def of(self, status: ServiceStatus) -> str | None:
        """Return what is known about the latest end of a server that is not up."""
        run, hint = self._found.get(status.name, (-1, ""))
        down = status.state in (State.BACKOFF, State.FAILED, State.STOPPED)
        return hint if down and run == status.run else None

    def _look(self, transition: Transition) -> str | None:
        ended = transition.exit
        if ended is None or ended.code == 0 or ended.ran > MOST_RAN or not taken(transition.lines):
            return None
        server = self._config().servers.get(transition.service)
        guesses = numbers_of(server.command) if server is not None else ()
        return diagnose(transition.lines, guesses, Lookup(self._mirror.mains()).holders)
