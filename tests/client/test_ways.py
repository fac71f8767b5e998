"""The ways to the API: the same answers, over a Unix socket, TCP and TLS."""

import os
import threading

import pytest

from client.exchange import Request, Steps
from client.quick import Quick
from client.reactions import NotThere
from client.target import Target
from client.web import Web

from .asking import OK, Pieces, Play, ask, failure
from .carriers import Carrier
from .peer import Line, always, answer


def test_an_answer_is_told_by_status_headers_and_body(carry: Carrier, play: Play) -> None:
    with play(always(answer(b"hello", "X-One: a", "X-Two: b"))) as peer:
        told = carry(peer.target, ask())
    assert (told.status, told.headers["x-one"], told.headers["x-two"]) == (200, "a", "b")
    assert told.body == b"hello"


def test_a_long_answer_is_whole(carry: Carrier, play: Play) -> None:
    long = os.urandom(300_000)
    with play(always(answer(long))) as peer:
        assert carry(peer.target, ask()).body == long


def test_a_chunked_answer_is_whole_and_the_connection_is_used_again(carry: Carrier, play: Play) -> None:
    def script(line: Line) -> None:
        while line.hear() is not None:
            line.say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
            line.say(b"2\r\nde\r\n0\r\n\r\n")

    def both() -> Steps[bytes]:
        return (yield from ask()).body + (yield from ask()).body

    with play(script) as peer:
        assert carry(peer.target, both()) == b"abcdeabcde"
        assert peer.connections == 1


def test_a_sink_takes_the_body_and_the_connection_is_used_again(carry: Carrier, play: Play) -> None:
    took: list[bytes] = []

    def both() -> Steps[bytes]:
        first = yield Request("GET", "/x", sink=took.append)
        second = yield Request("GET", "/x", sink=took.append)
        return first.body + second.body

    with play(always(answer(b"hello"))) as peer:
        assert carry(peer.target, both()) == b""
        assert peer.connections == 1
    assert b"".join(took) == b"hellohello"


def test_the_answer_to_head_has_no_body_whatever_its_length_says(carry: Carrier, play: Play) -> None:
    with play(always(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nUpload-Offset: 7\r\n\r\n")) as peer:
        told = carry(peer.target, ask("HEAD"))
    assert (told.headers["upload-offset"], told.body) == ("7", b"")


def test_a_refused_head_is_of_the_group_of_its_status(carry: Carrier, play: Play) -> None:
    with play(always(b"HTTP/1.1 404 Not Found\r\nContent-Length: 33\r\n\r\n")) as peer:
        assert type(failure(carry, peer.target, ask("HEAD"))) is NotThere


def test_no_content_is_an_answer(carry: Carrier, play: Play) -> None:
    with play(always(b"HTTP/1.1 204 No Content\r\n\r\n")) as peer:
        assert carry(peer.target, ask("DELETE")).status == 204


def test_who_asks_and_for_what_is_said(carry: Carrier, play: Play) -> None:
    heard: list[str] = []

    def script(line: Line) -> None:
        while (one := line.hear()) is not None:
            heard.append(one.line)
            told = [one.header(name) for name in ("Authorization", "User-Agent", "Accept-Encoding")]
            heard.extend(str(name) for name in told)
            line.say(OK)

    with play(script) as peer:
        target = Target(socket=peer.target.socket, url=peer.target.url, ca=peer.target.ca, token="tok")
        carry(target, ask("GET", "/a%2Fb", query={"q": "ä &", "no": None, "yes": True, "half": 0.5}))
    assert heard == ["GET /a%2Fb?q=%C3%A4%20%26&yes=true&half=0.5 HTTP/1.1", "tok", "holdfast", "identity"]


def test_a_body_is_sent_with_its_length_or_in_chunks(carry: Carrier, play: Play) -> None:
    heard: list[tuple[str | None, bytes]] = []

    def script(line: Line) -> None:
        while (one := line.hear()) is not None:
            heard.append((one.header("content-length"), one.body))
            line.say(OK)

    def all_of_them() -> Steps[None]:
        yield from ask("POST", body=b"abc")
        yield from ask("POST", body=Pieces(b"ab", b"", b"cd", length=4))
        yield from ask("POST", body=Pieces(b"ab", b"", b"cd"))
        yield from ask("POST")

    with play(script) as peer:
        carry(peer.target, all_of_them())
        assert peer.connections == 1
    chunked = b"2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n"
    assert heard == [("3", b"abc"), ("4", b"abcd"), (None, chunked), ("0", b"")]


# Several at once.


@pytest.mark.parametrize("make", [Quick, Web])
def test_threads_that_ask_at_once_each_get_their_own_answer(play: Play, make: type[Quick | Web]) -> None:
    def script(line: Line) -> None:
        while (one := line.hear()) is not None:
            line.say(answer(one.line.encode()))

    wrong: list[object] = []

    def many(way: Quick | Web, name: str) -> None:
        for number in range(30):
            told = way.exchange(Request("GET", f"/{name}/{number}"))
            if told.body != f"GET /{name}/{number} HTTP/1.1".encode():
                wrong.append(told)

    with play(script) as peer:
        way = make(peer.target, 20.0)
        threads = [threading.Thread(target=many, args=(way, str(name))) for name in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        way.close()
    assert wrong == []


@pytest.mark.parametrize("make", [Quick, Web])
def test_many_answers_may_be_open_at_once(play: Play, make: type[Quick | Web]) -> None:
    def script(line: Line) -> None:
        line.hear()
        line.say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        line.until_closed()

    with play(script) as peer:
        way = make(peer.target, 20.0)
        opened = [way.open(Request("GET", "/x")) for _ in range(120)]
        for one in opened:
            one.close()
        way.close()
