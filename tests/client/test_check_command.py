"""`holdfast check`: what is wrong with a config, and what it would change."""

import json

from ..system.house import Holdfast, sleeper
from .typed import Typist, bare


def test_a_mistake_is_told_with_its_place_and_a_code_of_its_own(typist: Typist, house: Holdfast) -> None:
    house.write("{\n  port: nowhere\n}\n")
    said = typist("check", code=78)
    config = house.path("config.hjson")
    sentence = f"{config}:2:9: port: expected a whole number, got a string"
    assert (said.out, said.err) == ("", f"holdfast: {sentence}\n")
    told = json.loads(typist("check", "--json", code=78).out)
    assert (told["valid"], told["error"]) == (False, sentence)


def test_a_config_that_nothing_has_run_by_is_shown_in_the_order_of_its_starts(
    typist: Typist, house: Holdfast
) -> None:
    house.configure(api=sleeper(after=["db"]), db=sleeper(), unknown=sleeper(colour="red"))
    said = typist("check")
    config = house.path("config.hjson")
    assert said.stable == (
        f"{config} is valid: 3 servers\n\n"
        "SERVER  CHANGE  WHAT FOLLOWS\n"
        "db  added  is new, and is started unless it says otherwise\n"
        "api  added  is new, and is started unless it says otherwise\n"
        "unknown  added  is new, and is started unless it says otherwise"
    )
    first, second = said.err.splitlines()
    assert first.startswith(f"warning: {config}:")
    assert first.endswith(": servers.unknown.colour: is unknown and has no effect")
    assert second == "Nothing to compare it with: Holdfast has not run by it yet."


def test_a_change_is_compared_with_what_runs_and_with_what_is_stored(typist: Typist, house: Holdfast) -> None:
    house.configure(web=sleeper(), old=sleeper(), off=sleeper(enabled=False), same=sleeper())
    house.start()
    for name in ("web", "old", "same"):
        house.until(lambda name=name: house.about(name)["state"] == "running", f"{name} runs")  # type: ignore[misc]
    # Beside the one in force, which Holdfast would take note of at once.
    changed = {"command": "sleep 2000"}
    text = house.text(web=dict(changed), off={**changed, "enabled": False}, same=sleeper(), new=sleeper())
    with open(house.path("next.hjson"), "w", encoding="utf-8") as file:
        file.write(text)
    rows = (
        "web  changed  running  restart to apply: holdfast restart web\n"
        "off  changed  stopped  takes effect when it is started\n"
        "same  unchanged  running\n"
        "new  added  not running  is new, and is started unless it says otherwise\n"
        "old  removed  running  runs on until it is stopped, and is gone then"
    )
    head = f"{house.path('next.hjson')} is valid: 4 servers\n\n"
    said = typist("check", "--config", "next.hjson")
    assert (said.stable, said.err) == (f"{head}SERVER  CHANGE  NOW  WHAT FOLLOWS\n{rows}", "")
    with typist.terminal("check", "--config", "next.hjson") as terminal:
        seen = terminal.read()
        terminal.wait()
    assert terminal.exitstatus == 0
    assert "\x1b[32madded" in seen
    assert "next.hjson is valid: 4 servers" in bare(seen)
    told = json.loads(typist("check", "--config", "next.hjson", "--json").out)
    assert (told["changes"]["added"], told["changes"]["removed"]) == (["new"], ["old"])
    assert told["running"]["web"]["state"] == "running"

    assert house.stop() == 0
    said = typist("check", "--config", "next.hjson")
    assert said.err == "Holdfast does not run: compared with the plan that it has stored.\n"
    assert said.stable.startswith(f"{head}SERVER  CHANGE  WHAT FOLLOWS\nweb  changed  ")
    assert "\nold  removed  runs on until it is stopped, and is gone then" in said.stable


def test_what_runs_as_it_was_before_a_change_is_told_of(typist: Typist, house: Holdfast) -> None:
    house.configure(web=sleeper())
    house.start()
    house.until(lambda: house.about("web")["state"] == "running", "web runs")
    house.configure(web={"command": "sleep 2000"})
    house.until(lambda: house.about("web")["restartToApply"], "the change is seen")
    rows = "SERVER  CHANGE  NOW  WHAT FOLLOWS\nweb  changed  running  restart to apply: holdfast restart web"
    assert typist("check").stable.endswith(rows)
    typist("check", "--format", "csv")
