"""`/notifications`: who is told of crashes, how that goes, and whether it works."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from .exchange import Request, Steps, at
from .operation import D, Operation, Resource
from .records import Record, record, told

TESTING = 90.0
"""Seconds: the config may give an attempt a whole minute."""


@dataclass(frozen=True, kw_only=True)
class NotificationTarget(Record):
    """Somebody or something that is told; the counts are of notices."""

    type: str
    """`webhook`, `discord`, `ntfy` or `command`."""
    on: Sequence[str] = ()
    servers: Sequence[str] | None = None
    """Names or patterns; None: all."""
    sent: int = 0
    failed: int = 0
    held_back: int = 0
    waiting: int = 0
    last_error: str | None = None


@dataclass(frozen=True, kw_only=True)
class Targets(Record):
    """All of them by name, and how many notices came too fast for all of them."""

    targets: Mapping[str, NotificationTarget] = field(default_factory=dict)
    dropped: int = 0


@dataclass(frozen=True, kw_only=True)
class Tested(Record):
    """What came of a test."""

    delivered: bool
    status: int | None = None
    """The status of HTTP, or the exit code of a command."""
    error: str | None = None


class Notifications(Resource[D]):
    """Who is told when something goes wrong."""

    @Operation
    def list(self) -> Steps[Targets]:
        """Return the targets, and how it went with each.

        >>> for name, target in holdfast.notifications.list().targets.items():
        ...     print(name, target.type, target.sent, target.last_error)
        """
        return record(Targets, told((yield Request("GET", "/notifications"))))

    @Operation
    def test(self, target: str) -> Steps[Tested]:
        r"""Tell a target of nothing, at once, and return whether it heard that; raises `NoSuchTarget`.

        >>> targets = b'{notifications: {targets: {script: {type: "command", command: ["true"]}}}\n'
        >>> config = holdfast.config.read().text.replace(b"{", targets, 1)
        >>> holdfast.config.replace(config)
        >>> holdfast.notifications.test("script").delivered
        True
        """
        asked = Request("POST", at("notifications", target, "test"), patience=TESTING)
        return record(Tested, told((yield asked)))
