"""After a power cut: whatever file is torn, it starts, the programs run, and the old password counts."""

import glob
import json
import os
from collections.abc import Callable

import pytest

from .house import Holdfast, sleeper

Tear = Callable[[bytes], bytes]

TEARS: dict[str, Tear] = {
    "empty": lambda _: b"",
    "half": lambda text: text[: len(text) // 2],
    "zeros": lambda text: b"\0" * len(text),
}

KNOWN = ("plan.json", "last-good-config", "last-good-users", "sessions.db", "audit.db")


def lived_in(house: Holdfast) -> str:
    """Let it have run for a while, with two plans and somebody logged in; return the password."""
    house.configure(sleeper=sleeper())
    house.start()
    house.log_in()
    password = house.password
    house.configure(sleeper=sleeper(), second=sleeper())
    house.until_status("second", 1)
    assert house.stop() == 0
    return password


def tear(path: str, how: Tear) -> bytes:
    """Leave a file as a disk that lies has left it; return what stands there."""
    with open(path, "rb") as file:
        torn = how(file.read())
    with open(path, "wb") as file:
        file.write(torn)
    os.utime(path, (1e9, 1e9))
    return torn


def kept(path: str) -> list[bytes]:
    """Return what was set aside of a file."""
    found = []
    for name in sorted(glob.glob(f"{glob.escape(path)}.damaged-*Z")):
        with open(name, "rb") as file:
            found.append(file.read())
    return found


def logs_in(house: Holdfast, password: str) -> bool:
    """Tell whether the first account can log in."""
    answer = house.remote.post("/login", headers={"Username": "admin", "Password": password})
    return answer.status_code == 200


@pytest.mark.parametrize("how", TEARS)
@pytest.mark.parametrize("name", KNOWN)
def test_with_a_torn_state_file_all_is_as_before(house: Holdfast, name: str, how: str) -> None:
    password = lived_in(house)
    path = house.path("state", name)
    torn = tear(path, TEARS[how])
    house.start()
    for server in ("sleeper", "second"):
        house.until_status(server, 1)
    assert logs_in(house, password)
    assert kept(path) == [torn]
    assert f"kept as {path}.damaged-" in house.output.text
    assert "shown only once" not in house.output.text, "no account was made anew"
    assert house.stop() == 0
    assert "Traceback" not in house.output.until_end()


@pytest.mark.parametrize("how", TEARS)
def test_with_torn_accounts_the_old_password_counts_and_the_text_is_kept(house: Holdfast, how: str) -> None:
    password = lived_in(house)
    path = house.path("users.json")
    torn = tear(path, TEARS[how])
    house.start()
    assert logs_in(house, password)
    assert not logs_in(house, "another")
    with open(path, "rb") as file:
        assert file.read() == torn
    assert "what it said before is in force until it is mended" in house.output.text

    answer = house.local.post("/accounts", json={"username": "ada", "password": "another new one"})
    assert answer.json() == {"success": True}
    assert kept(path) == [torn]
    with open(path, encoding="ascii") as file:
        assert sorted(json.load(file)) == ["ada", "admin"]
    assert logs_in(house, password)
    assert house.stop() == 0
    assert "Traceback" not in house.output.until_end()


def test_with_everything_torn_at_once_it_starts_by_what_was_good(house: Holdfast) -> None:
    """The config is broken as well; of it and of the plan, the ones before the last are left."""
    password = lived_in(house)
    for name in ("plan.json", "last-good-config", "sessions.db"):
        tear(house.path("state", name), TEARS["zeros"])
    for name in ("users.json", "config.hjson"):
        tear(house.path(name), TEARS["half"])
    house.start()
    house.until_status("sleeper", 1)
    assert logs_in(house, password)
    assert house.stop() == 0
    assert "Traceback" not in house.output.until_end()


def test_with_no_room_for_the_first_plan_the_programs_start_when_there_is(house: Holdfast) -> None:
    house.configure(sleeper=sleeper())
    os.makedirs(house.path("state", "plan.json"))  # nothing can take its place
    house.start()
    house.output.until("the supervisor keeps the plan that it has, trying again")
    assert house.servers() == {}
    os.rmdir(house.path("state", "plan.json"))
    house.until(lambda: house.servers() == {"sleeper": 1}, "the program runs")
    house.output.until("the supervisor has taken the plan")
