"""Those who watch the speaker, what it is told meanwhile, and the shortest relay that could stand between."""

import json
import os
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from ..bench import Bench
from ..case import NotMeasured
from ..target import PATIENCE, SPEAKER, Target, Way, frame

KINDS = {"": "text", "console-v2": "json", "console-v3": "bytes"}
"""The protocols, and how `native/watch.c` calls what they send."""

Told = dict[str, float]


@dataclass(slots=True)
class Watching:
    """Viewers that are watching."""

    process: subprocess.Popen[bytes]

    def count(self) -> None:
        """Count from now on."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(b"now\n")
        self.process.stdin.flush()
        self.process.stdout.readline()

    def until_over(self) -> Told:
        """Wait until all have seen what they wait for."""
        assert self.process.stdout is not None
        said = self.process.stdout.read()
        if self.process.wait(PATIENCE) or not said:
            raise NotMeasured("the viewers have ended")
        return {key: float(value) for key, value in json.loads(said).items()}

    def so_far(self) -> Told:
        """Return what they have seen, and watch no more."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.until_over()


@contextmanager
def watching(
    bench: Bench,
    where: Sequence[str],
    head: bytes,
    viewers: int,
    protocol: str = "console-v2",
    *,
    stuck: int = 0,
    timed: bool = False,
    until: str = "",
) -> Iterator[Watching]:
    """Watch a console; the first `stuck` of the viewers never read."""
    kind = KINDS[protocol] + ("+" if timed else "")
    words = [bench.native("watch"), *where, str(viewers), str(stuck), kind, str(PATIENCE), until]
    pipe = subprocess.PIPE
    with subprocess.Popen(words, stdin=pipe, stdout=pipe, stderr=pipe) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(head)
            process.stdin.flush()
            if process.stdout.readline() != b"ready\n":
                assert process.stderr is not None
                raise NotMeasured(process.stderr.read().decode(errors="replace").strip() or "no viewers")
            yield Watching(process)
        finally:
            process.kill()


def upgrade(target: Target, protocol: str = "console-v2", way: Way | None = None) -> bytes:
    """Return the head of a request to watch the speaker; raises `NotMeasured` for a protocol it has not."""
    if protocol not in ("", "console-v2"):
        _known(target, protocol)
    return target.console_head(SPEAKER, way, protocol)


def _known(target: Target, protocol: str) -> None:
    if target.ask("GET", "/openapi.json").status != 200:  # who has no such page has Octyne's protocols only
        raise NotMeasured(f"it does not speak {protocol}")


SPEED = f"/server/{SPEAKER}/file?path=speed"
"""Where the speaker tells how fast it was: by the API, since a target may be elsewhere."""


@contextmanager
def flooding(bench: Bench, target: Target, order: str) -> Iterator[None]:
    """Have the speaker flood inside the block; `order` goes on behind `flood 0`."""
    del bench
    target.ask("DELETE", SPEED)
    target.say(f"flood 0 {order}")
    try:
        yield
    finally:
        target.say("stop")
        _until_told(target)


def speed_of(target: Target) -> float:
    """Return how many MB/s the latest flood of the speaker had; raises `NotMeasured`."""
    told = target.ask("GET", SPEED)
    if told.status != 200:
        raise NotMeasured(f"the speaker's file `speed` cannot be read: {told.status} {told.body[:100]!r}")
    return float(told.body) / 1e6


def _until_told(target: Target) -> None:
    patience = time.monotonic() + PATIENCE
    while target.ask("GET", SPEED).status != 200:
        if time.monotonic() > patience:
            raise NotMeasured("the speaker does not come to the end of its flood")
        time.sleep(0.01)


def speed_into(bench: Bench, order: str, reader: Sequence[str] | None) -> float:
    """Return how many MB/s the speaker writes into the standard input of a program, or into /dev/null."""
    place = os.path.join(bench.folder, "alone")
    os.makedirs(place, exist_ok=True)
    with suppress(FileNotFoundError):
        os.unlink(os.path.join(place, "speed"))
    pipe, nowhere = subprocess.PIPE, subprocess.DEVNULL
    output = nowhere if reader is None else pipe
    with subprocess.Popen([bench.native("speaker")], cwd=place, stdin=pipe, stdout=output) as speaker:
        assert speaker.stdin is not None
        taker = None if reader is None else subprocess.Popen(reader, stdin=speaker.stdout, stdout=nowhere)
        if speaker.stdout is not None:
            speaker.stdout.close()
        speaker.stdin.write(f"flood 0 {order}\n".encode())
        speaker.stdin.flush()
        time.sleep(bench.seconds)
        speaker.stdin.write(b"stop\n")
        speaker.stdin.close()
        speaker.wait(PATIENCE)
        if taker is not None:
            taker.wait(PATIENCE)
    with open(os.path.join(place, "speed"), encoding="ascii") as file:
        return float(file.read()) / 1e6


@dataclass(slots=True)
class Relay:
    """A speaker whose output `native/relay.c` gives to its viewers."""

    path: str
    speaker: subprocess.Popen[bytes]

    def say(self, order: str) -> None:
        """Give the speaker an order."""
        assert self.speaker.stdin is not None
        self.speaker.stdin.write(f"{order}\n".encode())
        self.speaker.stdin.flush()


@contextmanager
def relay(bench: Bench, viewers: int) -> Iterator[Relay]:
    """Run the relay, which waits for so many viewers before it begins."""
    path, pipe = os.path.join(bench.folder, "relay.sock"), subprocess.PIPE
    with suppress(FileNotFoundError):
        os.unlink(path)
    with (
        subprocess.Popen([bench.native("speaker")], cwd=bench.folder, stdin=pipe, stdout=pipe) as speaker,
        subprocess.Popen(
            [bench.native("relay"), path, str(viewers)], stdin=speaker.stdout, stdout=pipe
        ) as relaying,
    ):
        try:
            assert speaker.stdout is not None
            assert relaying.stdout is not None
            speaker.stdout.close()
            relaying.stdout.readline()
            yield Relay(path, speaker)
        finally:
            speaker.kill()
            relaying.kill()


@contextmanager
def typist(target: Target) -> Iterator[socket.socket]:
    """Give a console that reads what comes, and throws it away."""
    with target.console() as one:
        reader = threading.Thread(target=_drain, args=(one,))
        reader.start()
        try:
            yield one
        finally:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            reader.join()


def type_moment(one: socket.socket) -> None:
    """Have the speaker echo when this was typed."""
    order = f"echo t {time.monotonic_ns()} "
    one.sendall(frame(json.dumps({"type": "input", "data": order}).encode()))


def _drain(one: socket.socket) -> None:
    buffer = bytearray(1 << 18)
    with suppress(OSError):
        while one.recv_into(buffer):
            pass
