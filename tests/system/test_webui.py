"""The web page's port as a person has it: told at the start, kept over a crash, never in the way."""

import json
import os
import signal
import socket

import httpx

from . import processes
from .house import SINGLE, Holdfast, free_port, sleeper


def page_port(house: Holdfast) -> int:
    """Give the page a port of its own."""
    port = free_port()
    house.settings["webUI"] = {"port": port}
    return port


def test_the_first_start_says_where_the_page_is_and_the_account_opens_it(house: Holdfast) -> None:
    port = page_port(house)
    house.configure(sleeper=sleeper())
    house.start()
    house.output.until(f"the web page is at http://127.0.0.1:{port}/")
    with open(house.path("state", "api.json"), encoding="utf-8") as file:
        assert json.load(file)["web"] == [f"http://127.0.0.1:{port}/"]
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as browser:
        # Whether it was built is not this test's matter: it is served, or says how to build it.
        assert browser.get("/").status_code in (200, 503)
        headers = {"Username": "admin", "Password": house.password, "Origin": f"http://127.0.0.1:{port}"}
        assert browser.post("/api/login?cookie=true", headers=headers).json() == {"success": True}
        assert browser.get("/api/servers").json() == {"servers": {"sleeper": 1}}
        assert browser.get("/servers").status_code == 404


def test_nobody_is_refused_at_the_page_while_the_daemon_is_killed(house: Holdfast) -> None:
    port = page_port(house)
    house.configure(sleeper=sleeper())
    house.start()
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, limits=SINGLE, timeout=60) as one:
        for _ in range(3):
            before = house.daemon
            assert before is not None
            os.kill(before, signal.SIGSTOP)  # what connects now is not taken by it
            with socket.create_connection(("127.0.0.1", port)) as waiting:
                waiting.sendall(b"GET /api HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                processes.kill(before)
                assert "version" in one.get("/api").text
                assert house.daemon != before
                waiting.settimeout(60)
                assert waiting.recv(12) == b"HTTP/1.1 200"


def test_a_taken_port_costs_the_page_and_nothing_else(house: Holdfast) -> None:
    port = page_port(house)
    house.configure(sleeper=sleeper())
    with socket.create_server(("127.0.0.1", port)):
        house.start()
        house.output.until(f"cannot listen on http://127.0.0.1:{port}: Address already in use")
        house.log_in()
        assert house.remote.get("/servers").json() == {"servers": {"sleeper": 1}}
    house.output.until(f"the web page is at http://127.0.0.1:{port}/")
    assert httpx.get(f"http://127.0.0.1:{port}/api", trust_env=False).status_code == 200
