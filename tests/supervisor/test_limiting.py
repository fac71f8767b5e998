"""What is written into the files of a control group, on a folder that looks like one."""

import os
from pathlib import Path

import pytest

from supervisor import Exit, Limits, oom
from supervisor.bell import counters
from supervisor.cgroups import Cgroups, Place, folder
from supervisor.group import Group
from supervisor.limiting import block_device, enforce
from supervisor.oom import Oom

FILES = ("memory.max", "memory.high", "memory.swap.max", "cpu.max", "cpu.weight", "pids.max", "io.max")


@pytest.fixture
def group(tmp_path: Path) -> Path:
    for name in FILES:
        (tmp_path / name).write_text("")
    return tmp_path


def said(group: Path) -> dict[str, str]:
    return {name: (group / name).read_text() for name in FILES}


def test_limits_are_written_as_the_kernel_takes_them_and_lifted_again(
    group: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("supervisor.limiting.block_device", lambda _: "8:0")
    limits = Limits(1 << 30, 1 << 29, 0, 1.5, 50, 100, 1 << 20, None)
    assert enforce(str(group), limits, "/") == {}
    assert said(group) == {
        "memory.max": "1073741824",
        "memory.high": "536870912",
        "memory.swap.max": "0",
        "cpu.max": "150000 100000",
        "cpu.weight": "50",
        "pids.max": "100",
        "io.max": "8:0 rbps=1048576 wbps=max",
    }
    for name in FILES:
        (group / name).write_text("")
    assert enforce(str(group), Limits(), "/") == {}
    lifted = dict.fromkeys(FILES, "max") | {"cpu.weight": "100", "io.max": "8:0 rbps=max wbps=max"}
    assert said(group) == lifted


def test_very_little_of_a_processor_is_measured_over_a_longer_time(group: Path) -> None:
    enforce(str(group), Limits(cpu=0.001), "/")
    assert (group / "cpu.max").read_text() == "1000 1000000"


def test_each_limit_without_its_controller_is_named(tmp_path: Path) -> None:
    refused = enforce(str(tmp_path), Limits(memory=1, cpu=1.0, pids=5), "/")
    assert refused == {
        "memory": "not enforced: there is no controller memory for our control groups",
        "cpu": "not enforced: there is no controller cpu for our control groups",
        "pids": "not enforced: there is no controller pids for our control groups",
    }


def test_a_folder_that_is_on_no_disk_cannot_have_its_io_limited(group: Path) -> None:
    assert block_device("/proc") is None
    assert enforce(str(group), Limits(io_read=1), "/proc") == {
        "io_read": "not enforced: /proc is on no disk of its own"
    }


def test_the_disk_of_a_partition_is_the_one_that_is_limited(tmp_path: Path) -> None:
    number = os.stat(tmp_path).st_dev
    name = f"{os.major(number)}:{os.minor(number)}"
    disk = tmp_path / "devices" / "sda"
    (disk / "sda1").mkdir(parents=True)
    (disk / "dev").write_text("8:0\n")
    (disk / "sda1" / "partition").write_text("1\n")
    system = tmp_path / "block"
    system.mkdir()
    assert block_device(str(tmp_path), str(system)) is None
    (system / name).symlink_to(disk / "sda1")
    assert block_device(str(tmp_path), str(system)) == "8:0"
    (disk / "sda1" / "partition").unlink()
    assert block_device(str(tmp_path), str(system)) == name


def test_a_kill_for_memory_is_told_with_the_limit(tmp_path: Path) -> None:
    (tmp_path / "memory.events").write_text("low 0\nmax 12\noom 3\noom_kill 2\n")
    (tmp_path / "memory.max").write_text("67108864\n")
    seen = Oom(Group(str(tmp_path)))
    assert seen.note() == ""
    (tmp_path / "memory.events").write_text("low 0\nmax 12\noom 3\noom_kill 3\n")
    assert seen.note() == "out of memory: killed by the kernel, limit was 64 MiB"
    (tmp_path / "memory.max").write_text("max\n")
    assert seen.note() == "out of memory: killed by the kernel, the machine had none left"
    told = str(Exit(None, 9, 2.0, seen.note()))
    assert told.startswith("was ended by SIGKILL after 2.0 s (out of memory: ")


def test_without_a_control_group_the_kernels_own_count_is_a_hint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oom, "STATISTICS", str(tmp_path / "vmstat"))
    monkeypatch.setattr(oom, "MACHINE", oom.Machine())
    assert Oom(None).note() == ""
    (tmp_path / "vmstat").write_text("nr_free_pages 5\noom_kill 7\n")
    seen = Oom(None)
    assert seen.note() == ""
    (tmp_path / "vmstat").write_text("nr_free_pages 5\noom_kill 8\n")
    assert (
        seen.note() == "perhaps out of memory: the kernel has killed for that once on this machine meanwhile"
    )


def test_counters_are_lines_of_a_name_and_a_number() -> None:
    assert counters(b"populated 1\nfrozen 0\nodd\nneg -1\n\xff 2\n") == {
        "populated": 1,
        "frozen": 0,
        "\ufffd": 2,
    }


@pytest.mark.parametrize(
    ("own", "mounts", "found"),
    [
        ("0::/\n", "30 1 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n", "/sys/fs/cgroup"),
        ("0::/a/b\n", "30 1 0:26 / /sys/fs/cgroup rw - cgroup2 none rw\n", "/sys/fs/cgroup/a/b"),
        (
            "4:memory:/x\n0::/u\n",
            (
                "29 1 0:25 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
                "30 1 0:26 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
            ),
            "/sys/fs/cgroup/unified/u",
        ),
        (
            "0::/docker/1/x\n",
            "30 1 0:26 /docker/1 /sys/fs/cgroup rw - cgroup2 cgroup rw\n",
            "/sys/fs/cgroup/x",
        ),
        ("0::/a b\n", "30 1 0:26 / /mnt/c\\040d rw - cgroup2 cgroup rw\n", "/mnt/c d/a b"),
        ("0::/\n", "30 1 0:26 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n", None),
        ("4:memory:/x\n", "30 1 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n", None),
        ("0::/elsewhere\n", "30 1 0:26 /docker/1 /sys/fs/cgroup rw - cgroup2 cgroup rw\n", None),
    ],
)
def test_our_own_group_is_found_where_it_is_mounted(
    tmp_path: Path, own: str, mounts: str, found: str | None
) -> None:
    (tmp_path / "cgroup").write_text(own)
    (tmp_path / "mountinfo").write_text(mounts)
    place = Place.find(str(tmp_path))
    assert (place.own if place is not None else None) == found


def delegated(base: Path, controllers: str = "cpu io memory pids hugetlb") -> None:
    base.mkdir(parents=True, exist_ok=True)
    (base / "cgroup.controllers").write_text(controllers)
    for name in ("cgroup.procs", "cgroup.subtree_control", "cgroup.type"):
        (base / name).write_text("")


def prepared(tmp_path: Path, own: Path, base: Path) -> Cgroups:
    groups = Cgroups(str(tmp_path / "state"), Place(str(tmp_path), str(own)))
    top = base / groups.name
    top.mkdir()
    for name in ("cgroup.procs", "cgroup.subtree_control"):
        (top / name).write_text("")
    return groups


def test_controllers_are_handed_down_where_we_live_in_a_leaf(tmp_path: Path) -> None:
    base = tmp_path / "unit"
    delegated(base)
    groups = prepared(tmp_path, base / "supervisor", base)
    groups.open()
    assert groups.top == str(base / groups.name)
    assert groups.missing == []
    assert (base / "cgroup.subtree_control").read_text()


def test_under_systemd_without_a_leaf_there_are_groups_but_no_controllers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INVOCATION_ID", "1")
    base = tmp_path / "unit"
    delegated(base)
    groups = prepared(tmp_path, base, base)
    groups.open()
    assert groups.top == str(base / groups.name)
    assert groups.missing == ["memory", "cpu", "pids", "io"]
    assert (base / "cgroup.subtree_control").read_text() == ""


def test_where_we_live_alone_we_move_into_a_leaf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("INVOCATION_ID", raising=False)
    base = tmp_path / "container"
    delegated(base)
    (base / "cgroup.procs").write_text(f"{os.getpid()}\n")
    (base / "supervisor").mkdir()
    (base / "supervisor" / "cgroup.procs").write_text("")
    groups = prepared(tmp_path, base, base)
    groups.open()
    assert groups.missing == []
    assert (base / "supervisor" / "cgroup.procs").read_text() == str(os.getpid())


def test_where_others_live_too_they_are_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("INVOCATION_ID", raising=False)
    base = tmp_path / "session"
    delegated(base)
    (base / "cgroup.procs").write_text(f"{os.getpid()}\n1\n")
    groups = prepared(tmp_path, base, base)
    groups.open()
    assert groups.top is not None
    assert len(groups.missing) == 4


def test_where_we_may_not_write_there_are_no_groups(tmp_path: Path) -> None:
    groups = Cgroups(str(tmp_path), Place("/proc", "/proc/1"))
    groups.open()
    assert groups.top is None
    assert groups.group("s", "a") is None
    assert groups.left() == {}
    groups.close()


def test_folders_of_groups_are_unique_and_no_files_of_the_kernel() -> None:
    names = ["a", "A", "a/b", "a_b", "..", ".", "cgroup.procs", "ä" * 255, "ä" * 254, " ", "\n"]
    folders = {folder("s", name) for name in names}
    assert len(folders) == len(names)
    assert all(len(one) < 100 and not set(one) & set("./\n ") and one.isascii() for one in folders)


def test_a_group_is_made_although_somebody_has_removed_the_folder_of_all(tmp_path: Path) -> None:
    group = Group(str(tmp_path / "all" / "one"))
    group.make("one")
    assert group.exists
