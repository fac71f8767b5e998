"""`holdfast audit`: who did what, and whether the log of it is whole."""

from typing import TYPE_CHECKING

import click

from ..place import found_place
from .invocation import Invocation, pass_invocation
from .lists import tell
from .moments import MOMENT, when
from .output import BAD, WARN, Cell, as_json
from .programs import PYTHON
from .shape import Shaped, ShapedGroup

if TYPE_CHECKING:
    from ..audit import AuditEntry

HEADER = ("WHEN", "USER", "FROM", "ACTION", "SERVER", "RESULT", "DETAILS")

COLOURS = {"failed": WARN, "denied": BAD}

USUAL = 50

_TOLD = {"ts", "level", "msg", "action", "user", "ip", "server", "result", "seq", "prev"}
"""Keys of an entry that have a column of their own, or are not for people."""

_LOCAL = {"uid", "uidName", "pid", "process"}
"""Who it was on this machine."""


@click.group(cls=ShapedGroup, invoke_without_command=True)
@click.option("--user", metavar="NAME", help="Who it was: an account, @local or @schedule.")
@click.option("--server", metavar="NAME", help="With which server.")
@click.option("--action", metavar="ACTION", help="What: auth.login, or a group such as server.files.")
@click.option("--from", "address", metavar="ADDRESS", help="From where; @ is this machine.")
@click.option("--result", type=click.Choice(("success", "failed", "denied")), help="What became of it.")
@click.option("--since", type=MOMENT, metavar="WHEN", help="From then on: 2h, 3d, 2026-01-31.")
@click.option("--until", type=MOMENT, metavar="WHEN", help="Before then.")
@click.option(
    "--limit",
    "-n",
    type=click.IntRange(1, 10_000_000),
    default=USUAL,
    metavar="COUNT",
    help=f"How many at most; {USUAL} without it.",
)
@pass_invocation
@click.pass_context
def audit(
    context: click.Context,
    invocation: Invocation,
    user: str | None,
    server: str | None,
    action: str | None,
    address: str | None,
    result: str | None,
    since: float | None,
    until: float | None,
    limit: int,
) -> None:
    """Tell who did what, and whether that log is whole.

    Without a command, the latest entries that fit are listed, the newest first.
    """
    if context.invoked_subcommand is not None:
        return
    search = invocation.client.audit.search(
        user=user,
        server=server,
        action=action,
        address=address,
        result=result,
        since=since,
        until=until,
        limit=limit,
    )
    with search as entries:
        if invocation.json:
            for entry in entries:
                invocation.out.json_line(entry.raw)
            return
        rows = [_row(entry) for entry in entries]
    tell(invocation, None, HEADER, rows, "nothing fits")


@audit.command(cls=Shaped)
@click.option("--first", type=int, default=1, metavar="N", help="The number with which the log here begins.")
@pass_invocation
def verify(invocation: Invocation, first: int) -> int:
    """Say whether entries are missing or were changed: 0 if not, 1 if so, 2 if that cannot be told."""
    import subprocess  # noqa: PLC0415  (a search does not need it)

    config = invocation.config_path
    state = found_place(config, invocation.state_dir).state
    options = ["--config", config, "--state-dir", state, "--first", str(first)]
    if invocation.json:
        options.append("--json")
    return subprocess.run([*PYTHON, "daemon.auditcheck", *options], check=False).returncode


def _row(entry: "AuditEntry") -> tuple[str, ...]:
    raw = entry.raw
    known = raw.get("uidName") or raw.get("uid")
    told = _TOLD | _LOCAL if known is not None else _TOLD
    return (
        when(entry.ts),
        f"{entry.user} ({known})" if known is not None else entry.user,
        entry.ip,
        entry.action or entry.msg,
        entry.server,
        Cell(entry.result, COLOURS.get(entry.result, "")),
        " ".join(f"{key}={_text(value)}" for key, value in raw.items() if key not in told),
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else as_json(value)
