"""What happened to servers: heard once, kept over restarts, told to whoever follows."""

import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio

from daemon.chronicle import Chronicle
from daemon.mirror import Mirror
from supervisor import Cause, CauseKind, Plan, ServiceSpec

from .door import DEADLINE, Door, supervising
from .house import eventually


@asynccontextmanager
async def hearing(door: Door, folder: str) -> AsyncIterator[Chronicle]:
    chronicle = Chronicle(Mirror(door.api), os.path.join(folder, "history.db"))
    await chronicle.open()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(chronicle.run)
        yield chronicle
        tasks.cancel_scope.cancel()


def service(name: str, command: str) -> ServiceSpec:
    return ServiceSpec(name, ("/bin/sh", "-c", command), "/", autostart=False)


async def all_of(chronicle: Chronicle, name: str) -> list[tuple[object, object]]:
    found = await chronicle.of(name, None, 500)
    return [(one.body["from"], one.body["to"]) for one in reversed(found)]


async def test_a_stop_and_a_start_stand_there_with_who_asked(folder: str) -> None:
    async with supervising(folder, over_socket=True) as door, hearing(door, folder) as chronicle:
        await door.supervisor.apply(Plan((service("a", "exec sleep 1000"),)))
        await door.api.start("a", Cause(CauseKind.PERSON, "ann", "from 192.0.2.1"))
        await door.api.kill("a", Cause(CauseKind.SCHEDULE, "nightly"))
        wanted = [("stopped", "starting"), ("starting", "stopping"), ("stopping", "stopped")]
        await eventually(lambda: all_of(chronicle, "a"), lambda found: found == wanted)
        first, *_, last = reversed(await chronicle.of("a", None, 10))
        assert first.body["cause"] == {"kind": "person", "who": "ann", "detail": "from 192.0.2.1"}
        assert last.body["cause"] == {"kind": "schedule", "who": "nightly", "detail": ""}
        assert isinstance(last.body["exit"], dict)
        assert last.body["exit"]["signal"] == 9


async def test_one_that_is_closed_does_not_keep_the_loop_busy(folder: str) -> None:
    async with supervising(folder, over_socket=True) as door, hearing(door, folder) as chronicle:
        await eventually(_saving, lambda found: found == 1)
        chronicle.close()
        await eventually(_saving, lambda found: found == 0)


async def _saving() -> int:
    return sum("_save" in (task.name or "") for task in anyio.get_running_tasks())


async def test_the_last_lines_before_a_crash_stand_there_and_no_line_of_ours(folder: str) -> None:
    async with supervising(folder, over_socket=True) as door, hearing(door, folder) as chronicle:
        say = "for i in 1 2 3 4 5 6 7 8 9 10 11 12; do echo line $i; done; echo; printf last; exit 3"
        await door.supervisor.apply(Plan((service("a", say),)))
        await door.api.start("a")
        await eventually(lambda: all_of(chronicle, "a"), lambda found: ("starting", "backoff") in found)
        crash = next(one for one in await chronicle.of("a", None, 10) if one.body["to"] == "backoff")
        assert crash.body["lines"] == [*(f"line {number}" for number in range(4, 13)), "last"]
        following = crash.body["next"]
        assert isinstance(following, dict)
        assert following["action"] == "restart"


async def test_nothing_is_missing_or_twice_after_a_restart_of_the_daemon(folder: str) -> None:
    async with supervising(folder, over_socket=True) as door:
        await door.supervisor.apply(Plan((service("a", "exec sleep 1000"),)))
        for _ in range(3):
            async with hearing(door, folder) as chronicle:
                await door.api.start("a")
                await eventually(
                    lambda: all_of(chronicle, "a"), lambda found: found[-1:] == [("stopped", "starting")]
                )
            await door.api.kill("a")

            async def stopped() -> bool:
                return not (await door.supervisor.list())[0].state.alive

            await eventually(stopped)
        async with hearing(door, folder) as chronicle:
            found = await eventually(
                lambda: all_of(chronicle, "a"), lambda found: found[-1:] == [("stopping", "stopped")]
            )
            assert found == [("stopped", "starting"), ("starting", "stopping"), ("stopping", "stopped")] * 3
            ids = [one.id for one in await chronicle.of("a", None, 100)]
            assert ids == list(range(9, 0, -1))


async def test_who_comes_later_reads_the_past_from_disk(folder: str) -> None:
    async with supervising(folder, over_socket=True) as door:
        async with hearing(door, folder) as chronicle:
            for number in range(30):
                chronicle.note("a", "health", {"check": str(number)})
        async with hearing(door, folder) as chronicle:
            chronicle.note("b", "health", {"check": "new"})
            told = []
            last = 0
            with anyio.fail_after(DEADLINE):
                while last < chronicle.latest:
                    batch = await chronicle.after(last, 7)
                    told += [one.body["check"] for one in batch]
                    last = batch[-1].id
            assert told == [*map(str, range(30)), "new"]


async def test_a_damaged_file_is_set_aside_and_the_present_goes_on(folder: str) -> None:
    (Path(folder) / "history.db").write_bytes(b"no database " * 100)
    async with supervising(folder, over_socket=True) as door, hearing(door, folder) as chronicle:
        chronicle.note("a", "health", {})
        assert [one.type for one in await chronicle.of("a", None, 5)] == ["health"]
    assert any("damaged" in name for name in os.listdir(folder))


async def test_without_a_disk_it_lives_in_memory(folder: str) -> None:
    os.mkdir(os.path.join(folder, "history.db"))
    async with supervising(folder, over_socket=True) as door, hearing(door, folder) as chronicle:
        chronicle.note("a", "health", {})
        assert [one.type for one in await chronicle.after(0)] == ["health"]
        assert [one.type for one in await chronicle.of("a", None, 5)] == ["health"]


async def test_a_row_that_nobody_can_read_hides_no_other(folder: str) -> None:
    async with supervising(folder, over_socket=True) as door:
        async with hearing(door, folder) as chronicle:
            for _ in range(3):
                chronicle.note("a", "health", {"check": "c"})
        with sqlite3.connect(os.path.join(folder, "history.db")) as database:
            database.execute("UPDATE happenings SET body = ? WHERE id = 1", ('{"half',))
            database.execute("UPDATE happenings SET body = ? WHERE id = 2", ("[1]",))
        database.close()
        async with hearing(door, folder) as chronicle:
            found = await chronicle.of("a", None, 5)
            assert [one.id for one in found] == [3, 2, 1]
            assert all(one.describe(lines=True)["server"] == "a" for one in found)
            assert [one.id for one in await chronicle.after(0)] == [1, 2, 3]


async def test_a_disk_that_cannot_be_read_costs_who_comes_back_only_the_past(folder: str) -> None:
    async with supervising(folder, over_socket=True) as door:
        async with hearing(door, folder) as chronicle:
            chronicle.note("a", "health", {})
        async with hearing(door, folder) as chronicle:
            with sqlite3.connect(os.path.join(folder, "history.db")) as database:
                database.execute("ALTER TABLE happenings RENAME TO gone")
            assert await chronicle.after(0) == []
            database.execute("ALTER TABLE gone RENAME TO happenings")
            database.close()
