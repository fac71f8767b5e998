"""Who comes back to a console with the offset of before gets exactly the rest, whatever has died."""

import os
import re
import signal
import subprocess
import sys
import threading

from websockets.exceptions import WebSocketException

from . import processes
from .house import ROOT, Holdfast, program
from .output import Output
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


def numbers_after_start(data: bytearray, starts: int) -> bool:
    """Tell whether the program was started so often, and no tick of it is missing."""
    _, *runs = bytes(data).split(b"[Octyne] Started server ticker\n")
    told = [[int(tick) for tick in re.findall(rb"^tick (\d+)$", run, re.MULTILINE)] for run in runs]
    return len(told) == starts and all(numbers == list(range(len(numbers))) for numbers in told)


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


def test_a_viewer_stays_while_the_supervisor_is_replaced(house: Holdfast) -> None:
    house.configure(ticker=program("ticker"))
    house.start()
    console = RawConsole(house.path("api.sock"), "ticker")
    console.visit(b"tick 5\n")
    watcher = threading.Thread(target=console.visit, args=(b"tick 100000\n",))
    watcher.start()
    try:
        for times in range(1, 4):
            until_more(house, console)
            house.signal(signal.SIGHUP)
            house.output.until("the config was reloaded\n", times=times)
        until_more(house, console)
    finally:
        killed_daemon(house)
        watcher.join()
    house.until_it_answers()
    seen = ticks(console.data)[-1]
    console.visit(b"tick %d\n" % (seen + 50))
    numbers = ticks(console.data)
    assert numbers == list(range(len(numbers)))
    assert (console.gaps, console.resets) == (0, 0)


def test_a_viewer_that_outlives_the_supervisor_is_told_that_another_stream_begins(house: Holdfast) -> None:
    house.configure(ticker=program("ticker"))
    house.start()
    console = RawConsole(house.path("api.sock"), "ticker")
    console.visit(b"tick 5\n")
    processes.kill(house.supervisor)  # in good order, it would leave the stream to its successor
    house.output.until_end()
    house.ended()
    house.start()
    # By now the new stream may be longer than the old one was.
    house.console("ticker").until_number("tick", 50)
    console.visit(b"tick 60\n")
    assert numbers_after_start(console.data, 1)
    assert (console.gaps, console.resets) == (0, 1)


def test_a_viewer_that_outlives_an_orderly_end_goes_on_where_it_was(house: Holdfast) -> None:
    house.configure(ticker=program("ticker"))
    house.start()
    console = RawConsole(house.path("api.sock"), "ticker")
    console.visit(b"tick 5\n")
    house.stop()
    house.start()
    house.console("ticker").until_number("tick", 50)
    console.follow(b"tick 60\n")
    assert (console.gaps, console.resets) == (0, 0)
    assert numbers_after_start(console.data, 2)


def test_the_client_in_the_documents_does_what_they_say(house: Holdfast) -> None:
    with open(os.path.join(ROOT, "docs", "api.md"), encoding="utf-8") as file:
        found = re.search("```python\n(.*?)```", file.read(), re.DOTALL)
    assert found is not None
    house.configure(ticker=program("ticker"))
    house.start()
    code = found[1] + "follow(*sys.argv[1:])"
    command = [sys.executable, "-P", "-c", code, house.path("api.sock"), "ticker"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as client:
        assert client.stdout is not None
        output = Output(client.stdout)
        try:
            output.until("tick 20\n")
            for times in range(2, 4):
                killed_daemon(house)
                house.until_it_answers()
                output.until(f"tick {times * 100}\n")
            house.configure()
            house.until(lambda: house.about("ticker").get("toDelete"), "the ticker is to go")
            assert house.order("ticker", "KILL")
            assert client.wait(processes.DEADLINE) == 0
        finally:
            client.kill()
    said = output.until_end()
    ours = said.index("[Octyne] Killing")
    numbers = ticks(said[:ours].encode())
    assert numbers == list(range(len(numbers)))
    assert "has now been removed" in said[ours:]
