"""As whom and within which bounds real programs run."""

import grp
import os
import pwd
import sys
from dataclasses import replace

import pytest

from supervisor import Execution, State
from supervisor.cannot_spawn import CannotSpawn
from supervisor.launch import Credentials, credentials

from .world import House, spec

ROOT = os.geteuid() == 0
only_root = pytest.mark.skipif(not ROOT, reason="only root may become another user")
only_others = pytest.mark.skipif(ROOT, reason="root may do all this")

ABOUT = """
import os, resource, sys
print("umask", oct(os.umask(0)), "nice", os.getpriority(os.PRIO_PROCESS, 0), "end")
print("nofile", *resource.getrlimit(resource.RLIMIT_NOFILE), "end")
print("score", open("/proc/self/oom_score_adj").read().strip(), "end")
print("done", flush=True)
sys.stdin.read()
"""


async def about(house: House, execution: Execution, **environment: str) -> str:
    command = (sys.executable, "-I", "-S", "-c", ABOUT)
    await house.apply(replace(spec("a", command, environment=environment), execution=execution))
    reading = await house.console("a")
    return (await reading.until(b"done\n")).decode()


async def test_bounds_are_those_that_were_asked_for(house: House) -> None:
    said = await about(
        house, Execution(umask=0o27, nice=7, oom_score_adjust=500, rlimits={"nofile": (77, 88)})
    )
    assert "umask 0o27 nice 7 end" in said
    assert "nofile 77 88 end" in said
    assert "score 500 end" in said


IDENTITY = """
echo uid $(id -u) gid $(id -g) groups $(id -G) end
echo home $HOME $USER end
echo again > /dev/stdout
echo done
read line
"""


async def identity(house: House, execution: Execution, **environment: str) -> str:
    """What a shell says of itself; another user may not reach the Python that runs this."""
    command = ("/bin/sh", "-c", IDENTITY)
    await house.apply(replace(spec("a", command, environment=environment), execution=execution))
    reading = await house.console("a")
    return (await reading.until(b"done\n")).decode()


@only_root
async def test_a_program_becomes_another_user_with_his_groups_and_his_home(house: House) -> None:
    nobody = pwd.getpwnam("nobody")
    said = await identity(house, Execution(user="nobody"))
    assert f"uid {nobody.pw_uid} gid {nobody.pw_gid} groups {nobody.pw_gid} end" in said
    assert f"home {nobody.pw_dir} nobody end" in said
    assert "again\n" in said, "it may open its own output anew"


@only_root
async def test_groups_are_those_that_were_asked_for(house: House) -> None:
    said = await identity(house, Execution(user="nobody", group="daemon", groups=("mail", "4")), HOME="/x")
    daemon, mail = grp.getgrnam("daemon").gr_gid, grp.getgrnam("mail").gr_gid
    assert f"gid {daemon} groups" in said
    groups = said.partition("groups ")[2].partition(" end")[0].split()
    assert set(groups) == {str(daemon), str(mail), "4"}
    assert "home /x nobody" in said


@pytest.mark.parametrize(
    ("execution", "reason"),
    [
        (Execution(user="no-such-user"), "there is no user no-such-user"),
        (Execution(user="4000000001"), "there is no user 4000000001"),
        (Execution(group="no-such-group"), "there is no group no-such-group"),
        (Execution(groups=("no-such-group",)), "there is no group no-such-group"),
    ],
)
async def test_who_is_unknown_is_refused_and_never_replaced_by_us(
    house: House, execution: Execution, reason: str
) -> None:
    await house.apply(replace(spec("a", autostart=False), execution=execution))
    status = await house.api.start("a")
    assert (status.state, status.pid) == (State.FAILED, None)
    assert reason in status.reason


@only_others
async def test_who_is_not_root_may_become_nobody_else(house: House) -> None:
    await house.apply(replace(spec("a", autostart=False), execution=Execution(user="root")))
    assert "only root may arrange" in (await house.api.start("a")).reason


async def test_what_the_kernel_refuses_is_told_in_words(house: House) -> None:
    beyond = Execution(rlimits={"nofile": (1 << 40, 1 << 40)})
    await house.apply(replace(spec("a", autostart=False), execution=beyond))
    status = await house.api.start("a")
    assert status.state is State.FAILED
    assert "the limit nofile cannot be" in status.reason


def test_our_own_user_is_nothing_to_become() -> None:
    if ROOT:
        assert credentials(Execution(user="root")).uid == 0
    else:
        assert credentials(Execution(user=str(os.geteuid()))) == Credentials()
    with pytest.raises(CannotSpawn):
        credentials(Execution(user="no-such-user"))
