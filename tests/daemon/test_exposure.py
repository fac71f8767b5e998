"""Who can reach us while nobody can log in: this machine, whatever the config says."""

import json
import logging
import os
import socket
from collections.abc import AsyncIterator
from functools import partial

import httpx
import pytest

from daemon.config import ConfigFile

from .house import House, eventually, free_port, living, write
from .test_listener_changes import reached

ACCOUNT = {"username": "eve", "password": "a password of eve's"}


async def served(house: House) -> list[str]:
    return [one for one in house.listeners.addresses if one.startswith("http")]


def names(port: int, *hosts: str) -> list[str]:
    return [f"http://{host}:{port}" for host in hosts]


def loopback(port: int) -> list[str]:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return names(port, "127.0.0.1")
    return names(port, "127.0.0.1", "[::1]")


def prepare(folder: str, listen: str, users: str) -> int:
    """Write a config, and accounts, before the daemon starts; return the port."""
    port = free_port()
    settings = {"port": port, "listen": listen, "unixSocket": {"location": "api.sock"}, "servers": {}}
    settings["webUI"] = {"enabled": False}
    ConfigFile(f"{folder}/config.json").write(json.dumps(settings).encode())
    write(f"{folder}/users.json", users)
    os.chmod(f"{folder}/users.json", 0o600)
    return port


async def logs_in(house: House) -> bool:
    headers = {"Username": "eve", "Password": ACCOUNT["password"]}
    try:
        return (await house.client(None).get("/login", headers=headers)).status_code == 200
    except httpx.ReadError:
        return False  # it was in the queue of the listener that is being given up


@pytest.fixture
async def port(folder: str) -> int:
    return prepare(folder, "", "{}")


@pytest.fixture
async def house(folder: str, port: int) -> AsyncIterator[House]:
    async with living(folder) as house:
        yield house


async def test_without_an_account_only_this_machine_is_served_until_there_is_one(
    house: House, port: int, caplog: pytest.LogCaptureFixture
) -> None:
    assert await served(house) == loopback(port)
    assert await reached(port)
    for _ in range(2):
        assert (await house.local.post("/accounts", json=ACCOUNT)).json() == {"success": True}
        await eventually(partial(served, house), lambda seen: seen == names(port, "*"))
        await eventually(partial(reached, port, "127.0.0.2"))
        await eventually(partial(logs_in, house))
        assert (await house.local.delete("/accounts?username=eve")).json() == {"success": True}
        await eventually(partial(served, house), lambda seen: seen == loopback(port))
        await eventually(partial(reached, port, "127.0.0.2"), lambda answered: not answered)
        assert await reached(port)


async def test_it_is_said_why_and_how_to_make_an_account(
    folder: str, port: int, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, "holdfast.listeners"):
        async with living(folder) as house:
            for _ in range(3):
                assert (await house.local.get("/config/reload")).status_code == 200
    (record,) = [one for one in caplog.records if "there is no account" in one.message]
    assert f"curl --unix-socket {folder}/api.sock http://localhost/accounts" in record.message
    assert "not on all addresses as configured" in record.message


async def test_an_account_that_is_written_by_hand_counts(house: House, folder: str, port: int) -> None:
    write(f"{folder}/users.json", json.dumps({"eve": "0" * 64}))
    house.parts.people.accounts.refresh()  # as when the file is seen to change
    await eventually(partial(served, house), lambda seen: seen == names(port, "*"))
    write(f"{folder}/users.json", json.dumps({"eve": "no hash"}))
    house.parts.people.accounts.refresh()
    await eventually(partial(served, house), lambda seen: seen == loopback(port))


@pytest.mark.parametrize(
    ("listen", "before"),
    [("0.0.0.0", "127.0.0.1"), ("127.0.0.2", "127.0.0.2"), ("localhost", "localhost")],
)
async def test_only_what_others_could_reach_is_withheld(folder: str, listen: str, before: str) -> None:
    port = prepare(folder, listen, "{}")
    async with living(folder) as house:
        assert await served(house) == names(port, before)
        assert (await house.local.post("/accounts", json=ACCOUNT)).json() == {"success": True}
        await eventually(partial(served, house), lambda seen: seen == names(port, listen))


async def test_accounts_that_cannot_be_read_are_none(folder: str) -> None:
    port = prepare(folder, "0.0.0.0", "{")
    async with living(folder) as house:
        assert await served(house) == names(port, "127.0.0.1")


async def test_a_port_that_is_taken_elsewhere_leaves_us_where_we_were(
    house: House, port: int, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.2", port))
        taken.listen()
        assert (await house.local.post("/accounts", json=ACCOUNT)).json() == {"success": True}

        async def told() -> str:
            return caplog.text

        await eventually(told, lambda text: "the API stays where it was: cannot listen on" in text)
        assert await served(house) == loopback(port)
    await house.listeners.again()
    assert await served(house) == names(port, "*")
