"""`holdfast init`: a config by asking, by options, or from an Octyne's folder."""

import hashlib
import json
import os
import socket
import stat

import pexpect

from ..system.house import Holdfast
from .typed import Typist, bare

EMPTY = """\
{
  // What Holdfast runs, and where it listens. This is Hjson: JSON with comments, and quotes only where they
  // are needed. Holdfast sees a change of this file by itself, and a mistake in it changes nothing:
  // `holdfast check` says beforehand what a change would do. Relative paths start at this file's folder.

  // The TCP port of the API. Whoever comes this way has to log in.
  port: 42069

  // The address to listen on: here, only this machine can reach it. Without this line, all addresses; before
  // that, switch https on.
  listen: "127.0.0.1"

  // The local way in, without a login, for the user who runs Holdfast.
  unixSocket: {
    location: "state/api.sock"
  }

  // The web page: http://127.0.0.1:7877/ in a browser. It has the API below /api.
  webUI: {
    port: 7877
  }

  // The programs to keep running. The names are yours to choose.
  servers: {
    // survival: {
    //   // Where it runs. Its files can be reached with `holdfast files`.
    //   directory: "servers/survival"
    //   // As in a shell, quotes and all, but no shell is started.
    //   command: "java -jar server.jar nogui"
    // }
  }
}
"""

CLEAR = (
    "passwords and tokens go over the network in the clear: switch https on, or listen on 127.0.0.1"
    " behind a proxy that does TLS and name it in proxies"
)

OCTYNE = """\
{
  "port": PORT, // the usual one is 42069
  "https": { "enabled": false, "cert": "cert.pem", "key": "/etc/key.pem" },
  "webUI": { "enabled": true, "port": 0 }, // the usual one is 7877
  "redis": { "enabled": true, "url": "redis://localhost", "role": "primary", },
  "logging": { "enabled": true, "path": "logs", "actions": {}, },
  /* what runs */
  "servers": {
    "survival": {
      "enabled": false, // not by itself
      "directory": "./worlds/survival",
      "command": "sleep '1000'",
    },
    "Creative": { "Directory": "/", "command": "sleep 1000" },
  },
}
"""


def read(house: Holdfast, *names: str) -> str:
    """Return the text of a file in the folder."""
    with open(house.path(*names), encoding="utf-8") as file:
        return file.read()


def mode(house: Holdfast, *names: str) -> int:
    """Return the mode of a file in the folder."""
    return stat.S_IMODE(os.stat(house.path(*names)).st_mode)


def octyne(house: Holdfast) -> str:
    """Make the folder of an Octyne; return its users.json."""
    os.makedirs(house.path("octyne", "worlds", "survival"))
    with open(house.path("octyne", "config.json"), "w", encoding="utf-8") as file:
        file.write(OCTYNE.replace("PORT", str(house.port)))
    users = json.dumps({"admin": hashlib.sha256(b"long ago").hexdigest(), "bob": "$argon2id$v=19$m=51200"})
    with open(house.path("octyne", "users.json"), "w", encoding="utf-8") as file:
        file.write(users)
    os.chmod(house.path("octyne", "users.json"), 0o644)
    return users


def test_without_a_terminal_nothing_is_asked(typist: Typist, house: Holdfast) -> None:
    said = typist("init", "new")
    config = house.path("new", "config.hjson")
    assert said.out == (
        f"{config} is written.\n\n"
        f"Now start it:             holdfast run --config {config}\n"
        f"and in another terminal:  holdfast list --config {config}\n"
        "The web page is then at   http://127.0.0.1:7877/\n"
    )
    assert said.err == ""
    assert read(house, "new", "config.hjson") == EMPTY
    assert mode(house, "new", "config.hjson") == 0o600


def test_options_name_the_servers_and_their_folders_are_made(typist: Typist, house: Holdfast) -> None:
    options = ["--server", "web=sleep 1000", "--server", "my bot=nosuchprogram 'a b'", "--directory", "web=w"]
    said = typist(
        "init", *options, "--port", str(house.port), "--listen", "all", "--json", PATH="/bin:/usr/bin"
    )
    told = json.loads(said.out)
    assert told["notes"] == [
        CLEAR,
        "servers.my bot: there is no program nosuchprogram in its PATH (/bin:/usr/bin)",
    ]
    assert told["servers"] == ["web", "my bot"]
    assert told["next"] == ["holdfast run", "holdfast list"]
    assert os.path.isdir(house.path("w"))
    assert os.path.isdir(house.path("servers", "my bot"))
    checked = json.loads(typist("check", "--json").out)
    assert checked["valid"]
    assert checked["servers"] == ["web", "my bot"]


def test_what_init_has_written_runs(typist: Typist, house: Holdfast) -> None:
    typist("init", "--server", "web=sleep 1000", "--port", str(house.port))
    house.start(wait=False)
    house.output.until("serves http")
    typist.environment["HOLDFAST_SOCKET"] = house.path("state", "api.sock")
    told = house.until(lambda: json.loads(typist("list", "--json", code=None).out or "{}"), "it is listed")
    assert list(told) == ["web"]


def test_a_config_that_is_there_is_not_replaced_unless_forced(typist: Typist, house: Holdfast) -> None:
    house.write("mine: true\n")
    said = typist("init", "--yes", code=6)
    config = house.path("config.hjson")
    assert (said.out, said.err) == (
        "",
        f"holdfast: there is {config} already: say --force to replace it, or name another folder\n",
    )
    assert read(house, "config.hjson") == "mine: true\n"
    assert f"note: the config that was there is kept as {config}.old\n" in typist("init", "--force").out
    assert read(house, "config.hjson.old") == "mine: true\n"
    typist("init", "--force")
    assert read(house, "config.hjson.old1") == read(house, "config.hjson") == EMPTY


def test_options_that_cannot_be_are_told_in_a_sentence(typist: Typist, house: Holdfast) -> None:
    for options, sentence in (
        (["--server", "web"], "--server wants NAME=COMMAND, not 'web'"),
        (
            ["--server", "a/b=c"],
            "'a/b' is no name: 1 to 255 characters, no slash among them, such as survival",
        ),
        (["--server", "a='"], "the command cannot be split into words: no closing quotation"),
        (["--server", "a="], "a command is needed, such as: java -jar server.jar"),
        (["--server", "a=b", "--server", "a=c"], "--server names a twice"),
        (["--directory", "a=b"], "--directory names a, but there is no --server a=COMMAND"),
        (["--port", "70000"], "a port is a number from 1 to 65535; with 0 the kernel chooses one"),
        (["--group", "nosuchgroup"], "there is no group nosuchgroup here"),
        (
            ["--listen", "not an address"],
            "not an address is neither loopback nor all nor an address such as 192.0.2.7",
        ),
    ):
        said = typist("init", *options, code=2)
        assert (said.out, said.err) == ("", f"holdfast: {sentence}\n")
    assert not os.path.exists(house.path("config.hjson"))


def test_in_a_terminal_it_asks_shows_the_config_and_asks_before_it_writes(
    typist: Typist, house: Holdfast
) -> None:
    with typist.terminal("init", NO_COLOR="1") as terminal:
        for question, answer in (
            ("Name of a program [none]: ", "a/b"),
            ("no slash among them, such as survival\r\nName of a program [none]: ", "survival"),
            ("Its command, as in a shell: ", "sleep '"),
            ("no closing quotation\r\n  Its command, as in a shell: ", "sleep 1000"),
            ("The folder it runs in [servers/survival]: ", ""),
            ("Name of another one [none]: ", "survival"),
            ("there is a survival already\r\nName of another one [none]: ", ""),
            ("Who may reach it over TCP [loopback]: ", "all"),
            ("Port [", str(house.port)),
            ("Group that may use it without a password [none]: ", ""),
        ):
            terminal.expect_exact(question)
            terminal.sendline(answer)
        terminal.expect_exact(f"Write this to {house.path('config.hjson')} [y]: ")
        shown = bare(terminal.before or "")
        assert not os.path.exists(house.path("config.hjson"))
        terminal.sendline("")
        terminal.expect_exact("and in another terminal:  holdfast list\r\n")
        terminal.wait()
    assert terminal.exitstatus == 0
    assert read(house, "config.hjson") in shown
    checked = json.loads(typist("check", "--json").out)
    assert (checked["valid"], checked["servers"]) == (True, ["survival"])


def test_whoever_says_no_or_goes_away_has_nothing_written(typist: Typist, house: Holdfast) -> None:
    with typist.terminal("init") as terminal:
        terminal.expect_exact("Name of a program [none]: ")
        terminal.sendeof()
        terminal.expect_exact("holdfast: nothing was written: the answers ended\r\n")
        terminal.wait()
    assert terminal.exitstatus == 1
    house.write("mine: true\n")
    with typist.terminal("init") as terminal:
        terminal.expect_exact("Shall it be replaced (it is kept beside it) [n]: ")
        terminal.sendline("")
        terminal.expect_exact("holdfast: nothing was written\r\n")
        terminal.wait()
    assert terminal.exitstatus == 6
    assert read(house, "config.hjson") == "mine: true\n"


def test_an_octyne_is_taken_over_with_its_comments_its_paths_and_its_accounts(
    typist: Typist, house: Holdfast
) -> None:
    users = octyne(house)
    said = typist("init", "--from-octyne", "octyne", "new")
    old, new = house.path("octyne"), house.path("new")
    assert said.err == ""
    assert said.out == (
        f"config  {old}/config.json → {new}/config.hjson, comments and all\n"
        f"  path  https.cert: cert.pem → {old}/cert.pem\n"
        f"  path  servers.survival.directory: ./worlds/survival → {old}/worlds/survival\n"
        f"socket  {house.folder}/octyne.sock.{house.port}, where Octyne's clients look for it\n"
        f" users  {old}/users.json → {new}/users.json, 2 accounts, mode 0600\n"
        "  note  admin still has a SHA-256 hash: it works, and is replaced at the next login\n"
        "  note  redis has no effect: who logs in here is not logged in on other nodes\n"
        "  note  survival: quotes and backslashes in its command count as in a shell, for Octyne they did"
        " not\n"
        "  note  the audit log begins anew beside the config; the old one stays where it is\n"
        f"  note  {CLEAR}\n"
        "\n"
        f"Now start it:             holdfast run --config {new}/config.hjson\n"
        f"and in another terminal:  holdfast list --config {new}/config.hjson\n"
    )
    text = read(house, "octyne", "config.json")
    moved = text.replace("./worlds/survival", f"{old}/worlds/survival").replace(
        '"cert.pem"', f'"{old}/cert.pem"'
    )
    assert read(house, "new", "config.hjson") == moved
    assert read(house, "new", "users.json") == users
    assert mode(house, "new", "users.json") == 0o600
    assert mode(house, "octyne", "users.json") == 0o644
    checked = json.loads(typist("check", "--config", "new/config.hjson", "--json").out)
    assert checked["servers"] == ["survival", "Creative"]


def test_an_octyne_may_be_succeeded_in_its_own_folder(typist: Typist, house: Holdfast) -> None:
    octyne(house)
    before = read(house, "octyne", "config.json")
    told = json.loads(typist("init", "--from-octyne", "octyne", "octyne", "--json").out)
    assert told["config"] == house.path("octyne", "config.json")
    assert told["lines"][0]["text"] == f"{house.path('octyne')}/config.json stays as it is: Holdfast reads it"
    assert read(house, "octyne", "config.json") == before
    assert mode(house, "octyne", "users.json") == 0o600
    assert not os.path.exists(house.path("octyne", "config.hjson"))


def test_an_octyne_that_still_runs_is_told_of(typist: Typist, house: Holdfast) -> None:
    octyne(house)
    with socket.socket(socket.AF_UNIX) as running:
        running.bind(house.path(f"octyne.sock.{house.port}"))
        running.listen()
        said = typist("init", "--from-octyne", "octyne", "new")
    assert "Octyne still answers at" in said.out


def test_what_is_no_octyne_is_told_in_a_sentence_and_nothing_is_written(
    typist: Typist, house: Holdfast
) -> None:
    os.mkdir(house.path("octyne"))
    said = typist("init", "--from-octyne", "octyne", "new", code=3)
    folder = house.path("octyne")
    assert said.err == (
        f"holdfast: there is no config.json in {folder}: name the folder in which Octyne was started\n"
    )
    for text, sentence in (
        ('{\n  "port": nope\n}', ": line 2, column 11: that is not JSON with comments, as Octyne reads it"),
        ('{"port": 1, ', ": the text ends too early"),
        ('{\n  "port": "no"\n}', ":2:11: port: expected a whole number, got a string"),
    ):
        with open(house.path("octyne", "config.json"), "w", encoding="utf-8") as file:
            file.write(text)
        said = typist("init", "--from-octyne", "octyne", "new", code=78)
        assert said.err == f"holdfast: {folder}/config.json{sentence}\n"
    assert not os.path.exists(house.path("new"))


def test_damaged_accounts_stay_where_they_are(typist: Typist, house: Holdfast) -> None:
    octyne(house)
    with open(house.path("octyne", "users.json"), "w", encoding="utf-8") as file:
        file.write("[")
    said = typist("init", "--from-octyne", "octyne", "new")
    path = house.path("octyne", "users.json")
    assert f"  note  {path} was not taken over: it is no JSON object of names and hashes\n" in said.out
    assert not os.path.exists(house.path("new", "users.json"))


def test_in_a_terminal_an_octyne_is_taken_over_when_somebody_has_said_yes(
    typist: Typist, house: Holdfast
) -> None:
    octyne(house)
    for answer, code in (("n", 1), ("", 0)):
        with typist.terminal("init", "--from-octyne", "octyne", "new", NO_COLOR="1") as terminal:
            terminal.expect_exact("comments and all\r\n")
            terminal.expect_exact("Do it [y]: ")
            assert not os.path.exists(house.path("new"))
            terminal.sendline(answer)
            rest = terminal.read()
            terminal.wait()
        assert terminal.exitstatus == code
        assert "comments and all" not in rest
    assert mode(house, "new", "users.json") == 0o600
    with typist.terminal("init", "--from-octyne", "octyne", "new") as terminal:
        terminal.expect_exact("Shall it be replaced (it is kept beside it) [n]: ")
        # The question stands there a moment before it listens: then the key is not heard (readline).
        while not terminal.flag_eof:
            terminal.sendintr()
            terminal.expect([pexpect.EOF, pexpect.TIMEOUT], timeout=1)
        terminal.wait()
    assert terminal.exitstatus == 130
