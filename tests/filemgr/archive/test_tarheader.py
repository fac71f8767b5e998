"""Plain tar headers: what we write and read ourselves is what `tarfile` writes and reads."""

import tarfile
from typing import Literal, TypeAlias

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from filemgr.archive.tarheader import Plain, plain, written

Form: TypeAlias = Literal[0, 1, 2]

KINDS = (tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE)
FORMS: tuple[Form, ...] = (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT)
NAMES = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=120)
ASCII = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=110)
NUMBERS = st.integers(0, 1 << 36)


def by_tarfile(name: str, mode: int, size: int, mtime: int, kind: bytes, target: str) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.mode, info.size, info.mtime, info.type, info.linkname = mode, size, mtime, kind, target
    return info


def header(info: tarfile.TarInfo, form: Form = tarfile.PAX_FORMAT) -> bytes:
    return info.tobuf(form, "utf-8", "surrogateescape")


@given(
    NAMES | ASCII, st.integers(0, 0o7777), NUMBERS, st.integers(-5, 1 << 35), st.sampled_from(KINDS), ASCII
)
@example("a" * 99, 0o644, 0, 0, tarfile.DIRTYPE, "t")
@example("a" * 100, 0o644, 0, 0, tarfile.REGTYPE, "t" * 100)
def test_what_is_written_is_what_tarfile_writes(
    name: str, mode: int, size: int, mtime: int, kind: bytes, target: str
) -> None:
    size = size if kind == tarfile.REGTYPE else 0
    target = target if kind == tarfile.SYMTYPE else ""
    ours = written(name, mode, size, mtime, kind, target)
    assert ours is None or ours == header(by_tarfile(name, mode, size, mtime, kind, target))


@given(
    NAMES | ASCII,
    st.integers(0, 0o7777),
    NUMBERS,
    st.integers(0, 1 << 34),
    st.sampled_from(KINDS),
    st.sampled_from(FORMS),
    st.lists(st.tuples(st.integers(0, 511), st.integers(0, 255)), max_size=2),
)
@example("f", 0o644, 5, 5, tarfile.REGTYPE, tarfile.GNU_FORMAT, [(345, 65)])
@example("owner", 0o644, 0, 0, tarfile.REGTYPE, tarfile.USTAR_FORMAT, [(108, 129)])
@example("group", 0o644, 0, 0, tarfile.REGTYPE, tarfile.USTAR_FORMAT, [(116, 1)])
@example("device", 0o644, 0, 0, tarfile.REGTYPE, tarfile.USTAR_FORMAT, [(330, 65)])
@example("device", 0o644, 0, 0, tarfile.REGTYPE, tarfile.PAX_FORMAT, [(340, 65)])
def test_what_is_read_is_what_tarfile_reads(
    name: str, mode: int, size: int, mtime: int, kind: bytes, form: Form, flips: list[tuple[int, int]]
) -> None:
    """Also of a header that was made by others, and of one with bytes that are wrong."""
    try:
        block = bytearray(header(by_tarfile(name, mode, size, mtime, kind, "t"), form)[-512:])
    except ValueError:
        return  # a name that this form has no room for
    for place, value in flips:
        block[place] = value
    if flips:  # a checksum that fits all the same
        block[148:156] = b"%06o\0 " % (sum(block) - sum(block[148:156]) + 256)
    ours = plain(bytes(block))
    if ours is None:
        return
    theirs = tarfile.TarInfo.frombuf(bytes(block), "utf-8", "surrogateescape")
    assert ours.name.rstrip("/") == theirs.name.rstrip("/")
    assert (ours.mode, ours.mtime) == (theirs.mode, theirs.mtime)
    assert ours.is_folder is theirs.isdir()
    assert ours.is_folder or (theirs.isreg() and ours.size == theirs.size)


@pytest.mark.parametrize("form", FORMS)
def test_files_and_folders_as_programs_write_them_are_plain(form: Form) -> None:
    file = by_tarfile("folder/file", 0o640, 7, 1_700_000_000, tarfile.REGTYPE, "")
    assert plain(header(file, form)) == Plain("folder/file", 0o640, 7, 1_700_000_000, is_folder=False)
    folder = by_tarfile("folder", 0o750, 0, 1_700_000_000, tarfile.DIRTYPE, "")
    assert plain(header(folder, form)) == Plain("folder/", 0o750, 0, 1_700_000_000, is_folder=True)


@pytest.mark.parametrize("place", [0, 101, 109, 117, 124, 148, 156, 257, 330, 338, 345])
def test_a_header_with_a_wrong_byte_is_not_plain(place: int) -> None:
    block = bytearray(header(by_tarfile("file", 0o640, 7, 0, tarfile.REGTYPE, "")))
    block[place] ^= 0xFF
    assert plain(bytes(block)) is None
