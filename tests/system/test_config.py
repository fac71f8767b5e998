"""The config while Holdfast runs, and at its start: all or nothing, and always a reason."""

import os
import re
import signal

import pytest

from . import processes
from .house import Holdfast, program, sleeper

BROKEN = (
    '{\n  // half a thought\n  "port": 42069,\n  "servers": { "web": { "directory": ".", "command" }\n}\n'
)
WRONG = '{\n  "port": "many",\n  "servers": {}\n}\n'
PLACE = re.compile(r"config\.hjson:\d+:\d+")


def write_into(path: str, text: str) -> None:
    with open(path, "r+", encoding="utf-8") as file:
        file.write(text)
        file.truncate()


def truncate_and_write(path: str, text: str) -> None:
    with open(path, "w", encoding="utf-8") as file:
        os.fsync(file.fileno())
        for line in text.splitlines(keepends=True):
            file.write(line)
            file.flush()


def rename_over(path: str, text: str) -> None:
    with open(f"{path}.edited", "w", encoding="utf-8") as file:
        file.write(text)
    os.rename(f"{path}.edited", path)


def remove_and_write(path: str, text: str) -> None:
    os.unlink(path)
    write = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    os.write(write, text.encode())
    os.close(write)


@pytest.mark.parametrize("text", [BROKEN, WRONG, ""], ids=["broken", "wrong", "empty"])
def test_a_broken_first_config_ends_in_one_sentence(house: Holdfast, text: str) -> None:
    house.write(text)
    house.start(wait=False)
    assert house.ended() not in (0, None)
    lines = house.output.until_end().splitlines()
    assert len(lines) == 1, lines
    assert PLACE.search(lines[0])
    assert processes.below(house.folder) == {}
    assert not os.path.exists(house.path("users.json"))


def test_what_was_changed_while_we_were_away_counts_from_the_start(house: Holdfast) -> None:
    def leaves(name: str) -> dict[str, object]:
        return {"directory": house.folder, "command": ["/bin/sh", "-c", f"touch {name}; exec sleep 1000"]}

    house.configure(removed=leaves("removed"), changed=leaves("before"), disabled=leaves("disabled"))
    house.start()
    for name in ("removed", "before", "disabled"):
        house.until(lambda name=name: os.path.exists(house.path(name)), name)  # type: ignore[misc]
    assert house.stop() == 0
    for name in ("removed", "before", "disabled"):
        os.unlink(house.path(name))
    house.configure(changed=leaves("after"), disabled={**leaves("disabled"), "enabled": False})
    house.start()
    house.until(lambda: os.path.exists(house.path("after")), "the new command runs")
    assert house.servers() == {"changed": 1, "disabled": 0}
    assert not any(os.path.exists(house.path(name)) for name in ("removed", "before", "disabled"))


@pytest.mark.parametrize("text", [BROKEN, WRONG], ids=["broken", "wrong"])
def test_with_a_config_broken_since_the_last_good_one_is_in_force(house: Holdfast, text: str) -> None:
    house.configure(sleeper=sleeper())
    house.start()
    assert house.stop() == 0
    house.write(text)
    house.start()
    assert PLACE.search(house.output.until("the last good config is in force until this one is mended\n"))
    assert house.servers() == {"sleeper": 1}
    pid = house.pid("sleeper")
    assert house.local.get("/config").text == text

    answer = house.local.patch("/config", content=house.text(sleeper=sleeper(), new=sleeper()))
    assert answer.json() == {"success": True}
    house.until_status("new", 1)
    assert house.pid("sleeper") == pid


def test_an_edit_by_hand_is_noticed_however_it_is_made(house: Holdfast) -> None:
    house.configure(sleeper=sleeper())
    house.start()
    pid = house.pid("sleeper")
    for edit in (write_into, truncate_and_write, rename_over, remove_and_write):
        edit(house.path("config.hjson"), house.text(sleeper=sleeper(), new=program("echo")))
        house.until_status("new", 1)
        house.console("new").until("ready")
        edit(house.path("config.hjson"), house.text(sleeper=sleeper()))
        house.until(lambda: house.about("new").get("toDelete"), "the server goes when it stops")
        assert house.order("new", "TERM")
        house.until(lambda: house.servers() == {"sleeper": 1}, "the removed server is gone")
        assert house.pid("sleeper") == pid


def test_a_fault_keeps_the_old_config_and_is_told(house: Holdfast) -> None:
    house.configure(sleeper=sleeper())
    house.start()
    pid = house.pid("sleeper")
    for count, text in enumerate((BROKEN, WRONG), 1):
        house.write(text)
        told = house.output.until("the config was not reloaded, the old one stays in force: ", times=count)
        assert PLACE.search(told)
        answer = house.local.get("/config/reload")
        assert (answer.status_code, answer.json()["error"]) == (
            500,
            "An error occurred while reading config!",
        )
        assert PLACE.search(answer.json()["detail"])
        assert house.answers()
        assert house.servers() == {"sleeper": 1}
        assert house.pid("sleeper") == pid


def test_sighup_and_the_api_reload(house: Holdfast) -> None:
    house.configure(sleeper=sleeper())
    house.start()
    house.configure(sleeper=sleeper(), new=sleeper())
    house.output.until("the config was reloaded\n")
    house.signal(signal.SIGHUP)
    house.output.until("the config was reloaded\n", times=2)
    assert house.local.get("/config/reload").json() == {"success": True}
    assert house.local.post("/config/reload").json() == {"success": True}
    assert house.servers() == {"new": 1, "sleeper": 1}


def test_comments_survive_the_api_byte_for_byte(house: Holdfast) -> None:
    house.configure(sleeper=sleeper())
    house.start()
    text = "// ours — ünïcode too\n" + house.text(sleeper=sleeper(), new=sleeper()).replace(
        '"servers"', '/* all\n of them */ "servers"'
    )
    text += "// the end"
    answer = house.local.patch("/config", content=text.encode())
    assert answer.json() == {"success": True}
    with open(house.path("config.hjson"), encoding="utf-8") as file:
        assert file.read() == text + "\n"
    assert house.local.get("/config").content == text.encode() + b"\n"
    house.until_status("new", 1)


def test_a_broken_text_sent_to_the_api_changes_nothing(house: Holdfast) -> None:
    house.configure(sleeper=sleeper())
    house.start()
    before = house.local.get("/config").content
    for text in ("", "null", "[]", BROKEN, WRONG):
        answer = house.local.patch("/config", content=text)
        assert (answer.status_code, answer.json()["error"]) == (400, "Invalid JSON body!"), text
        assert house.local.get("/config").content == before
        assert house.servers() == {"sleeper": 1}


def test_the_api_moves_to_another_port_without_a_restart(house: Holdfast) -> None:
    house.configure(sleeper=sleeper())
    house.start()
    daemon, pid = house.daemon, house.pid("sleeper")
    moved = Holdfast(house.folder)
    house.write(moved.text(sleeper=sleeper()))
    house.until(moved.answers, "the other port answers")
    assert (house.daemon, house.pid("sleeper")) == (daemon, pid)
    moved.end()
