"""`holdfast files put` and `get`: nothing is lost, whatever ends in between."""

import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pexpect
import pytest

from ..fulldisk import full_disk
from ..system import processes
from ..system.house import Holdfast, program, sleeper
from .typed import Typist, bare

LARGE = 48 << 20


@pytest.fixture
def folder(running: Holdfast) -> Iterator[Path]:
    """The folder of `web`; what is put there is deleted at the end."""
    folder = Path(running.path("programs", "web"))
    yield folder
    for name in os.listdir(folder):
        if not name.startswith("."):
            running.local.request("DELETE", "/server/web/file", params={"path": name, "trash": "false"})


def tree(folder: Path) -> dict[str, bytes]:
    return {
        str(one.relative_to(folder)): one.read_bytes()
        for one in folder.rglob("*")
        if one.is_file() and not one.is_symlink() and ".holdfast" not in one.parts
    }


@pytest.fixture
def local(tmp_path: Path) -> Path:
    """A folder of this machine with all kinds of names."""
    folder = tmp_path / "local"
    (folder / "deep" / "deeper").mkdir(parents=True)
    (folder / "empty folder").mkdir()
    contents = {"-rf": b"dash", "grüße.txt": "ü".encode(), "empty": b"", "deep/deeper/x": os.urandom(70_000)}
    contents |= {"new\nline\x1b[31m": b"hostile", "deep/run.sh": b"#!/bin/sh\n"}
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    (folder / "deep" / "run.sh").chmod(0o755)
    return folder


def test_a_folder_goes_and_comes_back_as_it_was(
    shell: Typist, folder: Path, local: Path, tmp_path: Path
) -> None:
    sent = shell("files", "put", str(local), "web:")
    assert (sent.out, sent.err) == ("", "")
    assert tree(folder / "local") == tree(local)
    assert os.access(folder / "local" / "deep" / "run.sh", os.X_OK)
    came = shell("files", "get", "web:local", str(tmp_path / "back"))
    assert (came.out, came.err) == ("", "")
    assert tree(tmp_path / "back") == tree(local)
    assert (tmp_path / "back" / "empty folder").is_dir()


def test_programs_are_told_of_each_file_in_a_line(shell: Typist, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a")
    (tmp_path / "b").write_text("bb")
    sent = shell("files", "put", "--json", str(tmp_path / "a"), str(tmp_path / "b"), "web:")
    lines = [{"path": "web:a", "size": 1}, {"path": "web:b", "size": 2}]
    assert [json.loads(line) for line in sent.out.splitlines()] == lines
    came = shell("files", "get", "--json", "web:a", "web:b", str(tmp_path))
    assert [json.loads(line) for line in came.out.splitlines()] == lines
    assert shell("files", "cat", "--json", "web:a").out == "a"
    assert sorted(tree(folder)) == ["a", "b"]


def test_a_file_gets_the_name_that_is_said_or_goes_into_the_folder(
    shell: Typist, folder: Path, local: Path, tmp_path: Path
) -> None:
    shell("files", "put", "--", str(local / "-rf"), "web:named")
    (folder / "sub").mkdir()
    shell("files", "put", str(local / "empty"), str(local / "grüße.txt"), "web:sub")
    assert tree(folder) == {"named": b"dash", "sub/empty": b"", "sub/grüße.txt": "ü".encode()}
    shell("files", "get", "web:named", str(tmp_path / "other"))
    shell("files", "get", "web:sub/*", str(tmp_path))
    assert (tmp_path / "other").read_bytes() == b"dash"
    assert (tmp_path / "grüße.txt").read_bytes() == "ü".encode()


def test_what_is_there_is_overwritten_or_kept_as_is_said(shell: Typist, folder: Path, tmp_path: Path) -> None:
    mine = tmp_path / "file"
    mine.write_text("mine")
    (folder / "file").write_text("theirs")
    shell("files", "put", "-n", str(mine), "web:")
    shell("files", "get", "-n", "web:file", str(mine))
    assert ((folder / "file").read_text(), mine.read_text()) == ("theirs", "mine")
    shell("files", "put", str(mine), "web:")
    assert (folder / "file").read_text() == "mine"


def test_pipes_can_be_sent_and_received(shell: Typist, folder: Path) -> None:
    text = "0123456789abcdef\n" * 200_000
    shell("files", "put", "-", "web:large.txt", typed=text)
    shell("files", "put", "-", "web:small.txt", typed="small")
    shell("files", "put", "-", "web:empty.txt", typed="")
    assert tree(folder) == {"large.txt": text.encode(), "small.txt": b"small", "empty.txt": b""}
    assert shell("files", "get", "web:large.txt", "-").out == text
    assert shell("files", "put", "-", "web:", code=2).err == (
        "holdfast: web:/ is a folder: say what the file shall be called\n"
    )


def test_what_cannot_be_carried_is_said_and_does_not_hold_up_the_rest(
    shell: Typist, folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "x").write_text("x")
    (tmp_path / "loop").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "fifo")
    said = shell("files", "put", str(tmp_path), "/none", "web:", code=1)
    assert said.err.splitlines() == [
        f"holdfast: {tmp_path}/fifo is no file, and left out",
        f"holdfast: {tmp_path}/loop is a link to a folder, and left out",
        "holdfast: /none: no such file or directory",
    ]
    assert list(tree(folder).values()) == [b"x"]
    assert shell("files", "get", "web:none", code=3).err == (
        "holdfast: web:none: there is no such file or folder\n"
    )
    missing = shell("files", "put", str(tmp_path / "x"), "web:none/", code=3).err
    assert missing == "holdfast: web:none: there is no such folder; make it with holdfast files mkdir -p\n"


def test_a_place_that_cannot_be_written_is_named(shell: Typist, folder: Path, tmp_path: Path) -> None:
    (folder / "file").write_text("text")
    (tmp_path / "no folder").write_text("")
    where = str(tmp_path / "no folder" / "x")
    said = shell("files", "get", "web:file", where, code=1)
    assert said.err == f"holdfast: web:file: cannot write {where}: not a directory\n"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may do anything")
def test_a_file_that_may_not_be_read_is_named(shell: Typist, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("")
    (tmp_path / "secret").chmod(0)
    said = shell("files", "put", str(tmp_path / "secret"), "web:", code=1)
    assert said.err == f"holdfast: cannot read {tmp_path}/secret: permission denied\n"
    assert tree(folder) == {}


def test_a_full_disk_here_is_said_and_a_later_call_goes_on(
    shell: Typist, folder: Path, tmp_path: Path
) -> None:
    content = os.urandom(3_000_000)
    (folder / "large").write_bytes(content)
    here = tmp_path / "large"
    with full_disk(after=1_000_000):
        said = shell("files", "get", "web:large", str(here), code=1)
    assert said.err == f"holdfast: web:large: cannot write {here}: file too large\n"
    (part,) = tmp_path.glob("large.*.part")
    assert part.read_bytes() == content[:1_000_000]
    part.write_bytes(b"!" + content[1:1_000_000])
    shell("files", "get", "web:large", str(here))
    assert here.read_bytes() == b"!" + content[1:]
    assert list(tmp_path.glob("*.part")) == []


def test_what_is_left_of_another_content_is_not_gone_on_with(
    shell: Typist, folder: Path, tmp_path: Path
) -> None:
    (folder / "large").write_bytes(os.urandom(3_000_000))
    here = tmp_path / "large"
    with full_disk(after=1_000_000):
        shell("files", "get", "web:large", str(here), code=1)
    content = os.urandom(3_000_000)
    (folder / "large").write_bytes(content)
    shell("files", "get", "web:large", str(here))
    assert here.read_bytes() == content
    assert [one.name for one in tmp_path.iterdir()] == ["large"]


def test_progress_is_seen_in_a_terminal_and_not_in_a_pipe(
    shell: Typist, folder: Path, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "fifo")
    with shell.terminal("files", "put", str(tmp_path / "fifo"), "web:slow.bin") as seen:
        sent = 0
        with open(tmp_path / "fifo", "wb", buffering=0) as fifo:
            bar = [r"web:slow\.bin .* MiB", pexpect.TIMEOUT]
            while seen.expect(bar, timeout=0.05):
                sent += fifo.write(b"x" * 50_000)
        seen.expect_exact(pexpect.EOF)
    assert (folder / "slow.bin").stat().st_size == sent
    (tmp_path / "plain").write_bytes(b"x" * 5_000_000)
    assert shell("files", "put", str(tmp_path / "plain"), "web:").err == ""


def partial(folder: Path) -> int:
    """How many bytes of uploads lie in a folder that are not whole."""
    size = 0
    for part in (folder / ".holdfast" / "uploads").glob("*.part"):
        with suppress(FileNotFoundError):
            size += part.stat().st_size
    return size


@pytest.fixture
def large(tmp_path: Path) -> Path:
    path = tmp_path / "large.bin"
    with open(path, "wb") as file:
        for _ in range(LARGE >> 20):
            file.write(os.urandom(1 << 20))
    return path


@pytest.fixture
def own(house: Holdfast) -> Holdfast:
    """A Holdfast whose daemon may be killed."""
    house.configure(chat=program("echo"), web=sleeper())
    house.start()
    house.until_status("web", 1)
    return house


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    """Let a process stand still."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def kill_the_daemon(house: Holdfast) -> None:
    """Kill the API daemon as a fault would."""
    pid = house.daemon
    assert pid is not None
    processes.kill(pid)


def test_a_put_goes_on_when_the_daemon_was_killed(own: Holdfast, typist: Typist, large: Path) -> None:
    folder = Path(own.path("programs", "web"))
    with typist.terminal("files", "put", str(large), "web:") as seen:
        own.until(lambda: partial(folder), "something has come")
        with stopped(seen.pid):
            kill_the_daemon(own)
        seen.expect_exact(pexpect.EOF)
        seen.wait()
        assert seen.exitstatus == 0, seen.before
    assert (folder / "large.bin").read_bytes() == large.read_bytes()


def test_a_get_goes_on_when_the_daemon_was_killed(own: Holdfast, typist: Typist, large: Path) -> None:
    folder = Path(own.path("programs", "web"))
    large.rename(folder / "large.bin")
    with typist.terminal("files", "get", "web:large.bin", str(large)) as seen:
        own.until(lambda: list(large.parent.glob("*.part")) or large.exists(), "something has come")
        with stopped(seen.pid):
            kill_the_daemon(own)
        seen.expect_exact(pexpect.EOF)
        seen.wait()
        assert seen.exitstatus == 0, seen.before
    assert large.read_bytes() == (folder / "large.bin").read_bytes()


def test_a_put_that_was_interrupted_goes_on_by_the_same_command(
    own: Holdfast, typist: Typist, large: Path
) -> None:
    folder = Path(own.path("programs", "web"))
    with typist.terminal("files", "put", str(large), "web:") as seen:
        own.until(lambda: partial(folder), "something has come")
        with stopped(seen.pid):
            os.kill(seen.pid, signal.SIGINT)
        seen.expect_exact(pexpect.EOF)
        seen.wait()
        assert seen.exitstatus == 130, seen.before
        said = bare(seen.before or "")
    assert "holdfast: stopped at " in said
    assert "of 48.0 MiB of web:large.bin; the same command goes on there" in said
    before = {one.name for one in (folder / ".holdfast" / "uploads").glob("*")}
    typist("files", "put", str(large), "web:")
    assert {one.name for one in (folder / ".holdfast" / "uploads").glob("*.json")} <= before
    assert (folder / "large.bin").read_bytes() == large.read_bytes()


def test_a_pipe_that_is_put_goes_on_when_the_daemon_was_killed(
    own: Holdfast, typist: Typist, tmp_path: Path
) -> None:
    folder = Path(own.path("programs", "web"))
    content = os.urandom(9_000_000)
    os.mkfifo(tmp_path / "fifo")
    with typist.terminal("files", "put", str(tmp_path / "fifo"), "web:piped.bin") as seen:
        with open(tmp_path / "fifo", "wb", buffering=0) as fifo:
            os.set_blocking(fifo.fileno(), True)
            rest = memoryview(content)
            while len(rest) > 4_000_000:
                rest = rest[fifo.write(rest[:100_000]) :]
            own.until(lambda: partial(folder), "something has come")
            kill_the_daemon(own)
            while rest:
                rest = rest[fifo.write(rest[:100_000]) :]
        seen.expect_exact(pexpect.EOF)
        seen.wait()
        assert seen.exitstatus == 0, seen.before
    assert (folder / "piped.bin").read_bytes() == content
