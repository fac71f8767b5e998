"""`holdfast keys`, `sessions` and `shares`: what opens is shown once, and ends when it is ended."""

import json
import os
import re

import httpx

from ..system.house import Holdfast
from .typed import Said, Typist

ID = re.compile(r"\b[0-9a-f]{16}\b")

ME = f"@local:{os.getuid()}"


def stable(said: Said) -> list[str]:
    return ID.sub("ID", said.stable).splitlines()


def with_key(house: Holdfast, key: str, path: str) -> httpx.Response:
    return house.remote.get(path, headers={"X-API-Key": key})


def test_a_key_is_all_that_standard_output_has(shell: Typist, running: Holdfast) -> None:
    said = shell("keys", "create", "backup", "--grant", "server.view", "--server", "web", "--expires", "30d")
    key = said.out.removesuffix("\n")
    assert key.startswith("hf_")
    assert said.err == (
        "This is the key backup, shown only now; it expires in 30d. It goes into the header Authorization.\n"
    )
    assert list(with_key(running, key, "/servers").json()["servers"]) == ["web"]
    assert stable(shell("keys", "list")) == [
        "ID  NAME  OWNER  EXPIRES  LAST USE  FROM  ROLES  GRANTS",
        f"ID  backup  {ME}  in 30d  TIME ago  127.0.0.1  server.view (web)",
    ]
    (told,) = json.loads(shell("keys", "list", "--json").out)
    assert (told["name"], told["grants"]) == (
        "backup",
        [{"permissions": ["server.view"], "servers": ["web"]}],
    )
    assert shell("keys", "create", "backup", code=6).err == "holdfast: You have a key of this name already!\n"
    said = shell("keys", "delete", "nothing", "backup", code=3)
    assert said.out == "deleted backup\n"
    assert said.err.startswith("holdfast: nothing: ")
    assert with_key(running, key, "/servers").status_code == 401


def test_a_key_is_ended_by_the_beginning_of_its_id(shell: Typist) -> None:
    made = json.loads(shell("key", "add", "one", "--json").out)
    assert made["key"].startswith("hf_")
    assert shell("key", "remove", made["id"][:6]).out == f"deleted {made['id'][:6]}\n"
    assert shell("keys", "list").err == "you have no keys; --all lists those of others, too\n"


def test_sessions_are_listed_and_ended(shell: Typist, running: Holdfast) -> None:
    assert shell("sessions", "list").err == "nobody is logged in\n"
    for _ in range(3):
        running.log_in()
    assert stable(shell("sessions", "list")) == [
        "ID  ACCOUNT  DEVICE  ADDRESS  LAST USE  SINCE  EXPIRES",
        *["ID  admin  python-httpx  127.0.0.1  TIME ago  WHEN  in 90d"] * 3,
    ]
    one, *_ = json.loads(shell("sessions", "list", "--user", "admin", "--json").out)
    assert shell("sessions", "end", one["id"]).out == "ended 1 session\n"
    assert shell("sessions", "end", "nonsense", code=3).out == ""
    assert "--others" in shell("sessions", "end", code=2).err
    assert shell("sessions", "end", "--user", "admin").out == "ended 2 sessions\n"
    assert shell("sessions", "end", "--all", "--json").out == '{"ended": 0}\n'


def test_a_link_opens_one_file_until_it_is_ended(shell: Typist, running: Holdfast) -> None:
    with open(running.path("programs", "web", "map.txt"), "w", encoding="utf-8") as file:
        file.write("here be dragons")
    said = shell("shares", "create", "web:map.txt", "--expires", "2h")
    assert said.err == "Shown only now; it expires in 2h. It goes behind the address of the API.\n"
    link = said.out.strip()
    assert running.remote.get(link, headers={"Authorization": ""}).text == "here be dragons"
    assert stable(shell("shares", "list")) == [
        "ID  KIND  SERVER  PATH  OWNER  EXPIRES  LAST USE  FROM",
        f"ID  file  web  /map.txt  {ME}  in 2h  TIME ago  127.0.0.1",
    ]
    (told,) = json.loads(shell("shares", "list", "--json").out)
    assert shell("shares", "delete", told["id"]).out == f"deleted {told['id']}\n"
    assert running.remote.get(link, headers={"Authorization": ""}).status_code == 401
    assert shell("shares", "create", "web:none.txt", code=3).err.count("\n") == 1


def test_a_console_is_shared_by_the_name_of_its_server(shell: Typist) -> None:
    made = json.loads(shell("share", "create", "chat", "--json").out)
    assert (made["kind"], made["server"], made["path"]) == ("console", "chat", None)
    shell("share", "delete", made["id"])
