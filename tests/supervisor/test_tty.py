"""A program in a terminal: what it sees, what is typed, how large it is, and what outlives the supervisor."""

import errno
import hashlib
import os
import re
import signal
from dataclasses import replace
from pathlib import Path

import anyio
import pytest

from supervisor import InputRefused, NotAllowed, Plan, ServiceSpec, State, Terminal, Way
from supervisor.policies import StopPolicy, StopStep

from .real import eventually, started
from .systemd import Systemd, systemd
from .test_handover import Follower, hand_over
from .world import House, Reading, alive, program, spec, until, until_dead


def on_terminal(name: str = "a", *command: str, rows: int = 24, columns: int = 80) -> ServiceSpec:
    """A service with a terminal; `pty_echo` unless something else is said."""
    return replace(spec(name, command or program("pty_echo")), terminal=Terminal(rows, columns))


async def begun(house: House, one: ServiceSpec, wanted: bytes = b"size ") -> Reading:
    await house.apply(one)
    reading = await house.console(one.name)
    await reading.until(wanted)
    return reading


# What a program sees.


async def test_it_has_a_terminal_of_the_size_that_the_spec_says(house: House) -> None:
    reading = await begun(house, on_terminal(rows=30, columns=100), b"size 30x100\r\n")
    assert b"terminals [True, True, True] foreground True\r\n" in reading.data
    assert b"TERM xterm-256color leader True\r\n" in reading.data
    assert (await house.status("a")).terminal == Terminal(30, 100)


async def test_other_programs_have_pipes(house: House) -> None:
    await house.apply(spec("a", ("/usr/bin/tty",)))
    await (await house.console("a")).until(b"not a tty\n")
    assert (await house.status("a")).terminal is None
    with pytest.raises(NotAllowed, match="a runs in no terminal"):
        await house.api.resize("a", 24, 80)


async def test_the_environment_may_name_another_terminal(house: House) -> None:
    await begun(house, replace(on_terminal(), environment={"TERM": "vt100"}), b"TERM vt100 ")


async def test_no_other_descriptor_is_given_and_none_is_kept(house: House) -> None:
    reading = await begun(house, on_terminal("a", *program("about")), b"}")
    assert b'"descriptors": [0, 1, 2]' in reading.data
    assert b'"blocking": [true, true, true]' in reading.data
    pid = (await house.status("a")).pid
    mine = [os.readlink(f"/proc/self/fd/{name}") for name in os.listdir("/proc/self/fd") if _open(name)]
    assert os.readlink(f"/proc/{pid}/fd/0") not in mine, "or its end would never be seen"


def _open(name: str) -> bool:
    return os.path.lexists(f"/proc/self/fd/{name}")


async def test_lines_of_ours_begin_at_the_left(house: House) -> None:
    reading = await begun(house, on_terminal())
    assert reading.data.startswith(b"[Octyne] Started server a\r\n")
    await house.api.stop("a")
    said = await reading.until(b"has stopped.")
    assert b"\r\n[Octyne] Stopping server a\r\n" in said
    # Whoever still looks at a full screen is brought back from it.
    assert re.search(rb"\x1b\[\?47l[^\n]*\[Octyne\] Server a has stopped", said)


async def test_a_shell_has_job_control(house: House) -> None:
    shell = on_terminal("a", "/bin/bash", "--norc", "--noprofile", "-i")
    reading = await begun(house, replace(shell, environment={"PS1": "ready> "}), b"ready> ")
    await house.api.write("a", b"sleep 1000 & jobs\r")
    await reading.until(b"Running")
    assert b"no job control" not in reading.data
    await house.api.write("a", b"stty size; kill %1\r")
    await reading.until(b"24 80\r\n")
    await house.api.write("a", b"exit 3\r")
    status = await house.until("a", lambda status: status.exit)
    assert status.exit is not None
    assert status.exit.code == 3


async def test_the_end_of_a_program_is_seen_though_another_holds_its_terminal(house: House) -> None:
    leaves = on_terminal("a", "/bin/sh", "-c", "trap '' HUP; sleep 1000 & echo left $!")
    reading = await begun(house, leaves, b"left ")
    left = int(await reading.word_after(b"left "))
    await reading.until(b"asking them to stop")
    await house.until("a", lambda status: not status.state.alive)
    assert not alive(left)


async def test_the_last_words_come_before_the_end(house: House) -> None:
    await house.apply(on_terminal("a", "/bin/sh", "-c", "seq 1 20000"))
    reading = await house.console("a")
    said = await reading.until(b"has stopped.")
    assert b"\r\n19999\r\n20000\r\n" in said


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "no terminal is left, the limit stands in /proc/sys/kernel/pty/max"),
        (errno.ENOENT, r"there are no terminals here \(/dev/ptmx\): No such file or directory"),
        (errno.EMFILE, "no terminal can be had: Too many open files"),
    ],
)
async def test_without_a_terminal_to_be_had_the_reason_is_said(
    house: House, monkeypatch: pytest.MonkeyPatch, number: int, words: str
) -> None:
    def refuse() -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "openpty", refuse)
    await house.apply(on_terminal())
    status = await house.until("a", lambda status: status.reason)
    assert re.search(words, status.reason)


# What is typed.


async def test_enter_ends_a_line_and_the_terminal_echoes_it(house: House) -> None:
    reading = await begun(house, on_terminal())
    await house.api.write("a", b"hello\r")
    await reading.until(b"hello\r\nheard b'hello\\n'\r\n")
    await house.api.write("a", b"hi\n")
    await reading.until(b"heard b'hi\\n'\r\n")


async def test_backspace_takes_a_whole_character(house: House) -> None:
    reading = await begun(house, on_terminal())
    await house.api.write("a", "ä€x\x7f\x7f\r".encode())
    await reading.until(b"heard b'\\xc3\\xa4\\n'\r\n")


async def test_control_d_ends_the_input(house: House) -> None:
    reading = await begun(house, on_terminal())
    await house.api.write("a", b"\x04")
    await reading.until(b"end of input\r\n")
    await house.until("a", lambda status: status.state is State.STOPPED)


async def test_control_c_ends_what_is_in_the_foreground(house: House) -> None:
    await begun(house, on_terminal())
    await house.api.write("a", b"\x03")
    status = await house.until("a", lambda status: status.exit)
    assert status.exit is not None
    assert status.exit.signal == signal.SIGINT


async def test_a_program_that_reads_keys_gets_them_as_they_are(house: House) -> None:
    reading = await begun(house, on_terminal("a", *program("pty_echo", "raw")))
    for keys in (b"\x03", b"\x1b[A", b"\r", b"\x04", "é".encode(), b"\x00"):
        await house.api.write("a", keys)
        await reading.until(f"heard {keys!r}\r\n".encode())


async def test_a_megabyte_of_lines_is_pasted_whole(house: House) -> None:
    # Without echo: what comes back is what was read.
    counting = "stty -echo; echo go; wc -lc"
    reading = await begun(house, on_terminal("a", "/bin/sh", "-c", counting), b"go\r\n")
    lines = 10_486
    await house.api.write("a", b"x" * 99 + (b"\n" + b"x" * 99) * (lines - 1) + b"\n")
    await house.api.write("a", b"\x04")
    said = await reading.until(b"has stopped.")
    assert re.search(rb"\b%d +%d\r\n" % (lines, lines * 100), said)


async def test_a_megabyte_of_keys_is_pasted_whole(house: House) -> None:
    counting = "stty raw -echo; echo go; head -c 1048576 | md5sum"
    reading = await begun(house, on_terminal("a", "/bin/sh", "-c", counting), b"go\n")
    await house.api.write("a", b"0123456789abcdef" * 65536)
    await reading.until(b"  -\n")
    assert _md5(b"0123456789abcdef" * 65536) in reading.data


def _md5(data: bytes) -> bytes:
    return hashlib.md5(data, usedforsecurity=False).hexdigest().encode()


async def test_a_line_that_the_kernel_would_cut_is_refused(house: House) -> None:
    reading = await begun(house, on_terminal())
    with pytest.raises(InputRefused, match="a: a line of 4096 bytes: its terminal takes 4095 now"):
        await house.api.write("a", b"one\r" + b"x" * 4096 + b"\r")
    await house.api.write("a", b"x" * 4095 + b"\r")
    await reading.until(b"heard b'" + b"x" * 4095 + b"\\n'\r\n")
    # Also in parts.
    await house.api.write("a", b"y" * 4000)
    with pytest.raises(InputRefused, match="a line of 4100 bytes"):
        await house.api.write("a", b"y" * 100)
    await house.api.write("a", b"\x15")
    await house.api.write("a", b"y" * 100 + b"\r")
    await reading.until(b"heard b'" + b"y" * 100 + b"\\n'\r\n")


async def test_a_program_without_its_terminal_takes_no_input(house: House) -> None:
    await begun(house, on_terminal("a", "/bin/sh", "-c", "echo go; exec sleep 1000 <&- >&- 2>&-"), b"go")

    async def refused() -> bool:
        try:
            await house.api.write("a", b"x\r")
        except InputRefused as exc:
            return str(exc) == "a: it has closed its terminal"
        return False

    await eventually(refused)


async def test_a_line_asks_to_stop_as_if_it_were_typed(house: House) -> None:
    policy = StopPolicy((StopStep(way=Way.LINE, line="bye", wait=30.0),))
    raw = replace(on_terminal("a", *program("pty_echo", "raw")), stop=policy)
    reading = await begun(house, raw)
    await house.api.stop("a")
    await reading.until(b"heard b'bye\\r'\r\n")


# How large it is.


async def test_a_resize_is_told_to_the_program_and_to_who_watches(house: House) -> None:
    reading = await begun(house, on_terminal(), b"size 24x80\r\n")
    assert (await house.api.resize("a", 50, 132)).terminal == Terminal(50, 132)
    await reading.until(b"size 50x132\r\n")
    await house.until("a", lambda status: status.terminal == Terminal(50, 132))
    version = (await house.until("a", lambda status: status.state is State.RUNNING)).version
    assert (await house.api.resize("a", 50, 132)).version == version, "nothing has changed"
    await house.api.resize("a", 10, 20)
    await reading.until(b"size 10x20\r\n")
    assert reading.data.count(b"size ") == 3


async def test_the_next_run_begins_with_the_size_of_the_spec(house: House) -> None:
    reading = await begun(house, on_terminal(), b"size 24x80\r\n")
    await house.api.resize("a", 50, 132)
    await reading.until(b"size 50x132\r\n")
    await house.api.kill("a")
    await house.until("a", lambda status: not status.state.alive)
    assert (await house.status("a")).terminal == Terminal(24, 80)
    with pytest.raises(NotAllowed, match="a runs in no terminal"):
        await house.api.resize("a", 50, 132)
    await house.api.start("a")
    await reading.until(b"size 24x80\r\n")


@pytest.mark.parametrize(("rows", "columns"), [(0, 80), (24, 0), (1001, 80), (24, 1001), (-1, -1)])
async def test_a_size_that_no_terminal_has_is_refused(house: House, rows: int, columns: int) -> None:
    await begun(house, on_terminal())
    with pytest.raises(NotAllowed, match="expected 1 to 1000"):
        await house.api.resize("a", rows, columns)
    assert (await house.status("a")).terminal == Terminal(24, 80)


# What outlives the supervisor.


async def test_a_terminal_is_handed_over(tmp_path: Path) -> None:
    with started(str(tmp_path)) as running:
        api = await running.ready()
        await api.apply(Plan((on_terminal(),)))
        async with anyio.create_task_group() as tasks:
            follower = Follower(api, "a")
            tasks.start_soon(follower.run)
            await _shown(follower, b"size 24x80\r\n")
            await api.resize("a", 50, 132)
            await _shown(follower, b"size 50x132\r\n")
            for word in (b"one", b"two"):
                await hand_over(running)
                assert (await api.list())[0].terminal == Terminal(50, 132)
                await api.write("a", word + b"\r")
                await _shown(follower, b"heard b'" + word + b"\\n'\r\n")
            await api.resize("a", 20, 40)
            await _shown(follower, b"size 20x40\r\n")
            assert follower.data.count(b"Started server") == 1
            assert follower.lost == 0
            tasks.cancel_scope.cancel()


async def test_with_a_store_a_terminal_outlives_a_killed_supervisor(tmp_path: Path) -> None:
    with systemd(str(tmp_path / "notify")) as by, by.hearing():
        await _killed_and_followed(str(tmp_path / "house"), by)


async def _killed_and_followed(house: str, by: Systemd) -> None:
    with started(house, by=by) as running:
        api = await running.ready()
        await api.apply(Plan((on_terminal(),)))
        follower = Follower(api, "a")
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(follower.run)
            await _shown(follower, b"size 24x80\r\n")
            await api.resize("a", 50, 132)
            await _shown(follower, b"size 50x132\r\n")
            pid = (await api.list())[0].pid
            running.process.kill()
            await running.ended()
            by.listen()
            with started(house, by=by) as second:
                await second.ready()
                await api.apply(Plan((on_terminal(),)))
                (status,) = await api.list()
                assert (status.pid, status.terminal) == (pid, Terminal(50, 132))
                await api.write("a", b"still here\r")
                await _shown(follower, b"heard b'still here\\n'\r\n")
                await api.resize("a", 20, 40)
                await _shown(follower, b"size 20x40\r\n")
                assert follower.data.count(b"Started server") == 1
                await api.kill("a")
                await until(api, "a", lambda status: status.state is State.STOPPED)
            tasks.cancel_scope.cancel()


async def test_without_a_store_it_is_hung_up_on(tmp_path: Path) -> None:
    with started(str(tmp_path)) as running:
        api = await running.ready()
        await api.apply(Plan((on_terminal(),)))
        pid = (await until(api, "a", lambda status: status.state is State.RUNNING)).pid
        assert pid is not None
        running.process.kill()
        await running.ended()
        await until_dead(pid)


async def _shown(follower: Follower, wanted: bytes) -> None:
    async def shown() -> bool:
        return wanted in follower.data

    await eventually(shown)
