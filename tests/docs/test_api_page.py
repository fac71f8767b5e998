"""docs/api.md names the routes that there are."""

from .routetable import documented, table, written


def test_the_page_has_one_row_for_each_route() -> None:
    assert written() == table(), "scripts/api-table writes the table anew"


def test_what_the_page_says_can_be_read_from_it() -> None:
    assert len(list(documented())) == len(table()) - 2
