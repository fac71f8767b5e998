"""The running supervisor becomes its next version: same pid, same children, nothing lost, nothing twice."""

import os
import random
import shutil
import signal
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import anyio
import pytest

from supervisor import (
    Boot,
    LeftBehind,
    Plan,
    RestartPolicy,
    ServiceStatus,
    State,
    SupervisorClient,
    SupervisorUnreachable,
)

from .real import ROOT, Program, eventually, started
from .world import DEADLINE, alive, program, spec, until

SLOWLY = RestartPolicy(first=600.0, cap=600.0, jitter=0.0)


def took_over(running: Program) -> int:
    return running.said().count("took over")


async def hand_over(running: Program) -> None:
    """Ask for a handover, and wait for its end."""
    before = took_over(running)
    running.process.send_signal(signal.SIGHUP)

    async def done() -> bool:
        return took_over(running) > before

    await eventually(done)
    await running.ready()


async def services(api: SupervisorClient) -> dict[str, ServiceStatus]:
    return {status.name: status for status in await api.list()}


async def streams_of(api: SupervisorClient, names: Iterable[str]) -> dict[str, str]:
    """Return the names of their consoles' streams."""
    streams = {}
    for name in names:
        attached = await api.attach(name)
        streams[name] = attached.stream
        await attached.aclose()
    return streams


class Follower:
    """Follows a console as the daemon does: through each handover, by offset."""

    def __init__(self, api: SupervisorClient, name: str, *, keep: bool = True) -> None:
        self._api = api
        self._name = name
        self._keep = keep
        self.data = bytearray()
        self.read = 0
        self.lost = 0
        self.offset = 0

    async def run(self) -> None:
        while True:
            try:
                attached = await self._api.attach(self._name, self.offset)
            except SupervisorUnreachable:
                await anyio.sleep(0.01)
                continue
            try:
                while True:
                    output = await attached.receive()
                    self.lost += output.offset - self.offset
                    self.offset = output.offset + len(output.data)
                    self.read += len(output.data)
                    self.data += output.data if self._keep else b""
            except anyio.EndOfStream:
                continue
            finally:
                with anyio.CancelScope(shield=True):
                    await attached.aclose()

    @property
    def ticks(self) -> Sequence[int]:
        lines = bytes(self.data).split(b"\n")[:-1]
        return [int(line.split()[1]) for line in lines if line.startswith(b"tick")]

    async def until_tick(self, number: int) -> None:
        async def seen() -> bool:
            return bool(self.ticks) and self.ticks[-1] >= number

        await eventually(seen)


async def test_three_handovers_under_a_ticker_and_a_flood(tmp_path: Path) -> None:
    with started(str(tmp_path)) as running:
        api = await running.ready()
        await api.apply(Plan((spec("tick", program("ticker")), spec("flood", ("/usr/bin/yes",)))))
        before = await services(api)
        async with anyio.create_task_group() as tasks:
            follower = Follower(api, "tick")
            flood = Follower(api, "flood", keep=False)
            tasks.start_soon(follower.run)
            tasks.start_soon(flood.run)
            for _ in range(3):
                await follower.until_tick(len(follower.ticks) + 5)
                await hand_over(running)
            await follower.until_tick(len(follower.ticks) + 5)
            tasks.cancel_scope.cancel()
        after = await services(api)
        assert follower.ticks == list(range(len(follower.ticks))), "contiguous, none twice"
        assert follower.lost == 0
        assert flood.read + flood.lost == flood.offset, "what was not read is counted"
        assert {name: status.pid for name, status in before.items()} == {
            name: status.pid for name, status in after.items()
        }
        for name in before:
            first, second = before[name].started, after[name].started
            assert first is not None
            assert second is not None
            assert abs(first - second) < 1.0, "the uptime goes on"


async def test_every_state_is_carried_over(tmp_path: Path) -> None:
    with started(str(tmp_path)) as running:
        api = await running.ready()
        crashing = program("crash", "3")
        await api.apply(
            Plan(
                (
                    spec("up", program("echo")),
                    spec("down", autostart=False),
                    spec("parked", ("/nonexistent",)),
                    spec("waiting", crashing, restart=SLOWLY),
                    spec("stopping", program("stubborn"), grace=600.0),
                    spec("orphans", program("forker"), grace=600.0),
                )
            )
        )
        await until(api, "waiting", lambda status: status.state is State.BACKOFF)
        await api.write("up", b"before\n")
        await api.stop("stopping")
        await until(api, "up", lambda status: status.state is State.RUNNING)
        before = await services(api)
        streams = await streams_of(api, before)
        await hand_over(running)
        after = await services(api)
        assert await streams_of(api, before) == streams
        for name in ("up", "down", "parked", "waiting", "stopping"):
            assert (after[name].state, after[name].pid) == (before[name].state, before[name].pid), name
            assert after[name].reason == before[name].reason
        first, second = before["waiting"].restart_at, after["waiting"].restart_at
        assert first is not None
        assert second is not None
        assert abs(first - second) < 1.0, "the wait has what remained of it"
        await api.write("up", b"after\n")
        attached = await api.attach("up", 0)
        heard = b""
        with anyio.fail_after(DEADLINE):
            while b"after" not in heard.split(b"before", 1)[-1]:
                heard += (await attached.receive()).data
        await attached.aclose()
        assert heard.count(b"[Octyne] Started server up") == 1
        await api.kill("stopping")
        await until(api, "stopping", lambda status: status.state is State.STOPPED)


async def test_an_exit_during_the_handover_is_seen(tmp_path: Path) -> None:
    with started(str(tmp_path)) as running:
        api = await running.ready()
        await api.apply(Plan((spec("a"), spec("b"))))
        for name in ("a", "b"):
            pid = (await services(api))[name].pid
            assert pid is not None
            running.process.send_signal(signal.SIGHUP)
            os.kill(pid, signal.SIGKILL)

        async def done() -> bool:
            return took_over(running) >= 1

        await eventually(done)
        await running.ready()
        for name in ("a", "b"):
            status = await until(api, name, lambda status: status.state is State.FAILED)
            assert status.exit is not None
            assert status.exit.signal == signal.SIGKILL


WAITS = """
import os, sys, time
if "--handover" in sys.argv:
    open({there!r}, "w").close()
    while not os.path.exists({go!r}):
        time.sleep(0.01)
"""


async def test_how_one_ended_while_nobody_was_there_is_seen(tmp_path: Path) -> None:
    code, there, go = tmp_path / "code", tmp_path / "there", tmp_path / "go"
    shutil.copytree(os.path.join(ROOT, "supervisor"), code / "supervisor")
    with started(str(tmp_path / "run"), root=str(code)) as running:
        api = await running.ready()
        await api.apply(Plan((spec("a", ("/bin/sh", "-c", f"until [ -e {there} ]; do :; done; exit 7")),)))
        version = code / "supervisor" / "version.py"
        waits = WAITS.format(there=str(there), go=str(go))
        version.write_text(version.read_text(encoding="utf-8") + waits, encoding="utf-8")
        pid = (await services(api))["a"].pid
        assert pid is not None
        running.process.send_signal(signal.SIGHUP)

        async def ended() -> bool:
            return (await anyio.Path(f"/proc/{pid}/stat").read_text()).split()[2] == "Z"

        await eventually(ended)
        go.touch()
        await running.says("took over")
        await running.ready()
        status = await until(api, "a", lambda status: not status.state.alive)
        assert status.exit is not None
        assert status.exit.code == 7


@pytest.mark.parametrize("damage", ["raise SystemExit('no such thing')", "import nothing_like_this", "def ("])
async def test_a_broken_upgrade_changes_nothing(tmp_path: Path, damage: str) -> None:
    code = tmp_path / "code"
    shutil.copytree(os.path.join(ROOT, "supervisor"), code / "supervisor")
    with started(str(tmp_path / "run"), root=str(code)) as running:
        api = await running.ready()
        await api.apply(Plan((spec("tick", program("ticker")),)))
        before = await services(api)
        main = code / "supervisor" / "run.py"
        good = main.read_text(encoding="utf-8")
        main.write_text(f"{damage}\n{good}", encoding="utf-8")
        running.process.send_signal(signal.SIGHUP)

        async def told() -> bool:
            return "Holdfast goes on as it is" in running.said()

        await eventually(told)
        await running.ready()
        assert took_over(running) == 0
        assert (await services(api))["tick"].pid == before["tick"].pid
        main.write_text(good, encoding="utf-8")
        await hand_over(running)
        assert (await services(api))["tick"].pid == before["tick"].pid


async def test_a_record_of_another_version_is_not_taken_over(tmp_path: Path) -> None:
    code = tmp_path / "code"
    shutil.copytree(os.path.join(ROOT, "supervisor"), code / "supervisor")
    with started(str(tmp_path / "run"), root=str(code)) as running:
        await running.ready()
        module = code / "supervisor" / "roster.py"
        text = module.read_text(encoding="utf-8")
        module.write_text(
            text.replace("READABLE_VERSIONS = frozenset({1, 2, FREEZE_VERSION})", "READABLE_VERSIONS = {9}"),
            encoding="utf-8",
        )
        running.process.send_signal(signal.SIGHUP)

        async def told() -> bool:
            return "version: expected one of 9, got 3" in running.said()

        await eventually(told)
        await running.ready()


@pytest.mark.parametrize("seed", range(20))
async def test_sigterm_at_any_moment_is_honoured(tmp_path: Path, seed: int) -> None:
    with started(str(tmp_path)) as running:
        api = await running.ready()
        await api.apply(Plan((spec("tick", program("ticker")),)))
        pid = (await services(api))["tick"].pid
        assert pid is not None
        running.process.send_signal(signal.SIGHUP)
        # A handover takes some 300 ms: the moments are spread over it and a little beyond.
        await anyio.sleep(random.Random(seed).uniform(0, 0.5))
        running.process.send_signal(signal.SIGTERM)
        with anyio.fail_after(DEADLINE):
            assert await running.ended() == 0, running.said()
        assert not alive(pid)


async def test_a_handover_before_the_first_plan_forgets_neither_the_plan_nor_what_was_left(
    tmp_path: Path,
) -> None:
    """The daemon brings none, and crashes: the stored one counts, as it would have without the handover."""
    directory = str(tmp_path)
    pid = tmp_path / "pid"
    daemon = ("/bin/sh", "-c", f"trap '' HUP; echo $$ > {pid}.new; mv {pid}.new {pid}; exec sleep 1000")
    left = spec("left", program("stubborn"), grace=600.0)
    with started(directory) as first:
        api = await first.ready()
        await api.apply(Plan((left, replace(spec("down"), boot=Boot.WANTED), spec("up"))))
        await api.stop("down")
        await until(api, "left", lambda status: status.state is State.RUNNING)
        first.process.kill()
        await first.ended()
    with started(directory, *daemon) as second:
        api = await second.ready()
        old = (await services(api))["left"].pid
        assert old is not None
        await hand_over(second)
        assert (await services(api))["left"].pid == old

        async def written() -> bool:
            return pid.exists()

        await eventually(written)
        os.kill(int(pid.read_text()), signal.SIGKILL)
        await until(api, "up", lambda status: status.pid is not None and status.state is not State.STOPPING)
        assert (await services(api))["down"].state is State.STOPPED
        os.kill(old, signal.SIGKILL)
        await until(api, "left", lambda status: status.pid not in (None, old))
        await api.kill("left")


async def test_what_is_kept_is_handed_over(tmp_path: Path) -> None:
    directory = str(tmp_path)
    with started(directory) as first:
        api = await first.ready()
        await api.apply(Plan((replace(spec("a"), leftovers=LeftBehind.KEEP),)))
        pid = (await services(api))["a"].pid
        first.process.kill()
        await first.ended()
    with started(directory) as second:
        api = await second.ready()
        await until(api, "a", lambda status: status.pid == pid)
        await hand_over(second)
        status = (await services(api))["a"]
        assert (status.state, status.pid) == (State.RUNNING, pid)
        assert "its console and input are lost" in status.reason
        await api.stop("a")
        await until(api, "a", lambda status: status.state is State.STOPPED)


async def test_wishes_are_handed_over(tmp_path: Path) -> None:
    directory = str(tmp_path)
    with started(directory) as first:
        api = await first.ready()
        await api.apply(Plan((replace(spec("a"), boot=Boot.WANTED), replace(spec("b"), boot=Boot.WANTED))))
        await api.stop("a")
        await hand_over(first)
        await api.stop("b")
        first.process.send_signal(signal.SIGTERM)
        assert await first.ended() == 0
    with started(directory) as second:
        api = await second.ready()
        await until(api, "b", lambda _: True)
        assert {status.state for status in (await services(api)).values()} == {State.STOPPED}
