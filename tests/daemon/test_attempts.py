"""What was tried and came to nothing is in the audit log, with who, what and why."""

import json
import os
import pwd
from collections.abc import AsyncIterator

import anyio
import pytest

from daemon import attempt, auditrefusals
from daemon.access import Identity

from .filehouse import FileHouse, filing
from .house import House, Json, eventually, program, python, read, write


def undone(house: House) -> list[Json]:
    """Return what stands in the log of what was not done."""
    return [line for line in house.audit() if line.get("result") in ("failed", "denied")]


def allow(monkeypatch: pytest.MonkeyPatch, *permissions: str) -> None:
    monkeypatch.setattr(Identity, "may", lambda _, permission, server=None: permission in permissions)


# Logging in.


@pytest.mark.parametrize(("name", "told"), [("admin", "admin"), ("hunter2-in-the-wrong-field", "hu…")])
async def test_a_wrong_login_is_noted_with_a_name_that_is_known_and_no_other(
    house: House, name: str, told: str
) -> None:
    answer = await house.nobody.get("/login", headers={"Username": name, "Password": "5ecret"})
    assert answer.status_code == 401
    (line,) = undone(house)
    assert line["msg"] == "user failed to perform action"
    assert (line["action"], line["result"]) == ("auth.login", "failed")
    assert (line["user"], line["ip"]) == (told, "127.0.0.1")
    assert line["cause"] == "wrong-credentials: Invalid username or password!"
    assert "5ecret" not in json.dumps(house.audit())


async def test_a_wrong_login_is_the_tried_names_also_from_within_a_session(house: House) -> None:
    await house.parts.people.accounts.create("eve", "x")
    await house.remote.get("/login", headers={"Username": "eve", "Password": "y"})
    (line,) = undone(house)
    assert line["user"] == "eve"


async def test_nobody_can_fill_the_log_without_a_login(house: House) -> None:
    await house.nobody.get("/servers")
    await house.client("x" * 128).post("/server/app", content="START")
    await house.nobody.delete("/server/app/file?path=x")
    await house.nobody.get("/login")
    await house.nobody.get("/login", headers={"Username": "x"})
    await house.nobody.post("/nothing")
    await house.nobody.patch("/servers")
    async with house.view(headers={"Authorization": "x"}) as viewer:
        assert await viewer.close_code() == 4401
    assert house.audit() == []


# Permissions.


async def test_who_is_refused_is_noted_whatever_was_asked(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    allow(monkeypatch)
    await house.remote.get("/accounts")
    await house.remote.get("/server/app/file?path=x")
    await house.remote.post("/server/app", content="START")
    await house.local.patch("/config", content="{}")
    async with house.view(token=house.token) as viewer:
        assert await viewer.close_code() == 4403
    lines = undone(house)
    assert [(line["action"], line.get("server"), line["user"]) for line in lines] == [
        ("accounts.view", None, "admin"),
        ("server.files.download", "app", "admin"),
        ("server.control", "app", "admin"),
        ("config.edit", None, "@local"),
        ("server.console.access", "app", "admin"),
    ]
    assert {line["result"] for line in lines} == {"denied"}
    assert {line["cause"] for line in lines} == {
        "not-permitted: You are not allowed to access this resource!"
    }


async def test_who_is_refused_the_same_again_and_again_is_counted(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    allow(monkeypatch)
    for _ in range(5):
        await house.remote.get("/server/app")
    assert len(undone(house)) == 1
    await house.remote.get("/accounts")
    monkeypatch.setattr(auditrefusals, "REPEATED", 0.0)
    await house.remote.get("/server/app")
    await house.remote.get("/server/app")
    assert [(line["action"], line.get("repeated")) for line in undone(house)] == [
        ("server.view", None),
        ("accounts.view", None),
        ("server.view", 4),
        ("server.view", None),
        ("server.view", None),
    ]


async def test_what_a_reader_types_is_noted_as_refused(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    allow(monkeypatch, "server.console.view")
    async with house.view(token=house.token) as viewer:
        await viewer.until("ready")
        await viewer.type("op eve")
        await viewer.say(type="ping", id="after")
        await viewer.answer()
    (line,) = undone(house)
    assert (line["action"], line["result"], line["input"]) == ("server.console.input", "denied", "op eve")


# Servers, accounts, the config.


async def test_what_became_of_no_server_says_what_was_wanted(house: House) -> None:
    await house.configure(app=python("x"), broken={"directory": "/", "command": ["/nothing"]})
    for server, word in (("other", "START"), ("broken", "START"), ("app", "DANCE")):
        await house.remote.post(f"/server/{server}", content=word)
    lines = undone(house)
    assert [(line["action"], line["server"]) for line in lines] == [
        ("server.control", "other"),
        ("server.start", "broken"),
        ("server.control", "app"),
    ]
    assert lines[0]["cause"] == "no-such-server: This server does not exist!"
    assert str(lines[1]["cause"]).startswith("cannot-start: ")
    assert lines[2]["cause"] == "invalid-operation: Invalid operation requested!"
    assert "server.start" not in [line["action"] for line in house.done()]


async def test_accounts_that_were_not_changed_are_named_and_passwords_are_not(house: House) -> None:
    for method, body in (
        ("POST", {"username": "admin", "password": "5ecret"}),
        ("PATCH", {"username": "eve", "password": "5ecret"}),
        ("POST", {"username": "x" * 5000, "password": "5ecret"}),
    ):
        await house.remote.request(method, "/accounts", content=json.dumps(body))
    await house.remote.delete("/accounts?username=eve")
    await house.remote.post("/accounts", content="5ecret")
    lines = undone(house)
    told = [(line["action"], str(line.get("taggedUser"))) for line in lines]
    assert told[:2] == [("accounts.create", "admin"), ("accounts.update", "eve")]
    assert len(told[2][1]) < 1100
    assert told[3:] == [("accounts.delete", "eve"), ("accounts.create", "None")]
    assert "5ecret" not in json.dumps(house.audit())


async def test_a_config_that_was_not_taken_is_noted_without_what_is_in_it(house: House) -> None:
    await house.remote.patch("/config", content='{"servers": {"a": {"environment": {"PIN": 5432}}}}')
    write(os.path.join(house.folder, "config.json"), "5432")
    await house.remote.get("/config/reload")
    lines = undone(house)
    assert [(line["action"], str(line["cause"]).partition(":")[0]) for line in lines] == [
        ("config.edit", "invalid-config"),
        ("config.reload", "invalid-config"),
    ]
    assert "5432" not in json.dumps(lines)


async def test_an_edit_is_noted_with_what_is_different(house: House) -> None:
    await house.configure(app=program("echo"), web={**program("echo"), "environment": {"TOKEN": "5ecret"}})
    await house.remote.patch("/config", content=house.text(app=program("echo"), web=program("echo")))
    await house.remote.patch(
        "/config", content="// nothing\n" + house.text(app=program("echo"), web=program("echo"))
    )
    await house.remote.post("/config/reload")
    assert [line.get("changes") for line in house.done()] == [
        ["servers.web: added"],
        ["servers.web.environment: removed"],
        ["only comments or layout"],
        None,
    ]
    assert "5ecret" not in json.dumps(house.audit())


@pytest.mark.parametrize(
    "logging", [{"enabled": False}, {"actions": {"config": False}}, {"actions": {"config.edit": False}}]
)
async def test_the_edit_that_switches_the_log_off_is_in_it(house: House, logging: Json) -> None:
    async def apply(text: str) -> None:
        assert (await house.remote.patch("/config", content=text)).status_code == 200

    settings = json.loads(house.text(app=program("echo")))
    await apply(json.dumps({**settings, "logging": logging}))
    await apply(json.dumps({**settings, "logging": {**logging, "path": "logs"}}))
    (line,) = house.audit()
    assert (line["action"], line["changes"]) == ("config.edit", ["logging: added"])


# Files and jobs.


@pytest.fixture
async def fs(folder: str) -> AsyncIterator[FileHouse]:
    async with filing(folder) as fs:
        yield fs


async def test_what_became_of_no_file_says_what_was_wanted(fs: FileHouse) -> None:
    move = json.dumps({"operation": "mv", "src": "a", "dest": "b"})
    outside = json.dumps({"operation": "cp", "src": "../x", "dest": "b"})
    mode = json.dumps({"operation": "chmod", "path": "a", "mode": "755"})
    bulk = json.dumps({"operations": [{"operation": "rm", "path": "a"}]})
    for method, what, body, query in (
        ("PATCH", "file", move, {}),
        ("PATCH", "file", outside, {}),
        ("PATCH", "file", mode, {}),
        ("PATCH", "file", "nonsense", {}),
        ("DELETE", "file", "", {"path": "a"}),
        ("DELETE", "file", "", {"path": "/"}),
        ("POST", "folder", "", {"path": "a/b/c"}),
        ("PATCH", "files", bulk, {}),
        ("POST", "compress", '["a"]', {"path": "x.zip"}),
        ("POST", "decompress", "b", {"path": "x.zip"}),
        ("PATCH", "trash", '{"id": "x"}', {}),
        ("PUT", "file", "x", {"path": "a/b"}),
        ("PATCH", "uploads/nothing", "", {}),
    ):
        assert (await fs.ask(method, what, body, **query)).status_code >= 400, (method, what)
    lines = undone(fs.house)
    assert [str(line["action"]).removeprefix("server.files.") for line in lines] == [
        *("move", "copy", "changeMode", "modify", "delete", "delete", "createFolder", "bulk"),
        *("compress", "decompress", "restore", "upload", "upload"),
    ]
    assert {(line["server"], line["user"], line["result"]) for line in lines} == {("app", "admin", "failed")}
    assert all(line["cause"] for line in lines)
    assert (lines[0]["src"], lines[0]["dest"]) == ("/a", "/b")
    assert lines[1]["src"] == "../x"
    assert (lines[2]["mode"], lines[4]["path"], lines[8]["archive"]) == ("755", "/a", "/x.zip")
    assert fs.lines() == []


async def test_a_file_that_only_could_not_be_read_is_no_entry(fs: FileHouse) -> None:
    await fs.ask("GET", "file", path="nothing")
    await fs.ask("GET", "files", path="nothing")
    assert fs.house.audit() == []


async def test_a_job_that_fails_after_its_answer_is_noted(fs: FileHouse) -> None:
    (fs.files / "broken.zip").write_text("this is no archive")
    answer = await fs.ask("POST", "decompress", "out", path="broken.zip", **{"async": "true"})
    assert answer.status_code == 200

    async def look() -> list[Json]:
        return undone(fs.house)

    (line,) = await eventually(look)
    assert (line["action"], line["archive"], line["destPath"]) == (
        "server.files.decompress",
        "/broken.zip",
        "/out",
    )
    assert line["cause"]


async def test_a_job_that_fails_before_its_answer_is_noted_once(fs: FileHouse) -> None:
    (fs.files / "broken.zip").write_text("this is no archive")
    assert (await fs.ask("POST", "decompress", "out", path="broken.zip")).status_code >= 400
    assert len(undone(fs.house)) == 1


async def test_a_job_that_somebody_stops_is_noted_for_both(fs: FileHouse) -> None:
    fs.house.parts.jobs.allow(1)
    jobs = []
    for number in range(2):
        (fs.files / f"large{number}").touch()
        os.truncate(fs.files / f"large{number}", 8 << 30)
        answer = await fs.ask(
            "POST", "compress", f'["large{number}"]', path=f"{number}.zip", **{"async": "true"}
        )
        jobs.append(answer.json()["job"])
    for job in reversed(jobs):  # the one that waits first
        assert (await fs.house.local.delete(f"/jobs/{job}")).status_code == 200
    lines = [line for line in fs.house.audit() if line["action"] != "config.edit"]
    told = [(line["action"], line["user"], line["result"]) for line in lines]
    stopped = ("server.files.compress", "admin", "failed")
    assert told == [stopped, ("jobs.cancel", "@local", "success")] * 2
    assert str(lines[0]["cause"]).startswith("cancelled")
    assert (lines[1]["kind"], lines[1]["server"], lines[1]["path"]) == ("compress", "app", "/1.zip")


async def test_an_upload_that_is_cut_off_is_noted(fs: FileHouse) -> None:
    reader = await anyio.connect_tcp("127.0.0.1", fs.house.port)
    async with reader:
        head = f"PUT /server/app/file?path=x HTTP/1.1\r\nHost: x\r\nAuthorization: {fs.house.token}\r\n"
        await reader.send(f"{head}Content-Length: 100\r\n\r\nhalf".encode())

    async def look() -> list[Json]:
        return undone(fs.house)

    (line,) = await eventually(look)
    assert (line["action"], line["path"]) == ("server.files.upload", "/x")
    assert line["cause"] == "disconnected: The request was cut off!"


# Who it was.


async def test_somebody_on_this_machine_is_named_with_the_process(house: House) -> None:
    await house.local.post("/server/app", content="KILL")
    (line,) = house.audit()
    assert (line["uid"], line["pid"]) == (os.getuid(), os.getpid())
    assert line["process"] == read("/proc/self/comm").strip()
    assert line["uidName"] == pwd.getpwuid(os.getuid()).pw_name


def test_a_name_is_shortened_to_what_can_be_shown() -> None:
    name = "grüße\0\n\u202e" + "x" * 100
    assert attempt.shown_name(name, [name]) == "grüße" + "x" * 59
    assert attempt.shown_name("\0\x1b[2Jx", []) == "[2…"
