"""Commands from many clients at once: there is one process, or none, and the last word counts."""

import os
import random
from concurrent.futures import ThreadPoolExecutor

from . import processes
from .house import Holdfast, program, sleeper


def copies(house: Holdfast) -> list[int]:
    """Return the pids of the one program that may run once."""
    return [pid for pid, command in processes.below(house.folder).items() if "only_one.py" in command]


def test_twelve_starts_make_one_process(house: Holdfast) -> None:
    house.configure(only=program("only_one", enabled=False))
    house.start()
    with ThreadPoolExecutor(12) as clients:
        assert all(clients.map(lambda _: house.order("only", "START"), range(12)))
    console = house.console("only")
    console.until("ready")
    assert console.text.count("Started server only") == 1
    assert copies(house) == [house.pid("only")]
    with open(house.path("programs", "only", "starts"), encoding="ascii") as file:
        assert file.read() == f"{house.pid('only')}\n"
    assert not os.path.exists(house.path("programs", "only", "twice"))


def test_random_commands_never_make_two_processes_and_the_last_one_counts(house: Holdfast) -> None:
    house.configure(only=program("only_one"))
    house.start()
    house.log_in()
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    dice = random.Random(seed)
    scripts = [[dice.choice(("START", "TERM", "KILL")) for _ in range(20)] for _ in range(5)]

    def client(script: list[str]) -> None:
        api = house.remote if len(script[0]) == 5 else house.local
        for operation in script:
            assert api.post("/server/only", content=operation).is_success

    for last in ("START", "TERM", "START", "KILL"):
        with ThreadPoolExecutor(5) as clients:
            list(clients.map(client, scripts))
        assert house.order("only", last)
        house.until_status("only", int(last == "START"))
        if last == "START":
            # A stop that came before the last START may still be under way.
            house.until(lambda: house.about("only")["state"] == "running", "it runs")
            assert copies(house) == [house.pid("only")]
        else:
            assert copies(house) == []
    assert not os.path.exists(house.path("programs", "only", "twice"))


def test_term_and_at_once_start_end_with_a_new_process(house: Holdfast) -> None:
    house.configure(farewell=program("farewell"), other=sleeper())
    house.start()
    house.console("farewell").until("ready")
    before, other = house.pid("farewell"), house.pid("other")
    assert house.order("farewell", "TERM")
    assert house.order("farewell", "START")
    house.until(lambda: house.about("farewell")["pid"] not in (None, before), "a new process runs")
    processes.until_ended(before)
    house.until_status("farewell", 1)
    assert house.pid("other") == other
