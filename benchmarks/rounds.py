"""Rounds: all contenders of a case take turns, so that other work falls on all alike."""

import time

from .case import Case, Measured, NotMeasured


def measure(section: str, case: Case, rounds: int, until: float) -> Measured:
    """Measure a case; begins no further round after the moment `until` of the monotonic clock, but one.

    Each other round goes backwards (A B, B A), so that nobody always comes first.
    """
    result = Measured(section, case)
    for number in range(min(rounds, case.rounds or rounds)):
        if number and time.monotonic() > until:
            break
        names = [name for name in case.contenders if name not in result.failures]
        for name in names if number % 2 == 0 else reversed(names):
            try:
                figures = case.contenders[name]()
            except (NotMeasured, OSError) as exc:
                result.failures[name] = str(exc) or type(exc).__name__
                continue
            told = result.values.setdefault(name, {})
            for figure, value in figures.items():
                told.setdefault(figure, []).append(value)
    return result
