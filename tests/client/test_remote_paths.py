"""`NAME:path` as people write it, and what could stand there."""

from pathlib import Path

import pytest

from client import Client
from client.command.exits import Stop
from client.command.remotepath import RemotePath, candidates
from client.quick import Quick
from client.target import Target

from ..system.house import Holdfast


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


def test_what_could_stand_there_is_known_by_its_beginning(running: Holdfast) -> None:
    folder = Path(running.path("programs", "web"))
    (folder / "config" / "nested").mkdir(parents=True)
    for name in ("conf.json", "config/a.yml", ".conf", "bad\nconf", "other"):
        (folder / name).write_text("")
    with Client(socket=running.path("api.sock")) as holdfast:
        assert candidates(holdfast, "web:conf") == ["web:conf.json", "web:config/"]
        assert candidates(holdfast, "web:config/") == ["web:config/a.yml", "web:config/nested/"]
        assert candidates(holdfast, "web:") == ["web:conf.json", "web:config/", "web:other"]
        assert candidates(holdfast, "web:.") == ["web:.conf"]
        assert candidates(holdfast, "web:none/x") == []
        assert candidates(holdfast, "nobody:x") == []
    nowhere = Target(socket="/nowhere/api.sock")
    with Client(nowhere, way=Quick(nowhere, 1)) as nobody:
        assert candidates(nobody, "web:conf") == []
