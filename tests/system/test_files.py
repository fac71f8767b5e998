"""Files while the daemon dies: nothing half done stays, what may go on goes on, and no worker is left."""

import os
import socket
from pathlib import Path

import httpx
import pytest

from . import processes
from .house import Holdfast, sleeper
from .test_daemon_killed import kill_the_daemon

TUS = {"Tus-Resumable": "1.0.0"}


@pytest.fixture
def files(house: Holdfast) -> Path:
    """The folder of a server in a Holdfast that runs."""
    house.configure(app=sleeper())
    house.start()
    return Path(house.path("programs", "app"))


def workers(house: Holdfast) -> list[int]:
    """Return the worker processes of the daemon."""
    daemon = house.daemon
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit() and daemon is not None and processes.parent(int(name)) == daemon:
            found.append(int(name))
    return found


@pytest.mark.parametrize("what", ["compress", "copy"])
def test_a_job_ends_with_its_daemon_and_leaves_nothing(house: Holdfast, files: Path, what: str) -> None:
    """A copy is of incompressible bytes that are really there, an archive of a terabyte of nothing."""
    (files / "large").mkdir()
    with open(files / "large" / "file", "wb") as file:
        file.truncate(1 << 40)
    if what == "copy":
        (files / "large" / "file").unlink()
        for number in range(20_000):
            (files / "large" / f"{number}").touch()
        body, query = '{"operation": "cp", "src": "large", "dest": "made"}', "file?async=true"
    else:
        body, query = '["large"]', "compress?async=true&archiveType=tar&path=made"
    method = "PATCH" if what == "copy" else "POST"
    answer = house.local.request(method, f"/server/app/{query}", content=body)
    assert answer.status_code == 200, answer.text
    (worker,) = house.until(lambda: workers(house), "there is a worker")

    kill_the_daemon(house)

    processes.until_ended(worker)
    # A copy may have been done just before.
    whole = [["large"]] if what == "compress" else [["large"], ["large", "made"]]
    house.until(lambda: sorted(os.listdir(files)) in whole, "nothing of ours is left")
    for made in files.glob("made"):
        assert len(os.listdir(made)) == 20_000
    assert house.local.get("/jobs").json() == {"jobs": []}


def test_an_upload_that_dies_with_the_daemon_leaves_the_old_file(house: Holdfast, files: Path) -> None:
    (files / "old").write_text("old")
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(house.path("api.sock"))
        head = "PUT /server/app/file?path=old HTTP/1.1\r\nHost: x\r\nContent-Length: 10000000\r\n\r\n"
        client.sendall(head.encode() + bytes(4_000_000))
        kill_the_daemon(house)
    assert (files / "old").read_text() == "old"
    house.until(lambda: os.listdir(files) == ["old"], "nothing of ours is left")


def test_a_resumable_upload_goes_on_after_the_death_of_the_daemon(house: Holdfast, files: Path) -> None:
    content = os.urandom(3_000_000)
    answer = house.local.post(
        "/server/app/uploads",
        headers={**TUS, "Upload-Length": str(len(content)), "Upload-Metadata": "filename d29ybGQ="},
    )
    assert answer.status_code == 201, answer.text
    url = httpx.URL("http://localhost/server/app/uploads").join(answer.headers["location"])
    octets = {**TUS, "Content-Type": "application/offset+octet-stream"}
    house.local.patch(url, headers={**octets, "Upload-Offset": "0"}, content=content[:1_000_000])

    kill_the_daemon(house)

    at = int(house.local.head(url, headers=TUS).headers["upload-offset"])
    assert at == 1_000_000
    answer = house.local.patch(url, headers={**octets, "Upload-Offset": str(at)}, content=content[at:])
    assert answer.status_code == 204, answer.text
    assert (files / "world").read_bytes() == content
    assert [name for name in os.listdir(files) if name != ".holdfast"] == ["world"]
