"""The path of somebody who has just installed it."""

import os
import shutil
import stat

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from .console import V2
from .house import ROOT, Holdfast, free_port, program, sleeper


def test_the_first_start_makes_an_account_and_shows_its_password_once(house: Holdfast) -> None:
    house.configure(sleeper=sleeper())
    house.start()
    password = house.password
    house.log_in()
    assert stat.S_IMODE(os.stat(house.path("users.json")).st_mode) == 0o600
    assert house.output.text.count(password) == 1
    assert house.stop() == 0

    house.start()
    answer = house.remote.post("/login", headers={"Username": "admin", "Password": password})
    assert answer.is_success
    assert house.stop() == 0
    assert password not in house.output.until_end()
    assert house.files_with(password) == []


@pytest.mark.parametrize("way", ["remote", "local"])
def test_a_program_is_listed_stopped_started_killed_and_talked_to(house: Holdfast, way: str) -> None:
    house.configure(echo=program("echo"), off=sleeper(enabled=False))
    house.start()
    api = house.local
    if way == "remote":
        house.log_in()
        api = house.remote
    assert api.get("/servers").json() == {"servers": {"echo": 1, "off": 0}}
    console = house.console("echo", remote=way == "remote")
    console.until("ready")
    console.type("is anybody there?")
    console.until("echo: is anybody there?")

    assert api.post("/server/echo", content="TERM").json() == {"success": True}
    console.until("[Octyne] Server echo has stopped.")
    house.until_status("echo", 0)
    assert api.post("/server/echo", content="START").json() == {"success": True}
    house.until_status("echo", 1)
    console.type("and now?")
    console.until("echo: and now?")
    assert api.post("/server/echo", content="KILL").json() == {"success": True}
    house.until_status("echo", 0)


def test_over_tcp_nobody_is_known_without_a_token(house: Holdfast) -> None:
    house.configure(echo=program("echo"))
    house.start()
    for path in ("/servers", "/server/echo", "/server/nothing", "/config", "/accounts", "/ott"):
        assert house.remote.get(path).status_code == 401
        assert house.remote.get(path, headers={"Authorization": "A" * 128}).status_code == 401
    answer = house.remote.post("/login", headers={"Username": "admin", "Password": "guessed"})
    assert (answer.status_code, answer.json()["error"]) == (401, "Invalid username or password!")


def test_a_ticket_opens_one_console(house: Holdfast) -> None:
    house.configure(echo=program("echo"))
    house.start()
    house.log_in()
    uri = f"ws://127.0.0.1:{house.port}/server/echo/console?ticket={house.ticket()}"
    with connect(uri, subprotocols=[V2], proxy=None) as first:
        assert "settings" in first.recv()
        with connect(uri, subprotocols=[V2], proxy=None) as second:
            assert "error" in second.recv()
            with pytest.raises(ConnectionClosed):
                second.recv()
            assert second.close_code == 4401


def test_the_example_config_runs_its_two_programs(house: Holdfast) -> None:
    web = free_port()
    with open(os.path.join(ROOT, "config.example.hjson"), encoding="utf-8") as file:
        text = file.read()
    for old, new in (
        ("port: 42069", f"port: {house.port}"),
        (" 8000", f" {web}"),
        ("port: 7877", "port: 0"),
        ("state/api.sock", "api.sock"),
    ):
        assert old in text
        text = text.replace(old, new)
    shutil.copytree(os.path.join(ROOT, "examples"), house.path("examples"))
    house.write(text)
    house.start()
    assert house.servers() == {"chat": 1, "web": 1}

    def page() -> httpx.Response | None:
        try:
            return httpx.get(f"http://127.0.0.1:{web}/", trust_env=False)
        except httpx.TransportError:
            return None

    answer = house.until(page, "the page is served")
    assert answer is not None
    with open(house.path("examples", "web", "index.html"), encoding="utf-8") as file:
        assert answer.text == file.read()

    chat = house.console("chat")
    chat.until("Welcome to the chat example")
    chat.type("say good evening")
    chat.until("[Server] good evening")
    assert house.stop() == 0
