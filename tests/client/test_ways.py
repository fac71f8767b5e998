"""The ways to the API: the same answers and the same failures, over a Unix socket, TCP and TLS."""

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial

import pytest

from client.exchange import Body, Request, Response, Steps
from client.failures import (
    CannotAsk,
    CannotConnect,
    ConnectionLost,
    Failure,
    NotHoldfast,
    Refused,
    TimedOut,
)
from client.quick import Quick
from client.reactions import NotThere, WentWrong
from client.refusals import KINDS
from client.target import Target
from client.web import Web

from .carriers import CARRIERS, Carrier
from .peer import Line, Pair, Peer, Script, always, answer, once, playing

Play = Callable[[Script], AbstractContextManager[Peer]]

OK = answer(b'{"ok":true}')


@pytest.fixture(params=list(CARRIERS))
def carry(request: pytest.FixtureRequest) -> Carrier:
    return CARRIERS[request.param]


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    return Pair.make(str(tmp_path_factory.mktemp("pair")))


@pytest.fixture(params=["unix", "tcp", "tls"])
def play(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, pair: Pair) -> Play:
    return partial(playing, request.param, str(tmp_path_factory.mktemp("peer")), pair)


class Pieces:
    """A body of these pieces, announced with a length or none."""

    def __init__(self, *pieces: bytes, length: int | None = None) -> None:
        self._pieces = pieces
        self.length = length

    def pieces(self) -> Iterator[bytes]:
        yield from self._pieces


def ask(method: str = "GET", path: str = "/x", body: "bytes | Body" = b"", **more: object) -> Steps[Response]:
    return (yield Request(method, path, body=body, **more))  # type: ignore[arg-type]


def failure(carry: Carrier, target: Target, steps: Steps[object], patience: float = 20.0) -> Failure:
    with pytest.raises(Failure) as raised:
        carry(target, steps, patience)
    return raised.value


# Answers.


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


# Failures before anything is said.


def test_a_socket_that_there_is_not_is_told_of(carry: Carrier, tmp_path: os.PathLike[str]) -> None:
    found = failure(carry, Target(socket=f"{tmp_path}/none"), ask())
    assert str(found) == f"cannot connect to {tmp_path}/none: there is no such file"


def test_a_socket_at_which_nobody_listens_any_more_is_told_of(
    carry: Carrier, tmp_path: os.PathLike[str]
) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(f"{tmp_path}/old")
    found = failure(carry, Target(socket=f"{tmp_path}/old"), ask())
    assert isinstance(found, CannotConnect)
    assert found.why == "nobody listens there"


@contextmanager
def as_anybody() -> Iterator[None]:
    """Be nobody for a while: root may go everywhere."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(before)


def test_a_socket_that_we_may_not_use_is_told_of(carry: Carrier, tmp_path: os.PathLike[str]) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(f"{tmp_path}/theirs")
        one.listen()
        os.chmod(f"{tmp_path}/theirs", 0)
        failure(carry, Target(socket=f"{tmp_path}/none"), ask())  # what is imported, nobody may not read
        with as_anybody():
            found = failure(carry, Target(socket=f"{tmp_path}/theirs"), ask())
    assert isinstance(found, CannotConnect)
    assert found.why == "permission denied"


def test_a_socket_path_that_is_too_long_is_told_of(carry: Carrier) -> None:
    assert isinstance(failure(carry, Target(socket="/" + "x" * 200), ask()), CannotConnect)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_port_at_which_nobody_listens_is_told_of(carry: Carrier, host: str) -> None:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        url = f"http://{host}:{one.getsockname()[1]}"
        assert str(failure(carry, Target(url=url), ask())) == f"cannot connect to {url}: nobody listens there"


def test_a_host_that_there_is_not_is_told_of(carry: Carrier) -> None:
    found = failure(carry, Target(url="http://no-such-host.invalid:1"), ask())
    assert isinstance(found, CannotConnect)
    assert found.why == "there is no such host"


def test_a_certificate_of_nobody_we_trust_is_told_of(
    carry: Carrier, tmp_path: os.PathLike[str], pair: Pair
) -> None:
    with playing("tls", str(tmp_path), pair, always(OK)) as peer:
        found = failure(carry, Target(url=peer.target.url), ask())
    assert isinstance(found, CannotConnect)
    assert found.why.startswith("its certificate is not trusted: self")


def test_a_port_without_tls_is_told_of(carry: Carrier, tmp_path: os.PathLike[str], pair: Pair) -> None:
    with playing("tcp", str(tmp_path), None, lambda line: line.say(OK)) as peer:
        url = peer.target.url.replace("http:", "https:")
        found = failure(carry, Target(url=url, ca=pair.cert), ask())
    assert isinstance(found, CannotConnect)
    assert found.why == "it does not speak TLS"


@pytest.mark.parametrize("text", [None, "no certificate"])
def test_certificates_that_cannot_be_read_are_told_of(
    carry: Carrier, tmp_path: os.PathLike[str], text: str | None
) -> None:
    ca = f"{tmp_path}/ca.pem"
    if text is not None:
        with open(ca, "w", encoding="ascii") as file:
            file.write(text)
    found = failure(carry, Target(url="https://127.0.0.1:1", ca=ca), ask())
    assert isinstance(found, CannotConnect)
    assert found.why.startswith(f"the certificates in {ca}: ")


@pytest.mark.parametrize("value", ["two\r\nlines", "two\nlines", " blank"])
def test_a_header_that_would_be_another_request_is_not_sent(carry: Carrier, play: Play, value: str) -> None:
    with play(always(OK)) as peer:
        found = failure(carry, peer.target, ask("POST", headers={"X-Value": value}))
    assert isinstance(found, CannotAsk)


# Failures in an answer.


@pytest.mark.parametrize(
    "said", [b"hello\r\nworld\r\n\r\n", b"\x15\x03\x01\x00\x02\x02\x28", b"SSH-2.0-x\r\n\r\n"]
)
def test_garbage_is_not_holdfast(carry: Carrier, play: Play, said: bytes) -> None:
    with play(once(said)) as peer:
        assert isinstance(failure(carry, peer.target, ask("POST")), NotHoldfast)


@pytest.mark.parametrize("said", [answer(b"<html>", status="404 Not Found"), answer(b"", status="302 Found")])
def test_another_program_is_not_holdfast(carry: Carrier, play: Play, said: bytes) -> None:
    with play(always(said)) as peer:
        assert isinstance(failure(carry, peer.target, ask()), NotHoldfast)


_WHOLE = answer(b'{"success":true}', "X-A: b")


@pytest.mark.parametrize("length", [0, 3, 10, 17, 25, 36, len(_WHOLE) - 5])
def test_an_answer_cut_anywhere_is_lost(carry: Carrier, play: Play, length: int) -> None:
    with play(once(_WHOLE[:length])) as peer:
        assert type(failure(carry, peer.target, ask("POST"))) is ConnectionLost


@pytest.mark.parametrize("said", [b"", b"3\r\nab", b"3\r\nabc\r\n"])
def test_a_chunked_answer_that_was_cut_is_lost(carry: Carrier, play: Play, said: bytes) -> None:
    with play(once(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + said)) as peer:
        assert type(failure(carry, peer.target, ask("POST"))) is ConnectionLost


def test_an_answer_whose_end_nobody_could_tell_is_none(carry: Carrier, play: Play) -> None:
    with play(once(b"HTTP/1.1 200 OK\r\n\r\n{}")) as peer:
        assert type(failure(carry, peer.target, ask("POST"))) is ConnectionLost


def test_a_refusal_that_was_cut_is_lost(carry: Carrier, play: Play) -> None:
    cut = answer(b'{"error":"no","kind":"no-such-server"}', status="404 Not Found")[:-4]
    with play(once(cut)) as peer:
        assert type(failure(carry, peer.target, ask("POST"))) is ConnectionLost


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 200 OK\r\n", _WHOLE[:-3]])
def test_who_says_no_more_is_given_up(carry: Carrier, play: Play, said: bytes) -> None:
    def script(line: Line) -> None:
        line.hear()
        line.say(said)
        line.until_closed()

    with play(script) as peer:
        assert type(failure(carry, peer.target, ask("POST"), 0.2)) is TimedOut


def test_a_request_may_have_a_patience_of_its_own(carry: Carrier, play: Play) -> None:
    with play(Line.until_closed) as peer:
        assert type(failure(carry, peer.target, ask("POST", patience=0.2))) is TimedOut


@pytest.mark.parametrize("kind", ["no-such-server", "internal", "too-many-logins"])
def test_a_refusal_is_the_exception_of_its_kind(carry: Carrier, play: Play, kind: str) -> None:
    body = f'{{"error":"no!","kind":"{kind}","detail":"because"}}'.encode()
    with play(always(answer(body, "Retry-After: 3", status="500 No"))) as peer:
        found = failure(carry, peer.target, ask())
    assert type(found) is KINDS[kind]
    assert isinstance(found, Refused)
    assert (str(found), found.detail, found.retry_after, found.status) == ("no!", "because", 3.0, 500)


def test_a_kind_from_the_future_is_of_the_group_of_its_status(carry: Carrier, play: Play) -> None:
    with play(always(answer(b'{"error":"no!","kind":"new"}', status="500 No"))) as peer:
        assert type(failure(carry, peer.target, ask())) is WentWrong


def test_a_refusal_before_all_was_sent_is_heard(carry: Carrier, play: Play) -> None:
    refusal = answer(b'{"error":"too much","kind":"too-large"}', "Connection: close", status="413 Too Large")

    def script(line: Line) -> None:
        line.hear(body=False)
        line.say(refusal)
        line.until_closed()

    many = [b"x" * 65_536] * 64
    with play(script) as peer:
        found = failure(carry, peer.target, ask("POST", body=Pieces(*many, length=65_536 * 64)))
    assert type(found) is KINDS["too-large"]


@pytest.mark.parametrize(
    ("length", "why"), [(3, "grown"), (9, "shrunk")], ids=["it has grown", "it has shrunk"]
)
def test_a_body_that_changes_while_it_is_sent_is_told_of(
    carry: Carrier, play: Play, length: int, why: str
) -> None:
    with play(always(OK)) as peer:
        found = failure(carry, peer.target, ask("POST", body=Pieces(b"abc", b"def", length=length)))
    assert isinstance(found, CannotAsk)
    assert why in str(found)


def test_a_body_that_cannot_be_read_is_told_of(carry: Carrier, play: Play) -> None:
    class Bad(Pieces):
        def pieces(self) -> Iterator[bytes]:
            yield b"abc"
            raise OSError(5, "Input/output error")

    with play(always(OK)) as peer:
        found = failure(carry, peer.target, ask("POST", body=Bad(length=9)))
    assert str(found) == "what was to be sent cannot be read: Input/output error"


# Connections that are kept, and asking again.


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
