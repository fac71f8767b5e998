"""`holdfast console` at a terminal: lines that are edited, keys that are passed through, and a way out."""

import os
import re
import signal
import sys
import termios
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

from client import Client
from client.consoleevents import Output

from ..system import processes
from ..system.house import Holdfast, program, sleeper
from .typed import Typist, bare

CTRL_C, CTRL_D, UP, DETACH = "\x03", "\x04", "\x1b[A", "\x1d"

ASKING = "while True: print('heard', input('Sure? '), flush=True)"

COOKED = termios.ECHO | termios.ICANON | termios.ISIG


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Holdfast]:
    house = Holdfast(str(tmp_path_factory.mktemp("terminals")))
    try:
        house.configure(
            chat=program("echo"),
            keys=program("pty_echo", "raw", terminal=True),
            pty=program("pty_echo", terminal=True),
            flood=program("flood", enabled=False),
            off=sleeper(enabled=False),
            asks={"command": [sys.executable, "-c", ASKING]},
        )
        house.start()
        house.console("chat").until("ready")
        yield house
    finally:
        house.end()


def is_put_right(child: "pexpect.spawn[str]") -> bool:
    """Whether the terminal is again as a shell wants it."""
    modes = termios.tcgetattr(child.fileno())
    return modes[3] & COOKED == COOKED and bool(modes[1] & termios.OPOST)


def ended(child: "pexpect.spawn[str]") -> tuple[int | None, str]:
    """Wait for the end, and return the exit code and what was said since."""
    child.expect(pexpect.EOF)
    return child.wait(), bare(child.before or "")


def test_a_line_is_typed_and_answered_and_the_program_runs_on(running: Holdfast, shell: Typist) -> None:
    pid = running.pid("chat")
    with shell.terminal("console", "chat") as child:
        child.expect_exact("ready")
        child.send("hello\r")
        child.expect_exact("echo: hello")
        child.send(CTRL_D)
        code, said = ended(child)
        assert code == 0
        assert said.endswith("-- left the console of chat\n")
        assert is_put_right(child)
    assert running.pid("chat") == pid


def test_ctrl_c_clears_the_line_and_twice_it_leaves(running: Holdfast, shell: Typist) -> None:
    pid = running.pid("chat")
    with shell.terminal("console", "chat") as child:
        child.expect_exact("ready")
        child.send("never sent" + CTRL_C + "sent\r")
        child.expect_exact("echo: sent")
        child.send(CTRL_C)
        child.expect_exact("Ctrl-C again leaves the console; chat runs on")
        child.send(CTRL_C)
        code, said = ended(child)
        assert code == 0
        assert "echo: never" not in said
    assert running.pid("chat") == pid


def test_earlier_lines_are_kept_for_their_owner_alone(
    running: Holdfast, shell: Typist, tmp_path: Path
) -> None:
    state = str(tmp_path / "state")
    for keys, wanted in (("remember this\r secret\r", "echo:  secret"), (UP + "\r", "echo: remember this")):
        with shell.terminal("console", "chat", "--tail", "0", XDG_STATE_HOME=state) as child:
            child.expect_exact(">")
            child.send(keys)
            child.expect_exact(wanted)
            child.send(CTRL_D)
            ended(child)
    (path,) = Path(state).rglob("chat")
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_text() == "remember this\n"


def test_our_own_lines_are_dim_and_dangerous_sequences_are_taken_out(
    running: Holdfast, shell: Typist
) -> None:
    with shell.terminal("console", "chat") as child:
        child.expect_exact("\x1b[2m[Octyne] Started server chat\x1b[0m")
        child.expect_exact("ready")
        shell("console", "chat", "-s", "\x1b]0;title\x07\x1b[31mred\x1b[2J\x1b[0m", "--linger", "0")
        child.expect_exact("echo: \x1b[31mred\x1b[0m")
        child.send(CTRL_D)
        ended(child)
        assert "\x1b]0;" not in (child.before or "")


def test_a_question_stands_in_front_of_the_answer(shell: Typist) -> None:
    with shell.terminal("console", "asks") as child:
        child.expect_exact("Sure?")
        child.send("yes\r")
        child.expect_exact("Sure? heard yes")
        child.send(CTRL_D)
        assert ended(child)[0] == 0


def test_what_is_not_running_says_so_and_takes_no_line(shell: Typist) -> None:
    with shell.terminal("console", "off") as child:
        child.expect_exact("-- ")
        child.send("hello\r")
        child.expect_exact("The input was not taken: off is not running")
        child.send(CTRL_D)
        assert ended(child)[0] == 0


def test_a_flood_leaves_room_for_keys_and_takes_no_memory(running: Holdfast, shell: Typist) -> None:
    running.order("flood", "START")
    try:
        with shell.terminal("console", "flood") as child:
            child.expect(r"0\d{98}\r\n")
            seen = 0
            while seen < 20_000_000:
                seen += len(child.read_nonblocking(1 << 16, processes.DEADLINE))
            with open(f"/proc/{child.pid}/status", encoding="ascii") as status:
                (peak,) = [int(line.split()[1]) for line in status if line.startswith("VmHWM")]
            assert peak < 150 * 1024, "KiB"
            child.send(CTRL_D)
            assert ended(child)[0] == 0
    finally:
        running.order("flood", "KILL")


def test_who_may_only_look_is_told_so_and_types_nothing(running: Holdfast, shell: Typist) -> None:
    running.log_in()
    made = running.remote.post(
        "/keys", json={"name": "looker", "grants": ["server.view", "server.console.view"]}
    ).raise_for_status()
    url = f"http://127.0.0.1:{running.port}"
    with shell.terminal(
        "console", "chat", "--url", url, HOLDFAST_SOCKET="", HOLDFAST_TOKEN=made.json()["key"]
    ) as child:
        child.expect_exact("read-only: you may not type here; q leaves")
        child.expect_exact("ready")
        child.send("q")
        assert ended(child)[0] == 0
        assert is_put_right(child)


def test_keys_go_to_a_program_with_a_terminal_and_so_does_the_size(running: Holdfast, shell: Typist) -> None:
    pid = running.pid("keys")
    with shell.terminal("console", "keys", "--tail", "0", size=(33, 99)) as child:
        child.expect_exact("the terminal of keys; Ctrl-] leaves it, and it runs on")
        child.expect_exact("size 33x99")
        child.send(CTRL_C)
        child.expect_exact(r"heard b'\x03'")
        child.setwinsize(20, 70)
        child.expect_exact("size 20x70")
        child.send("\x1b[A")
        child.expect_exact(r"heard b'\x1b[A'")
        child.send(DETACH)
        code, said = ended(child)
        assert code == 0
        assert said.endswith("-- left the console of keys\n")
        assert is_put_right(child)
    assert running.pid("keys") == pid


def test_a_large_paste_is_taken_whole(running: Holdfast, shell: Typist) -> None:
    with shell.terminal("console", "keys", "--tail", "0") as child:
        child.expect_exact("size 40x120")
        child.delaybeforesend = None
        for number in range(200):
            child.send(f"{number:03d}" * 500)
            child.read_nonblocking(1 << 16, processes.DEADLINE)
        child.send("end of it")
        child.expect_exact("end of it'")
        child.send(DETACH)
        assert ended(child)[0] == 0
    with Client(socket=running.path("api.sock")) as client, client.console("keys", since=0) as console:
        said = b""
        while b"end of it" not in said:
            event = next(console)
            said += event.data if isinstance(event, Output) else b""
    keys = b"".join(re.findall(rb"heard b'([0-9]+)", said))
    assert keys.endswith(b"".join(b"%03d" % number * 500 for number in range(100, 200)))


def test_who_comes_again_with_the_same_window_has_the_program_draw_anew(shell: Typist) -> None:
    for _ in range(2):
        with shell.terminal("console", "pty", "--tail", "0", size=(31, 91)) as child:
            child.expect_exact("size 31x91")
            child.send(DETACH)
            assert ended(child)[0] == 0


def test_other_keys_may_leave(shell: Typist) -> None:
    with shell.terminal("console", "keys", "--tail", "0", "--detach-keys", "ctrl-p,ctrl-q") as child:
        child.expect_exact("Ctrl-P Ctrl-Q leaves it")
        child.expect_exact("size 40x120")
        child.send(DETACH)
        child.expect_exact(r"heard b'\x1d'")
        child.send("\x10x")
        child.expect_exact(r"heard b'\x10x'")
        child.send("\x10\x11")
        assert ended(child)[0] == 0


@pytest.mark.parametrize(("server", "sign"), [("keys", "size 40x120"), ("chat", "ready")])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_and_the_terminal_is_put_right(
    shell: Typist, server: str, sign: str, number: int
) -> None:
    with shell.terminal("console", server) as child:
        child.expect_exact(sign)
        if server == "chat":
            child.expect_exact(">")
        os.kill(child.pid, number)
        assert ended(child)[0] == 128 + number
        assert is_put_right(child)


def test_who_comes_back_from_the_shell_has_every_key_go_to_the_program_again(shell: Typist) -> None:
    with shell.terminal("console", "keys", "--tail", "0", size=(30, 90)) as child:
        child.expect_exact("size 30x90")
        os.kill(child.pid, signal.SIGSTOP)
        os.waitid(os.P_PID, child.pid, os.WSTOPPED | os.WNOWAIT)
        modes = termios.tcgetattr(child.fileno())
        modes[3] |= COOKED
        termios.tcsetattr(child.fileno(), termios.TCSANOW, modes)  # as a shell does
        os.kill(child.pid, signal.SIGCONT)
        child.expect_exact("size 29x90")  # it is drawn anew
        child.send(CTRL_C)
        child.expect_exact(r"heard b'\x03'")
        child.send(DETACH)
        assert ended(child)[0] == 0


def test_a_terminal_can_be_shown_as_lines(shell: Typist) -> None:
    with shell.terminal("console", "pty", "--lines", "--tail", "0") as child:
        child.expect_exact(">")
        child.send("as a line\r")
        child.expect_exact(r"heard b'as a line\n'")
        child.send(CTRL_D)
        assert ended(child)[0] == 0


@pytest.mark.parametrize("server", ["pty", "ticker"])
def test_a_daemon_that_is_killed_is_told_of_once_and_nothing_is_lost(
    house: Holdfast, typist: Typist, server: str
) -> None:
    house.configure(ticker=program("ticker"), pty=program("ticker", terminal=True))
    house.start()
    with typist.terminal("console", server) as child:
        text = ""
        for goal in (100, 200, 300):
            child.expect_exact(f"tick {goal}\r\n")
            text += (child.before or "") + (child.after or "")
            if goal < 300:
                os.kill(house.daemon or 0, signal.SIGKILL)
        child.send(DETACH if server == "pty" else CTRL_D)
        assert ended(child)[0] == 0
    numbers = [int(one) for one in re.findall(r"tick (\d+)\r\n", text)]
    assert numbers == list(range(301))
    assert text.count("it is tried again") == 2
    assert text.count("connected again") == 2


def test_a_server_that_is_removed_ends_its_console_with_a_sentence(house: Holdfast, typist: Typist) -> None:
    house.configure(chat=program("echo"), web=sleeper())
    house.start()
    with typist.terminal("console", "chat") as child:
        child.expect_exact("ready")
        house.configure(web=sleeper())
        house.local.post("/config/reload").raise_for_status()
        house.order("chat", "TERM")
        code, said = ended(child)
        assert code == 3
        assert said.endswith("holdfast: chat was removed\n")


def test_who_loses_the_right_to_look_is_told_so(house: Holdfast, typist: Typist) -> None:
    house.configure(chat=program("echo"))
    house.start()
    house.log_in()
    made = house.remote.post(
        "/keys", json={"name": "looker", "grants": ["server.view", "server.console.view"]}
    ).raise_for_status()
    with typist.terminal(
        *("console", "chat", "--url", f"http://127.0.0.1:{house.port}"),
        HOLDFAST_SOCKET="",
        HOLDFAST_TOKEN=made.json()["key"],
    ) as child:
        child.expect_exact("ready")
        house.remote.delete("/keys", params={"id": made.json()["id"]}).raise_for_status()
        code, said = ended(child)
        assert code == 4
        assert "holdfast: the console has ended: you are logged out" in said
