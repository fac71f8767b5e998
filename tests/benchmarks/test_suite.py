"""The suite as a person types it, against the real program; small, since figures are not the point here."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ..system import processes
from ..system.house import ROOT

pytestmark = pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler here")


def run(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "benchmarks", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": ROOT},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_two_targets_are_measured_in_turns_and_leave_nothing_behind(tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    words = ["--start", "one=holdfast", "--start", "two=holdfast", "--rounds", "2", "--seconds", "0.2"]
    ran = run("requests", *words, "--only", "404, Unix", "--json", str(figures), folder=tmp_path)
    assert ran.returncode == 0, ran.stderr
    (case,) = json.loads(figures.read_text())["cases"]
    assert list(case["contenders"]) == ["one", "two"]
    for told in case["contenders"].values():
        assert len(told["requests/s"]["values"]) == 2
        assert told["requests/s"]["least"] > 0
        assert told["CPU"]["least"] > 0
        assert told["errors"]["most"] == 0
    assert "404, Unix socket, 16 connections" in ran.stdout
    assert processes.below(str(tmp_path)) == {}


def test_every_section_says_what_it_measures(tmp_path: Path) -> None:
    ran = run("--list", folder=tmp_path)
    names = [line.split()[0] for line in ran.stdout.splitlines()]
    assert names == ["console", "requests", "transfers", "archives", "supervision", "start"]
    assert all(len(line.split()) > 3 for line in ran.stdout.splitlines())


def test_a_section_that_is_none_is_told_with_those_that_are(tmp_path: Path) -> None:
    ran = run("speed", folder=tmp_path)
    assert ran.returncode == 1
    assert ran.stderr == (
        "benchmarks: speed is no section: console, requests, transfers, archives, supervision, start\n"
    )


def test_a_config_for_a_server_of_ones_own_has_the_speaker(tmp_path: Path) -> None:
    ran = run("--config", "mine", folder=tmp_path)
    assert ran.returncode == 0, ran.stderr
    config = json.loads((tmp_path / "mine" / "config.json").read_text())
    assert os.access(config["servers"]["speaker"]["command"], os.X_OK)
    assert config["unixSocket"]["location"] in ran.stdout
