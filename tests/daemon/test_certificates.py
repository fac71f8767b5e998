"""The certificate of a listener: renewed without a connection that notices, never by one that is no good."""

import logging
import os
import shutil
import socket
import ssl
from collections.abc import AsyncIterator
from functools import partial

import anyio
import anyio.abc
import pytest
from anyio.streams.tls import TLSAttribute
from websockets.asyncio.client import connect as connect_socket
from websockets.typing import Subprotocol

from daemon.certificates import folders_of

from .door import DEADLINE
from .house import House, eventually, living, program, read, write
from .loops import both_loops
from .pki import Pair, anybody, ask, connect, make_pair, shown
from .viewer import V2, Viewer

anyio_backend = both_loops

APP = program("echo")


@pytest.fixture
async def pair(folder: str) -> Pair:
    """The pair that is in force at first."""
    os.mkdir(f"{folder}/tls")
    return await make_pair(f"{folder}/tls", "one")


@pytest.fixture
async def house(folder: str, pair: Pair) -> AsyncIterator[House]:
    async with living(folder, servers={"app": APP}, https=pair.settings) as house:
        yield house


async def becomes(house: House, der: bytes) -> None:
    await eventually(partial(shown, house.port), lambda seen: seen == der)


def replace(old: Pair, new: Pair) -> None:
    """Put a pair in the place of another, as certbot's hooks do: first the key."""
    os.replace(new.key, old.key)
    os.replace(new.cert, old.cert)


async def test_open_connections_go_on_when_the_certificate_is_renewed(
    house: House, folder: str, pair: Pair
) -> None:
    address = house.listeners.addresses
    url = f"wss://127.0.0.1:{house.port}/server/app/console"
    headers = {"Authorization": house.token}
    opened = connect_socket(
        url,
        ssl=anybody(),
        subprotocols=[Subprotocol(V2)],
        additional_headers=headers,
        ping_interval=None,
        proxy=None,
    )
    async with opened as connection, await connect(house.port) as kept:
        viewer = Viewer(connection)
        assert b"200 OK" in await ask(kept, house.token)
        # With another kind of key: in a context that was loaded again, both would be shown.
        for kind in ("rsa", "ec", "rsa"):
            new = await make_pair(folder, f"new-{kind}", kind)
            der = new.der
            replace(pair, new)
            await becomes(house, der)
            assert b"200 OK" in await ask(kept, house.token)
            await connection.send(f'{{"type":"input","data":"hello {kind}"}}')
            await viewer.until(f"hello {kind}")
    assert house.listeners.addresses == address


@pytest.mark.parametrize("way", ["certbot", "kubernetes", "folder"])
async def test_a_certificate_behind_links_is_followed(
    house: House, folder: str, way: str, pair: Pair
) -> None:
    two, three = [await make_pair(folder, name) for name in ("two", "three")]
    for number, made in enumerate((two, three)):
        os.makedirs(f"{folder}/archive/{number}")
        shutil.copy(made.cert, f"{folder}/archive/{number}/c.pem")
        shutil.copy(made.key, f"{folder}/archive/{number}/k.pem")
    os.makedirs(f"{folder}/live/x")
    link(f"{folder}/archive/0", f"{folder}/live/..data")
    link(f"{folder}/archive/0/c.pem", f"{folder}/live/x/c.pem")
    link(f"{folder}/archive/0/k.pem", f"{folder}/live/x/k.pem")
    link("..data/c.pem", f"{folder}/live/c.pem")
    link("..data/k.pem", f"{folder}/live/k.pem")
    base = {"certbot": "live/x", "kubernetes": "live", "folder": "live/..data"}[way]
    https = {"enabled": True, "cert": f"{folder}/{base}/c.pem", "key": f"{folder}/{base}/k.pem"}
    port = house.port
    house.settings |= {"https": https}
    await house.configure(app=APP)
    assert (await shown(port), port) == (two.der, house.port)  # the same listener
    if way == "certbot":
        link("../../archive/1/k.pem", f"{folder}/live/x/k.pem")
        link("../../archive/1/c.pem", f"{folder}/live/x/c.pem")
    else:
        link("../archive/1", f"{folder}/live/..data")
    await becomes(house, three.der)
    # What they lead to is followed as well, also where that is now.
    four = await make_pair(folder, "four")
    der = four.der
    replace(Pair(f"{folder}/archive/1/c.pem", f"{folder}/archive/1/k.pem"), four)
    await becomes(house, der)


def link(target: str, path: str) -> None:
    os.symlink(target, f"{path}.new")
    os.replace(f"{path}.new", path)


async def test_a_pair_that_is_no_good_changes_nothing_and_is_told_once(
    house: House, folder: str, pair: Pair, caplog: pytest.LogCaptureFixture
) -> None:
    before, two = pair.der, await make_pair(folder, "two")
    after = two.der
    text = read(two.cert)
    shutil.copy(pair.key, f"{folder}/kept.key")
    bad = (
        ("", "nothing"),
        (text[: len(text) // 2], "half"),
        (text, "with the old key"),
        ("garbage", "garbage"),
    )
    with caplog.at_level(logging.INFO, "holdfast.listeners"):
        for content, what in bad:
            write(pair.cert, content)
            for _ in range(2):
                assert (await house.local.get("/config/reload")).status_code == 200, what
            assert await shown(house.port) == before, what
        told = [record for record in caplog.records if "the old certificate stays" in record.message]
        assert 1 <= len(told) <= len(bad)
        os.unlink(pair.cert)
        assert (await house.local.get("/config/reload")).status_code == 200
        replace(pair, two)
        await becomes(house, after)
    assert "was renewed" in caplog.text


async def test_other_files_in_the_config_are_loaded_into_the_same_listener(house: House, folder: str) -> None:
    two = await make_pair(folder, "two", "rsa")
    async with await connect(house.port) as kept:
        house.settings |= {"https": two.settings}
        await house.configure(app=APP)
        assert await shown(house.port) == two.der
        for cert, key in (
            (f"{folder}/no.crt", two.key),
            (two.cert, f"{folder}/tls/one.key"),
            (folder, two.key),
        ):
            house.settings |= {"https": {"enabled": True, "cert": cert, "key": key}}
            answer = await house.local.patch("/config", content=house.text(app=APP))
            assert answer.status_code == 400
            assert "the certificate or its key cannot be used" in answer.json()["detail"]
            assert await shown(house.port) == two.der
        assert b"200 OK" in await ask(kept, house.token)


async def test_an_encrypted_key_is_refused_and_nobody_is_asked_for_its_password(
    house: House, folder: str
) -> None:
    two = await make_pair(folder, "two", "rsa")
    command = ["openssl", "rsa", "-aes128", "-passout", "pass:x", "-in", two.key, "-out", f"{folder}/locked"]
    await anyio.run_process(command)
    house.settings |= {"https": {**two.settings, "key": f"{folder}/locked"}}
    answer = await house.local.patch("/config", content=house.text(app=APP))
    assert answer.status_code == 400


async def handshake(port: int, low: ssl.TLSVersion, high: ssl.TLSVersion) -> str | None:
    context = anybody()
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    context.minimum_version, context.maximum_version = low, high
    try:
        async with await connect(port, context) as stream:
            return stream.extra(TLSAttribute.tls_version)
    except (ssl.SSLError, anyio.BrokenResourceError, anyio.EndOfStream):
        return None


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
async def test_old_versions_of_tls_are_refused(house: House, pair: Pair) -> None:
    one, two, three = ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
    assert await handshake(house.port, one, one) is None
    assert await handshake(house.port, one, two) == "TLSv1.2"
    assert await handshake(house.port, one, three) == "TLSv1.3"
    house.settings |= {"https": {**pair.settings, "minimum": "1.3"}}
    await house.configure(app=APP)
    assert await handshake(house.port, one, two) is None
    assert await handshake(house.port, one, three) == "TLSv1.3"


async def test_who_never_ends_the_handshake_is_cut_off(folder: str, pair: Pair) -> None:
    limits = {"headSeconds": 1}
    async with living(folder, servers={}, https=pair.settings, limits=limits) as house:
        quotas = house.parts.transport.quotas
        for said in (b"", b"\x16\x03\x01", b"GET / HTTP/1.1\r\n\r\n"):
            async with await anyio.connect_tcp("127.0.0.1", house.port) as stream:
                if said:
                    await stream.send(said)
                await until_closed(stream)
        async with await connect(house.port) as stream:  # and who does, and then says nothing, is told
            assert (await stream.receive()).startswith(b"HTTP/1.1 408 ")
        await eventually(partial(_connections, house), lambda number: number == 0)
        assert quotas.connections == 0


async def until_closed(stream: anyio.abc.ByteStream) -> None:
    with anyio.fail_after(DEADLINE):
        try:
            while True:
                await stream.receive()
        except (anyio.EndOfStream, anyio.BrokenResourceError):
            return


async def _connections(house: House) -> int:
    return house.parts.transport.quotas.connections


async def test_a_full_house_drops_connections_before_the_handshake(folder: str, pair: Pair) -> None:
    limits = {"connectionsPerAddress": 2}
    async with living(folder, servers={}, https=pair.settings, limits=limits) as house:
        async with await connect(house.port) as one, await connect(house.port) as other:
            with socket.create_connection(("127.0.0.1", house.port)) as third:
                third.setblocking(False)
                with anyio.fail_after(DEADLINE):
                    await anyio.wait_readable(third)
                assert third.recv(100) == b""
            for stream in (one, other):
                assert b"200 OK" in await ask(stream, house.token)
        await eventually(partial(_connections, house), lambda number: number == 0)
        async with await connect(house.port) as again:
            assert b"200 OK" in await ask(again, house.token)


def test_every_folder_on_the_way_is_known(folder: str) -> None:
    os.makedirs(f"{folder}/a/b")
    os.makedirs(f"{folder}/real/deep")
    os.symlink("../real", f"{folder}/a/link")
    os.symlink("./deep/../deep", f"{folder}/real/again")
    os.symlink(f"{folder}/a/b/file", f"{folder}/real/deep/file")
    path = f"{folder}/a/link/again/file"
    assert folders_of(path) == {f"{folder}/a", f"{folder}/real", f"{folder}/real/deep", f"{folder}/a/b"}
    os.symlink("loop", f"{folder}/loop")
    assert folders_of(f"{folder}/loop/x") == {folder}
    assert folders_of(f"{folder}/nothing/here") == {f"{folder}/nothing"}
