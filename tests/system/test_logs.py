"""The log files of the whole: daemons and supervisors come and go, and each line stands there once."""

import re
from pathlib import Path

from . import processes
from .house import Holdfast, program


def lines(house: Holdfast) -> list[int]:
    """The numbers that the ticker has said, by the files."""
    folder = Path(house.path("logs", "servers", "ticker"))
    if not folder.exists():
        return []
    texts = sorted(one for one in folder.iterdir() if one.suffix == ".log" and not one.is_symlink())
    said = b"".join(one.read_bytes() for one in texts).decode()
    return [int(number) for number in re.findall(r"^tick (\d+)$", said, re.MULTILINE)]


def until(house: Holdfast, number: int) -> list[int]:
    """Wait until the files have come so far."""

    def found() -> list[int]:
        numbers = lines(house)
        return numbers if numbers and numbers[-1] >= number else []

    return house.until(found, f"tick {number} stands in the files")


def ticking() -> dict[str, object]:
    logs = {"to": "file", "size": 4096, "keep": 10_000, "compress": "off"}
    return program("ticker", logs=logs)


def test_daemons_are_killed_while_they_write_and_each_line_stands_there_once(house: Holdfast) -> None:
    house.configure(ticker=ticking())
    house.start()
    for turn in range(1, 6):
        until(house, 60 * turn)
        before = house.daemon
        assert before is not None
        processes.kill(before)
        house.until_it_answers()
    found = until(house, 400)
    assert found == list(range(found[-1] + 1))
    answer = house.local.get("/server/ticker/logs?grep=%5Etick")
    numbers = [int(line.split()[1]) for line in answer.text.splitlines()]
    assert numbers == list(range(len(numbers)))
    assert len(numbers) >= len(found)


def test_a_restart_of_everything_loses_nothing(house: Holdfast) -> None:
    house.configure(ticker=ticking())
    house.start()
    until(house, 100)
    assert house.stop() == 0
    house.start()
    until(house, 10)
    text = house.local.get("/server/ticker/logs").text
    first, second = text.split("[Octyne] Started", 2)[1:]
    assert "missing" not in text
    assert "another stream" not in text
    for part in (first, second):
        numbers = [int(number) for number in re.findall(r"^tick (\d+)$", part, re.MULTILINE)]
        assert numbers == list(range(len(numbers)))
