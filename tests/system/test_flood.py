"""A program writes far more than its viewers take."""

from . import processes
from .console import Console
from .house import Holdfast, program

LINES = 400_000
MOST_MEMORY = 64 << 20


def jumps_without_notice(console: Console) -> list[str]:
    """Return the numbered lines before which lines are missing, with nobody telling of them."""
    found: list[str] = []
    expected, told = 0, False
    for line in console.text.splitlines():
        if line.startswith("[Holdfast]") and "skipped" in line:
            told = True
        elif line.isdigit() and len(line) == 99:
            if int(line) != expected and not told:
                found.append(line)
            expected, told = int(line) + 1, False
    return found


def test_a_viewer_that_never_reads_costs_neither_the_program_nor_memory_nor_the_other(
    house: Holdfast,
) -> None:
    house.configure(flood=program("flood", str(LINES), enabled=False))
    house.start()
    daemon, supervisor = house.daemon, house.supervisor
    assert daemon is not None
    before = processes.memory(daemon), processes.memory(supervisor)
    with house.bare_viewer("flood") as never, house.bare_viewer("flood"):
        reader = house.console("flood")
        assert house.order("flood", "START")
        house.until_status("flood", 0)
        exit_ = house.about("flood")["lastExit"]
        assert isinstance(exit_, dict)
        assert exit_["code"] == 0
        reader.until(f"{LINES - 1:099d}")
        assert jumps_without_notice(reader) == []
        reader.until("[Octyne] Server flood has stopped.")
        assert processes.memory(daemon, "VmHWM") - before[0] < MOST_MEMORY
        assert processes.memory(supervisor, "VmHWM") - before[1] < MOST_MEMORY
        assert never.fileno() >= 0
        assert house.daemon == daemon


def test_a_viewer_that_falls_behind_is_told_what_it_missed(house: Holdfast) -> None:
    house.configure(flood=program("flood", str(LINES), enabled=False))
    house.start()
    slow = house.console("flood")  # its connection is read, up to 16 messages, by a thread that then pauses
    assert house.order("flood", "START")
    house.until_status("flood", 0)
    slow.until("[Octyne] Server flood has stopped.")
    assert "[Holdfast]" in slow.text
    assert jumps_without_notice(slow) == []
    assert f"{LINES - 1:099d}" in slow.text
    assert slow.answers()


def test_a_viewer_that_vanishes_during_a_flood_is_no_trouble(house: Holdfast) -> None:
    house.configure(flood=program("flood"), echo=program("echo"))
    house.start()
    daemon, pid = house.daemon, house.pid("flood")
    for _ in range(20):
        with house.bare_viewer("flood"):
            pass
    reader = house.console("flood")
    reader.receive()
    reader.receive()
    echo = house.console("echo")
    echo.type("do you hear me?")
    echo.until("echo: do you hear me?")
    assert (house.daemon, house.pid("flood")) == (daemon, pid)
