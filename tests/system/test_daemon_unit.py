"""The API daemon as a unit of its own: its sockets are systemd's, or kept by it, and nobody is refused."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from ..supervisor.real import started
from ..supervisor.systemd import Systemd, systemd
from . import processes
from .asker import Asker, Moments
from .house import PACE, ROOT, Holdfast, program
from .output import Output
from .people import People


@contextmanager
def the_daemon(
    house: Holdfast, supervisor: str, by: Systemd
) -> Iterator[tuple[subprocess.Popen[bytes], Output]]:
    """Let systemd start the daemon; at the end it is dead."""
    options = ["--config", house.path("config.hjson"), "--state-dir", house.path("state")]
    command = [sys.executable, "-P", "-m", "daemon", *options, "--supervisor", supervisor]
    process = subprocess.Popen(
        by.wrapped(command),
        env={**house.environment, "PYTHONPATH": ROOT, **by.environment},
        cwd=house.folder,
        pass_fds=by.given,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert process.stdout is not None
    output = Output(process.stdout)
    try:
        yield process, output
    finally:
        process.kill()
        process.wait()
        output.until_end()


def open_sockets(house: Holdfast) -> list[int]:
    """Open both sockets, as `holdfast.socket` has systemd do it; return their descriptors."""
    tcp = socket.create_server(("127.0.0.1", house.port))
    unix = socket.socket(socket.AF_UNIX)
    unix.bind(house.path("api.sock"))
    unix.listen()
    return [tcp.detach(), unix.detach()]


@pytest.mark.parametrize("activated", [True, False], ids=["socket-unit", "store-alone"])
def test_the_daemon_alone_dies_five_times_and_nobody_is_refused(
    house: Holdfast, tmp_path: Path, activated: bool
) -> None:
    house.configure(ticker=program("ticker"))
    with systemd(str(tmp_path / "notify")) as by, started(str(tmp_path / "supervisor")) as running:
        if activated:
            by.kept["holdfast.socket"] = open_sockets(house)
        wait_for_the_supervisor(running.process, running.socket)
        people = People()
        pids: set[object] = set()
        local = Asker(house, Moments())

        def ask() -> None:
            pids.add(local.get("/server/ticker")["pid"])

        with people.at_work():
            if activated:
                people.go_on(ask)  # before there is anybody who could answer
            remote = begin(house, running.socket, by)
            if not activated:
                people.go_on(ask)
            for _ in range(5):
                with by.hearing(), the_daemon(house, running.socket, by) as (_, output):
                    output.until(" serves ")
                    assert remote.get("/servers") == {"servers": {"ticker": 1}}
            # At its orderly end, too, the sockets stay.
            with by.hearing(), the_daemon(house, running.socket, by) as (process, output):
                output.until(" serves ")
                process.send_signal(signal.SIGTERM)
                assert process.wait(processes.DEADLINE) == 0
            assert os.path.exists(house.path("api.sock"))
            with by.hearing(), the_daemon(house, running.socket, by):
                assert remote.get("/servers") == {"servers": {"ticker": 1}}
                people.go_home()
    assert len(pids) == 1


def wait_for_the_supervisor(process: "subprocess.Popen[bytes]", path: str) -> None:
    """Wait until it listens."""
    for _ in range(round(processes.DEADLINE / PACE)):
        if os.path.exists(path):
            return
        with suppress(subprocess.TimeoutExpired):
            raise AssertionError(f"it ended with {process.wait(PACE)}")
    raise TimeoutError("the supervisor does not listen")


def begin(house: Holdfast, supervisor: str, by: Systemd) -> Asker:
    """Let it run for the first time; return somebody who has logged in."""
    with by.hearing(), the_daemon(house, supervisor, by) as (_, output):
        password = output.until("shown only once").partition("admin, password ")[2].split()[0]
        output.until(" serves ")  # not before there is an account
        answer = house.remote.post("/login", headers={"Username": "admin", "Password": password})
        return Asker(house, Moments(), str(answer.raise_for_status().json()["token"]))


def test_a_config_that_is_edited_while_no_supervisor_is_there_counts_when_it_is_back(
    house: Holdfast, tmp_path: Path
) -> None:
    house.configure(one=program("echo"), two=program("echo"))
    folder = str(tmp_path / "supervisor")
    with systemd(str(tmp_path / "notify")) as by, by.hearing(), started(folder) as first:
        wait_for_the_supervisor(first.process, first.socket)
        with the_daemon(house, first.socket, by) as (_, output):
            until_servers(house, first.process, "one", "two")
            first.process.send_signal(signal.SIGTERM)
            assert first.process.wait(processes.DEADLINE) == 0
            house.configure(three=program("echo"))
            output.until("the config was not reloaded")
            with started(folder, options=("--await-plan", "60")) as second:
                until_servers(house, second.process, "three")


def until_servers(house: Holdfast, process: "subprocess.Popen[bytes]", *names: str) -> None:
    """Wait until all of these servers run, and those alone."""
    for _ in range(round(processes.DEADLINE / PACE)):
        with suppress(httpx.HTTPError):
            if house.servers() == dict.fromkeys(names, 1):
                return
        with suppress(subprocess.TimeoutExpired):
            raise AssertionError(f"the supervisor ended with {process.wait(PACE)}")
    raise TimeoutError(f"never came true, the latest is {house.servers()}")
