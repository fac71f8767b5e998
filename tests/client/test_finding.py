"""Which Holdfast is meant: what is said wins over what is remembered, and that over what is here."""

import json
import os
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from client.contexts import Context, Contexts, NoSuchContext
from client.finding import Found, NotFound, Said, TokenUnusable, Unencrypted, found, is_ours
from client.target import Target

URL = "https://games.example:1"
OTHER = "https://other.example:1"
STRANGER = 54321


@pytest.fixture
def environment(tmp_path: Path) -> Mapping[str, str]:
    """Return variables by which nothing is found but what a test makes; `prod` and `lab` are contexts."""
    environment = {"XDG_CONFIG_HOME": str(tmp_path / "xdg"), "TMPDIR": str(tmp_path)}
    contexts = Contexts.usual(environment)
    contexts.add("prod", Context(url=URL, token="theirs", ca="/ca.pem"))
    contexts.add("lab", Context(socket="/run/lab.sock"))
    return environment


@pytest.fixture
def here(tmp_path: Path) -> Iterator[str]:
    """Return the path of a socket where Octyne's clients look."""
    path = str(tmp_path / "octyne.sock.42069")
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(path)
        yield path


def test_each_way_to_name_it_wins_over_those_after_it(
    environment: Mapping[str, str], here: str, tmp_path: Path
) -> None:
    prod = Target(url=URL, token="theirs", ca="/ca.pem")
    lab = Target(socket="/run/lab.sock")
    Contexts.usual(environment).use("lab")
    variables = {"HOLDFAST_SOCKET": "/run/x", "HOLDFAST_URL": OTHER, "HOLDFAST_CONTEXT": "prod"}
    folder = str(tmp_path)

    def by(said: Said, *left: str) -> Found:
        return found(said, {**environment, **{key: variables[key] for key in left}}, folder)

    assert by(Said(socket="/s", url=URL, context="lab"), *variables) == Found(Target(socket="/s"), "--socket")
    assert by(Said(url=URL, context="lab"), *variables) == Found(prod, "--url", "prod")
    assert by(Said(context="lab"), *variables) == Found(lab, "--context", "lab")
    assert by(Said(), *variables) == Found(Target(socket="/run/x"), "HOLDFAST_SOCKET")
    assert by(Said(), "HOLDFAST_URL", "HOLDFAST_CONTEXT") == Found(Target(url=OTHER), "HOLDFAST_URL")
    assert by(Said(), "HOLDFAST_CONTEXT") == Found(prod, "HOLDFAST_CONTEXT", "prod")
    assert by(Said()) == Found(lab, "holdfast context use", "lab")
    assert by(Said(context="local")) == Found(Target(socket=here), "--context")
    Contexts.usual(environment).use("local")
    assert by(Said()) == Found(Target(socket=here), "looking around")


def test_where_nothing_is_the_places_are_named(environment: Mapping[str, str], tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=rf"nor at {tmp_path}/octyne.sock.42069: start one, or name it"):
        found(Said(), environment, str(tmp_path))
    with pytest.raises(NoSuchContext, match="there is no context prd: there are prod, lab"):
        found(Said(context="prd"), environment)


def test_no_link_of_a_stranger_is_followed(environment: Mapping[str, str], here: str, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    os.rename(here, elsewhere / "one.sock")
    os.symlink(elsewhere / "one.sock", here)
    assert is_ours(here)
    tmp_path.chmod(0o1777)
    assert is_ours(here)
    if os.getuid() == 0:
        os.lchown(here, STRANGER, STRANGER)
        assert not is_ours(here)
        os.lchown(here, 0, 0)
        os.chown(elsewhere / "one.sock", STRANGER, STRANGER)
        assert is_ours(here)  # in a folder where nobody else makes anything
        elsewhere.chmod(0o1777)
        assert not is_ours(here)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can leave something for another one")
@pytest.mark.parametrize("theirs", ["config.hjson", "state"])
def test_what_a_stranger_leaves_in_a_shared_folder_leads_nowhere(
    environment: Mapping[str, str], tmp_path: Path, theirs: str
) -> None:
    shared, other = tmp_path / "shared", tmp_path / "other"
    (shared / "state").mkdir(parents=True)
    other.mkdir()
    (shared / "config.hjson").write_text("{}")
    (shared / "state" / "api.json").write_text(json.dumps({"config": "c", "socket": str(other / "s")}))
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(other / "s"))
        shared.chmod(0o1777)
        assert found(Said(), environment, str(shared)).target.socket == str(other / "s")
        os.chown(shared / theirs, STRANGER, STRANGER)
        with pytest.raises(NotFound):
            found(Said(), environment, str(shared))
        shared.chmod(0o755)  # a folder of somebody that others may look into
        assert found(Said(), environment, str(shared)).target.socket == str(other / "s")


def test_in_the_folder_of_one_no_other_is_meant(
    environment: Mapping[str, str], here: str, tmp_path: Path
) -> None:
    folder = tmp_path / "folder"
    (folder / "state").mkdir(parents=True)
    (folder / "config.hjson").write_text("{}")
    assert found(Said(), environment, str(folder)).target == Target(socket=here)
    own = folder / "state" / "api.sock"

    def ran(socket: str) -> None:
        told = {"config": "config.hjson", "socket": socket}
        (folder / "state" / "api.json").write_text(json.dumps(told))

    ran(str(own))
    assert found(Said(), environment, str(folder)).target == Target(socket=str(own))
    assert found(Said(context="local"), environment, str(folder)).target == Target(socket=str(own))
    ran("")
    with pytest.raises(NotFound, match=r"switched off in .*/config.hjson: name its address with --url"):
        found(Said(), environment, str(folder))


def test_a_config_whose_state_is_out_of_reach_names_a_socket_itself(
    environment: Mapping[str, str], here: str, tmp_path: Path
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    config = folder / "config.hjson"
    config.write_text("{}")
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(folder / "api.sock"))
        told = {str(config): str(folder / "api.sock")}
        named = found(Said(), environment, str(folder), told.get)
    assert named.target == Target(socket=str(folder / "api.sock"))
    assert found(Said(), environment, str(folder), lambda _: "/nowhere").target == Target(socket=here)


def test_who_has_made_a_config_is_told_to_start_it(environment: Mapping[str, str], tmp_path: Path) -> None:
    (tmp_path / "config.hjson").write_text("{}")
    with pytest.raises(NotFound, match=r"start that of config.hjson with holdfast run, or name it with"):
        found(Said(), environment, str(tmp_path))


def token_of(said: Said, environment: Mapping[str, str]) -> str:
    return found(said, environment).target.token


def test_a_token_goes_only_where_it_belongs(environment: Mapping[str, str], tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("filed\n")
    file.chmod(0o600)
    assert token_of(Said(url=URL), environment) == "theirs"
    assert token_of(Said(url=f"{URL}/"), environment) == "theirs"
    assert token_of(Said(url=OTHER), environment) == ""
    assert token_of(Said(url=URL, token="said"), environment) == "said"
    assert token_of(Said(url=OTHER, token_file=str(file)), environment) == "filed"
    assert token_of(Said(context="prod", token_file=str(file)), environment) == "filed"
    named = {**environment, "HOLDFAST_TOKEN": "of the variable"}
    assert token_of(Said(url=OTHER), named) == "of the variable"
    assert token_of(Said(url=URL), named) == "of the variable"
    assert token_of(Said(context="prod"), named) == "theirs"
    named["HOLDFAST_URL"] = OTHER
    assert token_of(Said(), named) == "of the variable"
    assert token_of(Said(url=URL), named) == "theirs"


@pytest.mark.parametrize(
    ("text", "mode", "why"),
    [
        ("token", 0o644, "others may read the token in .*: chmod 600 "),
        ("", 0o600, "holds no token"),
        ("two words", 0o600, "holds no token"),
        ("two\nlines", 0o600, "holds no token"),
    ],
)
def test_a_file_with_a_token_is_private_and_holds_one(
    environment: Mapping[str, str], tmp_path: Path, text: str, mode: int, why: str
) -> None:
    file = tmp_path / "token"
    file.write_text(text)
    file.chmod(mode)
    with pytest.raises(TokenUnusable, match=why):
        found(Said(url=URL, token_file=str(file)), environment)


@pytest.mark.parametrize(
    "url",
    ["http://games.example", "http://10.1.2.3:42069", "http://[fe80::1]:42069", "http://games.localhost"],
)
def test_no_token_goes_unencrypted_over_a_network(environment: Mapping[str, str], url: str) -> None:
    with pytest.raises(Unencrypted, match="unencrypted, for all on the way to read"):
        found(Said(url=url, token="secret"), environment)
    assert found(Said(url=url), environment).target.url == url
    Contexts.usual(environment).add("vpn", Context(url=url, token="secret"))
    with pytest.raises(Unencrypted):
        found(Said(context="vpn"), environment)
    Contexts.usual(environment).add("vpn", Context(url=url, token="secret", allow_http=True), instead=True)
    assert token_of(Said(context="vpn"), environment) == "secret"
    assert token_of(Said(url=url, token="other"), environment) == "other"


@pytest.mark.parametrize("url", ["http://127.0.0.1:42069", "http://localhost", "http://[::1]:1", URL])
def test_what_stays_here_or_is_encrypted_may_have_one(environment: Mapping[str, str], url: str) -> None:
    assert token_of(Said(url=url, token="secret"), environment) == "secret"
