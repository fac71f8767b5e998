"""`holdfast doctor`: what is missing, what that costs, and how to mend it."""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from ..place import INSTALLED_CONFIGS, Place, config_in, found_place
from .exits import Exit, Stop
from .invocation import Invocation, pass_invocation
from .output import BAD, BOLD, DIM, GOOD, WARN, Output, shown
from .programs import examined
from .shape import Shaped

if TYPE_CHECKING:
    from ..doctor.findings import Finding
    from ..target import Target

COLOURS = {"ok": GOOD, "warn": WARN, "bad": BAD, "unknown": DIM}

HEADER = ("check", "level", "found", "cost", "remedy")


@click.command(cls=Shaped)
@click.option(
    "--runtime-dir", default="", metavar="DIR", help="Where the private socket is; default: run in the state."
)
@pass_invocation
def doctor(invocation: Invocation, runtime_dir: str) -> int:
    """Look for what is missing, and say what it costs.

    Looks at the config, the way in, folders, limits, control groups, the kernel, systemd and the clock; also
    when Holdfast does not run, and also as a user who may not see everything. Changes nothing. Exits with 1
    if something is bad.
    """
    from ..doctor.examination import examine  # noqa: PLC0415
    from ..doctor.findings import NotSeen  # noqa: PLC0415
    from ..doctor.subject import find_subject  # noqa: PLC0415
    from .version import ours  # noqa: PLC0415

    config = _config(invocation)
    place = None
    if config is not None or invocation.state_dir or runtime_dir:
        place = found_place(config or "config.hjson", invocation.state_dir, runtime_dir)

    def read(path: str) -> tuple[str | None, Sequence[str]]:
        try:
            seen = examined(path, place.state if place is not None else "")
        except (Stop, OSError) as exc:
            raise NotSeen(f"the daemon cannot be asked about {path}: {exc}") from exc
        return seen.error, seen.warnings

    subject = find_subject(config, place, _target(invocation, config, place))
    findings = list(examine(subject, ours(), read))
    bad = any(one.level == "bad" for one in findings)
    out = invocation.out
    if invocation.json:
        out.json({"ok": not bad, "config": config, "findings": [one.to_dict() for one in findings]})
    elif invocation.format == "csv":
        out.csv(HEADER, [list(one.to_dict().values()) for one in findings])
    else:
        _tell(out, findings)
    return Exit.FAILED if bad else Exit.DONE


def _config(invocation: Invocation) -> str | None:
    found = invocation.config or config_in(".") or config_in(INSTALLED_CONFIGS)
    return os.path.abspath(found) if found is not None else None


def _target(invocation: Invocation, config: str | None, place: Place | None) -> "Target | None":
    """Return where the API should be: as somebody says, else as the config says."""
    from ..failures import Failure  # noqa: PLC0415
    from ..target import Target  # noqa: PLC0415

    named = invocation.socket or invocation.url or invocation.context
    if not named and config is not None and place is not None:
        # The one that runs has said it; a config that was changed since then is not in force yet.
        return Target(socket=place.api) if place.api else None
    try:
        return invocation.target
    except Failure:
        return None


def _tell(out: Output, findings: "Sequence[Finding]") -> None:
    width = max(len(one.check) for one in findings)
    for one in findings:
        level = out.styled(f"{one.level:<7}", COLOURS[one.level])
        out.say(f"{level}  {out.styled(f'{one.check:<{width}}', BOLD)}  {shown(one.found)}")
        for text in (one.cost and f"costs: {one.cost}", one.remedy and f"mend:  {one.remedy}"):
            if text:
                out.say(f"{'':7}  {'':{width}}  {shown(text)}", DIM)
    counts = {level: sum(one.level == level for one in findings) for level in COLOURS}
    said = [f"{count} {level}" for level, count in counts.items() if count]
    out.say()
    out.say(f"{len(findings)} looked at: {', '.join(said)}")
