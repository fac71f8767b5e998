"""A list of things as it was asked for: a table, CSV, or JSON; and a sentence if there are none."""

from collections.abc import Sequence

from .invocation import Invocation


def tell(
    invocation: Invocation,
    raw: object,
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    nothing: str,
    *,
    right: Sequence[str] = (),
) -> None:
    """Write it; `raw` is for programs, `nothing` for people, and the columns named in `right` are numbers."""
    out = invocation.out
    if invocation.json:
        out.json(raw)
    elif invocation.format == "csv":
        out.csv([name.lower() for name in header], rows)
    elif rows:
        out.table(header, rows, right=right)
    else:
        out.note(nothing)
