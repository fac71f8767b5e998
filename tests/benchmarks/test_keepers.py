"""Programs that keep others running, and the sections `supervision` and `start`, at a small scale."""

import json
import os
import shutil
from pathlib import Path

import pytest

from benchmarks.bench import Bench
from benchmarks.case import NotMeasured
from benchmarks.keepers import KEEPERS, alive, programs
from benchmarks.started import until

from ..system import processes
from .test_suite import run

PROGRAMS = {"supervisord": "supervisord", "circus": "circusd", "pm2": "pm2"}

needs_cc = pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler here")


def measured(section: str, case: str, folder: Path) -> dict[str, dict[str, dict[str, float]]]:
    """Return the contenders of a case at a fiftieth of its size, and how they came out."""
    words = [section, "--rounds", "1", "--scale", "0.02", "--only", case, "--json", str(folder / "told")]
    ran = run(*words, folder=folder)
    assert ran.returncode == 0, ran.stderr
    (told,) = json.loads((folder / "told").read_text())["cases"]
    assert processes.below(str(folder)) == {}
    return dict(told["contenders"])


@pytest.mark.parametrize("name", KEEPERS)
def test_a_keeper_starts_its_programs_and_leaves_none(name: str, tmp_path: Path) -> None:
    if shutil.which(PROGRAMS[name]) is None:
        pytest.skip(f"{PROGRAMS[name]} is not here")
    with KEEPERS[name](Bench(str(tmp_path), []), str(tmp_path), 3) as keeper:
        until(lambda: alive(keeper.root, 3))
        living = programs(keeper.root)
        assert len(living) == 3
    until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in living))


def test_a_keeper_that_is_not_here_is_not_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with (
        pytest.raises(NotMeasured, match="supervisord is not here"),
        KEEPERS["supervisord"](Bench(str(tmp_path), []), str(tmp_path), 1),
    ):
        pass
    assert "apt install supervisor" in capsys.readouterr().err


@needs_cc
def test_what_programs_that_sleep_cost_is_told_of_supervisor_and_daemon(tmp_path: Path) -> None:
    told = measured("supervision", "20 programs that sleep", tmp_path)["holdfast"]
    assert told["supervisor"]["least"] + told["API"]["least"] == pytest.approx(told["memory"]["least"])
    assert told["all up"]["least"] > 0
    assert told["all gone"]["least"] > 0


@needs_cc
def test_more_programs_are_brought_by_a_plan_at_the_private_socket(tmp_path: Path) -> None:
    told = measured("supervision", "2 programs more", tmp_path)
    assert told["holdfast"]["all up"]["least"] > 0
    assert told["limit: posix_spawn in C"]["all up"]["least"] > 0


@needs_cc
def test_one_program_comes_back_and_is_stopped(tmp_path: Path) -> None:
    told = measured("supervision", "1 of 2 programs", tmp_path)["holdfast"]
    assert told["back after a crash"]["least"] > 400  # it waits on purpose
    assert told["stop"]["least"] > 0


@needs_cc
def test_the_first_answers_of_server_and_daemon_are_measured(tmp_path: Path) -> None:
    told = measured("start", "the server's first answer, 20", tmp_path)["holdfast"]
    assert 0 < told["first answer"]["least"] <= told["all up"]["least"]
    told = measured("start", "the API daemon's first answer, 20", tmp_path)["holdfast"]
    assert 0 < told["first answer"]["least"] <= told["missed"]["least"]


@needs_cc
def test_commands_and_the_supervisor_alone_are_measured(tmp_path: Path) -> None:
    assert (
        measured("start", "the supervisor's first answer", tmp_path)["holdfast"]["first answer"]["least"] > 0
    )
    told = measured("start", "holdfast list, 10 servers", tmp_path)
    assert told["holdfast"]["took"]["least"] > told["limit: C that asks the same"]["took"]["least"]


@needs_cc
def test_a_handover_is_measured_in_the_supervisors_own_words(tmp_path: Path) -> None:
    told = measured("start", "a handover, 2 programs", tmp_path)["holdfast"]
    assert 0 < told["pause"]["least"] <= told["worst pause"]["least"] < told["asked to answered"]["least"]
