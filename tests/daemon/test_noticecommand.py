"""A command that is told: what it gets, what it does not, and that nothing of it lives on."""

import json
import os
import sys

import anyio
import pytest

from daemon.noticecommand import CannotStart, TookTooLong, run_command

from .house import eventually, read

WRITES = """
import json, os, sys
told = {"env": dict(os.environ), "argv": sys.argv[1:], "stdin": sys.stdin.read(), "sid": os.getsid(0)}
with open(sys.argv[1], "w") as file:
    json.dump(told, file)
"""

FORKS = """
import os, sys, time
if os.fork() == 0:
    with open(sys.argv[1], "w") as file:
        file.write(str(os.getpid()))
    os.rename(sys.argv[1], sys.argv[2])
    time.sleep(1000)
while not os.path.exists(sys.argv[2]):
    pass
if sys.argv[3] == "stay":
    time.sleep(1000)
"""


def python(code: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-I", "-S", "-c", code, *arguments)


async def test_a_command_gets_variables_and_json_and_no_secret(
    folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "very-secret")
    path = f"{folder}/told"
    words = {"server": "$(touch x); `y`", "reason": "a\0b\nc\ud800"}
    code = await run_command(python(WRITES, path), words, b'{"a": 1}' * 20_000, 20)
    assert code == 0
    got = json.loads(read(path))
    assert got["env"]["HOLDFAST_SERVER"] == "$(touch x); `y`"
    assert got["env"]["HOLDFAST_REASON"] == "ab\nc?"
    assert "AWS_SECRET_ACCESS_KEY" not in got["env"]
    assert got["env"]["PATH"] == os.environ["PATH"]
    assert got["argv"] == [path]
    assert got["stdin"] == '{"a": 1}' * 20_000
    assert got["sid"] != os.getsid(0)


async def test_how_it_ended_is_known() -> None:
    assert await run_command(("/bin/sh", "-c", "exit 3"), {}, b"", 20) == 3
    assert await run_command(("/bin/sh", "-c", "kill -TERM $$"), {}, b"", 20) == -15


@pytest.mark.parametrize("command", [("/nonexistent/x",), ("/",), ("a\0b",)])
async def test_what_cannot_be_started_is_said(command: tuple[str, ...]) -> None:
    with pytest.raises(CannotStart):
        await run_command(command, {}, b"", 20)


def alive(pid: int) -> bool:
    try:
        return read(f"/proc/{pid}/stat").rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


async def dead(path: str) -> bool:
    return not alive(int(read(path)))


async def test_what_it_forks_dies_with_it(folder: str) -> None:
    path = f"{folder}/pid"
    assert await run_command(python(FORKS, f"{path}.new", path, "go"), {}, b"", 20) == 0
    await eventually(lambda: dead(path))


async def test_one_that_takes_too_long_is_killed_with_what_it_forked(folder: str) -> None:
    path = f"{folder}/pid"
    with pytest.raises(TookTooLong):
        await run_command(python(FORKS, f"{path}.new", path, "stay"), {}, b"", 2)
    await eventually(lambda: dead(path))


async def test_one_that_is_given_up_is_killed_too(folder: str) -> None:
    path = f"{folder}/pid"
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(run_command, python(FORKS, f"{path}.new", path, "stay"), {}, b"", 60)

        async def there() -> bool:
            return os.path.exists(path)

        await eventually(there)
        tasks.cancel_scope.cancel()
    await eventually(lambda: dead(path))
