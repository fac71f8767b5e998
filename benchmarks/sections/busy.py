"""What keeps a server busy while something else is measured: a flood, an upload, an archive."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from urllib.parse import quote

from ..bench import Bench
from ..case import NotMeasured
from ..forms import form, post
from ..target import SPEAKER, Target

BLOCK = bytes(1 << 20)
BLOCKS = 256
"""Of one upload."""


@contextmanager
def busy_with(work: str, bench: Bench, target: Target) -> Iterator[None]:
    """Keep a target busy inside the block, and have it as it was afterwards."""
    with {"flood": _flood, "upload": _upload, "archive": _archive}[work](bench, target):
        yield


@contextmanager
def _flood(bench: Bench, target: Target) -> Iterator[None]:
    """A program that prints without an end, and a viewer who reads it."""
    del bench
    with target.console() as one:
        viewer = threading.Thread(target=_drain, args=(one,))
        viewer.start()
        target.say("flood 0 200")
        try:
            yield
        finally:
            target.say("stop")
            one.shutdown(socket.SHUT_RDWR)
            viewer.join()


@contextmanager
def _upload(bench: Bench, target: Target) -> Iterator[None]:
    """One upload after another."""
    del bench
    try:
        with _again_and_again(lambda over: _send_one(target, over)):
            yield
    finally:
        with suppress(OSError):
            target.ask("DELETE", f"/server/{SPEAKER}/file?path=uploaded")


def _send_one(target: Target, over: threading.Event) -> None:
    sending = form(target, target.ways[0], "uploaded", BLOCKS * len(BLOCK))
    with target.connect() as one:
        one.sendall(sending.before)
        for _ in range(BLOCKS):
            if over.is_set():
                return
            one.sendall(BLOCK)
        one.sendall(sending.after)
        one.recv(1 << 16)


@contextmanager
def _archive(bench: Bench, target: Target) -> Iterator[None]:
    """One archive after another, of a tree of the target's own."""
    if target.ask("POST", f"/server/{SPEAKER}/folder?path=/much").status != 200:
        raise NotMeasured("no folder can be made")
    block = b"".join(
        b"%032x some text that can be compressed\n" % (number * 7919**3) for number in range(20_000)
    )
    for number in range(bench.scaled(40)):
        answer = post(target, f"/much/part{number}", block)
        if answer.status != 200:
            raise NotMeasured(f"no upload: {answer.status} {answer.body[:100]!r}")
    try:
        with _again_and_again(lambda over: _pack(target, over)):
            yield
    finally:
        with suppress(OSError):
            target.ask("DELETE", f"/server/{SPEAKER}/file?path=/much")


@contextmanager
def _again_and_again(work: Callable[[threading.Event], None]) -> Iterator[None]:
    """Do something in a thread until the end of the block, which it is told by an event."""
    over = threading.Event()

    def go_on() -> None:
        while not over.is_set():
            with suppress(OSError, NotMeasured):
                work(over)

    worker = threading.Thread(target=go_on)
    worker.start()
    try:
        yield
    finally:
        over.set()
        worker.join()


def _pack(target: Target, over: threading.Event) -> None:
    path = quote("/packed.zip")
    where = f"/server/{SPEAKER}/compress?path={path}&basePath=/&async=true"
    token = target.ask("POST", where, json.dumps(["/much"])).json.get("token")
    while not target.ask("GET", f"/server/{SPEAKER}/compress?token={token}").json.get("finished"):
        over.wait(0.05)
    target.ask("DELETE", f"/server/{SPEAKER}/file?path={path}")


def _drain(one: socket.socket) -> None:
    buffer = bytearray(1 << 18)
    with suppress(OSError):
        while one.recv_into(buffer):
            pass
