"""The notes of live programs are torn: no second copy, and no end of the supervisor."""

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import anyio.to_thread
import pytest

from supervisor import ServiceSpec
from supervisor.leftovers import Leftovers
from supervisor.process import ProcessId

from ..cuts import DAMAGES, cut_at_each_step


@contextmanager
def sleeper(environment: Mapping[str, str] | None = None) -> Iterator[ProcessId]:
    """A program that was left behind."""
    with subprocess.Popen(["/bin/sleep", "600"], env=environment, start_new_session=True) as process:
        try:
            yield ProcessId.of(process.pid)
        finally:
            process.kill()


def found(folder: Path) -> list[tuple[str, int]]:
    """Return the names and pids of what is found."""
    left = Leftovers(str(folder)).find()
    for one in left:
        one.child.close()
    return [(one.spec.name, one.child.pid) for one in left]


def names(folder: Path) -> list[str]:
    return sorted(os.listdir(folder))


# What is cut short, in a process of its own.


def nothing(_: str) -> None:
    pass


def note(folder: str) -> None:
    pid = int(Path(folder, "..", "pid").read_text(encoding="ascii"))
    Leftovers(folder).note(ProcessId.of(pid), ServiceSpec("a", ("x",), "/"))


async def test_a_note_that_is_cut_short_says_who_as_soon_as_it_is_there(tmp_path: Path) -> None:
    with sleeper() as identity:
        (tmp_path / "pid").write_text(str(identity.pid), encoding="ascii")
        # A power cut leaves no program behind.
        cuts = await anyio.to_thread.run_sync(cut_at_each_step, str(tmp_path), "killed", nothing, note)
        assert len(cuts) >= 3
        for cut in cuts:
            notes = Path(cut.folder, "children")
            there = notes.is_dir() and names(notes)
            assert found(Path(cut.folder)) == ([("a", identity.pid)] if there else []), cut
        assert there


@pytest.mark.parametrize("name", ["a", "ä" * 100], ids=["short", "long"])
async def test_of_a_torn_note_the_name_or_the_mark_says_enough(tmp_path: Path, name: str) -> None:
    """The name of a file holds only the beginning of a long name; then the mark knows the rest."""
    leftovers, spec = Leftovers(str(tmp_path)), ServiceSpec(name, ("x",), "/")
    with sleeper(leftovers.mark(spec)) as identity:
        leftovers.note(identity, spec)
        (path,) = (tmp_path / "children").iterdir()
        text = path.read_bytes()
        for damage in DAMAGES.values():
            path.write_bytes(damage(text))
            assert found(tmp_path) == [(name, identity.pid)]


def test_names_that_are_garbage_are_removed_and_harm_nobody(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    leftovers = Leftovers(str(tmp_path))
    mine, boot = ProcessId.of(os.getpid()), leftovers._boot
    children = tmp_path / "children"
    children.mkdir()
    for name in (
        *("x", "...", "1.2.3", f"0.0.{boot}.a", f"-1.0.{boot}.a", f"{9**200}.1.{boot}.a", "\udcff"),
        *(f"{mine.pid}.{9**200}.{boot}.a", f"{mine.pid}.-1.{boot}.a"),
    ):
        (children / name).touch()
    assert leftovers.find() == []
    assert names(children) == []
    assert "says nothing about a program" in caplog.text


@pytest.mark.parametrize("service", ["", "%00", "%ED%A0%80", "%FF"])
async def test_a_live_program_under_a_name_that_is_none_is_found_all_the_same(
    tmp_path: Path, service: str
) -> None:
    leftovers = Leftovers(str(tmp_path))
    (tmp_path / "children").mkdir()
    with sleeper() as identity:
        path = f"{identity.pid}.{identity.start_time}.{leftovers._boot}.{service}"
        (tmp_path / "children" / path).touch()
        assert [pid for _, pid in found(tmp_path)] == [identity.pid]


async def test_a_mark_that_is_none_is_a_mark_all_the_same(tmp_path: Path) -> None:
    (variable, value), *_ = Leftovers(str(tmp_path)).mark(ServiceSpec("a", ("x",), "/")).items()
    with sleeper({variable: value.removesuffix("a")}) as identity:
        assert [pid for _, pid in found(tmp_path)] == [identity.pid]


def test_a_file_in_place_of_the_notes_is_set_aside(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "children").write_bytes(b"garbage")
    assert Leftovers(str(tmp_path)).find() == []
    (kept,) = tmp_path.glob("children.damaged-*")
    assert kept.read_bytes() == b"garbage"
    assert str(kept) in caplog.text
    Leftovers(str(tmp_path)).note(ProcessId.of(os.getpid()), ServiceSpec("a", ("x",), "/"))
    assert len(names(tmp_path / "children")) == 1
