"""A server with `terminal: true` in the console: full screens, keys, sizes, and text for other viewers."""

import os
import re
import shutil
import sys
from typing import cast

import pytest

from daemon.plaintext import ELSEWHERE

from .house import House, Json, program, python, read
from .rawviewer import RawViewer, watch
from .screen import Screen
from .viewer import V2

SHELL: Json = {
    "directory": "/",
    "command": ["/bin/bash", "--norc", "--noprofile", "-i"],
    "environment": {"PS1": "ready> ", "HOME": "/nonexistent"},
    "terminal": True,
}


def needs(name: str) -> str:
    """Return where a program is, or skip the test and say so."""
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not installed")
    return path


def echo(*arguments: str, **more: object) -> Json:
    return {**program("pty_echo", *arguments), "terminal": True, **more}


async def until_seen(viewer: RawViewer, rows: int, columns: int, pattern: str, since: int = 0) -> str:
    """Wait until this is seen on a screen of that size; return what is seen. `since`: bytes to leave out."""
    while not re.search(pattern, seen := Screen(rows, columns).feed(bytes(viewer.data[since:])).text()):
        try:
            await viewer.message()
        except TimeoutError as exc:
            raise TimeoutError(f"{pattern!r} was never seen, but:\n{seen}") from exc
    return seen


# Full-screen programs.


async def test_top_fills_the_terminal_as_large_as_the_viewer_makes_it(either: House) -> None:
    top: Json = {"directory": "/", "command": [needs("top"), "-d", "1"], "terminal": True}
    await either.configure(top=top)
    async with watch(either, "top", since=0) as viewer:
        assert viewer.settings["terminal"] == {"rows": 24, "columns": 80}
        seen = ""
        for rows, columns in ((30, 100), (20, 80)):
            since = len(viewer.data)
            await viewer.say(type="resize", rows=rows, columns=columns)
            await viewer.until_state(type="state", terminal={"rows": rows, "columns": columns})
            # It draws anew when it is told, and begins with its head.
            at = viewer.data.find(b"top - ", since)
            while at < 0 or viewer.data.find(b"top - ", at + 1) < 0:
                await viewer.message()
                at = viewer.data.find(b"top - ", since)
            home = viewer.data.rfind(b"\x1b[H", 0, at)
            seen = await until_seen(viewer, rows, columns, r"PID\s+USER.*COMMAND[\s\S]*\n\s*\d+ \w+", home)
            assert "top - " in seen
            assert "load average" in seen
            assert len(seen.split("\n")) <= rows
        await viewer.connection.send(b"q")
        await viewer.until_state(type="exit", code=0)
        await viewer.until_state(type="state", state="stopped")


async def test_vim_edits_a_file(either: House) -> None:
    path = os.path.join(either.folder, "notes.txt")
    vim = [needs("vim"), "-u", "NONE", "-i", "NONE", "-n", path]
    await either.configure(vim={"directory": "/", "command": vim, "terminal": True})
    async with watch(either, "vim", since=0) as viewer:
        await until_seen(viewer, 24, 80, r"\n~\n~")
        await viewer.connection.send("iGrüße\x1b:wq\r".encode())
        await viewer.until_state(type="exit", code=0)
    assert read(path) == "Grüße\n"


async def test_python_takes_lines_and_keys(either: House) -> None:
    repl: Json = {"directory": "/", "command": [sys.executable, "-I", "-q"], "terminal": True}
    await either.configure(repl=repl)
    async with watch(either, "repl", since=0) as viewer:
        await viewer.until(b">>> ")
        await viewer.type("6 * 7")
        await viewer.until(b"42\r\n")
        # A command that is corrected by keys, and one that is got back by another.
        await viewer.connection.send(b"print(1 + 2x\x7f)\r")
        await viewer.until(b"3\r\n")
        # What is typed and not yet read goes with a Ctrl-C: so it is told that this was read.
        await viewer.type("import time; print('as' + 'leep'); time.sleep(1000)")
        await viewer.until(b"asleep\r\n")
        await viewer.connection.send(b"\x03")
        await viewer.until(b"KeyboardInterrupt")
        await viewer.connection.send(b"\x04")
        await viewer.until_state(type="exit")  # with 0, or as one that was interrupted: Python's matter


async def test_a_shell_completes_and_has_job_control(either: House) -> None:
    os.mkdir(os.path.join(either.folder, "a-long-name"))
    await either.configure(shell={**SHELL, "directory": either.folder})
    async with watch(either, "shell", since=0) as viewer:
        await viewer.until(b"ready> ")
        await viewer.connection.send(b"cd a-lo\t\r")
        await viewer.until(b"cd a-long-name/")
        await viewer.type("sleep 1000 & jobs -l; echo $((40 + 2))")
        await viewer.until(b"42\r\n")
        await viewer.type("sh -c 'echo go$((1)); exec cat'")
        await viewer.until(b"go1\r\n")
        await viewer.connection.send(b"\x1a")
        await viewer.until(b"Stopped")
        await until_seen(viewer, 24, 80, r"Stopped.*\n.*ready>$")
        assert b"no job control" not in viewer.data
        await viewer.type("kill -KILL %1 %2; exec sh -c 'exit 3'")
        await viewer.until_state(type="exit", code=3)


# Keys, lines and sizes.


async def test_a_line_is_typed_with_what_the_enter_key_sends(either: House) -> None:
    await either.configure(lines=echo(), keys=echo("raw"))
    async with watch(either, "lines", since=0) as viewer:
        await viewer.until(b"size ")
        await viewer.type("hello")
        await viewer.until(b"heard b'hello\\n'\r\n")
    async with watch(either, "keys", since=0) as viewer:
        await viewer.until(b"size ")
        await viewer.type("hello")
        await viewer.until(b"heard b'hello\\r'\r\n")
        await viewer.connection.send(b"\x03\n")
        await viewer.until(b"heard b'\\x03\\n'\r\n")
    async with either.view("keys") as other:
        await other.type("from v2")
        await other.until("heard b'from v2\\r'")


async def test_control_c_ends_the_program(either: House) -> None:
    await either.configure(a=echo())
    async with watch(either, "a", since=0) as viewer:
        await viewer.until(b"size ")
        await viewer.connection.send(b"\x03")
        ended = await viewer.until_state(type="exit", signal=2)
        assert ended["code"] is None


async def test_the_latest_size_counts_and_all_viewers_are_told(either: House) -> None:
    await either.configure(a=echo(terminal={"rows": 30, "columns": 100}))
    async with watch(either, "a", since=0) as one, watch(either, "a", since=0) as other:
        assert one.settings["terminal"] == {"rows": 30, "columns": 100}
        await one.until(b"size 30x100\r\n")
        for viewer, rows in ((one, 40), (other, 50)):
            await viewer.say(type="resize", rows=rows, columns=132)
            for each in (one, other):
                await each.until_state(terminal={"rows": rows, "columns": 132})
            await one.until(f"size {rows}x132\r\n".encode())
    async with watch(either, "a") as late:
        assert late.settings["terminal"] == {"rows": 50, "columns": 132}


async def test_a_size_that_no_terminal_has_is_no_message(either: House) -> None:
    await either.configure(a=echo())
    async with watch(either, "a") as viewer:
        for rows, columns in ((0, 80), (24, None), ("24", 80), (24, 1001), (24.0, 80), (True, 80)):
            await viewer.say(type="resize", rows=rows, columns=columns)
            while (said := await viewer.answer())["type"] != "error":
                pass
            assert said["message"] == "Invalid message format"


async def test_a_server_without_a_terminal_has_no_size(either: House) -> None:
    async with watch(either) as viewer:
        assert viewer.settings["terminal"] is None
        await viewer.say(type="resize", rows=24, columns=80)
        told = await viewer.answer()
        assert told == {"type": "notice", "message": "The size was not taken: app runs in no terminal"}


async def test_who_comes_back_gets_exactly_the_rest_of_a_terminal(either: House) -> None:
    await either.configure(a=echo())
    async with watch(either, "a", since=0) as viewer:
        await viewer.until(b"size ")
        await viewer.type("one")
        await viewer.until(b"heard b'one\\n'\r\n")
        position, stream = viewer.position, viewer.stream
        await viewer.type("two")
        said = await viewer.until(b"heard b'two\\n'\r\n")
    async with watch(either, "a", since=position, stream=stream) as viewer:
        assert await viewer.until(b"heard b'two\\n'\r\n") == said[position:]
        assert viewer.gaps == []


# The server's state.


async def test_the_state_is_told_first_and_whenever_it_changes(either: House) -> None:
    await either.configure(a={**python("import sys; sys.exit(int(input()))"), "restart": "never"})
    async with watch(either, "a") as viewer:
        first = await viewer.until_state(type="state")
        assert viewer.states == [first]
        assert (first["status"], first["wanted"], first["run"]) == (1, "up", 1)
        assert isinstance(first["pid"], int)
        await viewer.type("3")
        ended = await viewer.until_state(type="exit")
        assert (ended["code"], ended["signal"]) == (3, None)
        assert cast("float", ended["ran"]) > 0
        failed = await viewer.until_state(type="state", state="failed")
        assert (failed["status"], failed["pid"]) == (2, None)
        assert cast("str", failed["reason"]).startswith("exited with code 3 after")
        assert viewer.states.index(ended) < viewer.states.index(failed)
        await either.operate("a", "START")
        again = await viewer.until_state(type="state", run=2)
        assert cast("float", again["at"]) >= cast("float", first["at"])
    async with watch(either, "a") as viewer:
        await viewer.until_state(type="state", run=2)
        assert not [message for message in viewer.states if message["type"] == "exit"], "it is no news"


# Viewers of lines.


async def test_viewers_of_lines_see_text(either: House) -> None:
    code = (
        "import sys, time; w = sys.stdout.write\n"
        "w('\\x1b]0;title\\x07\\x1b[?2004h')\n"
        "for i in range(101): w(f'\\rloading {i} %')\n"
        "w('\\n\\x1b[32mgreen\\x1b[0m\\n\\x1b[?1049h\\x1b[5;5Hfull\\nscreen\\x1b[?1049lback\\n')\n"
        "sys.stdout.flush(); input('Go on? ')\n"
        "print('done')"
    )
    await either.configure(a={**python(code), "terminal": True})
    for protocol in (V2, None):
        async with either.view("a", protocol=protocol) as viewer:
            until = viewer.until if protocol else viewer.until_raw
            await until("Go on?")
    async with either.view("a") as viewer:
        await viewer.message()
        shown = cast("str", (await viewer.message())["data"]).split("\n")
        assert shown[0] == "[Octyne] Started server a"
        assert shown[1:4] == ["loading 100 %", "\x1b[0;32mgreen\x1b[m", ELSEWHERE]
        assert shown[4:] == ["back", "Go on?"]
        await viewer.type("yes")
        await viewer.until("Go on? yes\ndone")


async def test_a_program_that_is_killed_in_its_full_screen_does_not_hide_what_follows(
    either: House,
) -> None:
    code = "print('\\x1b[?1049hhidden', flush=True); import signal; signal.pause()"
    await either.configure(a={**python(code), "terminal": True})
    async with either.view("a") as viewer:
        await viewer.until("full-screen program")
        await either.operate("a", "KILL")
        await viewer.until("[Octyne] Server a has stopped.")
        await either.operate("a", "START")
        await viewer.until("[Octyne] Started server a")


async def test_keys_stand_in_the_audit_log_by_their_number_only(either: House) -> None:
    await either.configure(echo=echo())
    async with watch(either, "echo", since=0) as viewer:
        await viewer.until(b"size 24x80")
        await viewer.connection.send(b"hunter2\r")
        await viewer.until(b"hunter2")
    typed = [line["input"] for line in either.done() if line["action"] == "server.console.input"]
    assert typed == ["8 bytes of keys"]
