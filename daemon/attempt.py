"""What a request is trying, so that the audit log can say so if it comes to nothing.

Rules:
- The row of the route names the action; the endpoint may know more precisely, and adds what it has read.
- What was recorded once, by the endpoint or by a job, is not recorded again when the answer is an error.
- A refusal (403 `not-permitted`) is noted for every request, other failures for those that change something.
- Nobody is noted only for a login that is wrong: else anybody could fill the log.
"""

import json
from collections.abc import Collection, Mapping

from starlette.responses import Response

from .access import Identity
from .audit import Audit, Detail, Settings
from .errors import answer_for

MOST_NAME = 64
SHORTENED = "…"


class Attempt:
    """One request's."""

    def __init__(self, audit: Audit, action: str, server: str | None) -> None:
        self.audit = audit
        self.action = action
        self.fields: dict[str, Detail] = {} if server is None else {"server": server}
        self.user = ""
        """The name that somebody gives who is nobody yet."""
        self._told = False

    def succeeded(
        self, who: Identity, action: str, fields: Mapping[str, Detail], also: Settings | None = None
    ) -> None:
        """Note that this was done; an attempt may do several things. `also` as for `Audit.record`."""
        self._told = True
        self.audit.record(action, {**fields, **who.marks}, ip=who.ip, user=who.user, also=also)

    def failed(self, who: Identity | None, address: str, why: str, *, denied: bool = False) -> None:
        """Note that it was not done; only the first time."""
        if self._told or not self.action or (who is None and not self.user):
            return
        self._told = True
        ip = who.ip if who else address
        user = self.user or (who.user if who else "")
        fields = {**self.fields, **(who.marks if who is not None else {})}
        if denied:
            self.audit.refuse(self.action, fields, ip=ip, user=user, cause=why)
        else:
            self.audit.record(self.action, fields, ip=ip, user=user, result="failed", cause=why)

    def answered(self, answer: Response, who: Identity | None, address: str, *, changes: bool) -> None:
        """Note what an answer says of it, if that is an error."""
        status = answer.status_code
        if status < 400:
            return
        kind, why = _said(answer)
        denied = kind == "not-permitted"
        # Who is made to wait is noted now and then, if it is about an account that there is.
        waits = kind == "too-many-logins" and not self.user.endswith(SHORTENED)
        if denied or waits or (changes and (who is not None or status == 401)):
            self.failed(who, address, why, denied=denied or waits)


def cause_of(error: Exception) -> str:
    """Return what kind of error it is, and what it says to clients: that has no secrets."""
    return _said(answer_for(error))[1]


def shown_name(name: str, known: Collection[str]) -> str:
    """Return a name that somebody has typed as it may be shown to others.

    One that no account has may be a password that was typed into the wrong field: of it, two letters.
    """
    plain = "".join(letter for letter in name if letter.isprintable())
    return plain[:MOST_NAME] if name in known else f"{plain[:2]}{SHORTENED}"


def _said(answer: Response) -> tuple[str, str]:
    try:
        body = json.loads(bytes(answer.body))
        kind = str(body["kind"])
        return kind, f"{kind}: {body['error']}"
    except (ValueError, KeyError, TypeError):
        return "", f"status {answer.status_code}"
