"""Notices from the crash of a real program to who is told, and what the API says of it."""

import json
import os
from collections.abc import AsyncIterator

import anyio
import pytest

from daemon import target as module
from daemon.notice import Kind, Notice
from daemon.noticespool import NoticeSpool
from daemon.permissions import Grant
from daemon.privileges import Privileges
from daemon.tails import last_lines

from .guest import GUEST
from .house import House, Json, eventually, living, python, write
from .receiver import Receiver, receiving

SECRET = "a secret of twenty characters"
CRASHES = "import sys; print('\\x1b[31mout of memory\\x1b[0m'); sys.exit(3)"
LOUD = "print('\\n'.join(f'line {n}' for n in range(100_000)), flush=True); input()"


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


def hook(receiver: Receiver, **more: object) -> Json:
    headers = {"Authorization": "Bearer s3cret-token"}
    usual: Json = {"type": "webhook", "url": f"{receiver.url}/s3cret-path", "allowPrivate": True}
    return {"targets": {"ops": {**usual, "secret": SECRET, "headers": headers, **more}}}


async def listed(house: House) -> Json:
    answer = await house.local.get("/notifications")
    assert answer.status_code == 200
    found: Json = answer.json()
    return found


async def test_a_crash_is_told_with_its_last_lines(folder: str, receiver: Receiver) -> None:
    servers = {"mc-1": python(CRASHES), "web": python(CRASHES)}
    async with living(folder, servers=servers, notifications=hook(receiver, servers=["mc-*"])) as house:
        (got,) = await receiver.until(1)
        assert got.json["type"] == "crashed"
        assert got.json["title"] == "mc-1 crashed"
        data = got.json["data"]
        assert isinstance(data, dict)
        assert data["lines"] == ["out of memory"]
        assert data["exit"]["code"] == 3
        assert got.headers["authorization"] == "Bearer s3cret-token"
        house.secrets |= {SECRET, "s3cret"}


@pytest.mark.parametrize("house_kind", ["inside", "socket"])
async def test_of_much_output_the_last_lines_are_read(folder: str, house_kind: str) -> None:
    over_socket = house_kind == "socket"
    async with living(folder, over_socket=over_socket, servers={"app": python(LOUD)}) as house:

        async def tail() -> list[str]:
            return [*await last_lines(house.parts.mirror, "app", 3)]

        wanted = ["line 99997", "line 99998", "line 99999"]
        assert await eventually(tail, lambda seen: seen == wanted) == wanted
        assert await last_lines(house.parts.mirror, "app", 0) == ()
        assert await last_lines(house.parts.mirror, "nobody", 3) == []


async def test_the_targets_are_listed_without_their_secrets(folder: str, receiver: Receiver) -> None:
    async with living(folder, notifications=hook(receiver)) as house:
        answer = await house.local.get("/notifications")
        assert "s3cret" not in answer.text
        assert SECRET not in answer.text
        assert str(receiver.port) not in answer.text
        assert answer.json() == {
            "targets": {
                "ops": {
                    "type": "webhook",
                    "on": ["crashed", "parked", "unhealthy", "recovered", "diskLow"],
                    "servers": None,
                    "sent": 0,
                    "failed": 0,
                    "heldBack": 0,
                    "waiting": 0,
                    "lastError": None,
                }
            },
            "dropped": 0,
        }


async def test_a_test_says_what_came_of_it_and_is_audited(folder: str, receiver: Receiver) -> None:
    async with living(folder, notifications=hook(receiver)) as house:
        good = await house.remote.post("/notifications/ops/test")
        assert good.json() == {"delivered": True, "status": 204, "error": None}
        assert receiver.got[0].json["type"] == "test"
        assert receiver.got[0].json["message"] == "admin asked for a test of ops"
        receiver.answers.append((500, {}, b""))
        bad = await house.remote.post("/notifications/ops/test")
        assert bad.json() == {"delivered": False, "status": 500, "error": "answered with 500"}
        assert (await listed(house))["targets"]["ops"]["lastError"] == "answered with 500"  # type: ignore[index]
        missing = await house.remote.post("/notifications/nobody/test")
        assert (missing.status_code, missing.json()["kind"]) == (404, "no-such-target")
        lines = [line for line in house.audit() if line["action"] == "notifications.test"]
        said = [(line["result"], line["target"], line.get("delivered")) for line in lines]
        assert said == [
            ("success", "ops", "true"),
            ("success", "ops", "false"),
            ("failed", "nobody", None),
        ]
        house.secrets |= {SECRET, "s3cret"}


async def test_a_private_address_is_refused_unless_it_is_allowed(folder: str, receiver: Receiver) -> None:
    path = os.path.join(folder, "url")
    write(path, receiver.url)
    target = {"type": "webhook", "urlFile": path}
    async with living(folder, notifications={"targets": {"ops": target}}) as house:
        answer = await house.local.post("/notifications/ops/test")
        assert answer.json()["delivered"] is False
        assert "not public" in answer.json()["error"]
        assert receiver.connections == 0


async def test_who_may_see_a_server_may_not_see_who_is_told(folder: str, receiver: Receiver) -> None:
    async with living(folder, notifications=hook(receiver)) as house:
        grants = (Grant(("server.*",)), Grant(("notifications.view",), servers=("app",)))
        await house.parts.people.accounts.create("guest", GUEST, Privileges(grants=grants))
        guest = house.client(await house.log_in("guest"))
        for method, path in (("GET", "/notifications"), ("POST", "/notifications/ops/test")):
            assert (await guest.request(method, path)).status_code == 403
        assert receiver.got == []


async def test_a_reload_changes_targets_and_what_waits_goes_on(
    folder: str, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(seconds: float) -> None:
        await anyio.sleep_forever()

    monkeypatch.setattr(module, "sleep", never)
    async with living(folder, notifications=hook(receiver)) as house:
        receiver.answers.append((500, {}, b""))
        house.parts.notices.tell(Notice(Kind.CRASHED, "gone", reason="it fell"))
        await receiver.until(1)
        house.settings["notifications"] = hook(receiver, title="{server} fell")
        await house.configure()
        got = await receiver.until(2)
        assert got[1].json["title"] == "gone fell"
        assert got[1].json["id"] == got[0].json["id"]
        house.settings.pop("notifications")
        await house.configure()
        assert await listed(house) == {"targets": {}, "dropped": 0}


async def test_what_waits_outlives_the_daemon(
    folder: str, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(seconds: float) -> None:
        await anyio.sleep_forever()

    spool = NoticeSpool(os.path.join(folder, "state", "notices.json"))

    async def kept() -> int:
        return sum(map(len, spool.load().values()))

    with monkeypatch.context() as patched:
        patched.setattr(module, "sleep", never)
        receiver.answers.append((500, {}, b""))
        async with living(folder, notifications=hook(receiver)) as house:
            house.parts.notices.tell(Notice(Kind.CRASHED, "a", reason="it fell"))
            house.parts.notices.tell(Notice(Kind.CRASHED, "b", reason="it fell"))
            await eventually(kept, lambda count: count == 2)
            await receiver.until(1)
    async with living(folder, notifications=hook(receiver)) as house:
        got = await receiver.until(3)
        assert [one.json["title"] for one in got] == ["a crashed", "a crashed", "b crashed"]
        assert got[0].json["id"] == got[1].json["id"]
        await eventually(kept, lambda count: count == 0)
        assert not os.path.exists(spool.path)


async def test_a_storm_is_bounded_and_told_of(folder: str, receiver: Receiver) -> None:
    async with living(folder, notifications=hook(receiver, perHour=2)) as house:
        for number in range(3000):
            house.parts.notices.tell(Notice(Kind.CRASHED, f"s{number}", lines=("x",)))
        got = await receiver.until(3)
        assert [one.json["type"] for one in got] == ["crashed", "crashed", "heldBack"]
        found = await eventually(lambda: listed(house), lambda seen: json.dumps(seen).count("998") == 1)
        assert found["dropped"] == 2000


async def test_without_targets_nothing_is_kept(house: House) -> None:
    house.parts.notices.tell(Notice(Kind.CRASHED, "app"))
    assert not house.parts.notices._told
