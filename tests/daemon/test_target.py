"""One target: attempts, what is given up, what is logged, what waits."""

import json
import logging
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import anyio
import anyio.abc
import pytest

from daemon import target as module
from daemon.notice import Kind, Notice
from daemon.noticesettings import TargetSettings, Way
from daemon.outgoing import Answer, Outgoing
from daemon.placeholders import Template
from daemon.signature import signed
from daemon.target import MOST_WAITING, Target

from .house import eventually, read, write
from .receiver import Receiver, receiving

SECRET = "correct horse battery staple"


@dataclass
class Pauses:
    """The pauses between attempts, which are over at once."""

    asked: list[float] = field(default_factory=list)

    async def sleep(self, seconds: float) -> None:
        self.asked.append(seconds)
        await anyio.lowlevel.checkpoint()


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> Pauses:
    pauses = Pauses()
    monkeypatch.setattr(module, "sleep", pauses.sleep)
    return pauses


def settings(receiver: Receiver, **more: object) -> TargetSettings:
    usual = TargetSettings("ops", Way.WEBHOOK, url=receiver.url, allow_private=True)
    return replace(usual, **more)  # type: ignore[arg-type]


def crash(server: str = "mc", **more: object) -> Notice:
    return replace(Notice(Kind.CRASHED, server, reason="it fell", lines=("one", "two")), **more)  # type: ignore[arg-type]


@asynccontextmanager
async def told(of: TargetSettings) -> AsyncIterator[Target]:
    target = Target(of, Outgoing(), lambda: None)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(target.run)
        try:
            yield target
        finally:
            tasks.cancel_scope.cancel()


async def until(look: Callable[[], object]) -> None:
    async def looked() -> object:
        return look()

    await eventually(looked)


async def test_a_notice_is_signed_and_delivered() -> None:
    async with receiving() as receiver, told(settings(receiver, secret=SECRET)) as target:
        target.offer(crash())
        (got,) = await receiver.until(1)
        headers = {key: got.headers[key] for key in got.headers if key.startswith("webhook-")}
        at = int(headers["webhook-timestamp"])
        assert headers == signed(SECRET, str(got.json["id"]), at, got.body)
        await until(lambda: target.sent == 1)
        assert not target.waiting


async def test_a_target_that_fails_is_told_again_with_the_same_id_and_a_new_signature(pauses: Pauses) -> None:
    async with receiving() as receiver, told(settings(receiver, secret=SECRET)) as target:
        receiver.answers += [(500, {}, b""), (503, {}, b""), (200, {}, b"")]
        target.offer(crash())
        got = await receiver.until(3)
        assert len({one.headers["webhook-id"] for one in got}) == 1
        await until(lambda: target.sent == 1)
        assert len(pauses.asked) == 2
        assert 1.3 < pauses.asked[0] < 2.7
        assert 2.6 < pauses.asked[1] < 5.4


@pytest.mark.parametrize(
    ("asked", "waited"), [("7", 7.0), ("7.5", 7.5), ("100000", 900.0), ("-5", None), ("soon", None)]
)
async def test_who_asks_us_to_wait_is_waited_for_but_not_for_ever(
    pauses: Pauses, asked: str, waited: float | None
) -> None:
    async with receiving() as receiver, told(settings(receiver)) as target:
        receiver.answers.append((429, {"Retry-After": asked}, b""))
        target.offer(crash())
        await receiver.until(2)
        (pause,) = pauses.asked
        assert pause == waited if waited else pause < 2.7


@pytest.mark.parametrize("status", [302, 400, 401, 404, 410])
async def test_who_does_not_want_it_is_not_asked_again(
    pauses: Pauses, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    async with receiving() as receiver, told(settings(receiver)) as target:
        receiver.answers.append((status, {"Location": receiver.url} if status == 302 else {}, b""))
        target.offer(crash("a"))
        target.offer(crash("b"))
        await until(lambda: target.sent == 1)
        assert (target.failed, len(receiver.got), pauses.asked) == (1, 2, [])
        assert f"answered with {status}" in caplog.text


async def test_a_run_of_failures_is_logged_once_and_never_with_the_url(
    pauses: Pauses, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "holdfast")
    async with receiving() as receiver, told(settings(receiver, retries=1)) as target:
        receiver.answers += [(500, {}, b"s3cret")] * 6
        for name in "abcd":
            target.offer(crash(name))
        await until(lambda: target.sent == 1)
        assert target.failed == 3
        said = [record.getMessage() for record in caplog.records if record.name == "holdfast.notifications"]
        assert said == [
            "ops cannot be told: answered with 500",
            "ops can be told again; 3 notices did not reach it",
        ]
        assert "/hook" not in caplog.text
        assert "/hook" not in json.dumps(target.describe())


async def test_nobody_waits_for_a_target_and_the_oldest_make_room(pauses: Pauses) -> None:
    async with receiving() as receiver, anyio.create_task_group() as tasks:
        held = anyio.Event()

        async def hold(stream: anyio.abc.ByteStream) -> None:
            await held.wait()

        receiver.answers.append(hold)
        wanted = settings(receiver, per_hour=3600, timeout=60, retries=1)
        target = Target(wanted, Outgoing(), lambda: None)
        tasks.start_soon(target.run)
        target.offer(crash("first"))
        await receiver.until(1)
        for number in range(MOST_WAITING + 20):
            target.offer(crash(f"s{number}"))
        assert len(target.waiting) == MOST_WAITING
        assert target.failed == 21
        held.set()
        await until(lambda: not target.waiting)
        servers = [one.json["data"]["server"] for one in receiver.got]  # type: ignore[index]
        assert servers[:3] == ["first", "first", "s21"]
        assert servers[-1] == f"s{MOST_WAITING + 19}"
        tasks.cancel_scope.cancel()


async def test_what_was_counted_is_told_when_the_time_is_over() -> None:
    async with receiving() as receiver, told(settings(receiver, repeat=0.005)) as target:
        for _ in range(5):
            target.offer(crash())
        got = await receiver.until(2)
        assert got[1].json["data"]["repeated"] == {"crashed": 3}  # type: ignore[index]


async def test_secrets_in_files_are_read_anew_each_time(folder: str, pauses: Pauses) -> None:
    async with receiving() as receiver:
        url, secret = f"{folder}/url", f"{folder}/secret"
        files = settings(receiver, url="", url_file=url, secret_file=secret, retries=0)
        async with told(files) as target:
            target.offer(crash("a"))
            await until(lambda: target.failed == 1)
            assert target.error == "urlFile cannot be read: No such file or directory"
            for path, text in ((url, receiver.url), (secret, SECRET)):
                write(path, f"{text}\n")
            target.offer(crash("b"))
            (got,) = await receiver.until(1)
            at = int(got.headers["webhook-timestamp"])
            assert (
                got.headers["webhook-signature"]
                == signed(SECRET, got.headers["webhook-id"], at, got.body)["webhook-signature"]
            )
            await until(lambda: target.sent == 1)
            os.unlink(url)
            os.mkfifo(url)
            target.offer(crash("c"))
            await until(lambda: target.failed == 2)
            assert target.error == "urlFile is not a regular file"


async def test_ntfy_is_told_at_its_root_with_the_topic_in_the_body() -> None:
    async with receiving() as receiver, told(settings(receiver, way=Way.NTFY)) as target:
        target.offer(crash())
        (got,) = await receiver.until(1)
        assert got.target == "/"
        assert got.json["topic"] == "hook"
        assert got.json["title"] == "mc crashed"


async def test_a_url_without_a_topic_is_an_error_without_the_url(pauses: Pauses) -> None:
    async with receiving() as receiver:
        bare = settings(receiver, way=Way.NTFY, url=f"http://127.0.0.1:{receiver.port}/")
        async with told(bare) as target:
            target.offer(crash())
            await until(lambda: target.failed == 1)
            assert target.error == "is no URL of a topic, such as https://ntfy.sh/TOPIC"


async def test_discord_is_told_by_an_embed() -> None:
    async with receiving() as receiver, told(settings(receiver, way=Way.DISCORD)) as target:
        target.offer(crash())
        (got,) = await receiver.until(1)
        assert got.json["allowed_mentions"] == {"parse": []}
        assert got.headers["content-type"] == "application/json; charset=utf-8"


async def test_a_command_is_a_target_like_any_other(folder: str, pauses: Pauses) -> None:
    script = 'cd "$1"; if test -e ready; then echo "$HOLDFAST_TITLE" > told; else : > ready; exit 75; fi'
    command = TargetSettings("me", Way.COMMAND, command=("/bin/sh", "-c", script, "sh", folder))
    async with told(command) as target:
        target.offer(crash())
        await until(lambda: target.sent == 1)
        assert len(pauses.asked) == 1
        assert read(f"{folder}/told") == "mc crashed\n"


def test_a_target_wants_what_its_settings_say() -> None:
    usual = TargetSettings("ops", Way.COMMAND, on=frozenset({Kind.CRASHED}), servers=("mc-*", "lobby"))
    target = Target(usual, Outgoing(), lambda: None)
    assert target.wants(crash("mc-1"))
    assert target.wants(crash("lobby"))
    assert not target.wants(crash("web"))
    assert not target.wants(crash("mc-1", kind=Kind.RECOVERED))
    disk = Target(replace(usual, on=frozenset({Kind.DISK_LOW})), Outgoing(), lambda: None)
    assert disk.wants(Notice(Kind.DISK_LOW, folder="/srv", about=("web", "mc-2")))
    assert not disk.wants(Notice(Kind.DISK_LOW, folder="/srv", about=("web",)))


@pytest.mark.parametrize("way", Way)
async def test_no_text_can_end_the_task_of_a_target(way: Way, pauses: Pauses) -> None:
    odd = "\ud800\x00\x1b[31m'\"{server}" * 50
    async with receiving() as receiver:
        usual = settings(receiver, way=way, command=("/bin/true",), message=Template("{server}{lines}"))
        async with told(usual) as target:
            target.offer(crash(odd, reason=odd, lines=(odd,)))
            target.offer(crash())
            await until(lambda: target.sent == 2)


async def test_an_error_that_nobody_expected_costs_one_notice(
    pauses: Pauses, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken(Outgoing):
        async def request(self, *_: object, **__: object) -> Answer:
            raise ZeroDivisionError("/hook")

    async with receiving() as receiver, anyio.create_task_group() as tasks:
        target = Target(settings(receiver), Broken(), lambda: None)
        tasks.start_soon(target.run)
        target.offer(crash("a"))
        target.offer(crash("b"))
        await until(lambda: target.failed == 2)
        assert target.error == "an error that nobody expected: ZeroDivisionError"
        tasks.cancel_scope.cancel()
