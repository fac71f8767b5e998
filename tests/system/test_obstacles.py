"""Something stands in the way: it is named in a sentence, nothing is broken, and no program suffers."""

import os
import socket
import subprocess

import pytest

from . import processes
from .house import Holdfast, holdfast, program, sleeper


def programs(house: Holdfast) -> set[int]:
    """Return the pids of the sleepers, which the kernel knows also while the API does not answer."""
    return {pid for pid, command in processes.below(house.folder).items() if command == "sleep 1000"}


def test_a_second_holdfast_on_the_same_folder_ends_with_a_sentence(house: Holdfast) -> None:
    house.configure(sleeper=sleeper(), echo=program("echo"))
    house.start()
    before = processes.below(house.folder)
    command, environment = holdfast("run", "--config", house.path("config.hjson"))
    second = subprocess.run(
        command,
        env={**house.environment, **environment},
        cwd=house.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert second.returncode == 1
    assert second.stdout == ""
    assert second.stderr.splitlines() == [
        f"Holdfast already runs on {house.path('state')} (process {house.supervisor})"
    ]
    assert processes.below(house.folder) == before
    assert house.answers()
    console = house.console("echo")
    console.type("untouched?")
    console.until("echo: untouched?")


@pytest.mark.parametrize("start", ["first", "later"])
def test_with_its_port_taken_the_programs_run_and_the_api_comes_when_it_is_freed(
    house: Holdfast, start: str
) -> None:
    house.configure(sleeper=sleeper())
    if start == "later":
        house.start()
        assert house.stop() == 0
    with socket.create_server(("127.0.0.1", house.port)):
        house.start(wait=False)
        house.output.until(f"cannot listen on http://127.0.0.1:{house.port}: Address already in use\n")
        pids = house.until(lambda: programs(house), "the program runs")
    house.until_it_answers()
    assert programs(house) == pids
    assert house.servers() == {"sleeper": 1}


@pytest.mark.parametrize("obstacle", ["directory", "file", "live socket"])
def test_what_stands_at_the_path_of_the_unix_socket_stays(house: Holdfast, obstacle: str) -> None:
    house.configure(sleeper=sleeper())
    path = house.path("api.sock")
    with socket.socket(socket.AF_UNIX) as live:
        if obstacle == "directory":
            os.mkdir(path)
        elif obstacle == "file":
            with open(path, "w", encoding="ascii") as file:
                file.write("precious\n")
        else:
            live.bind(path)
            live.listen()
        inode = os.stat(path).st_ino
        house.start(wait=False)
        reason = (
            "another program listens there" if obstacle == "live socket" else "is not a socket stands there"
        )
        house.output.until(f"{reason}\n")
        assert f"cannot listen on unix:{path}: " in house.output.text
        assert os.stat(path).st_ino == inode
        if obstacle == "file":
            with open(path, encoding="ascii") as file:
                assert file.read() == "precious\n"
    os.rename(path, house.path("aside"))
    house.until_it_answers()


def test_a_dead_socket_at_the_path_is_replaced(house: Holdfast) -> None:
    house.configure(sleeper=sleeper())
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(house.path("api.sock"))
    house.start()
    assert house.servers() == {"sleeper": 1}


def test_a_config_that_moves_to_a_taken_port_is_refused_and_the_old_one_serves(house: Holdfast) -> None:
    house.configure(sleeper=sleeper())
    house.start()
    with socket.create_server(("127.0.0.1", 0)) as other:
        house.settings["port"] = other.getsockname()[1]
        answer = house.local.patch("/config", content=house.text(sleeper=sleeper(), new=sleeper()))
    assert answer.status_code == 400
    assert "Address already in use" in answer.json()["detail"]
    assert house.answers()
    assert house.servers() == {"sleeper": 1}


def test_accounts_that_cannot_be_written_keep_the_api_of_this_machine_alive(house: Holdfast) -> None:
    house.configure(sleeper=sleeper())
    os.symlink(house.path("missing", "users.json"), house.path("users.json"))
    house.start()
    daemon = house.daemon
    house.output.until("users.json")
    house.until_status("sleeper", 1)
    assert house.local.get("/config/reload").is_success
    assert house.daemon == daemon
    assert house.stop() == 0
    assert "Traceback" not in house.output.until_end()
