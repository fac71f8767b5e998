"""What keeps a server busy while something else is measured: a flood, an upload, an archive."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import quote

from ..bench import Bench
from ..case import NotMeasured
from ..target import SPEAKER, Target

BLOCK = bytes(1 << 20)
SIZE = 40 << 30
"""What an upload says that it will send; it never comes to that."""


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
    over = threading.Event()

    def upload() -> None:
        while not over.is_set():
            with suppress(OSError):
                _send_one(target, over)

    sender = threading.Thread(target=upload)
    sender.start()
    try:
        yield
    finally:
        over.set()
        sender.join()
        with suppress(OSError):
            target.ask("DELETE", f"/server/{SPEAKER}/file?path=uploaded")


def _send_one(target: Target, over: threading.Event) -> None:
    edge = "----holdfast-benchmark"
    begin = (
        f'--{edge}\r\nContent-Disposition: form-data; name="upload"; filename="uploaded"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    ).encode()
    end = f"\r\n--{edge}--\r\n".encode()
    blocks = 256
    length = len(begin) + blocks * len(BLOCK) + len(end)
    more = {"Content-Type": f"multipart/form-data; boundary={edge}", "Content-Length": str(length)}
    with target.connect() as one:
        one.sendall(target.head("POST", f"/server/{SPEAKER}/file?path=/", None, more) + begin)
        for _ in range(blocks):
            if over.is_set():
                return
            one.sendall(BLOCK)
        one.sendall(end)
        one.recv(1 << 16)


@contextmanager
def _archive(bench: Bench, target: Target) -> Iterator[None]:
    """One archive after another, of a tree of the target's own."""
    over = threading.Event()
    if target.ask("POST", f"/server/{SPEAKER}/folder?path=/much").status != 200:
        raise NotMeasured("no folder can be made")
    block = b"".join(
        b"%032x some text that can be compressed\n" % (number * 7919**3) for number in range(20_000)
    )
    for number in range(bench.scaled(40)):
        _put(target, f"part{number}", block)

    def archive() -> None:
        while not over.is_set():
            with suppress(OSError):
                _pack(target, over)

    maker = threading.Thread(target=archive)
    maker.start()
    try:
        yield
    finally:
        over.set()
        maker.join()
        with suppress(OSError):
            target.ask("DELETE", f"/server/{SPEAKER}/file?path=/much")


def _put(target: Target, name: str, content: bytes) -> None:
    edge = "----holdfast-benchmark"
    begin = f'--{edge}\r\nContent-Disposition: form-data; name="upload"; filename="{name}"\r\n\r\n'.encode()
    body = begin + content + f"\r\n--{edge}--\r\n".encode()
    said = {"Content-Type": f"multipart/form-data; boundary={edge}"}
    answer = target.ask("POST", f"/server/{SPEAKER}/file?path=/much", body, said)
    if answer.status != 200:
        raise NotMeasured(f"no upload: {answer.status} {answer.body[:100]!r}")


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
