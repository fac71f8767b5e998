"""`NAME:path` as people write it, and what could stand there."""

import pytest

from client.command.exits import Stop
from client.command.remotepath import RemotePath


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("web:", RemotePath("web", "", as_folder=True)),
        ("web:/", RemotePath("web", "", as_folder=True)),
        ("web:a", RemotePath("web", "a")),
        ("web:/a//b/./c/", RemotePath("web", "a/b/c", as_folder=True)),
        ("web:../../etc/passwd", RemotePath("web", "etc/passwd")),
        ("web:a:b", RemotePath("web", "a:b")),
        ("mc 1:-rf", RemotePath("mc 1", "-rf")),
    ],
)
def test_a_remote_path_is_a_server_and_a_path_in_its_folder(text: str, path: RemotePath) -> None:
    assert RemotePath.parse(text) == path


@pytest.mark.parametrize("text", ["", ":", ":a", "a", "./a:b", "/a:b", "..:a"])
def test_what_has_no_server_before_its_first_colon_is_none(text: str) -> None:
    assert RemotePath.read(text) is None
    with pytest.raises(Stop, match="write NAME:path"):
        RemotePath.parse(text)


def test_a_remote_path_is_shown_without_what_steers_a_terminal() -> None:
    assert str(RemotePath("web", "a\x1b[31m\nb")) == "web:a\\x1b[31m\\x0ab"
