"""`/servers`, `/server/{id}`: what there is, how it is, and what shall become of it."""

import os
import signal
from typing import cast

import anyio
import pytest

from daemon import mirror, processtable, usage

from .door import Door
from .house import House, Json, eventually, living, program, python

ALLOCATES = """import signal
x = bytearray(64 << 20)
x[::4096] = b"1" * len(x[::4096])
signal.pause()"""
WITH_A_CHILD = f"""import subprocess, sys, signal
child = subprocess.Popen([sys.executable, "-I", "-S", "-c", {ALLOCATES!r}])
child.wait()"""
HEARS_IN_A_TREE = """import os, signal, sys
who = "parent" if os.fork() else "child"
def hear(number, frame):
    os.write(1, f"{who} heard {signal.Signals(number).name}\\n".encode())
signal.signal(signal.SIGHUP, hear)
os.write(1, f"{who} ready\\n".encode())
while True: signal.pause()"""
MISSING: Json = {"directory": "/", "command": ["/no/such/program"]}


def off(server: Json) -> Json:
    return {**server, "enabled": False}


async def listed(house: House, **query: str) -> Json:
    answer = await house.local.get("/servers", params=query)
    assert answer.status_code == 200
    found: Json = answer.json()["servers"]
    return found


async def test_servers_are_listed_by_name_with_their_status(either: House) -> None:
    await either.configure(b=program("echo"), c=off(program("echo")), a=program("crash", "3"), d=MISSING)
    await either.operate("app", "KILL")
    await either.until("a", status=2)
    await either.until("d", status=2)
    await eventually(lambda: listed(either), lambda seen: "app" not in seen)
    answer = await either.local.get("/servers")
    assert list(answer.json()["servers"].items()) == [("a", 2), ("b", 1), ("c", 0), ("d", 2)]


async def test_more_is_told_only_for_the_word_true(house: House) -> None:
    assert await listed(house, extrainfo="true") == {"app": {"status": 1, "toDelete": False}}
    for word in ("True", "TRUE", "1", "false", "", "yes"):
        assert await listed(house, extrainfo=word) == {"app": 1}


async def in_detail(house: House) -> dict[str, Json]:
    answer = await house.local.get("/servers", params={"details": "true"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    found: dict[str, Json] = answer.json()["servers"]
    return found


async def test_all_servers_are_told_in_detail_at_once(either: House) -> None:
    await either.configure(b=program("echo"), c=off(program("echo")), a=MISSING, app=program("echo"))
    await either.until("a", status=2)
    await either.until("b", status=1)
    told = await in_detail(either)
    assert [*told] == ["a", "app", "b", "c"]
    for name, one in told.items():
        shown = await either.show(name)
        assert one.keys() == shown.keys()
        same = ("status", "state", "wanted", "reason", "cause", "run", "pid", "health", "ready", "lastExit")
        assert [one[key] for key in same] == [shown[key] for key in same]
    assert cast("int", told["b"]["memoryUsage"]) > 0
    assert cast("int", told["b"]["uptime"]) > 0
    assert (told["c"]["memoryUsage"], told["c"]["uptime"]) == (0, 0)
    for word in ("True", "1", "false", ""):
        assert await listed(either, details=word) == {"a": 2, "app": 1, "b": 1, "c": 0}


async def test_a_name_in_a_detailed_list_may_be_any_text(house: House) -> None:
    await house.configure(**{name: off(program("echo")) for name in ('a "b"', "ü", "{}", "app")})
    await eventually(lambda: in_detail(house), lambda told: [*told] == ['a "b"', "app", "{}", "ü"])
    await house.configure()
    await house.operate("app", "KILL")
    await eventually(lambda: in_detail(house), lambda told: not told)


async def test_three_hundred_servers_are_told_by_one_look_at_the_processes(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = {f"s{number:03}": off(program("echo")) for number in range(300)}
    await house.configure(app=program("echo"), **{**many, "s007": program("echo"), "s299": program("echo")})
    await house.until("s299", status=1)
    looks: list[str] = []

    def witnessed(proc: str) -> processtable.ProcessTable:
        looks.append(proc)
        return processtable.read_table(proc)

    await in_detail(house)
    monkeypatch.setattr(usage, "FRESH", 1e9)
    monkeypatch.setattr(usage, "read_table", witnessed)
    for _ in range(3):
        told = await in_detail(house)
        assert [*told] == ["app", *many]
        running = [name for name, one in told.items() if cast("int", one["memoryUsage"]) > 0]
        assert running == ["app", "s007", "s299"]
    assert looks == []
    await house.operate("s008", "START")
    assert cast("int", (await in_detail(house))["s008"]["memoryUsage"]) > 0
    assert len(looks) == 1, "who was started meanwhile is looked for"


async def test_one_server_is_shown_with_octynes_keys_and_types(either: House) -> None:
    shown = await either.until("app", status=1)
    kinds = {key: type(shown[key]) for key in ("status", "memoryUsage", "totalMemory", "uptime")}
    assert set(kinds.values()) == {int}
    assert type(shown["cpuUsage"]) in (int, float)
    assert "toDelete" not in shown
    assert 0 < cast("int", shown["memoryUsage"]) < cast("int", shown["totalMemory"])
    later = await eventually(lambda: either.show("app"), lambda seen: seen["uptime"] != shown["uptime"])
    assert 0 < cast("int", shown["uptime"]) < cast("int", later["uptime"]) < 10**11


async def test_it_is_told_how_long_a_stop_may_take_and_how_much_memory_there_is(house: House) -> None:
    stop = [{"line": "save", "wait": 5}, {"signal": "INT", "wait": 7}]
    sleeper: Json = {"directory": ".", "command": ["sleep", "60"], "enabled": False}
    limited: Json = {**sleeper, "stop": stop, "limits": {"memory": "64MiB"}}
    await house.configure(app=sleeper, limited=limited)
    told, usual = await house.show("limited"), await house.show("app")
    assert (told["stopWithin"], told["memoryLimit"]) == (12, 64 << 20)
    assert (usual["stopWithin"], usual["memoryLimit"]) == (30, None)


async def test_a_server_that_is_off_uses_nothing(either: House) -> None:
    await either.operate("app", "KILL")
    shown = await either.until("app", status=0)
    assert [shown[key] for key in ("cpuUsage", "memoryUsage", "uptime", "pid")] == [0, 0, 0, None]
    assert cast("int", shown["totalMemory"]) > 1 << 20


async def test_a_crash_is_told_with_its_reason_and_the_restart(either: House) -> None:
    await either.configure(app=program("echo"), bad=program("crash", "SIGSEGV"))
    shown = await either.until("bad", state="backoff")
    assert (shown["status"], shown["wanted"]) == (2, "up")
    assert 0 <= cast("float", shown["restartIn"]) < 60
    assert "SIGSEGV" in str(shown["reason"])
    assert cast("Json", shown["lastExit"])["signal"] == signal.SIGSEGV


@pytest.mark.parametrize("word", ["START", "start", "Start", " START\n"])
async def test_a_start_starts(either: House, word: str) -> None:
    await either.operate("app", "KILL")
    await either.until("app", status=0)
    assert await either.operate("app", word) == {"success": True}
    assert (await either.show("app"))["status"] == 1
    assert await either.operate("app", word) == {"success": True}  # it runs already


@pytest.mark.parametrize("word", ["TERM", "term", "KILL", "kill", "STOP", "Stop"])
async def test_a_stop_stops_and_may_be_said_twice(either: House, word: str) -> None:
    await either.until("app", status=1)
    for _ in range(2):
        assert await either.operate("app", word) == {"success": True}
        await either.until("app", status=0)


async def test_a_paused_server_is_on_and_stands_still_until_it_is_resumed(either: House) -> None:
    await either.until("app", status=1)
    assert await either.operate("app", "PAUSE") == {"success": True}
    shown = await either.until("app", paused=True)
    assert (shown["status"], shown["reason"], cast("Json", shown["cause"])["kind"]) == (1, "paused", "person")
    assert await either.operate("app", "resume") == {"success": True}
    assert not (await either.until("app", paused=False))["survivors"]
    assert await either.operate("app", "PAUSE") == {"success": True}
    assert await either.operate("app", "TERM") == {"success": True}
    assert not (await either.until("app", status=0))["paused"]


async def test_who_does_not_run_cannot_be_paused(house: House) -> None:
    for word, state in (("PAUSE", "cannot pause app: it is stopped"), ("RESUME", "it is not paused")):
        await house.operate("app", "KILL")
        await house.until("app", status=0)
        answer = await house.local.post("/server/app", content=word)
        assert (answer.status_code, answer.json()["kind"]) == (409, "not-allowed")
        assert state in answer.json()["error"]


@pytest.mark.parametrize("word", ["SIGNAL HUP", "signal sighup", "SIGNAL 1", " Signal\t SigHup\n"])
async def test_a_signal_comes_to_all_processes_of_a_server(either: House, word: str) -> None:
    await either.configure(app=program("echo"), tree=python(HEARS_IN_A_TREE))
    async with either.view("tree") as viewer:
        await viewer.until("child ready")
        await viewer.until("parent ready")
        pid = (await either.show("tree"))["pid"]
        assert await either.operate("tree", word) == {"success": True}
        await viewer.until("child heard SIGHUP")
        await viewer.until("parent heard SIGHUP")
    shown = await either.show("tree")
    assert (shown["pid"], shown["status"], shown["wanted"]) == (pid, 1, "up")
    line = either.done()[-1]
    assert (line["action"], line["server"], line["signal"]) == ("server.signal", "tree", "SIGHUP")


@pytest.mark.parametrize(("word", "number"), [("KILL", signal.SIGKILL), ("RTMIN+1", signal.SIGRTMIN + 1)])
async def test_who_ends_by_a_signal_has_ended_by_itself(either: House, word: str, number: int) -> None:
    before = await either.until("app", status=1)
    assert await either.operate("app", f"SIGNAL {word}") == {"success": True}
    shown = await eventually(
        lambda: either.show("app"), lambda seen: seen["pid"] not in (None, before["pid"])
    )
    assert shown["wanted"] == "up"
    assert cast("Json", shown["lastExit"])["signal"] == number


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("SIGNAL", "no signal is named: expected a name such as HUP or SIGUSR1, or a number"),
        (
            "SIGNAL NONSENSE",
            "there is no signal 'NONSENSE': expected a name such as HUP or SIGUSR1, or a number",
        ),
        ("SIGNAL 0", "there is no signal '0': "),
        ("SIGNAL -9", "there is no signal '-9': "),
        ("SIGNAL HUP INT", "there is no signal 'HUP INT': "),
        ("SIGNAL ü", "there is no signal "),
        ("SIGNAL " + 1000 * "x", "there is no signal 'XXX"),
        ("SIGNAL STOP", "SIGSTOP is not sent: PAUSE lets a server stand still, RESUME lets it go on"),
        ("SIGNAL cont", "SIGCONT is not sent: PAUSE lets "),
        ("SIGNAL 20", "SIGTSTP is not sent: PAUSE lets "),
    ],
)
async def test_a_signal_that_is_none_or_not_for_servers_is_refused(
    house: House, word: str, said: str
) -> None:
    answer = await house.remote.post("/server/app", content=word.encode())
    assert (answer.status_code, answer.json()["kind"]) == (400, "invalid-operation")
    assert answer.json()["error"].startswith(said)
    assert len(answer.json()["error"]) < 200
    shown = await house.show("app")
    assert (shown["status"], shown["run"]) == (1, 1)


async def test_who_does_not_run_gets_no_signal(either: House) -> None:
    await either.operate("app", "KILL")
    await either.until("app", status=0)
    answer = await either.local.post("/server/app", content="SIGNAL HUP")
    assert (answer.status_code, answer.json()["kind"]) == (409, "not-allowed")
    assert answer.json()["error"] == "cannot signal app: it is stopped"
    assert (await either.local.post("/server/none", content="SIGNAL HUP")).status_code == 404
    failed = either.audit()[-2]
    assert (failed["action"], failed["result"], failed["signal"]) == ("server.signal", "failed", "SIGHUP")


async def test_stop_means_kill(either: House) -> None:
    await either.configure(deaf=program("stubborn"))
    async with either.view("deaf") as viewer:
        await viewer.until("ready")
        assert await either.operate("deaf", "TERM") == {"success": True}
        assert (await either.show("deaf"))["status"] == 1
        assert await either.operate("deaf", "STOP") == {"success": True}
        shown = await either.until("deaf", status=0)
        assert cast("Json", shown["lastExit"])["signal"] == signal.SIGKILL


@pytest.mark.parametrize("word", ["", "REBOOT", "null", "\x00", "START STOP", '"START"'])
async def test_any_other_operation_is_refused(house: House, word: str) -> None:
    answer = await house.remote.post("/server/app", content=word)
    assert (answer.status_code, answer.json()["error"]) == (400, "Invalid operation requested!")
    assert (await house.show("app"))["status"] == 1


async def test_a_start_that_cannot_says_why(either: House) -> None:
    await either.configure(bad=off(MISSING))
    answer = await either.remote.post("/server/bad", content="START")
    said = answer.json()
    assert (answer.status_code, said["success"]) == (200, False)
    assert "/no/such/program" in said["error"]
    shown = await either.show("bad")
    assert (shown["status"], shown["state"]) == (2, "failed")
    assert "/no/such/program" in str(shown["reason"])
    assert await either.operate("bad", "TERM") == {"success": True}


async def test_a_stop_and_a_start_at_once_make_a_new_process(either: House) -> None:
    pid = (await either.until("app", status=1))["pid"]
    assert await either.operate("app", "TERM") == {"success": True}
    assert await either.operate("app", "START") == {"success": True}
    shown = await eventually(
        lambda: either.show("app"), lambda seen: seen["status"] == 1 and seen["pid"] not in (None, pid)
    )
    assert shown["wanted"] == "up"


async def test_twelve_starts_at_once_make_one_process(either: House) -> None:
    await either.configure(
        one=off(python("import os; print('I am', os.getpid()); import signal; signal.pause()"))
    )
    answers: list[Json] = []

    async def start() -> None:
        answers.append(await either.operate("one", "START"))

    async with either.view("one") as viewer:
        await viewer.message()
        async with anyio.create_task_group() as tasks:
            for _ in range(12):
                tasks.start_soon(start)
        assert answers == [{"success": True}] * 12
        pid = (await either.show("one"))["pid"]
        await viewer.until(f"I am {pid}")
        assert await either.operate("one", "KILL") == {"success": True}
        assert (await viewer.until("Killing server one")).count("I am") == 1


async def test_memory_is_that_of_the_whole_tree(house: House) -> None:
    await house.configure(tree=python(WITH_A_CHILD))
    enough = 64 << 20
    await eventually(lambda: house.show("tree"), lambda seen: cast("int", seen["memoryUsage"]) > enough)


async def test_cpu_is_measured_and_two_who_ask_do_not_disturb_each_other(house: House) -> None:
    await house.configure(app=program("echo"), busy=python("while True: pass"))
    await house.until("busy", status=1)
    await eventually(lambda: house.show("busy"), lambda seen: cast("float", seen["cpuUsage"]) > 5)
    for _ in range(20):
        assert cast("float", (await house.show("busy"))["cpuUsage"]) > 1
    idle = await eventually(lambda: house.show("app"), lambda seen: cast("float", seen["cpuUsage"]) < 50)
    assert idle["status"] == 1


async def test_what_was_done_to_servers_is_in_the_audit_log(house: House) -> None:
    for word in ("START", "TERM", "KILL", "STOP", "NONSENSE"):
        await house.remote.post("/server/app", content=word)
    assert [(line["action"], line["user"], line["server"]) for line in house.done()] == [
        ("server.start", "admin", "app"),
        ("server.stop", "admin", "app"),
        ("server.kill", "admin", "app"),
        ("server.kill", "admin", "app"),
    ]


async def test_without_a_supervisor_every_question_is_answered_with_503(
    folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mirror, "PATIENCE", 0.05)
    async with living(folder, over_socket=True, servers={"app": program("echo")}) as house:
        pid = (await house.until("app", status=1))["pid"]
        await house.door.shut()
        await eventually(lambda: house.local.get("/servers"), lambda answer: answer.status_code == 503)
        for method, path in (("GET", "/server/app"), ("POST", "/server/app"), ("GET", "/server/none")):
            answer = await house.remote.request(method, path, content="START")
            assert (answer.status_code, answer.json()["kind"]) == (503, "supervisor-unreachable")
            assert answer.json()["error"]
        before = (await house.local.get("/config")).text
        answer = await house.local.patch("/config", content=house.text())
        assert answer.status_code == 503
        assert (await house.local.get("/config")).text == before
        assert (await house.nobody.get("/servers")).status_code == 401
        house.door.open()
        assert (await house.until("app", status=1))["pid"] == pid
        assert await house.operate("app", "TERM") == {"success": True}
    assert isinstance(house.door, Door)
    assert not os.path.exists(house.door.path)
