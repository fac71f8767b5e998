"""The members of a tree by its control group: also who has left the session and lost its parent."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.groupmembers import GroupMembers
from daemon.processtable import read_table
from supervisor.cgroups import Cgroups

DAEMONISER = """
import os, signal, sys
sys.stdin.readline()
ready, tell = os.pipe()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        print(os.getpid(), flush=True)
        os.write(tell, b"!")
        signal.pause()
    os._exit(0)
os.wait()
os.read(ready, 1)
signal.pause()
"""


@pytest.fixture
def groups(tmp_path: Path) -> Iterator[Cgroups]:
    """A folder of groups of our own, gone at the end."""
    made = Cgroups(str(tmp_path))
    made.open()
    if made.top is None:
        pytest.skip("there are no control groups that we may make")
    try:
        yield made
    finally:
        made.left()
        made.close()


def test_who_has_forked_twice_belongs_to_its_group(groups: Cgroups) -> None:
    group = groups.group("s", "a server")
    assert group is not None
    command = [sys.executable, "-I", "-S", "-c", DAEMONISER]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as main:
        assert main.stdin is not None
        assert main.stdout is not None
        try:
            group.take(main.pid)
            main.stdin.write(b"go\n")
            main.stdin.flush()
            escaped = int(main.stdout.readline())
            table = read_table()
            assert escaped not in table.tree(main.pid)
            members = GroupMembers()
            assert {main.pid, escaped} <= set(members(table, main.pid))
            assert os.getpid() not in members(table, main.pid)
        finally:
            Path(group.path, "cgroup.kill").write_text("1")
            main.wait()
    while not group.remove():
        pass


def test_without_a_group_of_a_service_it_goes_by_parenthood() -> None:
    with subprocess.Popen(["/bin/sleep", "1000"]) as sleeper:
        try:
            assert set(GroupMembers()(read_table(), sleeper.pid)) >= {sleeper.pid}
        finally:
            sleeper.kill()
