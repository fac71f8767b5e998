"""What a change of the config does to where the API is offered: all of it, or nothing."""

import os
import socket
from functools import partial
from ssl import CERT_NONE, SSLContext, create_default_context

import anyio
import httpx
import pytest

from .house import House, eventually, free_port, program
from .loops import both_loops

anyio_backend = both_loops

APP = program("echo")


async def reached(port: int, host: str = "127.0.0.1") -> bool:
    try:
        async with await anyio.connect_tcp(host, port):
            return True
    except OSError:
        return False


async def change(house: House, **settings: object) -> httpx.Response:
    """Send a config with other settings."""
    house.settings |= settings
    return await house.local.patch("/config", content=house.text(app=APP))


async def test_a_new_port_takes_effect_and_the_answer_still_comes(house: House) -> None:
    for _ in range(3):
        old, port = house.port, free_port()
        house.settings["port"] = port
        answer = await house.remote.patch("/config", content=house.text(app=APP))
        assert (answer.status_code, answer.json()) == (200, {"success": True})
        assert house.port == port
        headers = {"Authorization": house.token}
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.get(f"http://127.0.0.1:{port}/servers", headers=headers)
            assert answer.json() == {"servers": {"app": 1}}
        await eventually(partial(reached, old), lambda answered: not answered)


async def test_a_port_can_be_left_and_taken_again_at_once(house: House) -> None:
    one, other = free_port(), free_port()
    for port in (one, other, one, other, one):
        assert (await change(house, port=port)).status_code == 200
        assert await reached(port)
    await eventually(lambda: reached(other), lambda answered: not answered)
    assert await reached(one)


async def test_the_same_port_can_be_offered_on_other_addresses(house: House) -> None:
    port = free_port()
    for listen in ("127.0.0.1", "", "127.0.0.1", "0.0.0.0", "localhost", "::", "127.0.0.2"):
        answer = await change(house, port=port, listen=listen)
        assert answer.status_code == 200, (listen, answer.text)
        host = listen if listen.startswith("127") else "127.0.0.1"
        if listen != "::":
            assert await reached(port, host)
    await eventually(lambda: reached(port, "127.0.0.1"), lambda answered: not answered)


async def test_a_port_in_use_is_refused_as_a_whole(house: House) -> None:
    before = house.listeners.addresses
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        moved = {"location": os.path.join(house.folder, "moved.sock")}
        answer = await change(house, port=port, unixSocket=moved)
        assert (answer.status_code, answer.json()["error"]) == (400, "Invalid JSON body!")
        assert f"cannot listen on http://127.0.0.1:{port}: Address already in use" in answer.json()["detail"]
    assert house.listeners.addresses == before
    assert not os.path.exists(moved["location"])
    for client in (house.remote, house.local):
        assert (await client.get("/servers")).status_code == 200


async def test_a_new_path_of_the_socket_takes_effect(house: House) -> None:
    old, path = house.socket, os.path.join(house.folder, "moved.sock")
    assert (await change(house, unixSocket={"location": path})).status_code == 200
    assert not os.path.exists(old)
    transport = httpx.AsyncHTTPTransport(uds=path)
    async with httpx.AsyncClient(transport=transport) as client:
        assert (await client.get("http://x/servers")).json() == {"servers": {"app": 1}}
    answer = await house.remote.patch(
        "/config", content=house.text(app=APP).replace('"location"', '"enabled": false, "location"')
    )
    assert answer.status_code == 200
    assert not os.path.exists(path)


@pytest.mark.skipif(os.getuid() != 0, reason="only root may give a file to another group")
async def test_a_group_takes_effect_and_can_be_taken_back(house: House) -> None:
    location = {"location": "api.sock"}
    for group, expected in (("daemon", 1), ("", os.getegid()), ("daemon", 1)):
        inode = os.stat(house.socket).st_ino
        assert (await change(house, unixSocket={**location, "group": group})).status_code == 200
        status = os.stat(house.socket)
        assert (status.st_gid, status.st_mode & 0o777, status.st_ino) == (expected, 0o660, inode)
        assert (await house.local.get("/servers")).status_code == 200
    answer = await change(house, unixSocket={**location, "group": "no-such-group"})
    assert answer.status_code == 400
    assert os.stat(house.socket).st_gid == 1


async def test_what_a_failed_change_did_is_undone(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    port, other = free_port(), free_port()
    assert (await change(house, port=port)).status_code == 200
    with monkeypatch.context() as patch:
        patch.setattr(house.parts.mirror, "apply", refuse)
        for _ in range(3):
            answer = await change(house, port=other)
            assert (answer.status_code, answer.json()["error"]) == (500, "Broken pipe")
            assert await reached(port)
            assert house.parts.reloader.config.port == port
    await eventually(lambda: reached(other), lambda answered: not answered)
    assert await reached(port)


async def refuse(_: object) -> None:
    raise BrokenPipeError(32, "Broken pipe")


async def test_https_can_be_switched_on_and_off(house: House, certificate: tuple[str, str]) -> None:
    cert, key = certificate
    port = free_port()
    headers = {"Authorization": house.token}
    for https in (False, True, False, True):
        answer = await change(house, port=port, https={"enabled": https, "cert": cert, "key": key})
        assert answer.status_code == 200, answer.text

        async def ask(https: bool = https) -> httpx.Response | None:
            async with httpx.AsyncClient(verify=_anybody(), trust_env=False) as client:
                try:
                    return await client.get(f"http{'s' * https}://127.0.0.1:{port}/servers", headers=headers)
                except httpx.TransportError:
                    return None  # the listener that was there before takes its leave

        answered = await eventually(ask, lambda answer: answer is not None and answer.status_code == 200)
        assert answered is not None


def _anybody() -> SSLContext:
    context = create_default_context()
    context.check_hostname, context.verify_mode = False, CERT_NONE
    return context


async def test_a_cookie_is_secure_where_the_connection_is(house: House, certificate: tuple[str, str]) -> None:
    cert, key = certificate
    port = free_port()
    answer = await change(house, port=port, https={"enabled": True, "cert": cert, "key": key})
    assert answer.status_code == 200
    headers = {"Username": "admin", "Password": "correct horse"}
    async with httpx.AsyncClient(verify=_anybody(), trust_env=False) as client:
        answer = await client.get(f"https://127.0.0.1:{port}/login?cookie=true", headers=headers)
    assert answer.headers["set-cookie"].endswith("SameSite=Strict; Secure")
