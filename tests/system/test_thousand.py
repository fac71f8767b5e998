"""A thousand programs. The times are printed (`pytest -s`), not judged: machines differ."""

import time

from . import processes
from .house import Holdfast, sleeper

COUNT = 1000
DEADLINE = 120.0


def test_a_thousand_programs_start_are_listed_and_stop(house: Holdfast) -> None:
    folder = house.path("programs")
    house.configure(**{f"sleeper-{n:04d}": sleeper(directory=folder) for n in range(COUNT)})

    begin = time.monotonic()
    house.start()
    answered = time.monotonic()
    house.until(lambda: list(house.servers().values()) == [1] * COUNT, "all are up", DEADLINE)
    up = time.monotonic()
    house.log_in()
    begin_list = time.monotonic()
    listed = house.remote.get("/servers").json()["servers"]
    end_list = time.monotonic()
    assert list(listed) == [f"sleeper-{n:04d}" for n in range(COUNT)]
    sleeping = [c for c in processes.below(house.folder).values() if c == "sleep 1000"]
    assert len(sleeping) == COUNT

    begin_stop = time.monotonic()
    assert house.stop(DEADLINE) == 0
    end_stop = time.monotonic()
    assert processes.below(house.folder) == {}
    print(f"\n{COUNT} programs: the API answered after {answered - begin:.2f} s, all were up after")
    print(f"{up - begin:.2f} s, they were listed in {(end_list - begin_list) * 1000:.1f} ms,", end=" ")
    print(f"and all had stopped in {end_stop - begin_stop:.2f} s")
