"""Records of every version there was: the program of today takes them over, or refuses them whole."""

import json
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import cast

import anyio
import pytest

from supervisor import Cause, CauseKind, Notifier, State, Wanted
from supervisor.estate import OnTrial
from supervisor.record import InvalidRecord
from supervisor.roster import FREEZE_VERSION, READABLE_VERSIONS
from supervisor.run import House, Run, try_out

RECORDS = Path(__file__).parent / "records"

STATES = {
    "failed": State.FAILED,
    "forker": State.STOPPING,
    "off": State.STOPPED,
    "removed": State.RUNNING,
    "stopped": State.STOPPED,
    "stopping": State.STOPPING,
    "up": State.RUNNING,
    "waiting": State.BACKOFF,
}


def read(version: int) -> Mapping[str, object]:
    """A record as a program of that version wrote it."""
    text = (RECORDS / f"version-{version}.json").read_text(encoding="utf-8")
    record: Mapping[str, object] = json.loads(text)
    assert record["version"] == version
    return record


def house(folder: Path, listener: socket.socket) -> House:
    return House(str(folder), str(folder), ("/bin/true",), (), listener, (1024, 4096))


def test_there_is_a_record_of_each_version_that_is_read() -> None:
    kept = {int(file.stem.removeprefix("version-")) for file in RECORDS.iterdir()}
    assert kept == READABLE_VERSIONS
    assert max(kept) == FREEZE_VERSION


@pytest.mark.parametrize("version", sorted(READABLE_VERSIONS))
async def test_it_is_taken_over_with_all_that_it_says(version: int, tmp_path: Path) -> None:
    record = read(version)
    with socket.socket(socket.AF_UNIX) as listener:
        await try_out(house(tmp_path, listener), record)
        async with anyio.create_task_group() as tasks:
            run = Run(tasks, house(tmp_path, listener), Notifier(None))
            run.thaw({**record, "at": anyio.current_time()}, OnTrial())
            services = {status.name: status for status in await run._supervisor.list()}
            assert {name: status.state for name, status in services.items()} == STATES
            assert services["removed"].removed
            assert services["forker"].reason == "its main process ended, the others are asked to stop"
            assert services["waiting"].restart_at is not None
            assert 500 < services["waiting"].restart_at - anyio.current_time() < 700
            assert [status.exit.code for status in services.values() if status.exit] == [3, None, 3]
            run._supervisor.close()
            tasks.cancel_scope.cancel()


def services_of(record: Mapping[str, object]) -> dict[str, dict[str, dict[str, object]]]:
    found = cast("list[dict[str, dict[str, object]]]", record["services"])
    return {str(entry["spec"]["name"]): entry for entry in found}


async def test_what_is_new_in_the_third_version_is_taken_over_too(tmp_path: Path) -> None:
    old = read(3)
    with socket.socket(socket.AF_UNIX) as listener:
        async with anyio.create_task_group() as tasks:
            run = Run(tasks, house(tmp_path, listener), Notifier(None))
            run.thaw({**old, "at": anyio.current_time()}, OnTrial())
            services = {status.name: status for status in await run._supervisor.list()}
            new = run._supervisor.freeze(anyio.current_time())
            run._supervisor.close()
            tasks.cancel_scope.cancel()
    up, off, removed, stopping = (services[name] for name in ("up", "off", "removed", "stopping"))
    assert (up.run, up.run_begin, up.note) == (4, 120, "serves 12 players")
    assert (off.waits_for, off.wanted, off.next) == (("up",), Wanted.UP, "start")
    assert (removed.paused, removed.waits_for) == (True, ("up",))
    assert removed.cause == Cause(CauseKind.SCHEDULE, "nightly")
    assert (stopping.cause.who, stopping.next) == ("web", "step")
    assert (new["history"], new["waiting"]) == (old["history"], ["off"])
    before, after = services_of(old), services_of(new)
    for name, entry in before.items():
        assert (after[name]["spec"], after[name]["spawned_spec"]) == (entry["spec"], entry["spawned_spec"])
        assert after[name]["run_begin"] == entry["run_begin"]
        same = entry["lifecycle"].keys() - {"restart_ages"}
        assert {key: after[name]["lifecycle"][key] for key in same} == {
            key: entry["lifecycle"][key] for key in same
        }
    voice = after["up"]["voice"]
    assert (voice["note"], voice["period"], voice["state"]) == ("serves 12 players", 30.0, "running")
    assert cast("float", after["up"]["silence"]) == pytest.approx(4.5, abs=2.0)


@pytest.mark.parametrize("version", [0, FREEZE_VERSION + 1])
async def test_one_from_the_future_is_refused(version: int, tmp_path: Path) -> None:
    record = {**read(FREEZE_VERSION), "version": version}
    with socket.socket(socket.AF_UNIX) as listener, pytest.raises(ExceptionGroup) as raised:
        await try_out(house(tmp_path, listener), record)
    (told,) = raised.value.exceptions
    assert isinstance(told, InvalidRecord)
    assert str(told) == f"version: expected one of 1, 2, 3, got {version}"
