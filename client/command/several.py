"""The same for several things: what fails for one is told, and done for the others all the same."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ..failures import Failure
from .exits import Exit, Stop, code_of, complain, sentence_of


@dataclass(frozen=True, slots=True)
class Outcome:
    """For which of them it was done, and the exit code: that of the first for which it was not."""

    done: Sequence[str]
    code: int


def each(names: Sequence[str], act: Callable[[str], object]) -> Outcome:
    """Do something for each of them."""
    done: list[str] = []
    code = int(Exit.DONE)
    for name in dict.fromkeys(names):
        try:
            act(name)
        except (Failure, Stop) as exc:
            complain(f"{name}: {sentence_of(exc)}")
            code = code or code_of(exc)
        else:
            done.append(name)
    return Outcome(done, code)


def meant(wanted: str, known: Mapping[str, str], what: str) -> str:
    """Return the id that is meant by one, by the beginning of one, or by a name; raises `Stop`.

    `known`: id → name, which may be empty. What is not known is returned: the API shall say so.
    """
    if wanted in known:
        return wanted
    fitting = [one for one, name in known.items() if name and name == wanted]
    fitting = fitting or [one for one in known if len(wanted) >= _SHORTEST and one.startswith(wanted)]
    if len(fitting) > 1:
        raise Stop(f"several {what} are meant by {wanted}: say which, by its id", Exit.USAGE)
    return fitting[0] if fitting else wanted


_SHORTEST = 4
"""Characters of an id that are enough if no other one begins with them."""
