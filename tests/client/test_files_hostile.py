"""`holdfast files` against what answers with nonsense, and files that do not stand still."""

import json
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from client import Client
from client.failures import NotHoldfast

from ..system.house import Holdfast
from .peer import Line, always, answer, playing
from .typed import Typist


def test_a_refusal_does_not_steer_the_terminal(shell: Typist, tmp_path: Path) -> None:
    said = json.dumps({"error": "evil \x1b]0;pwned\x07\nsecond line", "kind": "x"}).encode()
    with playing("tcp", str(tmp_path), None, always(answer(said, status="400 Bad"))) as peer:
        told = shell("files", "cat", "web:f", "--url", peer.target.url, code=1)
    assert told.err == "holdfast: web:f: evil \\x1b]0;pwned\\x07\nsecond line\n"


@pytest.mark.parametrize("size", ["*", "", "-1", "9" * 5000])
def test_a_size_that_is_none_is_a_failure_and_no_fault(tmp_path: Path, size: str) -> None:
    def script(line: Line) -> None:
        while (heard := line.hear()) is not None:
            if heard.line.startswith("HEAD"):
                line.say(b"HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\n")
            else:
                line.say(answer(b"a", f"Content-Range: bytes 0-0/{size}", status="206 Partial Content"))

    with (
        playing("tcp", str(tmp_path), None, script) as peer,
        Client(peer.target) as holdfast,
        pytest.raises(NotHoldfast, match="how large the file is"),
    ):
        holdfast.files.state("web", "f")


def test_who_may_not_read_what_is_replaced_may_not_read_what_comes(running: Holdfast, tmp_path: Path) -> None:
    modes: list[int] = []

    def look(done: int, total: int | None) -> None:
        del done, total
        modes.extend(stat.S_IMODE(one.stat().st_mode) for one in tmp_path.glob("*.part"))

    (tmp_path / "secret").write_text("old")
    (tmp_path / "secret").chmod(0o400)
    with Client(socket=running.path("api.sock")) as holdfast:
        holdfast.files.write("web", "secret", b"new")
        holdfast.files.download("web", "secret", tmp_path / "secret", progress=look)
        holdfast.files.delete("web", "secret", trash=False)
    assert set(modes) == {0o600}
    assert (tmp_path / "secret").read_text() == "new"
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o400


def _grow(path: Path) -> None:
    with open(path, "ab") as file:
        file.write(b"more")


def _touch(path: Path) -> None:
    os.utime(path, (1, 1))


@pytest.mark.parametrize("change", [_grow, _touch])
def test_a_file_that_changes_while_it_is_sent_is_named(
    shell: Typist, tmp_path: Path, change: Callable[[Path], None]
) -> None:
    source = tmp_path / "log"
    source.write_bytes(b"first")

    def script(line: Line) -> None:
        while (heard := line.hear()) is not None:
            if heard.line.startswith("PUT"):
                change(source)
            body = b'{"contents":[]}' if "/files?" in heard.line else b'{"success":true}'
            line.say(answer(body))

    with playing("tcp", str(tmp_path), None, script) as peer:
        told = shell("files", "put", str(source), "web:log", "--json", "--url", peer.target.url, code=1)
    assert told.out == ""
    assert told.err == (
        f"holdfast: {source} changed while it was sent, which may have mixed old and new: send it again\n"
    )


def test_what_says_that_it_is_empty_is_read_all_the_same(shell: Typist, running: Holdfast) -> None:
    shell("files", "put", "/proc/version", "web:version")
    assert shell("files", "cat", "web:version").out == Path("/proc/version").read_text()
    shell("files", "rm", "--no-trash", "web:version")


def test_several_files_do_not_fit_into_one(shell: Typist, running: Holdfast, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_text(name)
    shell("files", "put", str(tmp_path / "a"), "web:one")
    said = shell("files", "put", str(tmp_path / "a"), str(tmp_path / "b"), "web:one", code=6)
    assert said.err == "holdfast: web:one: that is no folder\n"
    shell("files", "rm", "--no-trash", "web:one")
