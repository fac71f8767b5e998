"""`holdfast context`, `login` and `logout`: machines by name, over TCP with a token."""

import json
import os
import stat

import pexpect
import pytest

from ..system.house import Holdfast
from .typed import Said, Typist, stable

PASSWORD = "correct horse"


@pytest.fixture
def remote(shell: Typist, running: Holdfast) -> "Remote":
    """Types commands as somebody who has no Unix socket here; the contexts are empty."""
    path = running.path("xdg", "holdfast", "contexts.json")
    if os.path.exists(path):
        os.unlink(path)
    return Remote(shell, running, path)


class Remote:
    """A person at another machine, so to speak."""

    def __init__(self, shell: Typist, house: Holdfast, path: str) -> None:
        self._shell = shell
        self.house = house
        self.path = path
        self.url = f"http://127.0.0.1:{house.port}"
        os.makedirs(house.path("away"), exist_ok=True)
        self.environment = {"HOLDFAST_SOCKET": "", "TMPDIR": house.path("away")}

    def __call__(self, *arguments: str, typed: str = "", code: int = 0, **more: str) -> Said:
        said = self._shell(*arguments, typed=typed, code=code, **{**self.environment, **more})
        return Said(said.code, self.plain(said.out), self.plain(said.err))

    def plain(self, text: str) -> str:
        return text.replace(self.url, "URL").replace(self.house.folder, "HERE")

    def key(self, name: str) -> str:
        """Return a new API key."""
        return self._shell("keys", "create", name).out.strip()

    def tokens(self) -> list[str]:
        with open(self.path, encoding="utf-8") as file:
            return [one.get("token", "") for one in json.load(file)["contexts"].values()]


@pytest.fixture(scope="module", autouse=True)
def eve(shell: Typist) -> None:
    shell("accounts", "create", "eve", "--password-stdin", "--grant", "server.view", typed=PASSWORD)


def test_a_machine_is_named_with_a_key_that_nobody_sees(remote: Remote) -> None:
    wrong = remote("context", "add", "prod", remote.url, "--token-stdin", typed="t\u00f6ken", code=1)
    assert wrong.err == "holdfast: the token holds characters that no token has\n"
    said = remote("context", "add", "prod", remote.url, "--token-stdin", typed=remote.key("named"))
    assert said.out == "added context prod: URL\n"
    assert said.err == "Go there with -C prod, or with all commands: holdfast context use prod\n"
    (token,) = remote.tokens()
    assert token.startswith("hf_")
    assert stat.S_IMODE(os.stat(remote.path).st_mode) == 0o600
    assert list(json.loads(remote("-C", "prod", "list", "--json").out)) == ["chat", "off", "web"]
    assert list(json.loads(remote("list", "--json", "--url", remote.url).out)) == ["chat", "off", "web"]
    assert list(json.loads(remote("list", "--json", HOLDFAST_CONTEXT="prod").out)) == ["chat", "off", "web"]
    assert stable(remote("context", "list").out).splitlines() == [
        "CURRENT  NAME  WHERE  ACCOUNT  TOKEN",
        "  prod  URL  kept",
    ]
    (told,) = json.loads(remote("context", "list", "--json").out)
    assert told == {
        "name": "prod",
        "url": "URL",
        "socket": None,
        "username": None,
        "ca": None,
        "allowHttp": False,
        "hasToken": True,
        "current": False,
    }


def test_the_chosen_context_is_where_commands_go(remote: Remote) -> None:
    remote("context", "add", "prod", remote.url, "--token-stdin", typed=remote.key("chosen"))
    assert remote("context", "use", "prod").out == "commands go to prod\n"
    assert remote("context", "show").out == (
        "  Context  prod\n    Where  URL\nChosen by  holdfast context use\n    Token  kept\n"
    )
    assert list(json.loads(remote("list", "--json").out)) == ["chat", "off", "web"]
    assert stable(remote("context", "list").out).splitlines()[1] == "*  prod  URL  kept"
    said = remote("context", "use", "prod", HOLDFAST_SOCKET="/run/x")
    assert said.err == "But HOLDFAST_SOCKET is set here, and wins: unset HOLDFAST_SOCKET\n"
    assert remote("context", "show", HOLDFAST_SOCKET="/run/x", code=0).out == (
        "  Context  none\n    Where  unix:/run/x\nChosen by  HOLDFAST_SOCKET\n"
    )
    remote("context", "use", "local")
    assert remote("context", "show", "--json").out.count('"by": "looking around"') == 1
    assert remote("context", "remove", "prod").out == "removed context prod\n"
    assert remote("list", "-C", "prod", code=3).err == (
        "holdfast: there is no context prod: add one with holdfast context add\n"
    )


def test_where_nothing_else_is_a_new_context_is_the_chosen_one(remote: Remote) -> None:
    said = remote("context", "add", "lab", f"unix:{remote.house.path('api.sock')}", HOME="/nowhere")
    assert "Go there with -C lab" in said.err, "there is a Holdfast in this folder"
    config = remote.house.path("config.hjson")
    os.rename(config, f"{config}.away")
    try:
        said = remote("context", "add", "lab", f"unix:{remote.house.path('api.sock')}", "--replace")
        assert said.err == "Commands go there from now on (holdfast context use local: no more).\n"
        assert list(json.loads(remote("list", "--json").out)) == ["chat", "off", "web"]
    finally:
        os.rename(f"{config}.away", config)


def test_a_login_asks_for_all_that_it_needs(remote: Remote, shell: Typist) -> None:
    with shell.terminal("login", remote.url, HOLDFAST_SOCKET="", TMPDIR=remote.house.path("away")) as child:
        child.expect_exact(f"Account at {remote.url}: ")
        child.sendline("eve")
        child.expect_exact("Password of eve: ")
        child.sendline(PASSWORD)
        child.expect_exact(f"logged in to {remote.url} as eve (context 127.0.0.1)")
        child.expect(pexpect.EOF)
        assert PASSWORD not in (child.before or "")
    told = json.loads(remote("sessions", "list", "--json", "-C", "127.0.0.1").out)
    assert [(one["account"], one["current"]) for one in told] == [("eve", True)]
    assert told[0]["device"].startswith("holdfast on ")
    (first,) = remote.tokens()
    said = remote("login", "-C", "127.0.0.1", "--password-stdin", typed=PASSWORD)
    assert said.out == "logged in to URL as eve (context 127.0.0.1)\n"
    (second,) = remote.tokens()
    assert first != second
    asked = remote.house.remote.get("/servers", headers={"Authorization": first})
    assert asked.status_code == 401, "the session before is over"
    assert remote("logout", "-C", "127.0.0.1").out == "logged out of URL\n"
    assert remote.tokens() == [""]
    assert remote("logout", "-C", "127.0.0.1", code=1).err == "holdfast: nobody is logged in at URL\n"
    assert remote("list", "-C", "127.0.0.1", code=4).err.endswith("or log in: holdfast login\n")
    asked = remote.house.remote.get("/servers", headers={"Authorization": second})
    assert asked.status_code == 401


def test_a_login_that_fails_says_so_and_keeps_nothing(remote: Remote) -> None:
    said = remote("login", remote.url, "-u", "eve", "--password-stdin", typed="wrong", code=4)
    assert said.err == "holdfast: Invalid username or password!\n"
    assert not os.path.exists(remote.path)
    assert remote("login", remote.url, code=2).err == (
        "holdfast: there is no terminal to ask in: say it with --username\n"
    )
    said = remote("login", "http://games.example:1", "-u", "eve", "--password-stdin", typed="x", code=1)
    assert said.err.startswith("holdfast: your password would go to http://games.example:1 unencrypted")
    said = remote("login", code=2)
    assert said.err.startswith("holdfast: over HERE/api.sock nobody needs to log in: name a machine")


def test_consent_lets_a_token_go_unencrypted(remote: Remote) -> None:
    url = f"http://0.0.0.0:{remote.house.port}"  # this machine, but not by a name that says so
    said = remote("context", "add", "vpn", url, "--token-stdin", typed="hf_x", code=1)
    assert said.err.startswith(f"holdfast: the token would go to {url} unencrypted")
    assert not os.path.exists(remote.path)
    key = remote.key("vpn")
    remote("context", "add", "vpn", url, "--token-stdin", "--allow-http", typed=key)
    assert list(json.loads(remote("list", "--json", "-C", "vpn").out)) == ["chat", "off", "web"]


def test_a_context_logs_in_when_it_is_made(remote: Remote) -> None:
    said = remote(
        "context", "add", "prod", remote.url, "--login", "-u", "eve", "--password-stdin", typed=PASSWORD
    )
    assert said.out == "added context prod: URL\n"
    assert stable(remote("context", "list").out).splitlines()[1] == "  prod  URL  eve  kept"
    said = remote("context", "add", "prod", remote.url, code=6)
    assert said.err == "holdfast: there is a context prod already: replace it with --replace\n"
    said = remote("context", "remove", "prod")
    assert said.err == "The session of eve there goes on until it is ended or forgotten.\n"


def test_a_key_is_forgotten_but_not_ended_by_a_logout(remote: Remote) -> None:
    key = remote.key("forgotten")
    remote("context", "add", "prod", remote.url, "--token-stdin", typed=key)
    said = remote("logout", "-C", "prod")
    assert said.err.startswith("that was an API key: it is forgotten here")
    assert remote.house.remote.get("/servers", headers={"Authorization": key}).is_success


def test_a_token_may_stand_in_a_file(remote: Remote) -> None:
    path = remote.house.path("token")
    with open(path, "w", encoding="utf-8") as file:
        file.write(remote.key("filed"))
    os.chmod(path, 0o644)
    said = remote("list", "--url", remote.url, "--token-file", path, code=1)
    assert said.err == "holdfast: others may read the token in HERE/token: chmod 600 HERE/token\n"
    os.chmod(path, 0o600)
    assert list(json.loads(remote("list", "--json", "--url", remote.url, "--token-file", path).out))
    said = remote("list", "--socket", remote.house.path("api.sock"), "--token-file", path, code=2)
    assert "a token is for an address" in said.err


def test_contexts_that_others_can_read_are_not_used(remote: Remote) -> None:
    remote("context", "add", "prod", remote.url, "--token-stdin", typed=remote.key("seen"))
    os.chmod(remote.path, 0o640)
    said = remote("list", "-C", "prod", code=1)
    assert "holds tokens, and others may read it: chmod 600 HERE/xdg/holdfast/contexts.json" in said.err
    assert list(json.loads(remote("list", "--json", HOLDFAST_SOCKET=remote.house.path("api.sock")).out))


@pytest.mark.parametrize(
    ("where", "why"),
    [
        ("ftp://x", "that is no address that begins with http:// or https://"),
        ("https://u:p@x", "may hold no user, query or fragment"),
        ("https://x:99999", "its host or port cannot be read"),
        ("unix:api.sock", "unix: is followed by the whole path"),
    ],
)
def test_what_is_no_address_is_no_context(remote: Remote, where: str, why: str) -> None:
    said = remote("context", "add", "odd", where, code=2 if "unix" in where else 5)
    assert why in said.err
    assert not os.path.exists(remote.path)


def test_a_login_that_cannot_be_kept_leaves_no_session(remote: Remote, shell: Typist) -> None:
    shell("sessions", "end", "--user", "eve")
    said = remote(
        "login", remote.url, "-u", "eve", "--password-stdin", typed=PASSWORD, code=1, XDG_CONFIG_HOME="/proc"
    )
    assert said.err.startswith("holdfast: /proc/holdfast: ")
    assert json.loads(shell("sessions", "list", "--user", "eve", "--json").out) == []
    said = remote("context", "add", "own", "https://x", "--ca", "none.pem", code=2)
    assert said.err == "holdfast: there is no file HERE/none.pem with certificates\n"


def test_ones_own_password_is_changed_by_who_knows_it(remote: Remote, shell: Typist) -> None:
    shell("accounts", "create", "own", "--password-stdin", "--grant", "server.view", typed=PASSWORD)
    remote("login", remote.url, "-u", "own", "--password-stdin", typed=PASSWORD)
    away = {"HOLDFAST_SOCKET": "", "TMPDIR": remote.house.path("away")}
    with shell.terminal("accounts", "passwd", "-C", "127.0.0.1", size=(40, 120), **away) as child:
        for question, answer in (
            ("Your password until now: ", PASSWORD),
            ("New password for you: ", "battery staple"),
            ("The same again: ", "battery staple"),
        ):
            child.expect_exact(question)
            child.sendline(answer)
        child.expect_exact("changed your password; your sessions have ended, so log in again: holdfast login")
        child.expect(pexpect.EOF)
    assert remote("list", "-C", "127.0.0.1", code=4).out == ""
    remote("login", "-C", "127.0.0.1", "--password-stdin", typed="battery staple")
    assert "name the account" in shell("accounts", "passwd", code=2).err
    shell("accounts", "delete", "own")
