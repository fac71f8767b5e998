"""State files: whole after every cut, and the last good one where they are damaged all the same."""

import errno
import fcntl
import json
import os
import stat
from pathlib import Path

import pytest

from supervisor import Plan, ServiceSpec, replace_file, set_aside
from supervisor.planfile import CannotStore, PlanFile

from ..cuts import DAMAGES, WAYS, Damage, cut_at_each_step


def plan(name: str) -> Plan:
    return Plan((ServiceSpec(name, ("x",), "/", {"ROOM": "x" * 2000}),))


ONE, TWO, THREE, FOUR = (plan(name) for name in ("one", "two", "three", "four"))


def names(folder: str) -> list[str]:
    return sorted(os.listdir(folder))


# What is cut short, in a process of its own.


def nothing(_: str) -> None:
    pass


def two_plans(folder: str) -> None:
    PlanFile(folder).save(ONE)
    PlanFile(folder).save(TWO)


def third_plan(folder: str) -> None:
    PlanFile(folder).save(THREE)


def two_plans_and_a_torn_one(folder: str) -> None:
    third_plan_after_two(folder)
    tear(Path(folder, "plan.json"))


def third_plan_after_two(folder: str) -> None:
    two_plans(folder)
    third_plan(folder)


def fall_back(folder: str) -> None:
    assert PlanFile(folder).load() == TWO


def fourth_plan(folder: str) -> None:
    PlanFile(folder).save(FOUR)


def tear(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-10])


@pytest.mark.parametrize("way", WAYS)
def test_a_plan_that_is_cut_short_is_the_old_or_the_new_one(tmp_path: Path, way: str) -> None:
    cuts = cut_at_each_step(str(tmp_path), way, two_plans, third_plan)
    seen = []
    for cut in cuts:
        store = PlanFile(cut.folder)
        found = store.load()
        assert found in (TWO, THREE), cut
        seen.append(found)
        store.save(FOUR)
        assert store.load() == FOUR
        assert names(cut.folder) == ["plan.json", "plan.json.old"], cut
    assert seen[0] == TWO
    assert seen[-1] == THREE, "what was saved is saved"
    assert len(cuts) > 8


@pytest.mark.parametrize("way", WAYS)
def test_a_first_plan_that_is_cut_short_is_none_or_it(tmp_path: Path, way: str) -> None:
    cuts = cut_at_each_step(str(tmp_path), way, nothing, third_plan)
    for cut in cuts:
        assert PlanFile(cut.folder).load() in ((THREE,) if cut.done else (None, THREE)), cut
        PlanFile(cut.folder).save(FOUR)
        assert set(names(cut.folder)) <= {"plan.json", "plan.json.old"}, cut
    assert PlanFile(cuts[0].folder).load() == FOUR


@pytest.mark.parametrize("way", WAYS)
def test_a_fall_back_that_is_cut_short_ends_at_the_same_plan(tmp_path: Path, way: str) -> None:
    cuts = cut_at_each_step(str(tmp_path), way, two_plans_and_a_torn_one, fall_back)
    assert len(cuts) > 4
    for cut in cuts:
        store = PlanFile(cut.folder)
        assert store.load() == TWO, cut
        assert any(name.startswith("plan.json.damaged-") for name in names(cut.folder)), cut
        assert store.load() == TWO
        store.save(FOUR)
        assert not any(name.endswith(".new") for name in names(cut.folder)), cut


@pytest.mark.parametrize("way", WAYS)
def test_a_plan_in_place_of_a_torn_one_keeps_that_at_every_step(tmp_path: Path, way: str) -> None:
    cuts = cut_at_each_step(str(tmp_path), way, two_plans_and_a_torn_one, fourth_plan)
    for cut in cuts:
        assert PlanFile(cut.folder).load() in ((FOUR,) if cut.done else (TWO, FOUR)), cut
        kept = [name for name in names(cut.folder) if ".damaged-" in name]
        assert kept, cut
        assert all(not parses(Path(cut.folder, name)) for name in kept), cut


def parses(path: Path) -> bool:
    try:
        json.loads(path.read_bytes())
    except ValueError:
        return False
    return True


# What was on the disk for long, and is damaged all the same.

NO_PLANS: dict[str, Damage] = {
    **DAMAGES,
    "no plan": lambda _: b'{"services": 3}',
    "deep": lambda _: b"[" * 100_000,
}


@pytest.mark.parametrize("damage", NO_PLANS)
def test_a_damaged_plan_is_set_aside_and_the_one_before_used(
    tmp_path: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    store, path = PlanFile(str(tmp_path)), tmp_path / "plan.json"
    store.save(ONE)
    store.save(TWO)
    damaged = NO_PLANS[damage](path.read_bytes())
    path.write_bytes(damaged)
    assert PlanFile(str(tmp_path)).load() == ONE
    (kept,) = tmp_path.glob("plan.json.damaged-*")
    assert kept.read_bytes() == damaged
    told = caplog.text
    assert f"{path} is damaged" in told
    assert f"kept as {kept}" in told
    assert f"the one before it, {path}.old, is used instead" in told
    caplog.clear()
    assert PlanFile(str(tmp_path)).load() == ONE
    assert caplog.text == "", "it is in its place again"
    store.save(THREE)
    assert store.load() == THREE
    assert names(str(tmp_path)) == sorted(["plan.json", "plan.json.old", kept.name])


@pytest.mark.parametrize("damage", NO_PLANS)
def test_with_both_plans_damaged_both_are_set_aside_and_none_is_known(
    tmp_path: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    two_plans(str(tmp_path))
    for name in ("plan.json", "plan.json.old"):
        (tmp_path / name).write_bytes(NO_PLANS[damage]((tmp_path / name).read_bytes()))
    assert PlanFile(str(tmp_path)).load() is None
    assert len(list(tmp_path.glob("plan.json.damaged-*"))) == 1
    assert len(list(tmp_path.glob("plan.json.old.damaged-*"))) == 1
    assert len(names(str(tmp_path))) == 2
    assert caplog.text.count("is damaged") == 2
    third_plan(str(tmp_path))
    assert PlanFile(str(tmp_path)).load() == THREE


def test_a_plan_damaged_while_we_run_is_set_aside_by_the_next(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    two_plans(str(tmp_path))
    (tmp_path / "plan.json").write_bytes(b"\0\0")
    third_plan(str(tmp_path))
    (kept,) = tmp_path.glob("plan.json.damaged-*")
    assert kept.read_bytes() == b"\0\0"
    assert str(kept) in caplog.text
    tear(tmp_path / "plan.json")
    assert PlanFile(str(tmp_path)).load() == ONE, "a damaged one never becomes the one before"


def test_a_plan_that_is_gone_leaves_the_one_before(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    two_plans(str(tmp_path))
    (tmp_path / "plan.json").unlink()
    assert PlanFile(str(tmp_path)).load() == ONE
    assert "plan.json is gone" in caplog.text
    assert names(str(tmp_path)) == ["plan.json", "plan.json.old"]


def test_a_plan_that_cannot_be_read_leaves_the_one_before(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    two_plans(str(tmp_path))
    (tmp_path / "plan.json").unlink()
    os.mkfifo(tmp_path / "plan.json")
    assert PlanFile(str(tmp_path)).load() == ONE
    assert "cannot be read" in caplog.text
    third_plan(str(tmp_path))
    assert PlanFile(str(tmp_path)).load() == THREE


@pytest.mark.parametrize("call", ["link", "rename"])
def test_a_disk_that_takes_nothing_still_gives_the_plan_before(
    tmp_path: Path, call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    two_plans(str(tmp_path))
    tear(tmp_path / "plan.json")

    def refuse(*_: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    with monkeypatch.context() as patch:
        patch.setattr(os, call, refuse)
        assert PlanFile(str(tmp_path)).load() == ONE
    assert not any(name.endswith(".new") for name in names(str(tmp_path)))


def test_the_same_plan_again_is_not_written_again(tmp_path: Path) -> None:
    two_plans(str(tmp_path))
    before = {name: os.stat(tmp_path / name).st_ino for name in names(str(tmp_path))}
    PlanFile(str(tmp_path)).save(TWO)
    assert {name: os.stat(tmp_path / name).st_ino for name in names(str(tmp_path))} == before


def test_where_files_cannot_be_linked_they_are_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    two_plans(str(tmp_path))
    tear(tmp_path / "plan.json")
    assert PlanFile(str(tmp_path)).load() == ONE
    assert PlanFile(str(tmp_path)).load() == ONE
    assert len(names(str(tmp_path))) == 3


def test_a_plan_that_cannot_be_written_leaves_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    two_plans(str(tmp_path))
    before = {name: (tmp_path / name).read_bytes() for name in names(str(tmp_path))}

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", refuse)
        with pytest.raises(CannotStore, match=r"plan\.json: No space left"):
            third_plan(str(tmp_path))
    assert {name: (tmp_path / name).read_bytes() for name in names(str(tmp_path))} == before


# The parts.


def test_a_new_file_is_the_owners_alone_under_any_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        for umask in (0, 0o777):
            os.umask(umask)
            replace_file(str(tmp_path / "file"), b"text")
            assert stat.S_IMODE(os.stat(tmp_path / "file").st_mode) == 0o600
    finally:
        os.umask(before)


def test_what_is_written_in_parts_is_written_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: write(fd, data[:3]))
    replace_file(str(tmp_path / "file"), b"0123456789")
    assert (tmp_path / "file").read_bytes() == b"0123456789"


def test_remains_are_cleared_and_those_of_a_live_writer_and_of_others_are_not(tmp_path: Path) -> None:
    dead, live = tmp_path / f".file.{'0' * 16}.new", tmp_path / f".file.{'1' * 16}.new"
    others = [tmp_path / f".files.{'0' * 16}.new", tmp_path / ".file.new", tmp_path / ".file.backup.new"]
    for path in (dead, live, *others):
        path.touch()
    with open(live, "rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        replace_file(str(tmp_path / "file"), b"text")
        assert not dead.exists()
        assert live.exists()
    replace_file(str(tmp_path / "file"), b"text")
    assert not live.exists()
    assert all(path.exists() for path in others)


def test_what_is_not_confirmed_is_not_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"old")

    def refuse() -> None:
        raise LookupError

    with pytest.raises(LookupError):
        replace_file(str(tmp_path / "file"), b"new", confirm=refuse)
    assert (tmp_path / "file").read_bytes() == b"old"
    assert names(str(tmp_path)) == ["file"]


@pytest.mark.parametrize("name", ["x" * 255, "ü" * 127, "a\nb", "[a-z]*"])
def test_a_file_of_any_name_is_replaced(tmp_path: Path, name: str) -> None:
    for text in (b"one", b"two"):
        replace_file(str(tmp_path / name), text)
    assert (tmp_path / name).read_bytes() == b"two"
    assert names(str(tmp_path)) == [name]


def test_what_is_set_aside_twice_in_a_moment_has_two_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.gmtime", lambda: (1970, 1, 1, 0, 0, 0, 3, 1, 0))
    path = str(tmp_path / "file")
    Path(path).write_bytes(b"damaged")
    assert set_aside(path) == f"{path}.damaged-19700101T000000Z"
    assert set_aside(path) == f"{path}.damaged-19700101T000000Z-2"
    assert Path(path).read_bytes() == b"damaged"
