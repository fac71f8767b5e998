"""docs/client.md names the operations and the groups of errors that there are."""

import ast
import re

from client.reactions import GROUPS

from .clienttable import PAGE, table, written


def test_the_page_has_one_row_for_each_operation() -> None:
    assert written() == table(), "scripts/api-table writes the table anew"


def test_the_page_has_one_row_for_each_group_of_errors() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for group in GROUPS:
        assert f"| `{group.__name__}` |" in page, group


def test_what_the_page_shows_is_python() -> None:
    shown = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(shown) > 3
    for text in shown:
        compile(text, "docs/client.md", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
