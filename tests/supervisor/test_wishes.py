"""What people asked for last, on disk: written before they are answered, never in their way."""

import json
import logging
import os
import signal
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest

from supervisor import NoSuchService, Plan, State, Supervisor, Wanted, handover
from supervisor.record import InvalidRecord, Record
from supervisor.wishes import Wishes

from .world import DEADLINE, ENVIRONMENT, House, program, spec

UP, DOWN = Wanted.UP, Wanted.DOWN


def on_disk(directory: Path) -> dict[str, Wanted | None]:
    """What the next supervisor would know of these."""
    wishes = Wishes(str(directory))
    wishes.load()
    return {name: wishes.get(name) for name in ("a", "b", "c") if wishes.get(name) is not None}


class Disk:
    """Stands between the wishes and their file: counts the writes, holds them up, refuses them."""

    def __init__(self, wishes: Wishes, monkeypatch: pytest.MonkeyPatch) -> None:
        assert wishes._file is not None
        self._save = wishes._file.save
        self.writes = 0
        self.full = False
        self.go_on = threading.Event()
        self.go_on.set()
        self.mask: set[int] = set()
        monkeypatch.setattr(wishes._file, "save", self.save)

    def save(self, data: bytes) -> None:
        self.writes += 1
        self.mask = set(signal.pthread_sigmask(signal.SIG_BLOCK, ()))
        assert self.go_on.wait(DEADLINE)
        if self.full:
            raise OSError(28, "No space left on device")
        self._save(data)

    async def written(self, count: int) -> None:
        with anyio.fail_after(DEADLINE):
            while self.writes < count:  # noqa: ASYNC110
                await anyio.sleep(0.001)


async def test_a_wish_is_on_disk_when_it_is_answered(tmp_path: Path) -> None:
    wishes = Wishes(str(tmp_path))
    await wishes.keep("a", UP)
    await wishes.keep("b", DOWN)
    assert on_disk(tmp_path) == {"a": UP, "b": DOWN}
    await wishes.keep("a", DOWN)
    assert on_disk(tmp_path) == {"a": DOWN, "b": DOWN}


async def test_a_name_that_is_no_text_is_kept_as_well(tmp_path: Path) -> None:
    await Wishes(str(tmp_path)).keep("\udcff\n", UP)
    wishes = Wishes(str(tmp_path))
    wishes.load()
    assert wishes.get("\udcff\n") is UP


async def test_what_changes_nothing_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wishes = Wishes(str(tmp_path))
    disk = Disk(wishes, monkeypatch)
    await wishes.keep("a", UP)
    await wishes.keep("a", UP)
    assert not wishes.forget_all_but({"a"})
    await wishes.store()
    await wishes.settle()
    assert disk.writes == 1


async def test_a_thousand_at_once_are_a_few_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wishes = Wishes(str(tmp_path))
    disk = Disk(wishes, monkeypatch)
    disk.go_on.clear()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(wishes.keep, "first", UP)
        await disk.written(1)
        for number in range(1000):
            tasks.start_soon(wishes.keep, f"s{number}", UP)
        await anyio.wait_all_tasks_blocked()
        disk.go_on.set()
    assert disk.writes == 2
    assert len(json.loads((tmp_path / "wanted.json").read_text())["wanted"]) == 1001


async def test_who_asks_for_the_same_at_the_same_time_waits_for_the_same_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wishes = Wishes(str(tmp_path))
    disk = Disk(wishes, monkeypatch)
    disk.go_on.clear()
    answered: list[int] = []

    async def ask(number: int) -> None:
        await wishes.keep("a", UP)
        answered.append(number)

    async with anyio.create_task_group() as tasks:
        for number in range(12):
            tasks.start_soon(ask, number)
        await disk.written(1)
        for _ in range(20):
            await anyio.lowlevel.checkpoint()
        assert answered == []
        disk.go_on.set()
    assert len(answered) == 12
    assert disk.writes == 1


async def test_a_disk_that_refuses_is_told_of_once_and_asked_again_with_the_next_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    wishes = Wishes(str(tmp_path))
    disk = Disk(wishes, monkeypatch)
    disk.full = True
    for name in ("a", "b", "b"):
        await wishes.keep(name, UP)
    assert disk.writes == 2
    assert wishes.get("b") is UP
    (told,) = caplog.messages
    assert told.endswith("wanted.json: No space left on device")
    disk.full = False
    await wishes.keep("c", DOWN)
    assert on_disk(tmp_path) == {"a": UP, "b": UP, "c": DOWN}
    assert caplog.messages[1:] == ["what people ask for is stored again"]


async def test_what_was_refused_is_tried_once_more_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wishes = Wishes(str(tmp_path))
    disk = Disk(wishes, monkeypatch)
    disk.full = True
    await wishes.keep("a", DOWN)
    disk.full = False
    await wishes.settle()
    assert on_disk(tmp_path) == {"a": DOWN}


async def test_the_thread_that_writes_takes_no_signals(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wishes = Wishes(str(tmp_path))
    disk = Disk(wishes, monkeypatch)
    await wishes.keep("a", UP)
    assert disk.mask >= handover.SIGNALS


async def test_nothing_is_written_while_it_rests_and_what_is_being_written_ends_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = None
    async with anyio.create_task_group() as tasks:
        wishes = Wishes(str(tmp_path))
        house = Supervisor(tasks, ENVIRONMENT, wishes=wishes)
        disk = Disk(wishes, monkeypatch)
        disk.go_on.clear()
        resting = anyio.Event()

        async def rest() -> None:
            async with house.at_rest():
                resting.set()
                for _ in range(20):
                    await anyio.lowlevel.checkpoint()
                assert disk.writes == 1

        tasks.start_soon(wishes.keep, "a", UP)
        await disk.written(1)
        tasks.start_soon(rest)
        await anyio.wait_all_tasks_blocked()
        assert not resting.is_set()
        disk.go_on.set()
        with anyio.fail_after(DEADLINE):
            await resting.wait()
        assert on_disk(tmp_path) == {"a": UP}
        tasks.start_soon(wishes.keep, "b", UP)
    assert on_disk(tmp_path) == {"a": UP, "b": UP}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff",
        b"[]",
        b"{}",
        b'{"wanted": 3}',
        b'{"wanted": {"a": "sideways"}}',
        b'{"wanted": {"a": 1}}',
        b"[" * 50_000,
    ],
)
async def test_a_damaged_file_is_set_aside_and_the_one_before_counts(tmp_path: Path, content: bytes) -> None:
    wishes = Wishes(str(tmp_path))
    await wishes.keep("a", DOWN)
    await wishes.keep("b", DOWN)
    (tmp_path / "wanted.json").write_bytes(content)
    assert on_disk(tmp_path) == {"a": DOWN}
    (kept,) = (path for path in tmp_path.iterdir() if "damaged" in path.name)
    assert kept.read_bytes() == content


async def test_a_file_that_cannot_be_read_is_told_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "wanted.json").mkdir()
    assert on_disk(tmp_path) == {}
    assert "what people asked for is unknown" in caplog.text


async def test_what_a_handover_brings_counts_more_than_what_is_on_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = Wishes(str(tmp_path))
    await before.keep("a", UP)
    Disk(before, monkeypatch).full = True
    await before.keep("a", DOWN)
    after = Wishes(str(tmp_path))
    after.thaw(Record({"wishes": before.freeze()}), "wishes")
    assert on_disk(tmp_path) == {"a": UP}, "who only tries a record writes nothing"
    after.load()
    assert after.get("a") is DOWN
    await after.settle()
    assert on_disk(tmp_path) == {"a": DOWN}


@pytest.mark.parametrize("wishes", [3, {"a": "sideways"}, {"a": None}, ["a"]])
def test_wishes_that_make_no_sense_are_refused(wishes: object) -> None:
    with pytest.raises(InvalidRecord, match="wishes"):
        Wishes().thaw(Record({"wishes": wishes}), "wishes")


# What a supervisor does with them.


@asynccontextmanager
async def supervisor(wishes: Wishes) -> AsyncIterator[Supervisor]:
    async with anyio.create_task_group() as tasks:
        house = Supervisor(tasks, ENVIRONMENT, wishes=wishes)
        try:
            yield house
        finally:
            with anyio.CancelScope(shield=True), anyio.fail_after(DEADLINE):
                for status in await house.list():
                    await house.kill(status.name)
                await house.shutdown()
        tasks.cancel_scope.cancel()


async def test_a_disk_that_refuses_keeps_nothing_from_happening(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wishes = Wishes(str(tmp_path))
    Disk(wishes, monkeypatch).full = True
    async with supervisor(wishes) as house:
        house.adopt(Plan((spec("a", autostart=False), spec("b"))))
        assert (await house.start("a")).state is State.STARTING
        assert (await house.stop("a")).state is State.STOPPING
        assert (await house.kill("b")).state is State.STOPPING
    assert os.listdir(tmp_path) == []


async def test_what_is_asked_for_happens_before_the_disk_has_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wishes = Wishes(str(tmp_path))
    disk = Disk(wishes, monkeypatch)
    async with supervisor(wishes) as house:
        house.adopt(Plan((spec("a"),)))
        disk.go_on.clear()
        answered = anyio.Event()

        async def stop() -> None:
            await house.stop("a")
            answered.set()

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(stop)
            await disk.written(1)
            assert (await house.list())[0].state is not State.STARTING
            assert not answered.is_set()
            disk.go_on.set()
        assert answered.is_set()
    assert on_disk(tmp_path) == {"a": DOWN}


async def test_a_service_that_vanishes_while_its_stop_is_stored_is_answered_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wishes = Wishes(str(tmp_path))
    disk = Disk(wishes, monkeypatch)
    async with supervisor(wishes) as house:
        house.adopt(Plan((spec("a"),)))
        disk.go_on.clear()
        answers: list[State] = []

        async def stop() -> None:
            answers.append((await house.stop("a")).state)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(stop)
            await disk.written(1)
            house.adopt(Plan())
            watch = await house.watch()
            with anyio.fail_after(DEADLINE):
                while await house.list():
                    await watch.receive()
            await watch.aclose()
            disk.go_on.set()
        assert answers == [State.STOPPING]
    assert on_disk(tmp_path) == {}


async def test_twelve_starts_at_once_are_one_process_and_one_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wishes = Wishes(str(tmp_path))
    disk = Disk(wishes, monkeypatch)
    async with supervisor(wishes) as house:
        house.adopt(Plan((spec("a", autostart=False),)))
        pids: set[int | None] = set()

        async def start() -> None:
            pids.add((await house.start("a")).pid)

        async with anyio.create_task_group() as tasks:
            for _ in range(12):
                tasks.start_soon(start)
        assert len(pids) == 1
        assert disk.writes == 1


async def test_who_does_not_exist_has_no_wish(house: House) -> None:
    await house.apply(spec("a", program("echo")))
    with pytest.raises(NoSuchService):
        await house.api.stop("b")
    assert house.supervisor._wishes.freeze() == {}
