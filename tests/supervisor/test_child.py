"""One real process: how it starts, what it is given, how it is written to, and how it ends."""

import hashlib
import json
import os
import resource
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

import anyio
import anyio.lowlevel
import pytest

from supervisor import Exit, InputRefused, ServiceSpec, child, stdin
from supervisor.cannot_spawn import CannotSpawn
from supervisor.child import Child, base_environment
from supervisor.process import ProcessId
from supervisor.record import Record

from .world import DEADLINE, ENVIRONMENT, alive, end, program, spec, until_dead


@contextmanager
def spawned(known: ServiceSpec) -> Iterator[Child]:
    """Start a program; at the end its group is killed and reaped, and its descriptors are closed."""
    started = Child.spawn(known, environment={**ENVIRONMENT, **known.environment}, attached=False)
    try:
        yield started
    finally:
        dismiss(started)


def dismiss(started: Child) -> None:
    started.signal(signal.SIGKILL)
    with suppress(ChildProcessError):  # waited for already
        os.waitpid(started.pid, 0)
    started.close()


async def read(started: Child) -> bytes:
    """Return what is there next; nothing at the end."""
    data = bytearray()

    def take(fd: int) -> int:
        block = os.read(fd, 1 << 18)
        data.extend(block)
        return len(block)

    await started.read(take)
    return bytes(data)


async def heard(started: Child, wanted: bytes) -> bytes:
    """Read until this was said."""
    data = b""
    with anyio.fail_after(DEADLINE):
        while wanted not in data:
            block = await read(started)
            assert block, f"it ended without saying {wanted!r}, but {data!r}"
            data += block
    return data


async def all_of(started: Child) -> bytes:
    """Read to the end."""
    data = b""
    with anyio.fail_after(DEADLINE):
        while block := await read(started):
            data += block
    return data


async def ended(started: Child) -> Exit:
    with anyio.fail_after(DEADLINE):
        return await started.wait()


def script(path: str, text: str, mode: int = 0o755) -> str:
    with open(path, "w", encoding="ascii") as file:
        file.write(text)
    os.chmod(path, mode)
    return path


@pytest.mark.parametrize(
    ("command", "directory", "reason"),
    [
        ("no-such-program", "{tmp}", "there is no program no-such-program"),
        ("{tmp}/missing", "{tmp}", "there is no program {tmp}/missing"),
        ("./missing", "{tmp}", "there is no program ./missing"),
        ("{tmp}/plain", "{tmp}", "{tmp}/plain is not executable, or may not be"),
        ("{tmp}/folder", "{tmp}", "{tmp}/folder is not executable, or may not be"),
        (
            "{tmp}/garbage",
            "{tmp}",
            "{tmp}/garbage is no program: it has no #! line and is no binary of this machine",
        ),
        ("{tmp}/orphan", "{tmp}", "the interpreter named in the first line of {tmp}/orphan does not exist"),
        ("./orphan", "{tmp}", "the interpreter named in the first line of ./orphan does not exist"),
        ("/bin/true", "{tmp}/nowhere", "its directory {tmp}/nowhere does not exist"),
        ("/bin/true", "{tmp}/plain", "its directory {tmp}/plain is no directory"),
        ("/bin/true", "{tmp}/plain/below", "its directory {tmp}/plain/below is no directory"),
        ("/bin/" + "n" * 300, "{tmp}", "/bin/" + "n" * 300 + ": File name too long"),
    ],
)
async def test_what_cannot_be_started_says_why_and_leaves_nothing(
    command: str, directory: str, reason: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    tmp = str(tmp_path_factory.mktemp("programs"))
    os.mkdir(f"{tmp}/folder")
    script(f"{tmp}/plain", "#!/bin/sh\n", 0o644)
    script(f"{tmp}/garbage", "hello\n")
    script(f"{tmp}/orphan", "#!/no/such/interpreter\n")
    known = spec("x", (command.format(tmp=tmp),), directory=directory.format(tmp=tmp))
    with pytest.raises(CannotSpawn) as caught:
        Child.spawn(known, environment=ENVIRONMENT, attached=False)
    assert caught.value.reason == reason.format(tmp=tmp)
    assert not caught.value.passing


async def test_too_long_a_command_line_says_so() -> None:
    with pytest.raises(CannotSpawn, match="Argument list too long"):
        Child.spawn(spec("x", ("/bin/true", "a" * (1 << 20))), environment=ENVIRONMENT, attached=False)


async def test_without_descriptors_nothing_is_started_and_trying_again_may_help() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    unused = os.open("/dev/null", os.O_RDONLY)
    os.close(unused)
    try:
        # However far a start gets before descriptors run out, it leaves no process and no pipe.
        refusals: list[CannotSpawn] = []
        for spare in range(10):
            resource.setrlimit(resource.RLIMIT_NOFILE, (unused + spare, hard))
            try:
                started = Child.spawn(spec("x"), environment=ENVIRONMENT, attached=False)
            except CannotSpawn as exc:
                refusals.append(exc)
            else:
                resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
                dismiss(started)
                break
        else:
            pytest.fail("ten descriptors are enough for one program")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert refusals
    assert all(refusal.passing for refusal in refusals)


async def about(known: ServiceSpec) -> dict[str, object]:
    with spawned(known) as started:
        found = json.loads(await heard(started, b"\n"))
        assert isinstance(found, dict)
        assert found["pid"] == started.pid
        return found


async def test_a_program_gets_three_descriptors_and_a_session_of_its_own() -> None:
    reader, writer = os.pipe()
    os.set_inheritable(writer, True)
    try:
        found = await about(spec("x", program("about")))
    finally:
        os.close(reader)
        os.close(writer)
    assert found["descriptors"] == [0, 1, 2]
    assert found["session"] == found["group"] == found["pid"]
    assert found["blocking"] == [True, True, True]
    assert found["directory"] == "/"


async def test_a_program_gets_its_environment_and_none_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOLDFAST_SECRET", "token")
    found = await about(spec("x", program("about"), environment={"PORT": "1"}))
    environment = found["environment"]
    assert isinstance(environment, dict)
    assert environment.pop("LC_CTYPE", "C.UTF-8") == "C.UTF-8"  # which Python itself adds (PEP 538)
    assert environment == {**ENVIRONMENT, "PORT": "1"}


def test_the_base_environment_holds_what_programs_need_and_no_secret() -> None:
    ours = {
        "PATH": "/bin",
        "LC_ALL": "C",
        "HOME": "/root",
        "TOKEN": "x",
        "AWS_SECRET": "y",
        "LD_PRELOAD": "z",
    }
    assert base_environment(ours) == {"PATH": "/bin", "LC_ALL": "C", "HOME": "/root"}


async def test_a_program_has_our_first_limit_of_descriptors(monkeypatch: pytest.MonkeyPatch) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    monkeypatch.setattr(child, "descriptor_limit", (soft - 1, hard))
    with spawned(spec("x")) as started:
        assert resource.prlimit(started.pid, resource.RLIMIT_NOFILE) == (soft - 1, hard)


async def test_a_program_has_ordinary_signals() -> None:
    with spawned(spec("x", ("/bin/grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status"))) as started:
        data = await all_of(started)
    assert data == b"SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n"


@pytest.mark.parametrize(
    ("how", "code", "number"),
    [
        ("0", 0, None),
        ("3", 3, None),
        ("143", 143, None),
        ("255", 255, None),
        ("SIGKILL", None, 9),
        ("SIGTERM", None, 15),
    ],
)
async def test_how_it_ended_is_a_code_or_a_signal(how: str, code: int | None, number: int | None) -> None:
    with spawned(spec("x", program("crash", how))) as started:
        found = await ended(started)
    assert (found.code, found.signal) == (code, number)
    assert found.ran > 0


async def test_the_last_64_kib_and_a_line_without_an_end_are_read() -> None:
    with spawned(spec("x", program("noisy_end", "0"))) as started:
        await ended(started)
        data = await all_of(started)
    assert data == b"x" * 65536 + b"\nlast words"


async def test_a_signal_reaches_the_whole_group() -> None:
    with spawned(spec("x", ("/bin/sh", "-c", "sleep 1000 & echo $!; wait"))) as started:
        other = int(await heard(started, b"\n"))
        started.signal(signal.SIGTERM)
        assert (await ended(started)).signal == signal.SIGTERM
        await until_dead(other)


async def test_a_stopped_program_is_continued_to_hear_that_it_shall_stop() -> None:
    with spawned(spec("x", program("slow_stop"))) as started:
        await heard(started, b"ready")
        os.kill(started.pid, signal.SIGSTOP)
        started.signal(signal.SIGTERM)
        await heard(started, b"stopping")


async def test_a_signal_to_a_program_that_is_gone_goes_nowhere() -> None:
    with spawned(spec("x", ("/bin/true",))) as started:
        await ended(started)
        started.signal(signal.SIGKILL)
        assert not await started.survivors()


async def test_a_signal_that_we_may_not_send_is_no_fault_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_pid: int, _number: int) -> None:
        raise PermissionError

    with spawned(spec("x")) as started:
        with monkeypatch.context() as patch:
            patch.setattr(os, "killpg", refuse)
            started.signal(signal.SIGTERM)
        assert alive(started.pid)


async def test_a_program_of_another_user_keeps_our_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(resource, "prlimit", refuse)
    with spawned(spec("x")) as started:
        assert alive(started.pid)


async def test_survivors_of_the_group_are_found_by_name_and_waited_for() -> None:
    with spawned(spec("x", program("forker", "0"))) as started:
        other = int((await heard(started, b"\n")).split()[1])
        await ended(started)
        assert [left.identity for left in await started.survivors()] == [ProcessId.of(other)]
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(started.emptied)
            await anyio.wait_all_tasks_blocked()
            assert tasks.cancel_scope.cancel_called is False
            started.signal(signal.SIGTERM)
            await until_dead(other)
        assert not await started.survivors()


async def test_who_left_the_session_is_none_of_the_group() -> None:
    with spawned(spec("x", program("daemoniser"))) as started:
        other = int((await heard(started, b"\n")).split()[1])
        try:
            await ended(started)
            assert not await started.survivors()
            assert alive(other)
        finally:
            end(other)
            await until_dead(other)


async def give(to: Child, data: bytes) -> None:
    """Give a message and its end, as a service does."""
    await to.stdin.write(data)
    await to.stdin.pour()


async def test_a_deaf_program_is_given_whole_messages_or_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stdin, "INPUT_PATIENCE", 0.05)
    with spawned(spec("x", program("deaf"))) as started:
        await heard(started, b"ready")
        with anyio.fail_after(DEADLINE):
            await started.stdin.write(b"x" * 1_000_000)
            assert len(started.stdin.owed) == 1_000_000 - 65536, "its beginning fits, so it is taken"
            with pytest.raises(InputRefused, match="it does not read its input"):
                await started.stdin.write(b"abc")
        assert len(started.stdin.owed) == 1_000_000 - 65536


async def test_a_message_that_is_too_long_is_refused() -> None:
    with spawned(spec("x", ("/bin/cat",))) as started:
        with pytest.raises(InputRefused, match="longer than"):
            await started.stdin.write(bytes(stdin.MOST_INPUT + 1))
        assert not started.stdin.owed


async def test_a_program_that_has_closed_its_input_refuses_it() -> None:
    with spawned(spec("x", program("deaf", "closed"))) as started:
        await heard(started, b"ready")
        with pytest.raises(InputRefused, match="closed its input"):
            await started.stdin.write(b"abc")


async def test_a_program_that_has_ended_refuses_input() -> None:
    with spawned(spec("x", ("/bin/true",))) as started:
        await ended(started)
        with pytest.raises(InputRefused):
            await started.stdin.write(b"abc")
        started.close()
        with pytest.raises(InputRefused, match="has ended"):
            await started.stdin.write(b"abc")


@pytest.mark.parametrize(
    ("name", "said"), [("deaf", "it has closed its input"), ("daemoniser", "it has ended")]
)
async def test_a_writer_that_waits_hears_that_the_program_has_ended(name: str, said: str) -> None:
    """Also where another process holds the other end of the pipe."""
    refused: list[str] = []

    async def write() -> None:
        with pytest.raises(InputRefused) as caught:
            await started.stdin.write(b"x" * 1_000_000)
        refused.append(str(caught.value))

    with spawned(spec("x", program(name))) as started:
        word = (await heard(started, b"\n")).split()[-1]
        await started.stdin.write(b"x" * 1_000_000)
        async with anyio.create_task_group() as tasks:
            for _ in range(3):
                tasks.start_soon(write)
            await anyio.wait_all_tasks_blocked()
            started.signal(signal.SIGKILL)
            await ended(started)
            await anyio.wait_all_tasks_blocked()
            started.close()
        if name == "daemoniser":
            end(int(word))
            await until_dead(int(word))
    assert set(refused) == {said}


async def test_a_megabyte_of_input_arrives_whole() -> None:
    data = os.urandom(1 << 20)
    with spawned(spec("x", program("sink", str(len(data))))) as started:
        with anyio.fail_after(DEADLINE):
            await give(started, data)
        assert hashlib.sha256(data).hexdigest().encode() in await heard(started, b"read ")


async def test_parallel_writers_do_not_mix_their_lines() -> None:
    lines = [bytes([65 + number]) * 30_000 + b"\n" for number in range(10)]
    with spawned(spec("x", ("/bin/cat",))) as started:

        async def write(line: bytes) -> None:
            await give(started, line)

        async with anyio.create_task_group() as tasks:
            for line in lines:
                tasks.start_soon(write, line)
            data = b""
            with anyio.fail_after(DEADLINE):
                while len(data) < sum(map(len, lines)):
                    data += await read(started)
    assert data == b"".join(lines), "in the order of the calls"


@asynccontextmanager
async def carried_over(started: Child) -> AsyncIterator[Child]:
    """The same child again, made from its record: what the next supervisor does after execve."""
    other = Child.adopt(Record(json.loads(json.dumps(started.freeze(2048.0)))), 2048.0)
    os.close(started.pidfd)
    started.pidfd = started.stdin.fd = started.output = -1
    yield other
    other.close()


async def test_an_adopted_child_is_the_same_as_before() -> None:
    with spawned(spec("x", program("echo"))) as started:
        started.started = 1024.0
        await heard(started, b"ready\n")
        frozen = started.freeze(2048.0)
        async with carried_over(started) as other:
            assert other.freeze(2048.0) == frozen
            assert other.pid == started.pid
            await other.stdin.write(b"hello\n")
            await heard(other, b"echo: hello\n")
            other.signal(signal.SIGKILL)
            assert (await ended(other)).signal == signal.SIGKILL


async def test_a_child_that_ended_meanwhile_is_adopted_and_seen_to_exit() -> None:
    with spawned(spec("x", program("noisy_end", "7"))) as started:
        await anyio.wait_readable(started.pidfd)
        async with carried_over(started) as other:
            assert (await ended(other)).code == 7
            assert (await all_of(other)).endswith(b"last words")


async def test_a_child_whose_group_lives_on_is_adopted_without_its_main_process() -> None:
    with spawned(spec("x", program("forker", "3"))) as started:
        orphan = int((await heard(started, b"\n")).split()[1])
        await ended(started)
        async with carried_over(started) as other:
            assert [left.identity for left in await other.survivors()] == [ProcessId.of(orphan)]
            other.signal(signal.SIGTERM)
            with anyio.fail_after(DEADLINE):
                await other.emptied()
        await until_dead(orphan)


async def test_a_pid_that_is_another_process_by_now_is_not_adopted() -> None:
    with spawned(spec("x")) as started:
        frozen = {**started.freeze(0.0), "start_time": 1}
        with pytest.raises(ProcessLookupError, match="another"):
            Child.adopt(Record(frozen), 0.0)


async def test_an_identity_needs_no_luck_with_names() -> None:
    """A process may call itself anything, also what looks like the rest of its line in /proc."""
    renamed = 'printf ") S 1 1 1" > /proc/self/comm; sleep 1000 & echo $!; wait'
    with spawned(spec("x", ("/bin/sh", "-c", renamed))) as started:
        await heard(started, b"\n")
        assert ProcessId.of(started.pid) == started.identity
        assert len(await started.survivors()) == 2
