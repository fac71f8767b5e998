"""Requests that we make: to whom, how long, and how much of the answer."""

import ssl

import anyio
import anyio.abc
import pytest

from daemon.destinations import Forbidden
from daemon.outgoing import MOST, Answer, Outgoing, Unreachable

from .pki import make_pair
from .receiver import Receiver, receiving


async def ask(
    receiver: Receiver, outgoing: Outgoing | None = None, timeout: float = 20.0, body: bytes = b"{}"
) -> Answer:
    return await (outgoing or Outgoing()).request(
        "POST", receiver.url, {"X-Token": "abc"}, body, timeout, allow_private=True
    )


async def test_a_request_is_answered() -> None:
    async with receiving() as receiver:
        receiver.answers.append((200, {"X-Said": "yes"}, b"thanks"))
        answer = await ask(receiver)
        assert (answer.status, answer.body, answer.headers["x-said"]) == (200, b"thanks", "yes")
        (got,) = receiver.got
        assert (got.method, got.target, got.body) == ("POST", "/hook", b"{}")
        assert got.headers["host"] == f"127.0.0.1:{receiver.port}"
        assert got.headers["x-token"] == "abc"
        assert got.headers["user-agent"].startswith("Holdfast/")


async def test_a_private_address_is_not_connected_to() -> None:
    async with receiving() as receiver:
        with pytest.raises(Forbidden):
            await Outgoing().request("POST", receiver.url, {}, b"", 20)
        assert receiver.connections == 0


async def test_a_name_that_changes_its_address_gains_nothing() -> None:
    """DNS rebinding: the address that was judged, where nobody is, is the one that is connected to."""
    asked: list[str] = []

    async def rebinding(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.2"] if len(asked) == 1 else ["127.0.0.1"]

    async with receiving() as receiver:
        url = receiver.url.replace("127.0.0.1", "rebind.example")
        outgoing = Outgoing(rebinding)
        with pytest.raises(Unreachable):
            await outgoing.request("POST", url, {}, b"", 20, allow_private=True)
        assert asked == ["rebind.example"]
        with pytest.raises(Forbidden):
            await outgoing.request("POST", url, {}, b"", 20)
        assert asked == ["rebind.example"] * 2
        assert receiver.connections == 0


async def test_the_connection_goes_to_the_address_that_was_judged_and_says_the_name() -> None:
    async def resolve(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    async with receiving() as receiver:
        url = f"http://hooks.invalid:{receiver.port}/x"
        await Outgoing(resolve).request("POST", url, {}, b"", 20, allow_private=True)
        assert receiver.got[0].headers["host"] == f"hooks.invalid:{receiver.port}"


async def test_the_next_address_is_tried_when_nobody_is_at_the_first() -> None:
    async def resolve(host: str, port: int) -> list[str]:
        return ["127.0.0.2", "127.0.0.1"]

    async with receiving() as receiver:
        url = f"http://hooks.invalid:{receiver.port}/x"
        answer = await Outgoing(resolve).request("POST", url, {}, b"", 20, allow_private=True)
        assert answer.status == 204


async def test_a_redirect_is_not_followed() -> None:
    async with receiving() as receiver, receiving() as other:
        receiver.answers.append((302, {"Location": other.url}, b""))
        assert (await ask(receiver)).status == 302
        assert other.connections == 0


async def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async with receiving() as receiver, receiving() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        assert (await ask(receiver)).status == 204
        assert proxy.connections == 0


async def test_an_answer_without_end_is_cut() -> None:
    async def flood(stream: anyio.abc.ByteStream) -> None:
        await stream.send(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            await stream.send(b"x" * 4096)

    async with receiving() as receiver:
        receiver.answers.append(flood)
        answer = await ask(receiver)
        assert answer.body == b"x" * MOST


async def endless_head(stream: anyio.abc.ByteStream) -> None:
    await stream.send(b"HTTP/1.1 200 OK\r\n")
    while True:
        await stream.send(b"X-More: " + b"x" * 4096 + b"\r\n")


async def no_http(stream: anyio.abc.ByteStream) -> None:
    await stream.send(b"220 mail.example ESMTP\r\n")


async def hang_up(stream: anyio.abc.ByteStream) -> None:
    await stream.aclose()


async def half_a_body(stream: anyio.abc.ByteStream) -> None:
    await stream.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")


@pytest.mark.parametrize("answer", [endless_head, no_http, hang_up, half_a_body])
async def test_what_is_no_answer_is_an_error_and_not_more(answer: "object") -> None:
    async with receiving() as receiver:
        receiver.answers.append(answer)  # type: ignore[arg-type]
        with pytest.raises(Unreachable) as failed:
            await ask(receiver)
        assert "/hook" not in str(failed.value)


async def test_who_does_not_answer_is_not_waited_for() -> None:
    async with receiving() as receiver:
        receiver.answers.append(silent)
        with pytest.raises(Unreachable, match="did not answer within"):
            await ask(receiver, timeout=0.1)


async def silent(stream: anyio.abc.ByteStream) -> None:
    await stream.receive()


async def test_nobody_there_is_an_error_with_the_host_alone() -> None:
    async with receiving() as receiver:
        pass
    with pytest.raises(Unreachable, match="cannot be reached") as failed:
        await ask(receiver)
    assert "/hook" not in str(failed.value)


async def test_headers_of_ours_cannot_be_set_and_none_can_be_smuggled() -> None:
    async with receiving() as receiver:
        for headers in ({"Host": "x"}, {"Transfer-Encoding": "chunked"}, {"X": "a\r\nY: b"}):
            with pytest.raises(Forbidden):
                await Outgoing().request("POST", receiver.url, headers, b"", 20, allow_private=True)
        assert receiver.got == []


async def test_with_tls_the_name_is_checked_although_the_address_is_pinned(folder: str) -> None:
    pair = await make_pair(folder, "hooks.invalid")
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(pair.cert, pair.key)
    names: list[str | None] = []
    server.sni_callback = lambda _, name, __: names.append(name)
    trust = ssl.create_default_context(cafile=pair.cert)
    trust.hostname_checks_common_name = True

    async def resolve(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    async with receiving(server) as receiver:
        outgoing = Outgoing(resolve, trust)
        good = f"https://hooks.invalid:{receiver.port}/x"
        answer = await outgoing.request("POST", good, {}, b"{}", 20, allow_private=True)
        assert answer.status == 204
        assert names == ["hooks.invalid"]


async def test_a_certificate_of_somebody_else_is_refused(folder: str) -> None:
    pair = await make_pair(folder, "hooks.invalid")
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(pair.cert, pair.key)

    async def resolve(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    async with receiving(server) as receiver:
        outgoing = Outgoing(resolve, ssl.create_default_context(cafile=pair.cert))
        for url in (f"https://other.invalid:{receiver.port}/x", receiver.url):
            with pytest.raises(Unreachable, match="certificate"):
                await outgoing.request("POST", url, {}, b"{}", 20, allow_private=True)
        with pytest.raises(Unreachable, match="certificate"):
            await ask(receiver)
        assert receiver.got == []
