"""`holdfast accounts`: passwords in a terminal and from standard input, and what the lists say."""

import json

import pexpect

from ..system.house import Holdfast
from .typed import Typist, bare

PASSWORD = "correct horse"


def may_log_in(house: Holdfast, name: str, password: str) -> bool:
    return house.remote.post("/login", headers={"Username": name, "Password": password}).is_success


def test_an_account_is_made_with_a_password_from_standard_input(shell: Typist, running: Holdfast) -> None:
    said = shell("accounts", "create", "eve", "--password-stdin", typed=f"{PASSWORD}\n")
    assert (said.out, said.err) == ("created account eve\n", "")
    assert may_log_in(running, "eve", PASSWORD)
    shell("accounts", "delete", "eve")


def test_a_password_is_typed_twice_in_a_terminal_and_never_shown(shell: Typist, running: Holdfast) -> None:
    with shell.terminal("users", "add", "ann") as child:
        child.expect_exact("New password for ann: ")
        child.sendline(PASSWORD)
        child.expect_exact("The same again: ")
        child.sendline("something else")
        child.expect_exact("These were two different ones.")
        child.expect_exact("New password for ann: ")
        child.sendline(PASSWORD)
        child.expect_exact("The same again: ")
        child.sendline(PASSWORD)
        child.expect_exact("created account ann")
        child.expect(pexpect.EOF)
        child.close()
        assert child.exitstatus == 0
    assert may_log_in(running, "ann", PASSWORD)
    with shell.terminal("accounts", "passwd", "ann") as child:
        child.logfile_read = heard = Heard()
        for question in ("New password for ann: ", "The same again: "):
            child.expect_exact(question)
            child.sendline("battery staple")
        child.expect(pexpect.EOF)
        child.close()
        assert child.exitstatus == 0
    assert bare(heard.text).split("\n") == [
        "New password for ann: ",
        "The same again: ",
        "changed the password of ann; its sessions have ended",
        "",
    ]
    assert may_log_in(running, "ann", "battery staple")
    shell("accounts", "delete", "ann")


def test_without_a_terminal_a_password_has_one_way_in(shell: Typist) -> None:
    said = shell("accounts", "create", "bob", code=2)
    assert said.err == (
        "holdfast: there is no terminal to type a secret into: hand it over with --password-stdin\n"
    )
    said = shell("accounts", "create", "bob", "--password-stdin", typed="two\nlines\n", code=2)
    assert said.err == ("holdfast: standard input should hold the password, in one line, and nothing else\n")


def test_the_list_shows_what_each_may_do(shell: Typist) -> None:
    shell(
        *("accounts", "create", "eve", "--password-stdin", "--disabled"),
        *("--grant", "server.view", "--grant", "server.files.*", "--server", "w*", "--path", "/maps"),
        *("--grant", '{"permissions": ["server.console.write"], "input": ["say *"]}'),
        typed=PASSWORD,
    )
    words = "server.console.write (say *), server.view server.files.* (w*; /maps)"
    assert shell("accounts", "list").stable.splitlines() == [
        "NAME  STATE  SECOND FACTOR  SESSIONS  KEYS  LAST SEEN  ROLES  GRANTS",
        "admin  active  off  0  0  never  *",
        f"eve  disabled  off  0  0  never  {words}",
    ]
    assert shell("account", "show", "--format", "csv").out.splitlines() == [
        "name,state,second factor,sessions,keys,last seen,roles,grants",
        "admin,active,off,0,0,never,,*",
        f'eve,disabled,off,0,0,never,,"{words}"',
    ]
    told = json.loads(shell("accounts", "list", "--json").out)
    assert told["eve"] == {
        "roles": [],
        "grants": [
            {"permissions": ["server.console.write"], "input": ["say *"]},
            {"permissions": ["server.view", "server.files.*"], "servers": ["w*"], "paths": ["/maps"]},
        ],
        "disabled": True,
        "secondFactor": False,
        "sessions": 0,
        "keys": 0,
    }
    shell("accounts", "delete", "eve")


def test_an_account_is_changed_all_at_once(shell: Typist) -> None:
    shell("accounts", "create", "eve", "--password-stdin", typed=PASSWORD)
    said = shell("user", "update", "eve", "--rename", "eva", "--grant", "server.*", "--disable")
    assert said.out == "changed account eve\n"
    eva = json.loads(shell("accounts", "list", "--json").out)["eva"]
    assert (eva["grants"], eva["disabled"]) == (["server.*"], True)
    shell("user", "update", "eva", "--no-grants", "--enable")
    eva = json.loads(shell("accounts", "list", "--json").out)["eva"]
    assert (eva["grants"], eva["disabled"]) == ([], False)
    assert "say what shall change" in shell("user", "update", "eva", code=2).err
    said = shell("accounts", "remove", "nobody", "eva", code=3)
    assert (said.out, said.err) == ("deleted eva\n", "holdfast: nobody: User does not exist!\n")


def test_what_the_api_refuses_is_one_sentence(shell: Typist) -> None:
    said = shell("accounts", "create", "admin", "--password-stdin", typed=PASSWORD, code=6)
    assert said.err.count("\n") == 1
    said = shell("accounts", "create", "eve", "--password-stdin", typed="short", code=1)
    assert said.err.count("\n") == 1
    said = shell("accounts", "create", "eve", "--password-stdin", "--role", "none", typed=PASSWORD, code=1)
    assert said.err == "holdfast: There is no role none!\n"
    assert "name one" in shell("accounts", "create", "eve", "--server", "web", code=2).err


class Heard:
    """What a terminal was sent."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> None:
        self.text += text

    def flush(self) -> None:
        pass
