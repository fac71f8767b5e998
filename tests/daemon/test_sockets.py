"""Addresses that can be listened on: what stands in the way, and what is never removed for it."""

import errno
import os
import socket
import stat
from pathlib import Path

import pytest

from daemon import sockets
from daemon.sockets import CannotListen, TcpAddress, UnixAddress, bind_tcp, bind_unix

LOOPBACK = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 0))


def closed(*made: socket.socket) -> list[tuple[str, int]]:
    """Close sockets; return the names that they had."""
    names = [one.getsockname()[:2] for one in made]
    for one in made:
        one.close()
    return names


@pytest.fixture
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("s") / "api.sock"


def test_a_dead_socket_is_replaced(path: Path) -> None:
    closed(bind_unix(UnixAddress(str(path))))
    assert path.exists()
    with bind_unix(UnixAddress(str(path))), socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))


def test_a_live_socket_is_left_alone(path: Path) -> None:
    with bind_unix(UnixAddress(str(path))) as alive:
        inode = path.stat().st_ino
        with pytest.raises(CannotListen, match="another program listens there"):
            bind_unix(UnixAddress(str(path)))
        assert path.stat().st_ino == inode
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))
            alive.accept()[0].close()


def test_a_socket_whose_queue_is_full_is_alive(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as busy, socket.socket(socket.AF_UNIX) as one:
        busy.bind(str(path))
        busy.listen(0)
        one.connect(str(path))
        with pytest.raises(CannotListen):
            bind_unix(UnixAddress(str(path)))
        assert path.is_socket()


@pytest.mark.parametrize("kind", ["file", "folder", "fifo", "link to a file", "dangling link"])
def test_what_is_no_socket_is_never_removed(path: Path, kind: str) -> None:
    target = path.with_name("target")
    match kind:
        case "file":
            path.write_text("precious")
        case "folder":
            path.mkdir()
        case "fifo":
            os.mkfifo(path)
        case "link to a file":
            target.write_text("precious")
            path.symlink_to(target)
        case _:
            path.symlink_to(target)
    before = path.lstat()
    with pytest.raises(CannotListen, match=f"unix:{path}: something that is not a socket stands there"):
        bind_unix(UnixAddress(str(path)))
    assert path.lstat().st_ino == before.st_ino
    if kind == "file":
        assert path.read_text() == "precious"


@pytest.mark.usefixtures("no_umask")
def test_only_we_and_our_group_may_connect(path: Path) -> None:
    with bind_unix(UnixAddress(str(path))):
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
        assert path.stat().st_gid == os.getegid()
    assert os.umask(0) == 0


def test_a_umask_that_closes_all_does_not_shut_our_group_out(path: Path) -> None:
    old = os.umask(0o777)
    try:
        with bind_unix(UnixAddress(str(path))):
            assert stat.S_IMODE(path.stat().st_mode) == 0o660
        assert os.umask(0o777) == 0o777
    finally:
        os.umask(old)


def test_a_group_that_does_not_exist_leaves_nothing_behind(path: Path) -> None:
    with pytest.raises(CannotListen, match="there is no group no-such-group"):
        bind_unix(UnixAddress(str(path), "no-such-group"))
    assert not path.exists()


def test_a_path_that_cannot_be_is_told(path: Path) -> None:
    for impossible in (path / "x" / "y", Path("/" + "x" * 200), path.parent / "\0"):
        with pytest.raises((CannotListen, ValueError)):
            bind_unix(UnixAddress(str(impossible)))
    path.write_text("a file")
    with pytest.raises(CannotListen, match="Not a directory"):
        bind_unix(UnixAddress(str(path / "x")))


@pytest.mark.parametrize("length", [107, 108, 200])
def test_a_path_may_be_longer_than_a_socket_address(path: Path, length: int) -> None:
    folder = path.parent / ("y" * (length - len(str(path)) - 1))
    folder.mkdir()
    long = str(folder / path.name)
    assert len(long) == length
    closed(bind_unix(UnixAddress(long)))
    assert os.stat(long).st_mode & 0o777 == 0o660
    closed(bind_unix(UnixAddress(long)))
    with bind_unix(UnixAddress(long)), pytest.raises(CannotListen, match="another program"):
        bind_unix(UnixAddress(long))


def test_no_host_means_every_address() -> None:
    (one,) = bind_tcp(TcpAddress(None, 0))
    with one:
        port = one.getsockname()[1]
        for host in ("127.0.0.1", "::1") if one.family == socket.AF_INET6 else ("127.0.0.1",):
            socket.create_connection((host, port)).close()


def test_no_host_means_ipv4_where_there_is_no_ipv6(monkeypatch: pytest.MonkeyPatch) -> None:
    real = socket.socket

    def make(family: int, kind: int) -> socket.socket:
        if family == socket.AF_INET6:
            raise OSError(errno.EAFNOSUPPORT, "Address family not supported")
        return real(family, kind)

    monkeypatch.setattr(socket, "socket", make)
    (one,) = bind_tcp(TcpAddress(None, 0))
    monkeypatch.undo()
    assert one.family == socket.AF_INET
    closed(one)


def test_a_host_with_two_addresses_is_served_on_both() -> None:
    (probe,) = bind_tcp(TcpAddress("127.0.0.1", 0))
    ((_, port),) = closed(probe)
    names = closed(*bind_tcp(TcpAddress("localhost", port)))
    assert ("127.0.0.1", port) in names
    assert all(name[1] == port for name in names)


def test_an_address_that_this_machine_lacks_does_not_spoil_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    absent = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.1", 0))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [absent, LOOPBACK])
    ((host, _),) = closed(*bind_tcp(TcpAddress("localhost", 0)))
    assert host == "127.0.0.1"
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [absent])
    with pytest.raises(CannotListen, match="http://localhost:0: Cannot assign requested address"):
        bind_tcp(TcpAddress("localhost", 0))


def test_a_host_that_does_not_exist_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(CannotListen, match="http://nowhere:1: Name or service not known"):
        bind_tcp(TcpAddress("nowhere", 1))


def test_a_host_that_no_name_server_could_be_asked_for_is_told() -> None:
    with pytest.raises(CannotListen, match="cannot listen on http://ßß"):
        bind_tcp(TcpAddress("ß" * 63, 0))


def test_a_port_that_another_has_is_not_shared() -> None:
    (one,) = bind_tcp(TcpAddress("127.0.0.1", 0))
    with one:
        address = TcpAddress("127.0.0.1", one.getsockname()[1])
        with pytest.raises(CannotListen, match="Address already in use"):
            bind_tcp(address)
        with pytest.raises(CannotListen, match="Address already in use"):
            bind_tcp(TcpAddress(None, address.port))
        closed(*bind_tcp(TcpAddress(None, address.port), beside=[one]))
        assert one.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT) == 0


def test_a_failure_of_the_second_address_closes_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    (taken,) = bind_tcp(TcpAddress("127.0.0.2", 0))
    with taken:
        port = taken.getsockname()[1]
        both = [(*LOOPBACK[:4], (host, port)) for host in ("127.0.0.1", "127.0.0.2")]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: both)
        before = len(os.listdir("/proc/self/fd"))
        with pytest.raises(CannotListen):
            bind_tcp(TcpAddress("localhost", port))
        assert len(os.listdir("/proc/self/fd")) == before


def test_addresses_are_written_as_people_write_them() -> None:
    assert [
        str(address)
        for address in (
            TcpAddress(None, 1),
            TcpAddress("::1", 2, tls=True),
            UnixAddress("/a b", "group"),
        )
    ] == ["http://*:1", "https://[::1]:2", "unix:/a b"]
    assert sockets.BACKLOG >= 1024


def test_an_answer_in_two_parts_is_not_held_back() -> None:
    (listener,) = bind_tcp(TcpAddress("127.0.0.1", 0))
    with listener, socket.create_connection(listener.getsockname()):
        one, _ = listener.accept()
        with one:
            assert one.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
