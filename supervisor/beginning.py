"""What the start of a supervisor decides: what goes on of what was left behind, and who starts.

The rules:

- With the first plan that is carried out, services start because the supervisor did: each as its `boot` says,
  also those that were left behind and are stopped first. Later plans start what is new in them, as
  `autostart` says.
- What is kept runs on, whoever would start or not: the decision is about starts. Only a program that a person
  had asked to stop, who may rely on it (`boot` is `wanted`), is stopped all the same.
- Who stops a service after we have started is right, even before there was a plan.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from .events import Wanted
from .leftovers import Leftover
from .record import Record
from .spec import Boot, ServiceSpec
from .wishes import Wishes


@dataclass(frozen=True, slots=True)
class ClearedUp:
    """Names of the services of which a supervisor before us left something behind."""

    stopped: Sequence[str]
    """What is being stopped now."""
    kept: Sequence[str]
    """What runs on."""


def boots(spec: ServiceSpec, wish: Wanted | None) -> bool:
    """Tell whether a service starts when the supervisor does; `wish` is what a person asked for last."""
    match spec.boot:
        case Boot.ALWAYS:
            return True
        case Boot.NEVER:
            return False
        case Boot.WANTED if wish is not None:
            return wish is Wanted.UP
    return spec.autostart


class Beginning:
    """The time from our start to the first plan, and what is known from before."""

    def __init__(self, wishes: Wishes) -> None:
        self.wishes = wishes
        self.planned = False
        """Whether any plan has been carried out."""
        self.left: set[str] = set()
        """Services that are being stopped, and of which no plan has said yet whether they shall start."""

    def keeps(self, leftover: Leftover) -> bool:
        """Tell whether a program that was left behind runs on."""
        spec = leftover.spec
        unwanted = spec.boot is Boot.WANTED and self.wishes.get(spec.name) is Wanted.DOWN
        return leftover.kept and not unwanted

    def starts(self, spec: ServiceSpec, *, known: bool) -> bool:
        """Tell whether a plan that is carried out now starts a service."""
        if known and spec.name not in self.left:
            return False
        return spec.autostart if self.planned else boots(spec, self.wishes.get(spec.name))

    def carried_out(self) -> None:
        """Know that a plan was carried out."""
        self.planned = True
        self.left.clear()

    def freeze(self) -> dict[str, object]:
        """Return everything as JSON data."""
        return {"planned": self.planned, "left": sorted(self.left), "wishes": self.wishes.freeze()}

    def thaw(self, record: Record) -> None:
        """Take over what `freeze` returned; raises `InvalidRecord`.

        Where it stands in a record of an older version, plans were carried out, and wishes were not kept.
        """
        self.planned = record.take("planned", bool, True)
        self.left = set(record.strings("left"))
        if record.has("wishes"):
            self.wishes.thaw(record, "wishes")
