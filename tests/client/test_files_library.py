"""The files of the client library: sync and async, and against a server that lies."""

import gc
import hashlib
import json
import os
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from client import AsyncClient, Client
from client.failures import CannotConnect, Failure, NotHoldfast
from client.jobs import JobFailed
from client.localfiles import CannotRead, CannotWrite
from client.quick import Quick
from client.refusals import FileExists, Modified, NoSuchFile
from client.target import Target

from ..system import processes
from ..system.house import Holdfast, program, sleeper
from .typed import Typist

SIZE = 24 << 20


@pytest.fixture(params=["httpx", "quick"])
def holdfast(running: Holdfast, request: pytest.FixtureRequest) -> Iterator[Client]:
    """A client, by both ways."""
    target = Target(socket=running.path("api.sock"))
    with Client(target, way=Quick(target, 60) if request.param == "quick" else None) as client:
        yield client


@pytest.fixture
def large(tmp_path: Path) -> Path:
    path = tmp_path / "large.bin"
    path.write_bytes(os.urandom(1 << 20) * (SIZE >> 20))
    return path


def digest(path: Path | str) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def test_a_file_is_written_only_if_it_is_what_one_has_read(holdfast: Client) -> None:
    files = holdfast.files
    first = files.write("web", "motd.txt", b"first")
    second = files.write("web", "motd.txt", b"second", if_match=first)
    with pytest.raises(Modified):
        files.write("web", "motd.txt", b"third", if_match=first)
    with pytest.raises(Modified):
        files.write("web", "motd.txt", b"third", new=True)
    content = files.read("web", "motd.txt")
    assert (content.data, content.etag) == (b"second", second)
    assert files.state("web", "motd.txt").size == 6
    with pytest.raises(NoSuchFile):
        files.state("web", "none.txt")
    files.delete("web", "motd.txt", trash=False)


@pytest.mark.parametrize("checked", [False, True])
def test_what_is_sent_is_what_comes_back(
    holdfast: Client, large: Path, tmp_path: Path, checked: bool
) -> None:
    told: list[tuple[int, int | None]] = []
    holdfast.files.upload("web", "large.bin", large, progress=lambda *one: told.append(one), checked=checked)
    assert told[-1] == (SIZE, SIZE)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    told.clear()
    state = holdfast.files.download(
        "web", "large.bin", tmp_path / "back", progress=lambda *one: told.append(one)
    )
    assert (state.size, told[-1]) == (SIZE, (SIZE, SIZE))
    assert digest(tmp_path / "back") == digest(large)
    with holdfast.files.pieces("web", "large.bin", state) as pieces:
        assert hashlib.sha256(b"".join(pieces)).hexdigest() == digest(large)


def test_an_empty_file_is_a_file(holdfast: Client, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    holdfast.files.upload("web", "empty", tmp_path / "empty")
    holdfast.files.upload("web", "empty too", iter([b""]))
    for name in ("empty", "empty too"):
        assert holdfast.files.download("web", name, tmp_path / "back").size == 0
        assert (tmp_path / "back").read_bytes() == b""


def test_several_operations_happen_all_or_none(holdfast: Client) -> None:
    files = holdfast.files
    files.write("web", "one.txt", b"1")
    orders = [
        {"operation": "mv", "src": "one.txt", "dest": "two.txt"},
        {"operation": "cp", "src": "none.txt", "dest": "three.txt"},
    ]
    with pytest.raises(JobFailed):
        files.bulk("web", orders)
    assert files.get("web", "one.txt").size == 1
    files.bulk("web", orders[:1])
    with pytest.raises(NoSuchFile):
        files.get("web", "one.txt")
    files.write("web", "one.txt", b"1")
    with pytest.raises(FileExists):
        files.move("web", "one.txt", "two.txt")
    for name in ("one.txt", "two.txt"):
        files.delete("web", name, trash=False)


def test_a_source_that_fails_leaves_no_half_of_a_file(holdfast: Client, running: Holdfast) -> None:
    def failing() -> Iterator[bytes]:
        yield b"x" * 6_000_000
        raise ValueError("no more")

    with pytest.raises(CannotRead, match="no more"):
        holdfast.files.upload("web", "half.bin", failing())
    folder = Path(running.path("programs", "web"))
    assert not (folder / "half.bin").exists()
    assert list((folder / ".holdfast" / "uploads").glob("*.part")) == []


async def test_the_same_is_there_for_those_who_await(running: Holdfast, large: Path, tmp_path: Path) -> None:
    async with AsyncClient(socket=running.path("api.sock")) as holdfast:
        await holdfast.files.upload("web", "async.bin", large)
        await holdfast.files.download("web", "async.bin", tmp_path / "back")
        assert digest(tmp_path / "back") == digest(large)
        job = await holdfast.archives.pack("web", "async.zip", ["async.bin"])
        async with holdfast.jobs.follow(job.id) as changes:
            states = [one.state async for one in changes]
        assert states[-1] == "done"
        async with holdfast.files.search("web", "async.*") as found:
            assert {one.path async for one in found if not one.done} == {"/async.bin", "/async.zip"}
        await holdfast.files.delete("web", "async.zip", trash=False)


@pytest.fixture
def own(house: Holdfast) -> Holdfast:
    """A Holdfast whose daemon may be killed."""
    house.configure(chat=program("echo"), web=sleeper())
    house.start()
    house.until_status("web", 1)
    return house


@contextmanager
def forgetful_of_sockets() -> Iterator[None]:
    """Bear with httpcore, which forgets to close a Unix socket at which nobody listens any more."""
    with warnings.catch_warnings(action="ignore", category=ResourceWarning):
        yield
        gc.collect()


class Killer:
    """Kills the daemon when so much is done, once."""

    def __init__(self, house: Holdfast, at: int) -> None:
        self._house = house
        self._at = at
        self.done = 0

    def __call__(self, done: int, total: int | None) -> None:
        del total
        self.done = done
        if self._at and done >= self._at:
            self._at = 0
            pid = self._house.daemon
            assert pid is not None
            processes.kill(pid)


@pytest.mark.parametrize("way", ["httpx", "quick"])
def test_transfers_go_on_where_they_were_when_the_daemon_is_killed(
    own: Holdfast, large: Path, tmp_path: Path, way: str
) -> None:
    target = Target(socket=own.path("api.sock"))
    with (
        forgetful_of_sockets(),
        Client(target, way=Quick(target, 60) if way == "quick" else None) as holdfast,
    ):
        holdfast.files.upload("web", "large.bin", large, progress=Killer(own, SIZE // 2))
        assert digest(own.path("programs", "web", "large.bin")) == digest(large)
        own.until_it_answers()
        holdfast.files.download("web", "large.bin", tmp_path / "back", progress=Killer(own, SIZE // 2))
        assert digest(tmp_path / "back") == digest(large)


async def test_they_do_so_for_those_who_await(own: Holdfast, large: Path, tmp_path: Path) -> None:
    with forgetful_of_sockets():
        async with AsyncClient(socket=own.path("api.sock")) as holdfast:
            await holdfast.files.upload("web", "large.bin", large, progress=Killer(own, SIZE // 2))
            assert digest(own.path("programs", "web", "large.bin")) == digest(large)
            await holdfast.files.download(
                "web", "large.bin", tmp_path / "back", progress=Killer(own, SIZE // 2)
            )
            assert digest(tmp_path / "back") == digest(large)


def test_an_upload_that_was_given_up_goes_on_by_what_is_remembered(own: Holdfast, large: Path) -> None:
    memory: dict[str, str] = {}
    seen: list[int] = []

    def stop(done: int, total: int | None) -> None:
        del total
        if done > SIZE // 2:
            raise KeyboardInterrupt

    target = Target(socket=own.path("api.sock"))
    with Client(target, way=Quick(target, 60)) as holdfast:
        with pytest.raises(KeyboardInterrupt):
            holdfast.files.upload("web", "large.bin", large, progress=stop, memory=memory)
        (upload,) = memory.values()
        assert len(upload) == 32
    with Client(target, way=Quick(target, 60)) as holdfast:
        holdfast.files.upload(
            "web", "large.bin", large, progress=lambda done, _: seen.append(done), memory=memory
        )
    assert seen[0] > SIZE // 4
    assert memory == {}
    assert digest(own.path("programs", "web", "large.bin")) == digest(large)


def test_who_was_never_there_is_not_waited_for(tmp_path: Path, large: Path) -> None:
    target = Target(socket=str(tmp_path / "none.sock"))
    with Client(target, way=Quick(target, 60)) as nobody:
        for attempt in (
            lambda: nobody.files.upload("web", "x", large),
            lambda: nobody.files.download("web", "x", tmp_path / "x"),
        ):
            with pytest.raises(CannotConnect):
                attempt()
    assert not (tmp_path / "x").exists()


class Liar(BaseHTTPRequestHandler):
    """A server that says of its files what it likes."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or a body waits until its head was acknowledged
    names: tuple[str, ...] = ()
    ranges = True
    endless = False
    content = b"0123456789"

    def do_GET(self) -> None:
        path = parse_qs(urlsplit(self.path).query).get("path", [""])[0]
        if urlsplit(self.path).path.endswith("/files"):
            files = [{"name": name, "size": 10, "folder": name.endswith("!")} for name in self.names]
            listed = {"": [{"name": "x", "folder": True}], "x": files}.get(path, files * self.endless)
            self._answer(200, json.dumps({"contents": listed}).encode(), "application/json")
            return
        begin = int((self.headers.get("Range") or "bytes=0-")[6:].split("-")[0]) if self.ranges else 0
        self._answer(206 if begin else 200, self.content[begin:], "text/plain")

    do_HEAD = do_GET  # noqa: N815

    def _answer(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Type", kind)
        self.send_header("ETag", '"same"')
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


@contextmanager
def lying(names: tuple[str, ...] = (), *, ranges: bool = True, endless: bool = False) -> Iterator[str]:
    """Serve lies; yield the address."""
    kind = type("This", (Liar,), {"names": names, "ranges": ranges, "endless": endless})
    with ThreadingHTTPServer(("127.0.0.1", 0), kind) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_no_name_of_a_server_leads_out_of_the_folder(shell: Typist, tmp_path: Path) -> None:
    names = ("../evil", "/tmp/evil", "..", ".", "", "a/b", "nul\0", "good")
    (tmp_path / "inside").mkdir()
    with lying(names) as url:
        said = shell("files", "get", "web:x", str(tmp_path / "inside"), "--url", url, code=1)
    assert len(said.err.splitlines()) == 7
    assert "holdfast: web:x: '../evil' is no name that a file here can have; left out" in said.err
    assert [str(one.relative_to(tmp_path)) for one in sorted(tmp_path.rglob("*"))] == [
        "inside",
        "inside/x",
        "inside/x/good",
    ]


def test_folders_without_an_end_are_left_at_some_depth(shell: Typist, tmp_path: Path) -> None:
    with lying(("d!",), endless=True) as url:
        said = shell("files", "get", "web:x", str(tmp_path), "--url", url, code=1)
        assert said.err.endswith("folders deep, which is too deep\n")
        assert len(said.err.splitlines()) == 1
        shell("files", "ls", "-R", "web:x", "--url", url, code=1)


def test_a_link_here_is_not_gone_through(shell: Typist, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "deep!").symlink_to(tmp_path / "outside")
    with lying(("deep!", "good")) as url:
        said = shell("files", "get", "web:x", str(tmp_path), "--url", url, code=6)
    assert said.err == f"holdfast: {tmp_path}/x/deep! is a link here, and not gone through; left out\n"
    assert (tmp_path / "x" / "good").read_bytes() == Liar.content
    assert list((tmp_path / "outside").iterdir()) == []


def test_who_does_not_know_of_ranges_spoils_no_file(tmp_path: Path) -> None:
    with lying(ranges=False) as url, Client(url=url) as holdfast:

        def stop(done: int, total: int | None) -> None:
            del total
            if done:
                raise ValueError("enough")

        with pytest.raises(ValueError, match="enough"):
            holdfast.files.download("web", "x", tmp_path / "x", progress=stop)
        (part,) = tmp_path.iterdir()
        os.truncate(part, 4)
        with pytest.raises(NotHoldfast, match="ranges"):
            holdfast.files.download("web", "x", tmp_path / "x")
        assert list(tmp_path.iterdir()) == []
        holdfast.files.download("web", "x", tmp_path / "x")
        assert (tmp_path / "x").read_bytes() == Liar.content


def test_two_downloads_of_one_file_do_not_mix(tmp_path: Path) -> None:
    with lying() as url, Client(url=url) as holdfast:

        def second(done: int, total: int | None) -> None:
            del total
            if done:
                with pytest.raises(CannotWrite, match="another command"):
                    holdfast.files.download("web", "x", tmp_path / "x")

        holdfast.files.download("web", "x", tmp_path / "x", progress=second)
    assert (tmp_path / "x").read_bytes() == Liar.content


def test_a_liar_is_a_failure_and_no_fault(tmp_path: Path) -> None:
    with lying(("x",)) as url, Client(url=url) as holdfast:
        with pytest.raises(Failure):
            holdfast.files.measure("web")
        with pytest.raises(Failure):
            holdfast.archives.pack("web", "a.zip", ["x"])
    assert list(tmp_path.iterdir()) == []
