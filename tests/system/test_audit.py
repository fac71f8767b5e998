"""The audit log of a real Holdfast: its chain outlives the daemon, and `holdfast audit verify` follows it."""

import json
import os
import threading

import httpx

from . import processes
from .auditing import verify
from .house import Holdfast, sleeper


def test_the_chain_outlives_daemons_that_are_killed_while_they_write(house: Holdfast) -> None:
    house.configure(sleeper=sleeper())
    house.start()
    enough = threading.Event()

    def ask() -> None:
        while not enough.is_set():
            try:
                house.local.get("/config")
            except httpx.TransportError:
                continue  # the daemon is dead just now

    askers = [threading.Thread(target=ask) for _ in range(2)]
    for asker in askers:
        asker.start()
    try:
        for _ in range(3):
            before = house.daemon
            assert before is not None
            processes.kill(before)
            house.until_it_answers()
            assert verify(house)[0] == 0, "also while it runs"
    finally:
        enough.set()
        for asker in askers:
            asker.join()
    assert house.stop() == 0
    code, said = verify(house)
    assert code == 0, said
    with open(house.path("logs", "octyne.log"), "rb") as file:
        lines = [json.loads(line) for line in file]
    assert [line["seq"] for line in lines] == [*range(1, len(lines) + 1)]
    assert 1 < sum(line["msg"] == "started octyne" for line in lines) <= 4
    assert f"{len(lines)} entries, from 1 to {len(lines)}; the hash of the last is " in said


def test_what_was_done_to_the_log_is_said_with_its_place(house: Holdfast) -> None:
    house.configure(sleeper=sleeper())
    house.start()
    for _ in range(5):
        house.local.get("/config")
    assert house.stop() == 0
    path = house.path("logs", "octyne.log")
    with open(path, "rb") as file:
        lines = file.readlines()
    with open(path, "wb") as file:
        file.writelines([*lines[:2], lines[2].replace(b"@local", b"mallory"), *lines[4:-1]])
    code, said = verify(house)
    assert code == 1
    assert said.splitlines()[:3] == [
        "octyne.log:3: this line is not the one that was recorded",
        "octyne.log:4: entry 4 (the database has it) is missing",
        f"octyne.log:4: entry {len(lines)} (the database has it) is missing at the end",
    ]
    assert said.splitlines()[-1] == "the audit log is not whole"
    os.rename(path, f"{path}.elsewhere")
    assert verify(house)[0] == 1


def test_without_a_log_nothing_is_whole(house: Holdfast) -> None:
    house.configure(sleeper=sleeper())
    code, said = verify(house)
    assert code == 1
    assert "audit.db: it does not exist, so nobody knows how far the log went" in said


def test_an_edit_by_hand_is_nobodys_and_says_what_is_different(house: Holdfast) -> None:
    house.configure(sleeper=sleeper())
    house.start()
    house.configure(sleeper={**sleeper(), "stopGrace": 5, "environment": {"PASSWORD": "Zqx7Vb-secret"}})

    def look() -> list[dict[str, object]]:
        return [json.loads(line) for line in house.local.get("/audit?action=config").text.splitlines()]

    (line,) = house.until(look, "the edit is noted")
    assert (line["action"], line["user"], line["ip"]) == ("config.reload", "@system", "@")
    assert line["changes"] == ["servers.sleeper.stopGrace: set to 5", "servers.sleeper.environment: added"]
    for path in house.files_with("Zqx7Vb-secret"):
        name = os.path.relpath(path, house.folder)
        assert not name.startswith(("logs", os.path.join("state", "audit"))), name
    assert house.stop() == 0
