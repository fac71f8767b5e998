"""`supervisor.upgrade`: who asks for a handover is told how it went."""

import os
import resource
import shutil
import signal
import sys
from dataclasses import replace
from pathlib import Path

import anyio
import pytest

from supervisor import Plan, State, StopPolicy, StopStep, SupervisorClient, SupervisorUnreachable, Way
from supervisor import upgrade as upgrades
from supervisor.upgrade import NotUpgraded, upgrade
from supervisor.wire import Channel, UnixStream, listen

from .real import ROOT, eventually, started
from .real import Program as Running
from .test_handover import services, took_over
from .world import DEADLINE, Reading, program, spec, until, until_dead


async def test_who_asks_is_told_the_versions_and_the_pause(tmp_path: Path) -> None:
    with started(str(tmp_path)) as running:
        api = await running.ready()
        await api.apply(Plan((spec("a"), spec("b", program("ticker")))))
        before = {name: status.pid for name, status in (await services(api)).items()}
        for _ in range(2):
            told = await upgrade(running.socket)
            assert told.startswith("Holdfast 2.0.0 took over from 2.0.0: 2 programs run on, pause ")
        assert {name: status.pid for name, status in (await services(api)).items()} == before


async def test_the_daemon_is_renewed_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with started(str(tmp_path), "/bin/sh", "-c", "echo daemon; exec sleep 1000") as running:
        await running.says("daemon\n")
        # This one never says that it serves.
        monkeypatch.setattr(upgrades, "API_PATIENCE", 0.1)
        assert (await upgrade(running.socket)).endswith("; but the new API does not serve yet, see its log")

        async def twice() -> bool:
            return running.said().count("daemon\n") == 2

        await eventually(twice)


async def test_a_daemon_that_does_not_serve_yet_survives_a_handover(tmp_path: Path) -> None:
    with started(str(tmp_path), "/bin/sh", "-c", "echo daemon; exec sleep 1000") as running:
        await running.says("daemon\n")
        for count in (1, 2):
            running.process.send_signal(signal.SIGHUP)

            async def done(count: int = count) -> bool:
                return took_over(running) >= count

            await eventually(done)
            await running.ready()
        assert "SIGHUP" not in running.said()


async def test_a_broken_version_is_told_to_who_asks(tmp_path: Path) -> None:
    code = tmp_path / "code"
    shutil.copytree(os.path.join(ROOT, "supervisor"), code / "supervisor")
    with started(str(tmp_path / "run"), root=str(code)) as running:
        api = await running.ready()
        await api.apply(Plan((spec("a"),)))
        module = code / "supervisor" / "version.py"
        good = module.read_text(encoding="utf-8")
        module.write_text(f"{good}\nraise ImportError('half an upgrade')\n", encoding="utf-8")
        with pytest.raises(NotUpgraded, match="half an upgrade"):
            await upgrade(running.socket)
        assert (await services(api))["a"].pid is not None
        module.write_text(good.replace("2.0.0", "2.0.1"), encoding="utf-8")
        assert (await upgrade(running.socket)).startswith("Holdfast 2.0.1 took over from 2.0.0: 1 program ")


async def being_stopped(running: Running, script: str) -> SupervisorClient:
    """Have a shell script, which says `telling`, begin to stop a program named `a`."""
    api = await running.ready()
    steps = StopPolicy((StopStep(Way.COMMAND, command=("/bin/sh", "-c", script), wait=600.0),))
    await api.apply(Plan((replace(spec("a", program("stubborn")), stop=steps),)))
    reading = Reading(await api.attach("a", 0))
    await reading.until(b"ready")
    await api.stop("a")
    await reading.until(b"telling")
    await reading.aclose()
    return api


async def test_a_command_that_stops_a_program_is_not_cut_off_by_an_upgrade(tmp_path: Path) -> None:
    go = tmp_path / "go"
    tells = f"echo telling; until [ -e {go} ]; do sleep 0.05; done; echo told; kill -9 $HOLDFAST_PID"
    with started(str(tmp_path)) as running:
        await being_stopped(running, tells)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(upgrade, running.socket)
            await running.says("Holdfast waits until commands have stopped a")
            go.touch()
        api = await running.ready()
        await until(api, "a", lambda status: status.state is State.STOPPED)
        reading = Reading(await api.attach("a", 0))
        await reading.until(b"told")
        await reading.aclose()


async def test_a_command_that_does_not_come_to_an_end_is_in_the_way_of_an_upgrade(tmp_path: Path) -> None:
    code = tmp_path / "code"
    shutil.copytree(os.path.join(ROOT, "supervisor"), code / "supervisor")
    module = code / "supervisor" / "roster.py"
    text = module.read_text(encoding="utf-8").replace("COMMAND_PATIENCE = 30.0", "COMMAND_PATIENCE = 0.1")
    module.write_text(text, encoding="utf-8")
    with started(str(tmp_path / "run"), root=str(code)) as running:
        api = await being_stopped(running, "echo telling; exec sleep 600")
        with pytest.raises(NotUpgraded, match="a command is still stopping a"):
            await upgrade(running.socket)
        await (await running.ready()).kill("a")
        await until(api, "a", lambda status: status.state is State.STOPPED)


async def test_a_supervisor_that_stops_says_so(tmp_path: Path) -> None:
    with started(str(tmp_path)) as running:
        api = await running.ready()
        await api.apply(Plan((spec("a", program("stubborn"), grace=600.0),)))
        reading = Reading(await api.attach("a", 0))
        await reading.until(b"ready")
        await reading.aclose()
        running.process.send_signal(signal.SIGTERM)
        await running.says("Holdfast stops")
        with pytest.raises(NotUpgraded, match="shutting down"):
            await upgrade(running.socket)


async def test_where_nobody_listens_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(SupervisorUnreachable, match="no supervisor can be reached"):
        await upgrade(str(tmp_path / "none"))


async def test_who_waits_for_a_supervisor_that_ends_is_told_so(tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    with listen(path) as listener:

        async def supervisor() -> None:
            await anyio.wait_readable(listener)
            channel = Channel(UnixStream(listener.accept()[0]))
            await channel.receive()
            await channel.send({"parameters": {"handovers": 0}})
            await channel.aclose()
            await anyio.wait_readable(listener)
            listener.accept()[0].close()
            listener.close()

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(supervisor)
            with anyio.fail_after(DEADLINE), pytest.raises(NotUpgraded, match="has ended meanwhile"):
                await upgrade(path)


async def test_a_version_that_says_nothing_is_not_taken_for_one_that_can(tmp_path: Path) -> None:
    code = tmp_path / "code"
    shutil.copytree(os.path.join(ROOT, "supervisor"), code / "supervisor")
    with started(str(tmp_path / "run"), root=str(code)) as running:
        api = await running.ready()
        await api.apply(Plan((spec("a"),)))
        (code / "supervisor" / "__main__.py").write_text("import sys; sys.exit(0)", encoding="utf-8")
        with pytest.raises(NotUpgraded, match="the new program cannot take over: exit code 0"):
            await upgrade(running.socket)
        assert (await services(api))["a"].pid is not None


async def test_a_daemon_that_cannot_start_is_no_version_to_become(tmp_path: Path) -> None:
    code = tmp_path / "code"
    shutil.copytree(os.path.join(ROOT, "supervisor"), code / "supervisor")
    (code / "daemon").mkdir()
    (code / "daemon" / "__init__.py").touch()
    main = code / "daemon" / "__main__.py"
    main.write_text("import signal; print('daemon', flush=True); signal.pause()", encoding="utf-8")
    with started(str(tmp_path / "run"), sys.executable, "-P", "-m", "daemon", root=str(code)) as running:
        await running.says("daemon")
        main.write_text("import nosuchthing", encoding="utf-8")
        with pytest.raises(NotUpgraded, match="the new API daemon cannot start"):
            await upgrade(running.socket)
        assert running.said().count("daemon\n") == 1, "the old one was not touched"


async def test_without_a_descriptor_left_it_goes_on_as_it_is(tmp_path: Path) -> None:
    with started(str(tmp_path)) as running:
        api = await running.ready()
        await api.apply(Plan((spec("a"),)))
        before = resource.prlimit(running.process.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(running.process.pid, resource.RLIMIT_NOFILE, (3, before[1]))
        running.process.send_signal(signal.SIGHUP)
        await running.says("Holdfast goes on as it is: the new program cannot be tried: Too many open files")
        resource.prlimit(running.process.pid, resource.RLIMIT_NOFILE, before)
        assert (await services(api))["a"].pid is not None
        assert "1 program runs on" in await upgrade(running.socket)


async def test_a_trial_that_takes_too_long_ends_with_all_that_it_started(tmp_path: Path) -> None:
    code = tmp_path / "code"
    shutil.copytree(os.path.join(ROOT, "supervisor"), code / "supervisor")
    (code / "daemon").mkdir()
    (code / "daemon" / "__init__.py").touch()
    main = code / "daemon" / "__main__.py"
    main.write_text("import signal; print('daemon', flush=True); signal.pause()", encoding="utf-8")
    with started(str(tmp_path / "run"), sys.executable, "-P", "-m", "daemon", root=str(code)) as running:
        await running.says("daemon")
        tried = tmp_path / "tried"
        text = f"import os, signal; open({str(tried)!r}, 'w').write(f'{{os.getpid()}}\\n'); signal.pause()"
        main.write_text(text, encoding="utf-8")
        running.process.send_signal(signal.SIGHUP)

        async def trying() -> bool:
            return tried.exists() and tried.read_text().endswith("\n")

        await eventually(trying)
        running.process.send_signal(signal.SIGTERM)
        assert await running.ended() == 0
        await until_dead(int(tried.read_text()))
