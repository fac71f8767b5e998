"""Who comes back to a console with the offset of before gets exactly the rest, whatever has died."""

import threading

from websockets.exceptions import WebSocketException

from . import processes
from .house import Holdfast, program
from .rawconsole import RawConsole


def killed_daemon(house: Holdfast) -> int:
    """Kill the daemon as a crash would; return its pid."""
    pid = house.until(lambda: house.daemon, "there is a daemon")
    assert pid is not None
    processes.kill(pid)
    return pid


def ticks(data: bytes | bytearray) -> list[int]:
    """Return the numbers of all ticks, which nothing stands between."""
    first, *lines = data[: data.rindex(b"\n")].decode().split("\n")
    assert first == "[Octyne] Started server ticker"
    words = [line.split(" ") for line in lines]
    assert {word for word, _ in words} == {"tick"}
    return [int(number) for _, number in words]


def until_more(house: Holdfast, console: RawConsole) -> None:
    """Wait until a viewer has got some more."""
    before = len(console.data)
    house.until(lambda: len(console.data) > before + 100, "the viewer gets more")


def test_a_viewer_that_outlives_the_daemon_gets_exactly_the_rest(house: Holdfast) -> None:
    house.configure(ticker=program("ticker"))
    house.start()
    console = RawConsole(house.path("api.sock"), "ticker")
    console.visit(b"tick 20\n")
    killed_daemon(house)
    house.until_it_answers()
    console.visit(b"tick 100\n")
    numbers = ticks(console.data)
    assert numbers == list(range(len(numbers)))
    assert len(numbers) > 100
    assert (console.gaps, console.resets) == (0, 0)


def test_viewers_of_a_flood_outlive_five_daemons_and_get_every_byte_once(house: Holdfast) -> None:
    count = 200_000
    flood = program("flood", str(count), scrollbackBytes=32 << 20, enabled=False)
    house.configure(flood=flood, ticker=program("ticker", scrollbackBytes=32 << 20))
    house.start()
    consoles = [RawConsole(house.path("api.sock"), name) for name in ("flood", "flood", "ticker")]
    enough = threading.Event()

    def watch(console: RawConsole) -> None:
        while not enough.is_set() and b"has stopped" not in console.data[-100:]:
            try:
                console.visit(b"Server flood has stopped.\n")
            except (OSError, WebSocketException):
                continue  # the daemon is dead just now

    watchers = [threading.Thread(target=watch, args=(console,)) for console in consoles]
    for watcher in watchers:
        watcher.start()
    try:
        assert house.order("flood", "START")
        for _ in range(5):
            until_more(house, consoles[2])
            killed_daemon(house)
            house.until_it_answers()
        for watcher in watchers[:2]:
            watcher.join(processes.DEADLINE)
    finally:
        enough.set()
        killed_daemon(house)  # who watches the ticker would do so for ever
        for watcher in watchers:
            watcher.join()
    lines = "".join(f"{number:099d}\n" for number in range(count))
    said = f"[Octyne] Started server flood\n{lines}[Octyne] Server flood has stopped.\n".encode()
    for console in consoles:
        assert (console.gaps, console.resets) == (0, 0)
    assert consoles[0].data == said
    assert consoles[1].data == said
    numbers = ticks(consoles[2].data)
    assert numbers == list(range(len(numbers)))


def test_a_viewer_that_outlives_the_supervisor_is_told_that_another_stream_begins(house: Holdfast) -> None:
    house.configure(ticker=program("ticker"))
    house.start()
    console = RawConsole(house.path("api.sock"), "ticker")
    console.visit(b"tick 5\n")
    house.stop()
    house.start()
    # By now the new stream may be longer than the old one was.
    house.console("ticker").until_number("tick", 50)
    console.visit(b"tick 60\n")
    numbers = ticks(console.data)
    assert numbers == list(range(len(numbers)))
    assert (console.gaps, console.resets) == (0, 1)
