"""Real servers that are not well: what is seen of that, and what is done about it."""

import os
import signal
from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

import anyio
import pytest

from daemon import checkup, probes
from daemon import health as health_module

from ..supervisor.world import alive
from .door import supervising
from .house import House, Json, eventually, free_port, living, program, python, serving

if TYPE_CHECKING:
    from daemon.checkup import HealthChange

FAST: Json = {"interval": 0.1, "timeout": 2, "failures": 2}


def checked(server: Json, checks: Mapping[str, Json], **more: object) -> Json:
    return {**server, **more, "checks": {name: {**FAST, **check} for name, check in checks.items()}}


async def say(house: House, *lines: str, name: str = "app") -> None:
    await eventually(lambda: house.show(name), lambda seen: seen.get("pid"))
    await house.parts.mirror.write(name, "".join(f"{line}\n" for line in lines).encode())


async def details(house: House, name: str = "app") -> Json:
    answer = await house.local.get(f"/server/{name}/checks")
    assert answer.status_code == 200
    return cast("Json", answer.json())


async def check(house: House, name: str, **wanted: object) -> Json:
    """Wait until the check says this."""

    async def seen() -> Json:
        found = cast("list[Json]", (await details(house))["checks"])
        return next(one for one in found if one["name"] == name)

    return await eventually(seen, lambda one: all(one[key] == value for key, value in wanted.items()))


async def health(house: House, state: str | None) -> Json:
    def holds(seen: Json) -> bool:
        return cast("Json", seen["health"])["state"] == state

    return await eventually(lambda: house.show("app"), holds)


def web(port: int, *more: str, **check: object) -> Json:
    url = f"http://127.0.0.1:{port}/health?deep=1"
    return checked(program("web", str(port), *more), {"web": {"type": "http", "url": url, **check}})


async def test_a_slow_starter_is_starting_until_its_check_passes(folder: str) -> None:
    async with living(folder, servers={"app": web(free_port(), "slow")}) as house:
        await check(house, "web", error="cannot connect: Connection refused")
        seen = await house.show("app")
        assert (seen["status"], seen["state"], seen["ready"]) == (1, "starting", False)
        assert cast("Json", seen["health"])["state"] == "unknown"
        await say(house, "open")
        seen = await house.until("app", state="running", ready=True)
        assert (await house.parts.mirror.service("app")).cause.who == "web"
        assert cast("Json", seen["health"]) == {
            "state": "healthy",
            "checks": {"web": "healthy"},
            "note": None,
        }


async def test_one_that_a_change_of_the_config_brings_is_not_up_before_its_check_passes(folder: str) -> None:
    async with living(folder, servers={"app": program("echo")}) as house:
        await house.configure(app=program("echo"), new=web(free_port(), "slow"))
        await house.until("new", health={"state": "unknown", "checks": {"web": "unknown"}, "note": None})
        await house.until("new", state="starting")
        await house.operate("new", "RESTART")
        seen = await house.until("new", state="starting", run=2)
        assert seen["ready"] is False


async def test_one_that_is_not_ready_in_time_has_crashed(folder: str) -> None:
    server = {**web(free_port(), "slow"), "startTimeout": 0.5}
    async with living(folder, servers={"app": server}) as house:

        async def reason() -> str:
            return str((await house.show("app"))["reason"])

        await eventually(reason, lambda told: "it was not ready within 0.5 s" in told)


async def test_one_that_turns_ill_is_told_of_and_so_is_its_recovery(folder: str) -> None:
    changes: list[HealthChange] = []
    async with living(folder, servers={"app": web(free_port())}) as house:
        house.parts.health.watch(changes.append)
        await health(house, "healthy")
        await say(house, "500")
        seen = await health(house, "unhealthy")
        assert (seen["status"], seen["state"], seen["ready"]) == (1, "running", False), "it is only told"
        one = await check(house, "web", state="unhealthy")
        assert one["error"] == "it answered with status 500"
        assert cast("int", one["failures"]) >= 2
        await say(house, "204")
        await health(house, "healthy")
        assert [(one.server, one.check, one.healthy) for one in changes] == [
            ("app", "web", False),
            ("app", "web", True),
        ]


async def test_one_that_is_ill_is_restarted_if_it_shall_and_that_is_a_crash(folder: str) -> None:
    async with living(folder, servers={"app": web(free_port(), action="restart")}) as house:
        await health(house, "healthy")
        await say(house, "503")
        seen = await house.until("app", restarts=1, state="running", ready=True)
        assert seen["status"] == 1
        async with house.view() as viewer:
            await viewer.until("check web: it answered with status 503")


@pytest.mark.parametrize(
    ("options", "line", "error"),
    [
        ({"timeout": 0.3}, "hang", "no answer within 0.3 s"),
        ({}, "garbage", "the answer is not HTTP"),
        ({"status": [200, "300-302"]}, "204", "it answered with status 204"),
        ({"contains": "well, /health?deep=1"}, "404", "it answered with status 404"),
        ({"contains": "something else"}, "200", "its answer does not contain what it should"),
    ],
)
async def test_an_answer_that_is_not_right_is_a_failure_which_says_why(
    folder: str, options: Json, line: str, error: str
) -> None:
    server = web(free_port(), **{"as": "liveness", **options})
    async with living(folder, servers={"app": server}) as house:
        await house.until("app", state="running")
        await say(house, line)
        await check(house, "web", state="unhealthy", error=error)


async def test_a_redirect_is_an_answer_and_is_not_followed(folder: str) -> None:
    async with living(folder, servers={"app": web(free_port())}) as house:
        await say(house, "302")
        one = await check(house, "web", state="healthy")
        assert one["error"] is None


async def test_a_listener_that_closes_is_ill_by_tcp_and_by_its_socket(folder: str) -> None:
    port, path = free_port(), os.path.join(folder, "web.sock")
    servers = {
        "tcp": checked(program("web", str(port)), {"port": {"type": "tcp", "address": f"127.0.0.1:{port}"}}),
        "unix": checked(
            {**program("web", path), "directory": folder}, {"port": {"type": "unix", "path": "web.sock"}}
        ),
    }
    async with living(folder, servers=servers) as house:
        for name in servers:
            await house.until(name, ready=True)
            await say(house, "close", name=name)
            await house.until(name, ready=False, state="running")


async def test_http_goes_through_a_unix_socket_too(folder: str) -> None:
    path = os.path.join(folder, "web.sock")
    look: Json = {"type": "http", "url": "http://localhost/", "path": path}
    async with living(folder, servers={"app": checked(program("web", path), {"web": look})}) as house:
        await house.until("app", ready=True)


COMMAND = "import os,sys;print('seen', *sorted(os.environ)); sys.exit(os.path.exists(sys.argv[1]))"


async def test_a_command_sees_the_servers_environment_and_not_ours(
    folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOLDFAST_TOKEN", "a secret of ours")
    mark = os.path.join(folder, "mark")
    words = [*cast("list[str]", python(COMMAND)["command"]), mark]
    server = checked(
        program("echo"), {"run": {"type": "command", "command": words}}, environment={"MINE": "1"}
    )
    async with living(folder, servers={"app": server}) as house:
        await house.until("app", ready=True)
        await anyio.Path(mark).touch()
        one = await check(house, "run", state="unhealthy")
        assert "exited with code 1" in str(one["error"])
        seen = str(one["output"]).split()
        assert {"MINE", "HOLDFAST_PID", "HOLDFAST_SERVER"} <= set(seen)
        assert "HOLDFAST_TOKEN" not in seen


async def test_a_command_that_hangs_is_killed_with_all_that_it_has_started(folder: str) -> None:
    path = os.path.join(folder, "pids")
    words = ["/bin/sh", "-c", f"sleep 1000 & echo $! $$ >> {path}; wait"]
    look: Json = {"type": "command", "command": words, "timeout": 0.3, "as": "liveness", "failures": 1}
    async with living(folder, servers={"app": checked(program("echo"), {"run": look})}) as house:
        one = await check(house, "run", state="unhealthy")
        assert "did not end within 0.3 s" in str(one["error"])
    assert not [pid for pid in (await anyio.Path(path).read_text()).split() if alive(int(pid))]


async def test_a_line_tells_that_it_is_up_even_if_nobody_listened_when_it_was_said(folder: str) -> None:
    server = checked(program("echo"), {"said": {"type": "output", "pattern": "^ready$"}})
    async with supervising(folder, over_socket=True) as door, serving(folder, door, {"app": server}) as house:
        await house.until("app", state="running", ready=True)
    async with supervising(folder + "2", over_socket=True) as door:
        pattern = checked(program("echo"), {"said": {"type": "output", "pattern": "echo: world"}})
        async with serving(folder + "2", door, {"app": pattern}) as house:
            await house.until("app", state="starting")
            await say(house, "hello")
        await door.api.write("app", b"world\n")
        async with serving(folder + "2", door) as house:
            await house.until("app", state="running")


async def test_what_we_say_in_its_console_is_not_what_it_says(folder: str) -> None:
    server = checked(program("echo"), {"said": {"type": "output", "pattern": "Started server|echo: yes"}})
    async with living(folder, servers={"app": server}) as house:
        await house.until("app", state="starting")
        async with house.view() as viewer:
            await viewer.until("ready")
        assert (await house.show("app"))["state"] == "starting"
        await say(house, "yes")
        await house.until("app", state="running")


async def test_a_line_that_tells_of_trouble_makes_it_ill(folder: str) -> None:
    look: Json = {
        "type": "output",
        "pattern": "OutOfMemory",
        "as": "liveness",
        "action": "restart",
        "failures": 1,
        "before": {"command": ["/bin/sh", "-c", f"echo $HOLDFAST_SERVER > {folder}/hook"]},
    }
    async with living(folder, servers={"app": checked(program("echo"), {"oom": look})}) as house:
        await house.until("app", state="running")
        await say(house, "java.lang.OutOfMemoryError")
        await house.until("app", restarts=1, state="running")
    assert await anyio.Path(folder, "hook").read_text() == "app\n"


async def test_one_that_falls_silent_is_ill_and_one_that_speaks_is_well(folder: str) -> None:
    look: Json = {"type": "silence", "seconds": 0.6}
    servers = {
        "app": checked(program("echo"), {"quiet": look}),
        "tick": checked(program("ticker"), {"quiet": look}),
    }
    async with living(folder, servers=servers) as house:
        one = await check(house, "quiet", state="unhealthy")
        assert one["error"] == "no output for 0.6 s"
        await house.until(
            "tick", ready=True, health={"state": "healthy", "checks": {"quiet": "healthy"}, "note": None}
        )


async def test_a_hook_comes_before_the_restart(folder: str) -> None:
    code = (
        "import signal,sys\n"
        "signal.signal(signal.SIGQUIT, lambda *_: print('dumped', flush=True))\n"
        "print('up', flush=True)\n"
        "while True: signal.pause()\n"
    )
    look: Json = {
        "type": "command",
        "command": "/bin/false",
        "as": "liveness",
        "action": "restart",
        "before": {"signal": "QUIT", "wait": 0.3},
    }
    async with living(folder, servers={"app": checked(python(code), {"bad": look})}) as house:
        async with house.view() as viewer:
            text = await viewer.until("does not work and is stopped: check bad")
        assert text.index("dumped") < text.index("does not work")


async def test_the_hook_may_be_a_command(folder: str) -> None:
    path = os.path.join(folder, "hook")
    hook = {"command": ["/bin/sh", "-c", f"echo $HOLDFAST_SERVER $HOLDFAST_PID >> {path}"], "wait": 5}
    look: Json = {
        "type": "command",
        "command": "/bin/false",
        "as": "liveness",
        "action": "restart",
        "before": hook,
    }
    async with living(folder, servers={"app": checked(program("echo"), {"bad": look})}) as house:
        seen = await house.until("app", state="running")
        await house.until("app", restarts=1)
        assert (await anyio.Path(path).read_text()).split()[:2] == ["app", str(seen["pid"])]


async def test_a_check_that_is_taken_away_holds_nobody_up(folder: str) -> None:
    async with living(folder, servers={"app": web(free_port(), "slow")}) as house:
        await house.until("app", state="starting")
        await house.configure(app=program("echo"))
        seen = await house.until("app", state="running")
        assert cast("Json", seen["health"])["state"] is None
        assert (await details(house))["checks"] == []


async def test_who_is_no_longer_checked_is_ill_no_more(folder: str) -> None:
    changes: list[HealthChange] = []
    server = checked(program("echo"), {"bad": {"type": "command", "command": "/bin/false", "as": "liveness"}})
    async with living(folder, servers={"app": server}) as house:
        house.parts.health.watch(changes.append)
        await health(house, "unhealthy")
        await house.configure(app=program("echo"))
        assert [one.healthy for one in changes] == [False, True]


async def test_one_that_is_down_is_neither_ill_nor_well(folder: str) -> None:
    async with living(folder, servers={"app": web(free_port())}) as house:
        await house.until("app", ready=True)
        await house.operate("app", "KILL")
        await house.until("app", state="stopped", ready=False)
        await health(house, "unknown")
        await house.operate("app", "START")
        await house.until("app", ready=True)


async def test_who_may_not_see_the_server_sees_no_checks(folder: str) -> None:
    async with living(folder, servers={"app": program("echo")}) as house:
        assert (await house.nobody.get("/server/app/checks")).status_code == 401
        assert (await house.local.get("/server/nothing/checks")).status_code == 404


async def test_a_status_of_its_own_is_shown(folder: str) -> None:
    server = {**program("notifier"), "ready": "notify"}
    async with living(folder, servers={"app": server}) as house:
        await say(house, "STATUS=loading the world")

        async def note() -> object:
            return cast("Json", (await house.show("app"))["health"])["note"]

        await eventually(note, lambda told: told == "loading the world")
        await say(house, "READY=1")
        await house.until("app", ready=True)


async def test_a_watchdog_of_the_config_restarts_who_falls_silent(folder: str) -> None:
    server = {**program("notifier"), "ready": "notify", "watchdog": 1}
    async with living(folder, servers={"app": server}) as house:
        await say(house, "READY=1")

        async def reason() -> str:
            status = await house.parts.mirror.service("app")
            return "" if status.exit is None else str(status.exit.signal)

        await eventually(reason, lambda told: told == str(int(signal.SIGABRT)))


async def test_no_more_commands_run_at_once_than_the_limit(
    folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health_module, "COMMANDS", 2)
    running, most = 0, 0
    real = probes.look

    async def counted(*what: object) -> None:
        nonlocal running, most
        running, most = running + 1, max(most, running + 1)
        try:
            await real(*what)  # type: ignore[arg-type]
        finally:
            running -= 1

    monkeypatch.setattr(checkup, "look", counted)
    look: Json = {"type": "command", "command": ["/bin/sh", "-c", "sleep 0.05"], "as": "liveness"}
    names = [f"s{number}" for number in range(10)]
    async with living(
        folder, servers={name: checked(program("echo"), {"run": look}) for name in names}
    ) as house:
        for name in names:
            await house.until(name, health={"state": "healthy", "checks": {"run": "healthy"}, "note": None})
    assert most == 2


async def test_a_check_that_meets_what_nobody_expected_fails_and_the_daemon_lives_on(
    folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(checkup, "look", broken)
    async with living(folder, servers={"app": web(free_port(), **{"as": "liveness"})}) as house:
        one = await check(house, "web", state="unhealthy")
        assert one["error"] == "it could not be looked at, the log says why"


@pytest.mark.parametrize(
    ("look", "error"),
    [
        ({"type": "http", "url": "http://a..b/"}, "cannot connect: "),
        ({"type": "unix", "path": "no/such.sock"}, "cannot connect: No such file or directory"),
        ({"type": "unix", "path": "x" * 300}, "cannot connect: AF_UNIX path too long"),
        ({"type": "command", "command": "/no/such/program"}, "/no/such/program: there is no program"),
    ],
)
async def test_what_cannot_be_looked_at_is_a_failure_in_words(folder: str, look: Json, error: str) -> None:
    server = checked(program("echo"), {"it": {**look, "as": "liveness"}})
    async with living(folder, servers={"app": server}) as house:
        one = await check(house, "it", state="unhealthy")
        assert str(one["error"]).startswith(error)


async def test_an_answer_without_an_end_is_read_no_further_than_64_kib(folder: str) -> None:
    path = os.path.join(folder, "flood.sock")
    code = (
        "import socket,sys\n"
        "one = socket.socket(socket.AF_UNIX); one.bind(sys.argv[1]); one.listen()\n"
        "while True:\n"
        "    peer, _ = one.accept()\n"
        "    try:\n"
        "        peer.sendall(b'HTTP/1.1 200 OK\\r\\n\\r\\n')\n"
        "        while True: peer.sendall(b'x' * 65536)\n"
        "    except OSError: peer.close()\n"
    )
    look: Json = {"type": "http", "url": "http://localhost/", "path": path}
    async with living(folder, servers={"app": checked(python(code, path), {"it": look})}) as house:
        await house.until("app", ready=True)
