"""The ways to the API: the same failures, over a Unix socket, TCP and TLS."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from client.failures import (
    CannotAsk,
    CannotConnect,
    ConnectionLost,
    NotHoldfast,
    Refused,
    TimedOut,
)
from client.reactions import WentWrong
from client.refusals import KINDS
from client.target import Target

from .asking import OK, Pieces, Play, ask, failure
from .carriers import Carrier
from .peer import Line, Pair, always, answer, once, playing

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
