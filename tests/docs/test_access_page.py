"""docs/access.md names the permissions that there are."""

import pathlib

from daemon.permissions import PERMISSIONS

PAGE = pathlib.Path(__file__).parents[2] / "docs" / "access.md"


def test_the_page_has_one_row_for_each_permission() -> None:
    page = PAGE.read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| `") and not line.startswith("| `*`")]
    table = [row for row in rows if row.split("`")[1] in PERMISSIONS]
    assert table == [f"| `{name}` | {meaning} |" for name, meaning in PERMISSIONS.items()]
