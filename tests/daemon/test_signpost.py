"""`api.json`: a command finds the daemon by it, whatever the config says."""

import json
import os
import socket
import stat
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from daemon.signpost import FILE, Signpost
from supervisor import VERSION

from ..secrets import leaked
from .house import House, Json, free_port, program

APP = program("echo")


def told(house: House) -> Json:
    """Return what the file says."""
    found: Json = json.loads(Path(house.folder, "state", FILE).read_text())
    return found


async def change(house: House, **settings: object) -> None:
    """Send a config with other settings."""
    house.settings |= settings
    answer = await house.local.patch("/config", content=house.text(app=APP))
    assert answer.status_code == 200, answer.text


async def test_it_says_where_the_api_is(house: House) -> None:
    assert told(house) == {
        "version": VERSION,
        "socket": house.socket,
        "urls": [f"http://127.0.0.1:{house.port}"],
        "web": [],
        "config": os.path.join(house.folder, "config.json"),
        "logs": {"app": os.path.join(house.folder, "logs", "servers", "app")},
        "pid": os.getpid(),
    }
    assert stat.S_IMODE(os.stat(os.path.join(house.folder, "state", FILE)).st_mode) == 0o600
    assert leaked(os.path.join(house.folder, "state"), {house.token}) == []


async def test_it_is_right_when_a_change_of_the_config_is_answered(house: House) -> None:
    port = free_port()
    await change(house, port=port, unixSocket={"location": "other.sock"})
    assert told(house)["socket"] == os.path.join(house.folder, "other.sock")
    assert told(house)["urls"] == [f"http://127.0.0.1:{port}"]
    before = os.stat(os.path.join(house.folder, "state", FILE)).st_ino
    answer = await house.remote.post("/config/reload")
    assert answer.status_code == 200
    assert os.stat(os.path.join(house.folder, "state", FILE)).st_ino == before, "nothing new is not written"
    house.settings["unixSocket"] = {"enabled": False}
    await house.remote.patch("/config", content=house.text(app=APP))
    assert told(house)["socket"] is None


async def test_a_config_that_cannot_be_served_leaves_it_as_it_is(house: House) -> None:
    before = told(house)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        house.settings["port"] = taken.getsockname()[1]
        answer = await house.local.patch("/config", content=house.text(app=APP))
    assert answer.status_code >= 400
    assert told(house) == before


@pytest.mark.parametrize(
    ("listen", "url"),
    [
        ("", "http://127.0.0.1:{}"),
        ("0.0.0.0", "http://127.0.0.1:{}"),
        ("::", "http://[::1]:{}"),
        ("::1", "http://[::1]:{}"),
        ("localhost", "http://localhost:{}"),
    ],
)
async def test_its_addresses_can_be_called_from_here(house: House, listen: str, url: str) -> None:
    if ":" in listen and not socket.has_dualstack_ipv6():
        pytest.skip("there is no IPv6 here")
    await change(house, listen=listen)
    assert told(house)["urls"] == [url.format(house.port)]
    async with house.client(house.token) as client:
        client.base_url = url.format(house.port)
        assert (await client.get("/servers")).json() == {"servers": {"app": 1}}


async def test_a_full_disk_costs_a_line_and_nothing_else(
    tmp_path: Path, full_disk: Callable[[], AbstractContextManager[None]], caplog: pytest.LogCaptureFixture
) -> None:
    signpost = Signpost(str(tmp_path), "/config.hjson")
    with full_disk():
        await signpost.point("/api.sock", ["http://127.0.0.1:1"])
        await signpost.point("/api.sock", ["http://127.0.0.1:2"])
    assert caplog.text.count("where the API is cannot be told in") == 1
    assert os.listdir(tmp_path) == []
    await signpost.point("/api.sock", ["http://127.0.0.1:2"])
    assert json.loads((tmp_path / FILE).read_text())["urls"] == ["http://127.0.0.1:2"]


async def test_a_folder_that_is_gone_costs_a_line_too(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await Signpost(str(tmp_path / "gone"), "/config.hjson").point(None, [])
    assert "No such file or directory" in caplog.text


async def test_a_path_may_hold_bytes_that_are_no_text(tmp_path: Path) -> None:
    odd = os.fsdecode(b"/\xff.sock")
    await Signpost(str(tmp_path), odd).point(odd, [])
    found = json.loads((tmp_path / FILE).read_text())
    assert (found["socket"], found["config"]) == (odd, odd)
