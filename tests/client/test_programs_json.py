"""`--json` everywhere: what every command tells a program is JSON, an object in all or one in each line."""

import json
from pathlib import Path

from client.command import reference

from ..system.house import Holdfast
from .typed import Typist

TEXT = {
    "completion": "a script for the shell",
    "console": "has tests of its own",
    "factor": "waits for a code",
    "files cat": "the bytes of files",
    "help": "for people",
    "login": "waits for a password",
    "logout": "ends what login has begun",
    "man": "a page",
    "run": "ends when Holdfast does",
    "top": "for people",
    "upgrade": "has tests of its own",
}
"""Commands that are not tried here, and why not."""

ORDERS = """
list
status web
stop web
start web
restart web
kill web
start web --no-wait
pause web
resume web
signal USR1 off -> 6
logs web -n 1
events
history web -n 1
schedules list
schedules run web none -> 3
files mkdir web:d web:e
files put note web:d
files ls web:d
files find web: --name note
files find web: --grep text
files du web:
files edit web:d/note
files chmod 600 web:d/note
files cp web:d/note web:copy
files mv web:copy web:moved
files pack web:d.zip d
files unpack web:d.zip web:e
files get web:d.zip got.zip
files rm web:moved --trash
files trash list web
files trash restore web moved
files rm web:moved --trash
files trash rm web moved
files rm web:d.zip --trash
files trash empty web --yes
files trash empty web --yes
files rm -r web:d web:e --no-trash
jobs list
jobs show {job}
jobs watch {job}
jobs cancel {job} -> 6
accounts list
accounts create eve --password-stdin
accounts passwd eve --password-stdin
accounts update eve --grant server.view
accounts delete eve
keys create backup
keys list
keys delete backup
sessions list
sessions end --user admin
shares create web
shares list
shares delete {share}
audit -n 2
audit verify
init fresh --server a=true
check
doctor -> None
config view
config edit
config reload
notifications list
notifications test none -> 3
context add here unix:{socket}
context list
context use here
context show
context remove here
version
""".strip().splitlines()


def is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        try:
            return all(isinstance(json.loads(line), dict) for line in text.splitlines())
        except ValueError:
            return False
    return True


def words(order: str, shell: Typist) -> list[str]:
    """Return the words of an order, with what is known only now."""
    if "{job}" in order:
        order = order.format(job=json.loads(shell("jobs", "list", "--json").out)[0]["id"])
    if "{share}" in order:
        order = order.format(share=json.loads(shell("shares", "list", "--json").out)[0]["id"])
    return order.format(socket=shell.environment["HOLDFAST_SOCKET"]).split()


def test_whatever_a_command_says_to_a_program_is_json(running: Holdfast, shell: Typist) -> None:
    Path(running.folder, "note").write_text("text\n")
    wrong = []
    for order in ORDERS:
        line, _, code = order.partition(" -> ")
        wanted = 0 if not code else None if code == "None" else int(code)
        arguments = words(line, shell)
        said = shell(*arguments, "--json", typed="long-enough-1\n", code=wanted, EDITOR="true")
        if not is_json(said.out) or (not said.out and said.code == 0):
            wrong.append((line, said.out, said.err))
    assert wrong == []


def test_every_command_is_tried_or_it_is_known_why_not() -> None:
    groups = {one.path.rpartition(" ")[0] for one in reference.told()}
    leaves = {one.path for one in reference.told() if one.path not in groups or one.path == "audit"}
    tried = {path for path in leaves for order in ORDERS if f"{order} ".startswith(f"{path} ")}
    assert leaves - tried == set(TEXT)
