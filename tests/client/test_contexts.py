"""The file of the contexts: who may read it, who may change it, and what it is not used for."""

import json
import os
import stat
import threading
from pathlib import Path

import pytest

from client.contexts import LOCAL, Context, ContextExists, Contexts, ContextsUnusable, NoSuchContext

PROD = Context(url="https://games.example", token="secret")


@pytest.fixture
def contexts(tmp_path: Path) -> Contexts:
    return Contexts.usual({"XDG_CONFIG_HOME": str(tmp_path)})


def mode(path: str) -> int:
    return stat.S_IMODE(os.stat(path).st_mode)


def test_they_stand_where_configs_of_users_do(tmp_path: Path) -> None:
    assert Contexts.usual({"XDG_CONFIG_HOME": "/x"}).path == "/x/holdfast/contexts.json"
    assert Contexts.usual({"HOME": "/home/ann"}).path == "/home/ann/.config/holdfast/contexts.json"


def test_nobody_else_can_read_the_file(contexts: Contexts) -> None:
    before = os.umask(0)
    try:
        contexts.add("prod", PROD)
    finally:
        os.umask(before)
    assert (mode(contexts.path), mode(os.path.dirname(contexts.path))) == (0o600, 0o700)
    assert contexts.read().contexts == {"prod": PROD}
    assert "secret" not in repr(contexts.read())


@pytest.mark.parametrize("wrong", [0o640, 0o604, 0o620])
def test_a_file_with_tokens_that_others_can_read_is_not_used(contexts: Contexts, wrong: int) -> None:
    contexts.add("prod", PROD)
    os.chmod(contexts.path, wrong)
    with pytest.raises(ContextsUnusable, match="holds tokens, and others may read it: chmod 600 /"):
        contexts.read()
    with pytest.raises(ContextsUnusable):
        contexts.add("lab", Context(socket="/run/x"))


def test_without_tokens_there_is_nothing_to_hide(contexts: Contexts) -> None:
    contexts.add("lab", Context(socket="/run/x"))
    os.chmod(contexts.path, 0o644)
    assert list(contexts.read().contexts) == ["lab"]
    contexts.add("prod", PROD)
    assert mode(contexts.path) == 0o600


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"contexts": []}',
        '{"contexts": {"x": {}}}',
        '{"contexts": {"x": {"url": 1}}}',
        '{"contexts": {"x": {"url": "http://x", "socket": "/x"}}}',
        '{"contexts": {"x": {"url": "http://x:99999"}}}',
        '{"contexts": {"x": {"url": "http://[x"}}}',
        '{"current": 1}',
        pytest.param("[" * 100_000, id="deep"),
    ],
)
def test_what_holds_no_contexts_is_named_and_left_alone(contexts: Contexts, text: str) -> None:
    os.makedirs(os.path.dirname(contexts.path))
    with open(contexts.path, "w", encoding="utf-8") as file:
        file.write(text)
    with pytest.raises(ContextsUnusable, match="mend or remove it"):
        contexts.add("prod", PROD)
    with open(contexts.path, encoding="utf-8") as file:
        assert file.read() == text


def test_names_are_unique_until_one_is_replaced(contexts: Contexts) -> None:
    contexts.add("prod", PROD)
    with pytest.raises(ContextExists):
        contexts.add("prod", Context(url="https://other"))
    contexts.add("prod", Context(url="https://other"), instead=True)
    assert contexts.read().named("prod").url == "https://other"
    for name in ("", "a/b", "-x", "x" * 65, LOCAL):
        with pytest.raises(ContextsUnusable):
            contexts.add(name, PROD)
    with pytest.raises(NoSuchContext, match="there is no context lab: there are prod"):
        contexts.remove("lab")


def test_the_current_one_is_forgotten_with_its_context(contexts: Contexts) -> None:
    contexts.add("prod", PROD)
    contexts.use("prod")
    assert contexts.read().current == "prod"
    contexts.add("lab", Context(socket="/run/x"))
    assert contexts.read().current == "prod"
    contexts.remove("prod")
    assert contexts.read().current == ""
    contexts.use("lab")
    contexts.use(LOCAL)
    assert contexts.read().current == ""


def test_an_address_is_known_however_it_is_written(contexts: Contexts) -> None:
    contexts.add("prod", PROD)
    known = contexts.read()
    assert known.at("https://GAMES.example:443/") == "prod"
    assert known.at("https://games.example:444") == ""
    assert known.at("http://games.example") == ""


def test_changes_at_the_same_time_are_all_kept(contexts: Contexts) -> None:
    threads = [
        threading.Thread(target=contexts.add, args=(f"one-{number}", Context(socket="/x")))
        for number in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(contexts.read().contexts) == 20
    assert os.listdir(os.path.dirname(contexts.path)) == ["contexts.json"]


def test_a_link_to_the_file_stays_one(contexts: Contexts, tmp_path: Path) -> None:
    real = tmp_path / "dotfiles.json"
    real.write_text("{}")
    os.makedirs(os.path.dirname(contexts.path))
    os.symlink(real, contexts.path)
    contexts.add("prod", PROD)
    assert os.path.islink(contexts.path)
    assert json.loads(real.read_text())["contexts"]["prod"]["token"] == "secret"
    assert mode(str(real)) == 0o600


def test_a_folder_that_cannot_be_written_loses_nothing(contexts: Contexts, tmp_path: Path) -> None:
    (tmp_path / "holdfast").write_text("no folder")
    with pytest.raises(OSError, match="exists"):
        contexts.add("prod", PROD)
