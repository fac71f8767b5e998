"""Connections that are kept, and what is asked again, over all ways to the API."""

import os
import socket
import threading

import anyio
import pytest

from client import AsyncClient, Client
from client.exchange import Steps
from client.failures import CannotAsk, ConnectionLost

from .asking import OK, Play, ask, failure
from .carriers import Carrier
from .peer import Line, Peer, always, once


def test_a_kept_connection_that_was_closed_is_not_used(carry: Carrier, play: Play) -> None:
    def both() -> Steps[int]:
        yield from ask("POST")
        peer.until_open(0)
        return (yield from ask("POST")).status

    with play(once(OK)) as peer:
        assert carry(peer.target, both()) == 200
        assert peer.connections == 2


def test_what_changes_nothing_is_asked_again_and_the_rest_is_not(carry: Carrier, play: Play) -> None:
    turns = [b"", b"", OK, b"", OK]

    def script(line: Line) -> None:
        line.hear()
        line.say(turns.pop(0))

    with play(script) as peer:
        assert carry(peer.target, ask("GET")).body == b'{"ok":true}'
        assert type(failure(carry, peer.target, ask("POST"))) is ConnectionLost
        assert carry(peer.target, ask("POST")).status == 200
    assert turns == []


def test_a_request_that_may_be_sent_twice_says_so(carry: Carrier, play: Play) -> None:
    turns = [b"", OK]

    def script(line: Line) -> None:
        line.hear()
        line.say(turns.pop(0))

    with play(script) as peer:
        assert carry(peer.target, ask("POST", again=True)).status == 200


def test_who_was_there_and_is_gone_is_waited_for(carry: Carrier, tmp_path: os.PathLike[str]) -> None:
    """The daemon was killed between a request and its answer, and the next one does not listen yet."""
    back: list[Peer] = []

    def back_again() -> None:
        os.unlink(f"{tmp_path}/peer.sock")
        back.append(Peer("unix", str(tmp_path), None, always(OK)))

    def script(line: Line) -> None:
        line.hear()
        peer._listening.shutdown(socket.SHUT_RDWR)
        threading.Timer(0.3, back_again).start()

    peer = Peer("unix", str(tmp_path), None, script)
    try:
        assert carry(peer.target, ask("GET")).status == 200
    finally:
        for one in (peer, *back):
            one.end()


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_who_asks_with_a_client_that_was_closed_is_told_so(backend: str) -> None:
    async def main() -> None:
        async with AsyncClient(socket="/x") as awaiting:
            pass
        with pytest.raises(CannotAsk, match="was closed"):
            await awaiting.servers.list()

    with Client(socket="/x") as waiting:
        pass
    with pytest.raises(CannotAsk, match="was closed"):
        waiting.servers.list()
    anyio.run(main, backend=backend)


def test_how_long_is_asked_again_can_be_said(play: Play) -> None:
    asked = []

    def script(line: Line) -> None:
        asked.append(line.hear())
        line.say(b"")

    with play(script) as peer, Client(peer.target, repeating=0) as client, pytest.raises(ConnectionLost):
        client.servers.list()
    assert len(asked) == 1


@pytest.mark.parametrize("name", ["http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])
def test_proxies_of_the_environment_are_not_for_us(
    carry: Carrier, play: Play, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "http://127.0.0.1:1")
    with play(always(OK)) as peer:
        assert carry(peer.target, ask()).status == 200


def test_passwords_of_netrc_are_not_for_us(
    carry: Carrier, play: Play, monkeypatch: pytest.MonkeyPatch, tmp_path: os.PathLike[str]
) -> None:
    heard: list[str | None] = []
    with open(f"{tmp_path}/netrc", "w", encoding="ascii") as file:
        file.write("default login me password secret\n")
    os.chmod(f"{tmp_path}/netrc", 0o600)
    monkeypatch.setenv("NETRC", f"{tmp_path}/netrc")

    def script(line: Line) -> None:
        while (one := line.hear()) is not None:
            heard.append(one.header("authorization"))
            line.say(OK)

    with play(script) as peer:
        carry(peer.target, ask())
    assert heard == [None]
