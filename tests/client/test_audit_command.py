"""`holdfast audit`: the latest entries, and those that fit."""

import json
import os

from .typed import Typist


def test_the_latest_entries_come_first(shell: Typist) -> None:
    shell("keys", "create", "spare")
    shell("keys", "delete", "spare")
    who = json.loads(shell("audit", "--json", "--action", "keys", "-n", "1").out)["uidName"]
    assert shell("audit", "--action", "keys").stable.splitlines() == [
        "WHEN  USER  FROM  ACTION  SERVER  RESULT  DETAILS",
        f"WHEN  @local ({who})  @  keys.delete  success  keyName=spare taggedUser=@local:{os.getuid()}",
        f"WHEN  @local ({who})  @  keys.create  success  keyName=spare",
    ]
    assert shell("audit", "--action", "keys", "-n", "1", "--format", "csv").stable.splitlines() == [
        "when,user,from,action,server,result,details",
        f"WHEN,@local ({who}),@,keys.delete,,success,keyName=spare taggedUser=@local:{os.getuid()}",
    ]


def test_for_programs_each_entry_is_a_line(shell: Typist) -> None:
    shell("keys", "create", "line")
    shell("keys", "delete", "line")
    lines = [json.loads(line) for line in shell("audit", "--json", "--since", "1h").out.splitlines()]
    assert [line["seq"] for line in lines] == sorted((line["seq"] for line in lines), reverse=True)
    assert {"seq", "prev", "action", "user"} <= lines[0].keys()


def test_what_does_not_fit_is_not_told(shell: Typist) -> None:
    assert shell("audit", "--user", "nobody").err == "nothing fits\n"
    assert shell("audit", "--until", "2001-01-01").err == "nothing fits\n"
    assert shell("audit", "--action", "server", "--result", "denied", "--json").out == ""
    said = shell("audit", "--since", "yore", code=2)
    assert "'yore' is no moment: say 2h (ago)" in said.err


def test_the_log_is_verified_as_before(shell: Typist) -> None:
    said = shell("audit", "verify")
    assert "; the hash of the last is " in said.out
    assert said.err == ""
    told = json.loads(shell("audit", "verify", "--json").out)
    assert told["whole"] is True
    assert len(told["hash"]) == 64
    assert told["findings"] == []
