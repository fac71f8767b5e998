"""What must not get out: not into files, not into process listings, not into programs."""

import json
import os
from contextlib import suppress

import pyotp
from websockets.sync.client import connect

from . import processes
from .console import V2
from .house import Holdfast, program, sleeper


def visible(folder: str) -> bytes:
    """Return the command lines and environments of all processes of a folder."""
    found = b""
    for pid in processes.below(folder):
        with suppress(OSError):
            found += processes.read(pid, "cmdline") + processes.read(pid, "environ")
    return found


def test_no_password_token_or_ticket_is_in_a_file_or_a_process_listing(house: Holdfast) -> None:
    house.configure(echo=program("echo"), sleeper=sleeper())
    house.start()
    password = house.password
    token = house.log_in()
    wrong, other, changed = "wrong-Zqx7Vb", "other-Zqx7Vb", "changed-Zqx7Vb"
    assert house.remote.post("/login", headers={"Username": "admin", "Password": wrong}).status_code == 401
    assert house.remote.post("/login", headers={"Username": wrong, "Password": wrong}).status_code == 401
    body = json.dumps({"username": "second", "password": other})
    assert house.remote.post("/accounts", content=body).is_success
    body = json.dumps({"username": "second", "password": changed})
    assert house.remote.patch("/accounts", content=body).is_success
    cookie = house.remote.get("/login?cookie=true", headers={"Username": "second", "Password": changed})
    cookie_token = cookie.cookies["X-Authentication"]
    house.remote.cookies.clear()
    used, unused = house.ticket(), house.ticket()
    uri = f"ws://127.0.0.1:{house.port}/server/echo/console?ticket={used}"
    for _ in range(2):
        with connect(uri, subprotocols=[V2], proxy=None) as viewer:
            viewer.recv()
    house.remote.get(f"/server/nothing/console?ticket={unused}")
    key = house.remote.post("/keys", json={"name": "bot"}).json()["key"]
    assert house.remote.get("/servers", headers={"Authorization": "", "X-API-Key": key}).is_success
    wish = {"kind": "console", "server": "echo"}
    share = house.remote.post("/shares", json=wish).json()["token"]
    with connect(f"ws://127.0.0.1:{house.port}/server/echo/console?share={share}", proxy=None) as viewer:
        viewer.recv()
    given = house.remote.post("/account/factor", json={"password": password}).json()["secret"]
    code = pyotp.TOTP(given).now()
    recovery = house.remote.post("/account/factor/confirm", json={"code": code}).json()["recovery"]
    headers = {"Username": "admin", "Password": password, "X-OTP": recovery[0]}
    assert house.remote.get("/login", headers=headers).is_success
    config = json.loads(house.text(echo=program("echo", environment={"TOKEN": "hidden-Zqx7Vb"})))
    assert house.local.patch("/config", json=config).is_success

    secrets = {"password": password, "token": token, "cookie": cookie_token, "used ticket": used}
    secrets |= {"key": key, "share": share, **{f"recovery {n}": one for n, one in enumerate(recovery)}}
    secrets |= {"unused ticket": unused, "other": other, "changed": changed, "wrong": wrong}
    # These stand where they must: for the owner alone.
    kept = {"second factor": (given, "users.json"), "environment": ("hidden-Zqx7Vb", "config.hjson")}
    for name, (secret, place) in kept.items():
        places = {os.path.relpath(path, house.folder) for path in house.files_with(secret)}
        assert place in places, name
        assert not {path for path in places if path.startswith("logs")}, name
        assert "audit.db" not in " ".join(places), name
    listing = visible(house.folder)
    assert house.path("state").encode() in listing
    for name, secret in secrets.items():
        assert len(secret) > 10
        assert secret.encode() not in listing, name
        assert house.files_with(secret) == [], name
    assert house.stop() == 0
    printed = house.output.until_end()
    assert printed.count(password) == 1
    for name, secret in secrets.items():
        assert house.files_with(secret) == [], name
        assert name == "password" or secret not in printed, name


def test_files_and_sockets_are_nobody_elses_even_without_a_umask(house: Holdfast) -> None:
    before = os.umask(0)
    try:
        house.configure(sleeper=sleeper())
        house.start()
    finally:
        os.umask(before)
    house.log_in()
    house.until(lambda: os.path.exists(house.path("logs", "octyne.log")), "the audit log is written")
    open_to_all: list[str] = []
    for place in ("state", "logs", "users.json", "api.sock"):
        for folder, _, names in os.walk(house.path(place)):
            found = [folder, *(os.path.join(folder, name) for name in names)]
            open_to_all += [path for path in found if os.stat(path).st_mode & 0o007]
        if os.stat(house.path(place)).st_mode & 0o007:
            open_to_all.append(house.path(place))
    # A folder that only we may enter keeps what is in it to us.
    kept = ("state/", "logs/")
    assert [p for p in open_to_all if not os.path.relpath(p, house.folder).startswith(kept)] == []


def test_programs_get_three_descriptors_and_no_secret(house: Holdfast) -> None:
    house.configure(
        about=program("about"),
        sleeper=sleeper(environment={"GIVEN": "on purpose"}),
    )
    house.environment |= {
        "HOLDFAST_SECRET_X": "hush-Zqx7Vb",
        "AWS_SECRET_ACCESS_KEY": "hush-Zqx7Vb",
        "LC_TIME": "C",
    }
    reading, writing = os.pipe()
    try:
        house.start(pass_fds=(reading, writing))
    finally:
        os.close(reading)
        os.close(writing)
    pids = [house.pid("about"), house.pid("sleeper")]
    told = json.loads(house.console("about").until('"descriptors"'))
    assert told["descriptors"] == [0, 1, 2]
    assert set(told["environment"]) <= {
        *("PATH", "HOME", "LANG", "LC_TIME", "PWD", "LC_CTYPE", "HOLDFAST_SERVICE")
    }
    for pid in pids:
        assert processes.descriptors(pid) == {0, 1, 2}
        environment = processes.read(pid, "environ")
        assert b"SECRET" not in environment
        assert b"hush-Zqx7Vb" not in environment
    assert b"GIVEN=on purpose" in processes.read(pids[1], "environ")
    assert b"GIVEN" not in processes.read(pids[0], "environ")
