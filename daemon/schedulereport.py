"""What the audit log and our own log are told of schedules.

Each run is told when it is over, each that was missed, and each that another one kept from running. What the
state of a server has kept from running is not: it may be most of them, and `GET` shows it.
"""

import logging

from .audit import Audit, Detail
from .audit import Result as Recorded
from .schedulearchive import USER
from .scheduleresult import Outcome, Result
from .schedulestore import Key

log = logging.getLogger("holdfast.schedules")


class Report:
    """Tells what became of runs."""

    def __init__(self, audit: Audit) -> None:
        self._audit = audit

    def ran(self, key: Key, does: str, result: Result) -> None:
        """Tell how a run has ended."""
        if result.outcome is Outcome.DONE:
            self._record("schedule.run", key, does, result)
        elif result.outcome is Outcome.SKIPPED:
            log.debug("the schedule %s of %s was skipped: %s", key[1], key[0], result.detail)
        else:
            self._record("schedule.run", key, does, result, f"{result.outcome}: {result.detail}")

    def did_not_run(self, key: Key, does: str, result: Result) -> None:
        """Tell why there was no run."""
        action = "schedule.miss" if result.outcome is Outcome.MISSED else "schedule.skip"
        self._record(action, key, does, result, f"{result.outcome}: {result.detail}")

    def _record(self, action: str, key: Key, does: str, result: Result, failure: str = "") -> None:
        fields: dict[str, Detail] = {"server": key[0], "schedule": key[1], "does": does}
        if result.due is not None:
            fields["due"] = int(result.due)
        if result.by:
            fields["by"] = result.by
        if not failure and result.detail:
            fields["detail"] = result.detail
        if failure:
            log.warning("the schedule %s of %s: %s", key[1], key[0], failure)
        became: Recorded = "failed" if failure else "success"
        self._audit.record(action, fields, ip="@", user=USER, result=became, cause=failure)
