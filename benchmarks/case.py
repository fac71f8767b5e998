"""What is measured: a case has contenders, who take turns, and goals."""

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from .bench import Bench

Figures = Mapping[str, float]
"""What one contender reached in one round, by the name of the figure."""

Contender = Callable[[], Figures]

LIMIT = "limit: "
"""How the name of a contender begins that is no program of anybody's, but what the machine can do."""


class NotMeasured(Exception):
    """A contender could not take its turn; says why."""


@dataclass(frozen=True, slots=True)
class Goal:
    """What a figure of the targets shall be: an amount, or a share of another contender's in the same run."""

    figure: str
    at_least: float | None = None
    at_most: float | None = None
    of: str | None = None
    """The contender of whose figure `at_least` and `at_most` are multiples."""
    octyne: str = ""
    """What Octyne reached on a machine like the one where the goal was set."""

    def met(self, value: float, other: float | None) -> bool | None:
        """Tell whether it is; None if the other contender is missing."""
        if self.of is not None:
            if not other:
                return None
            value /= other
        return (self.at_least is None or value >= self.at_least) and (
            self.at_most is None or value <= self.at_most
        )


@dataclass(frozen=True, slots=True)
class Case:
    """One thing that is done, by whom, and in which units it is told."""

    name: str
    contenders: Mapping[str, Contender]
    units: Mapping[str, str]
    """The unit of each figure; the order of the table."""
    goals: Sequence[Goal] = ()
    targets: Sequence[str] = ()
    """The contenders to whom the goals are set."""
    rounds: int | None = None
    """How often at most, where once takes long."""
    about: str = ""
    """What one must know to read it."""


class Section(Protocol):
    """A module of `benchmarks.sections`: its docstring says what it is about."""

    __doc__: str | None

    def cases(self, bench: "Bench") -> Generator[Case, None, None]:
        """Set up, yield the cases, and clean up."""


@dataclass(slots=True)
class Measured:
    """A case and what came of it."""

    section: str
    case: Case
    values: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    """By contender and figure, a value for each round."""
    failures: dict[str, str] = field(default_factory=dict)
    """Why a contender has no figures."""
