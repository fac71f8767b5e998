"""What lies in memory files when their writer is killed: the truth, at every moment."""

import contextlib
import json
import os
import resource
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supervisor import estate, scrollback
from supervisor.console import Console
from supervisor.estate import RecordFile
from supervisor.record import Record
from supervisor.scrollback import NotOurs, Scrollback

PIECES = st.lists(st.binary(min_size=1, max_size=12), min_size=1, max_size=30)


class KilledError(Exception):
    """The writer is no more."""


@contextlib.contextmanager
def small_blocks() -> Iterator[None]:
    """Blocks of eight bytes: their edges are where faults would be."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scrollback, "BLOCK", 8)
        yield


def successor(ring: Scrollback) -> Scrollback:
    """What the next program finds."""
    return Scrollback.of(os.dup(ring.fd))


@settings(deadline=None)
@given(PIECES, st.binary(min_size=1, max_size=12), st.sampled_from([0, 1, 7, 20]))
def test_a_feed_that_was_cut_short_spoils_nothing(pieces: list[bytes], last: bytes, limit: int) -> None:
    def cut(size: int) -> None:
        raise KilledError

    with small_blocks():
        ring = Scrollback(limit)
        for piece in pieces:
            ring.feed(piece)
        everything = b"".join(pieces)
        ring._count = cut  # type: ignore[method-assign]
        with pytest.raises(KilledError):
            ring.feed(last)
        found = successor(ring)
        assert found.end == len(everything)
        assert found.everything() == everything[found.begin :]
        assert found.stream == ring.stream


@settings(deadline=None)
@given(PIECES, st.sampled_from([0, 7, 20]), st.sampled_from([0, 7, 20]))
def test_a_ring_that_was_left_behind_is_of_another_stream(pieces: list[bytes], one: int, other: int) -> None:
    """The store may still have that one: its next bytes would have offsets that were given already."""
    with small_blocks():
        left = Scrollback(one)
        for piece in pieces:
            left.feed(piece)
        name = left.stream
        ring = left.resized(other)
        ring.feed(b"more")
        found = successor(left)
        assert found.stream == left.stream != name == ring.stream == successor(ring).stream
        assert found.everything() == b"".join(pieces)[found.begin :]


@settings(deadline=None)
@given(PIECES, st.sampled_from([0, 1, 7, 20]), st.booleans())
def test_what_is_read_from_a_pipe_is_what_was_written(pieces: list[bytes], limit: int, killed: bool) -> None:
    """Also where the reader is killed when the kernel has written, and the end is not noted yet."""
    with small_blocks():
        ring = Scrollback(limit)
        reading, writing = os.pipe2(os.O_NONBLOCK)
        everything = b""
        try:
            for piece in pieces:
                os.write(writing, piece)
                everything += piece
                while ring.end < len(everything):
                    assert ring.read_from(reading) > 0
                assert ring.everything() == everything[ring.begin :]
                assert ring.end - ring.begin >= min(limit, len(everything))
            with pytest.raises(BlockingIOError):
                ring.read_from(reading)
            assert ring.everything() == everything[ring.begin :], "a read of nothing spoils nothing"
            if killed:
                os.write(writing, b"last words")
                _cut_read(ring, reading)
                found = successor(ring)
                assert found.end == len(everything)
                assert found.everything() == everything[found.begin :]
        finally:
            os.close(reading)
            os.close(writing)


def _cut_read(ring: Scrollback, fd: int) -> None:
    # What comes behind the read is left out: the file is as it is at that moment.
    ring._set_begin = _only_forward(ring, ring._set_begin)  # type: ignore[method-assign, assignment]
    ring._count = lambda size: None  # type: ignore[method-assign]
    ring.read_from(fd)


def _only_forward(ring: Scrollback, set_begin: Callable[[int], None]) -> Callable[[int], None]:
    def forward(begin: int) -> None:
        if begin > ring._begin:
            set_begin(begin)

    return forward


def test_a_file_that_holds_something_else_is_refused() -> None:
    for content in (b"", b"x", b"HOLDFAST" + bytes(24), b"HOLDFAST" + b"\xff" * 56, bytes(200)):
        fd = os.memfd_create("test")
        try:
            os.write(fd, content)
            with pytest.raises(NotOurs):
                Scrollback.of(fd)
        finally:
            os.close(fd)


@given(st.lists(st.text(max_size=40), min_size=1, max_size=8), st.integers(0, 1))
def test_of_a_record_the_latest_whole_one_is_found(texts: list[str], written: int) -> None:
    """Killed before the text is written, or after it and before the head."""
    file = RecordFile(1)
    try:
        for text in texts:
            file.write({"text": text})
        assert RecordFile(1, file.fd).read() == {"text": texts[-1]}
        with pytest.MonkeyPatch.context() as patch:
            write, calls = estate._write, 0

            def cut(fd: int, data: bytes, place: int) -> None:
                nonlocal calls
                if calls == written:
                    raise KilledError
                calls += 1
                write(fd, data, place)

            patch.setattr(estate, "_write", cut)
            with pytest.raises(KilledError):
                file.write({"text": "later" * 10})
        assert RecordFile(1, file.fd).read() == {"text": texts[-1]}
        file.write({"text": "again"})
        assert file.read() == {"text": "again"}
        assert os.fstat(file.fd).st_size < 1000, "it does not grow"
    finally:
        file.close()


@pytest.mark.parametrize("damage", [b"", b"\0" * 8, b"HOLDREC1" + b"\xff" * 24, b"garbage " * 8])
def test_a_record_that_is_none_is_refused(damage: bytes) -> None:
    file = RecordFile(1)
    try:
        if damage:
            file.write({"a": 1})
            os.pwrite(file.fd, damage, 0)
        with pytest.raises(ValueError, match="record"):
            file.read()
    finally:
        file.close()


def test_without_descriptors_it_works_all_the_same_and_is_carried_as_data() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))  # all that are open stay open
    try:
        console = Console(100)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    console.feed(b"hello\n")
    assert console.scrollback.fd == -1
    console.feed(b"x" * 1_000_000)
    frozen = json.loads(json.dumps(console.freeze()))
    other = Console.thaw(Record(frozen), lambda: pytest.fail("there is no memory file"))
    assert other.scrollback.fd >= 0
    assert other.scrollback.stream == console.scrollback.stream
    assert other.scrollback.end == 1_000_006
    assert other.scrollback.everything()[-100:] == b"x" * 100


def test_nor_is_a_limit_on_files_a_limit_for_it() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        ring = Scrollback(100)
        ring.feed(b"hello\n")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert ring.everything() == b"hello\n"
