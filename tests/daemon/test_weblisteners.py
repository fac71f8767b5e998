"""The web page's port: it follows the API's address, and never keeps the API from being served."""

import json
import logging
import socket
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import anyio
import httpx
import pytest

from daemon import listeners
from daemon.config import ConfigError, parse_config

from .house import House, eventually, free_port, program
from .loops import both_loops
from .page import taken, web, web_port, with_page
from .test_listener_changes import change, reached

anyio_backend = both_loops

APP = program("echo")


@pytest.fixture
async def house(folder: str) -> AsyncIterator[House]:
    async with with_page(folder) as house:
        yield house


async def page_answers(port: int) -> bool:
    try:
        async with httpx.AsyncClient(trust_env=False) as client:
            return (await client.get(f"http://127.0.0.1:{port}/")).status_code == 200
    except httpx.TransportError:
        return False


async def test_a_reload_moves_the_page_and_switches_it_off_and_on(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    api = house.port
    first, second = web_port(house), free_port()
    assert (await change(house, webUI={"port": second})).status_code == 200
    assert web_port(house) == second
    assert f"the web page is at http://127.0.0.1:{second}/" in caplog.text
    assert await page_answers(second)
    await eventually(partial(reached, first), lambda answered: not answered)
    assert (await change(house, webUI={"enabled": False})).status_code == 200
    assert house.listeners.web == []
    await eventually(partial(reached, second), lambda answered: not answered)
    assert (await change(house, webUI={"port": second})).status_code == 200
    assert await page_answers(second)
    assert house.port == api, "the API stays where it is"


async def test_the_signpost_says_where_the_page_is(house: House) -> None:
    told = json.loads(Path(house.folder, "state", "api.json").read_text())
    assert told["web"] == [f"http://127.0.0.1:{web_port(house)}/"]
    assert told["urls"] == [f"http://127.0.0.1:{house.port}"]


async def test_page_and_api_can_change_places(house: House) -> None:
    one, other = free_port(), free_port()
    for api, page in ((one, other), (other, one), (one, other)):
        assert (await change(house, port=api, webUI={"port": page})).status_code == 200
        assert (house.port, web_port(house)) == (api, page)
        await eventually(lambda page=page: page_answers(page))  # type: ignore[misc]
        await eventually(partial(_is_api, api))


async def _is_api(port: int) -> bool:
    async with httpx.AsyncClient(trust_env=False) as client:
        return "version" in (await client.get(f"http://127.0.0.1:{port}/")).text


async def test_a_page_that_is_moved_to_a_taken_port_is_refused_with_the_whole_config(house: House) -> None:
    before = house.listeners.web
    async with taken() as other:
        port = other.getsockname()[1]
        answer = await change(house, webUI={"port": port})
        assert answer.status_code == 400
        assert f"cannot listen on http://127.0.0.1:{port}: Address already in use" in answer.json()["detail"]
    assert house.listeners.web == before
    assert (await web(house).get("/")).status_code == 200


async def test_a_port_that_is_taken_at_the_start_costs_the_page_and_not_the_api(
    folder: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listeners, "AGAIN", 0.01)
    monkeypatch.setattr(listeners, "LONGEST", 0.05)
    caplog.set_level(logging.INFO)
    async with taken() as other:
        port = other.getsockname()[1]
        async with with_page(folder, web_ui={"port": port}) as house:
            assert house.listeners.web == []
            assert (await house.remote.get("/servers")).status_code == 200
            told = f"cannot listen on http://127.0.0.1:{port}: Address already in use"
            assert "choose another port (webUI.port)" in caplog.text
            # A config that changes something else is not refused for it, and it is said once.
            assert (await change(house, login={"idleDays": 3})).status_code == 200
            assert caplog.text.count(told) == 1
            other.close()
            await eventually(partial(page_answers, port))
            assert house.listeners.web == [f"http://127.0.0.1:{port}/"]
            await eventually(partial(_told, caplog, f"the web page is at http://127.0.0.1:{port}/"))


async def _told(caplog: pytest.LogCaptureFixture, text: str) -> bool:
    return text in caplog.text


async def test_the_page_is_encrypted_as_the_api_is(house: House, certificate: tuple[str, str]) -> None:
    cert, key = certificate
    port = web_port(house)
    https = {"enabled": True, "cert": cert, "key": key}
    assert (await change(house, https=https)).status_code == 200
    assert house.listeners.web == [f"https://127.0.0.1:{web_port(house)}/"]
    async with httpx.AsyncClient(verify=False, trust_env=False) as client:
        url = f"https://127.0.0.1:{web_port(house)}"
        assert (await client.get(f"{url}/")).status_code == 200
        headers = {"Username": "admin", "Password": "correct horse"}
        answer = await client.post(f"{url}/api/login?cookie=true", headers=headers)
        assert answer.headers["set-cookie"].endswith("; Secure")
        house.secrets.add(answer.cookies["X-Authentication"])
    assert port > 0


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{port: 1\nwebUI: {port: 1}\n}", "c:2:15: webUI.port: expected another port than that of the API"),
        ("{port: 7877\nwebUI: {enabled: true}\n}", "c:2:8: webUI.port: expected another port than that of"),
        ("{webUI: {port: 42069}\n}", "c:1:16: webUI.port: expected another port than that of the API"),
        (
            "{webUI: {port: 65536}\n}",
            "c:1:16: webUI.port: expected a whole number from 0 to 65535, got 65536",
        ),
        ("{webUI: {onApiPort: 1}\n}", "c:1:21: webUI.onApiPort: expected true or false, got a number"),
    ],
)
def test_a_port_for_two_is_refused_and_its_key_is_named(text: str, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config(text.encode(), "c", "/")
    assert str(caught.value).startswith(told)


def test_an_old_config_whose_api_has_the_pages_usual_port_stays_right() -> None:
    config = parse_config(b"{port: 7877\n}", "c", "/")
    assert not config.web_ui.enabled
    assert "is the web page's usual port, so there is no web page" in config.warnings[0]
    assert parse_config(b"{port: 7877\nwebUI: {enabled: false}\n}", "c", "/").warnings == ()
    assert parse_config(b"{port: 0\nwebUI: {port: 0}\n}", "c", "/").web_ui.port == 0
    assert parse_config(b"{}", "c", "/").web_ui.port == 7877


async def test_while_there_is_no_account_the_page_is_for_this_machine_alone(house: House) -> None:
    port = free_port()
    answer = await house.local.delete("/accounts?username=admin")
    assert answer.status_code == 200, answer.text
    assert (await change(house, listen="0.0.0.0", webUI={"port": port})).status_code == 200
    bound = {one.getsockname()[0] for one in _sockets(house)}
    assert bound == {"127.0.0.1", "::1"} or bound == {"127.0.0.1"}
    body = {"username": "eve", "password": "correct horse"}
    assert (await house.local.post("/accounts", json=body)).status_code == 200
    await eventually(partial(_everywhere, house))
    assert await page_answers(port)


async def _everywhere(house: House) -> bool:
    return {one.getsockname()[0] for one in _sockets(house)} == {"0.0.0.0"}


def _sockets(house: House) -> list[socket.socket]:
    return [one for listener in house.listeners._served.values() if listener.web for one in listener.sockets]


async def test_nothing_is_tried_any_more_when_the_daemon_ends(
    folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listeners, "AGAIN", 0.01)
    async with taken() as other, with_page(folder, web_ui={"port": other.getsockname()[1]}):
        await anyio.lowlevel.checkpoint()
