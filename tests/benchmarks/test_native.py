"""The programs in C: built with all warnings as errors, and right in what they say."""

import json
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from benchmarks.native import SOURCES, Native

pytestmark = pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler here")

NAMES = sorted(name.removesuffix(".c") for name in os.listdir(SOURCES))


@pytest.fixture(scope="module")
def native(tmp_path_factory: pytest.TempPathFactory) -> Native:
    return Native(str(tmp_path_factory.mktemp("native")))


@pytest.mark.parametrize("name", NAMES)
def test_each_program_compiles_without_a_warning(name: str, tmp_path: Path) -> None:
    words = ["cc", "-O2", "-Wall", "-Wextra", "-Werror", "-D_GNU_SOURCE", "-pthread"]
    source = os.path.join(SOURCES, f"{name}.c")
    made = subprocess.run(
        [*words, "-o", str(tmp_path / name), source, "-lm"], capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, made.stderr


def speak(native: Native, folder: Path, *orders: str) -> list[str]:
    given = "".join(f"{order}\n" for order in orders)
    said = subprocess.run(
        [native("speaker")], input=given, cwd=folder, capture_output=True, text=True, check=True, timeout=30
    )
    return said.stdout.splitlines()


def test_the_speaker_prints_so_many_lines_of_a_size_and_tells_how_fast(
    native: Native, tmp_path: Path
) -> None:
    *lines, last = speak(native, tmp_path, "flood 1000 200")
    assert last == "flooded"
    assert [len(line) + 1 for line in lines] == [200] * 1000
    assert int((tmp_path / "speed").read_text()) > 0


def test_the_speaker_answers_in_the_midst_of_a_flood_and_stops_when_it_is_told(
    native: Native, tmp_path: Path
) -> None:
    lines = speak(native, tmp_path, "flood 0 100", "echo ping", "stop", "echo pong")
    assert lines.count("echo ping") == 1
    assert lines[-2:] == ["flooded", "echo pong"]


def test_the_speaker_keeps_its_pace_with_the_time_in_each_line(native: Native, tmp_path: Path) -> None:
    *lines, last = speak(native, tmp_path, "pace 10000 50")
    moments = [int(line.split()[1]) for line in lines]
    assert last == "paced"
    assert [line.split()[2] for line in lines] == [str(number) for number in range(50)]
    assert moments == sorted(moments)
    assert {len(line) + 1 for line in lines} == {200}


def load(native: Native, path: str, status: str) -> dict[str, float]:
    asked = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
    ran = subprocess.run(
        [native("load"), "unix", path, "4", "0.2", status], input=asked, capture_output=True, check=True
    )
    told: dict[str, float] = json.loads(ran.stdout)
    return told


def test_the_load_counts_answers_and_those_of_another_status_as_errors(
    native: Native, tmp_path: Path
) -> None:
    path = str(tmp_path / "a.sock")
    with subprocess.Popen([native("answer"), path], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        assert int(server.stdout.readline()) > 0
        good, bad = load(native, path, "200"), load(native, path, "404")
        server.stdin.close()
    assert good["answers"] > 0
    assert good["errors"] == 0
    assert bad["errors"] == bad["answers"] > 0
    assert 0 < good["p50"] <= good["p90"] <= good["p99"] <= good["worst"] <= good["seconds"] + 1


def test_a_load_that_reaches_nobody_says_so(native: Native, tmp_path: Path) -> None:
    ran = subprocess.run(
        [native("load"), "unix", str(tmp_path / "nobody.sock"), "1", "1", "200"],
        input=b"GET / HTTP/1.1\r\n\r\n",
        capture_output=True,
        check=False,
    )
    assert ran.returncode == 1
    assert b"cannot connect" in ran.stderr


def test_the_viewers_of_a_relay_count_each_line_and_tell_how_old_it_is(
    native: Native, tmp_path: Path
) -> None:
    path, pipe = str(tmp_path / "relay.sock"), subprocess.PIPE
    words = [native("watch"), "unix", path, "3", "0", "text+", "30", "paced"]
    with (
        subprocess.Popen([native("speaker")], cwd=tmp_path, stdin=pipe, stdout=pipe) as speaker,
        subprocess.Popen([native("relay"), path, "3"], stdin=speaker.stdout, stdout=pipe) as relay,
    ):
        assert speaker.stdin is not None
        assert speaker.stdout is not None
        assert relay.stdout is not None
        speaker.stdout.close()
        assert relay.stdout.readline() == b"listening\n"
        with subprocess.Popen(words, stdin=pipe, stdout=pipe) as watch:
            assert watch.stdin is not None
            assert watch.stdout is not None
            watch.stdin.write(b"GET / HTTP/1.1\r\n\r\n")
            watch.stdin.flush()
            assert watch.stdout.readline() == b"ready\n"
            watch.stdin.write(b"now\n")
            watch.stdin.flush()
            assert watch.stdout.readline() == b"counting\n"
            speaker.stdin.write(b"echo seen by all\n")
            speaker.stdin.write(b"flood 1000 200\npace 1000 50\nexit 0\n")
            speaker.stdin.close()
            told = json.loads(watch.stdout.read())
    assert told["least lines"] == told["lines"] >= 1051
    assert told["least bytes"] == told["bytes"] > 200_000
    assert told["total"] == 3 * told["bytes"]
    assert told["timed"] == 150
    assert 0 < told["p50"] <= told["p99"] <= told["worst"] < 30_000


@contextmanager
def serving(native: Native, path: Path, *words: str) -> Iterator[str]:
    """Run a depot; yields its port."""
    command = [native("depot"), str(path / "d.sock"), *words]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        yield str(int(server.stdout.readline()))
        server.stdin.close()


def carried(native: Native, given: bytes, *words: str) -> dict[str, float]:
    ran = subprocess.run(
        [native("courier"), *words], input=given, capture_output=True, check=True, timeout=30
    )
    told: dict[str, float] = json.loads(ran.stdout)
    return told


REQUEST = b"PUT / HTTP/1.1\r\nHost: x\r\n\r\n"


def test_what_is_sent_up_is_there_with_what_stands_around_it(native: Native, tmp_path: Path) -> None:
    data = os.urandom(3_000_000)
    (tmp_path / "from").write_bytes(data)
    source, sink = str(tmp_path / "from"), tmp_path / "to"
    with serving(native, tmp_path, "receive", str(sink), str(len(data) + 6)) as port:
        for where in (["tcp", "127.0.0.1", port], ["unix", str(tmp_path / "d.sock")]):
            sink.unlink(missing_ok=True)
            told = carried(native, REQUEST + b"abcdef", *where, "up", source, str(len(data)), "3")
            assert told["seconds"] > 0
            assert sink.read_bytes() == b"abc" + data + b"def"


@pytest.mark.parametrize("how", ["give", "copy"])
def test_what_is_fetched_is_counted(native: Native, tmp_path: Path, how: str) -> None:
    (tmp_path / "from").write_bytes(bytes(3_000_000))
    with serving(native, tmp_path, how, str(tmp_path / "from")) as port:
        assert carried(native, REQUEST, "tcp", "127.0.0.1", port, "down")["bytes"] == 3_000_000


def test_an_answer_that_refuses_is_an_error(native: Native, tmp_path: Path) -> None:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        one.listen()
        words = ["tcp", "127.0.0.1", str(one.getsockname()[1]), "down"]
        with subprocess.Popen(
            [native("courier"), *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as client:
            assert client.stdin is not None
            client.stdin.write(REQUEST)
            client.stdin.close()
            with one.accept()[0] as peer:
                peer.recv(1000)
                peer.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
                assert client.wait(10) == 1
