"""`/config`: the file as it is, a new one, and reading it anew."""

import json
import os
import re
from collections.abc import Callable
from contextlib import AbstractContextManager

import anyio
import httpx
import pytest

from daemon import conversation

from .house import House, Json, eventually, program, python, read, write

INVALID = "Invalid JSON body!"


def path(house: House) -> str:
    return os.path.join(house.folder, "config.json")


async def patch(house: House, text: str | bytes) -> httpx.Response:
    return await house.remote.patch("/config", content=text)


async def servers(house: House, *, extra: bool = False) -> dict[str, object]:
    answer = await house.local.get("/servers", params={"extrainfo": "true"} if extra else {})
    found: dict[str, object] = answer.json()["servers"]
    return found


async def test_the_file_is_shown_byte_for_byte(house: House) -> None:
    text = '\r\n// größe\t\n{"port": 0, // x\n "listen": "127.0.0.1",}\n\n\n'
    write(path(house), text)
    answer = await house.remote.get("/config")
    assert (answer.status_code, answer.content) == (200, text.encode())
    assert answer.headers["content-type"] == "application/json"
    write(path(house), "{ broken")
    assert (await house.remote.get("/config")).content == b"{ broken"


async def test_a_file_that_is_not_there_is_told(house: House) -> None:
    os.unlink(path(house))
    answer = await house.remote.get("/config")
    assert answer.status_code == 500
    assert path(house) in answer.json()["error"]


async def test_a_new_text_keeps_its_comments_and_gets_one_newline(house: House) -> None:
    text = house.text(app=program("echo")).rstrip().replace("{", "{ // größe", 1) + " // the end"
    for padded in (text, f"\n\n  {text}\r\n\n\t ", f"{text}\n"):
        answer = await patch(house, padded.encode())
        assert (answer.status_code, answer.json()) == (200, {"success": True})
        assert read(path(house)) == f"{text}\n"
    assert (await house.remote.get("/config")).text == f"{text}\n"
    # What was written elsewhere keeps its line ends, the last one too.
    assert (await patch(house, f"{text}\r\n// more".encode())).status_code == 200
    assert (await house.remote.get("/config")).content == f"{text}\r\n// more\r\n".encode()


async def test_new_servers_appear_and_start_unless_disabled(either: House) -> None:
    await either.configure(
        app=program("echo"), new=program("echo"), off={**program("echo"), "enabled": False}
    )
    assert await servers(either) == {"app": 1, "new": 1, "off": 0}
    async with either.view("new") as viewer:
        await viewer.until("ready")


async def test_a_removed_server_that_runs_goes_when_it_stops(
    either: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversation, "FAREWELL", 0.05)
    await either.until("app", status=1)
    async with either.view() as second, either.view(protocol=None) as first:
        await second.until("ready")
        await either.configure()
        assert await servers(either, extra=True) == {"app": {"status": 1, "toDelete": True}}
        async with either.view() as late:
            await late.until("ready")  # what it said before is shown all the same
        assert (await either.show("app"))["toDelete"] is True
        refused = await either.operate("app", "START")
        assert "no longer part of the config" in str(refused["error"])
        assert await either.operate("app", "TERM") == {"success": True}
        farewell = "[Octyne] Server app was marked for deletion, stopped/crashed, and has now been removed."
        await second.until(farewell)
        await first.until_raw(farewell)
        assert await second.close_code() == 4404
        assert await first.close_code() == 4404
    assert await servers(either) == {}
    assert (await either.local.get("/server/app")).status_code == 404


async def test_a_removed_server_that_is_off_goes_at_once(either: House) -> None:
    await either.operate("app", "KILL")
    await either.until("app", status=0)
    await either.configure()
    assert await servers(either) == {}


async def test_a_removed_server_that_is_named_again_stays(either: House) -> None:
    pid = (await either.until("app", status=1))["pid"]
    await either.configure()
    assert (await either.show("app"))["toDelete"] is True
    await either.configure(app=program("echo"))
    shown = await either.show("app")
    assert ("toDelete" in shown, shown["pid"]) == (False, pid)
    assert await either.operate("app", "KILL") == {"success": True}
    await either.until("app", status=0)


@pytest.mark.parametrize(
    ("text", "place", "reason"),
    [
        ("", r":1:\d+", ""),
        ("null", ":1:1", "object"),
        ("[]", ":1:1", "object"),
        ("{", r":\d+:\d+", ""),
        ('{"port": "x"}', ":1:10: port", "whole number"),
        ('{\n  "port": 70000}', ":2:11: port", "65535"),
        ('{"servers": []}', ":1:13: servers", "object"),
        ('{"servers": {"a": {}}}', ":1:19: servers.a.directory", "missing"),
        ('{"servers": {"a/b": {"directory": "/", "command": "x"}}}', ":1:21: ", "name"),
        ('{"servers": {"a": {"directory": "/", "command": "\'x"}}}', ":1:49: servers.a.command", "quotation"),
        ('{"servers": {"\\ud800": {"directory": "/", "command": "x"}}}', "", ""),
        ('{"servers": {"a": {"directory": "/\\ud800", "command": "x"}}}', "", ""),
        ('{"servers": {"a": {"directory": "/", "command": "x\\u0000"}}}', "", ""),
        ('{"port": 1, "port": 2}', r":1:\d+", ""),
    ],
)
async def test_an_invalid_text_changes_nothing_and_says_what_is_wrong(
    house: House, text: str, place: str, reason: str
) -> None:
    detail = await refused(house, text)
    assert re.search(place, detail)
    assert reason in detail


@pytest.mark.parametrize(
    ("setting", "reason"),
    [
        ({"unixSocket": {"group": "no-such-group"}}, "no-such-group"),
        ({"unixSocket": {"location": "state"}}, "not a socket"),
        ({"https": {"enabled": True, "cert": "x", "key": "y"}}, "certificate"),
        ({"listen": "192.0.2.1"}, "192.0.2.1"),
    ],
)
async def test_a_config_that_cannot_be_carried_out_changes_nothing(
    house: House, setting: Json, reason: str
) -> None:
    assert reason in await refused(house, json.dumps({**house.settings, **setting, "servers": {}}))


async def refused(house: House, text: str) -> str:
    """Send a text that is refused; return why."""
    before, addresses = read(path(house)), house.listeners.addresses
    answer = await patch(house, text.encode())
    said = answer.json()
    assert (answer.status_code, said["error"], said["kind"]) == (400, INVALID, "invalid-config"), said
    assert read(path(house)) == before
    assert house.listeners.addresses == addresses
    assert await servers(house) == {"app": 1}
    assert (await house.remote.get("/servers")).status_code == 200
    detail: str = said["detail"]
    return detail


async def test_a_text_that_is_no_utf8_is_refused(house: House) -> None:
    answer = await patch(house, b'{"port": \xff}')
    assert (answer.status_code, answer.json()["error"]) == (400, INVALID)


async def test_a_missing_section_means_defaults(house: House) -> None:
    path = os.path.join(house.folder, "s")
    text = json.dumps({"port": 0, "listen": "127.0.0.1", "unixSocket": {"location": path}})
    text = text.replace("{", '{"webUI": {"enabled": false}, ', 1)  # its default is one port for all tests
    assert (await patch(house, text)).status_code == 200
    assert house.parts.reloader.config.logging.enabled
    assert house.parts.reloader.config.servers == {}


async def test_unknown_keys_are_kept_and_warned_about(house: House, caplog: pytest.LogCaptureFixture) -> None:
    text = house.text().replace("{", '{\n  "wurzel": 1,', 1)
    assert (await patch(house, text)).status_code == 200
    assert '"wurzel": 1' in read(path(house))
    assert f"{path(house)}:2:13: wurzel: is unknown" in caplog.text


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_reload_reads_the_file(house: House, method: str) -> None:
    write(path(house), house.text(app=program("echo"), other=program("echo")))
    answer = await house.remote.request(method, "/config/reload")
    assert (answer.status_code, answer.json()) == (200, {"success": True})
    assert await servers(house) == {"app": 1, "other": 1}


async def test_a_reload_of_a_broken_file_leaves_the_old_config_in_force(house: House) -> None:
    write(path(house), '{\n  "port": }')
    answer = await house.remote.post("/config/reload")
    assert (answer.status_code, answer.json()["error"]) == (500, "An error occurred while reading config!")
    assert ":2:" in answer.json()["detail"]
    assert await servers(house) == {"app": 1}
    assert (await patch(house, house.text(app=program("echo")))).status_code == 200


async def test_two_writers_at_once_each_write_a_whole_text(either: House) -> None:
    texts = [either.text(**{f"s{number}": program("echo")}) for number in range(6)]
    answers: list[int] = []

    async def write_one(text: str) -> None:
        answers.append((await patch(either, text)).status_code)

    async with anyio.create_task_group() as tasks:
        for text in texts:
            tasks.start_soon(write_one, text)
    assert answers == [200] * 6
    last = read(path(either))
    assert last in texts
    (name,) = json.loads(last)["servers"]
    assert list(either.parts.reloader.config.servers) == [name]
    shown = await servers(either, extra=True)
    assert [known for known, info in shown.items() if not info["toDelete"]] == [name]  # type: ignore[index]


async def test_a_full_disk_leaves_the_old_config_in_force(
    house: House, full_disk: Callable[[], AbstractContextManager[None]]
) -> None:
    before = read(path(house))
    await house.until("app", status=1)  # the supervisor has stored the first plan, while the disk took it
    with full_disk():
        answer = await patch(house, house.text())
    assert answer.status_code in (500, 507)
    assert answer.json()["kind"] == "os-error"
    assert read(path(house)) == before
    assert await servers(house) == {"app": 1}
    assert (await patch(house, house.text())).status_code == 200


async def test_a_changed_command_counts_with_the_next_start(either: House) -> None:
    pid = (await either.until("app", status=1))["pid"]
    await either.configure(app=python("print('changed'); import signal; signal.pause()"))
    shown = await either.show("app")
    assert (shown["pid"], shown["restartToApply"]) == (pid, True)
    await either.operate("app", "KILL")
    await either.operate("app", "START")
    async with either.view() as viewer:
        await viewer.until("changed")
    await eventually(lambda: either.show("app"), lambda seen: seen["restartToApply"] is False)


async def test_what_was_done_to_the_config_is_in_the_audit_log(house: House) -> None:
    await house.remote.get("/config")
    await patch(house, "nonsense")
    await patch(house, house.text())
    await house.local.post("/config/reload")
    assert [(line["action"], line["user"], line["ip"]) for line in house.done()] == [
        ("config.view", "admin", "127.0.0.1"),
        ("config.edit", "admin", "127.0.0.1"),
        ("config.reload", "@local", "@"),
    ]
    assert house.audit()[-1]["uid"] == os.getuid()
    assert house.audit()[-1]["pid"] == os.getpid()
