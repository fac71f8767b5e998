"""Uploads that may be interrupted."""

import errno
import hashlib
import json
import os
import shutil
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from filemgr import (
    Busy,
    Checksum,
    Continued,
    Denied,
    InvalidPath,
    Mismatch,
    NoSpace,
    NoSuchFile,
    NotAFile,
    RelPath,
    Root,
    TooLarge,
    create_upload,
    expire_uploads,
    find_upload,
    remove_upload,
)

from ..fulldisk import full_disk

LIMIT = 1 << 20


def begin(folder: Path, where: str = "x", length: int | None = 10, metadata: str = "") -> str:
    with Root(str(folder)) as root:
        return create_upload(root, RelPath.parse(where), length, metadata)


def add(folder: Path, upload: str, data: bytes, checksum: Checksum | None = None) -> int:
    with Root(str(folder)) as root, Continued(root, upload) as continued:
        continued.begin(len(data), LIMIT, checksum)
        continued.write(data)
        continued.end()
        if continued.is_whole:
            continued.publish()
        return continued.offset


def offset(folder: Path, upload: str) -> int:
    with Root(str(folder)) as root:
        return find_upload(root, upload).offset


def kept(folder: Path, upload: str, suffix: str) -> Path:
    return folder / ".holdfast" / "uploads" / f"{upload}.{suffix}"


def names(folder: Path) -> list[str]:
    return sorted(str(one.relative_to(folder)) for one in folder.rglob("*"))


def test_an_upload_goes_on_where_it_was_and_becomes_a_file(tmp_path: Path) -> None:
    upload = begin(tmp_path, "x", 10, "filename eA==")
    assert add(tmp_path, upload, b"01234") == 5
    with Root(str(tmp_path)) as root:
        found = find_upload(root, upload)
    assert (found.offset, found.length, found.metadata, found.done) == (5, 10, "filename eA==", False)
    assert not (tmp_path / "x").exists()
    assert add(tmp_path, upload, b"56789") == 10
    assert (tmp_path / "x").read_bytes() == b"0123456789"


def test_one_that_is_done_can_still_be_asked_for(tmp_path: Path) -> None:
    upload = begin(tmp_path)
    add(tmp_path, upload, b"0123456789")
    with Root(str(tmp_path)) as root:
        found = find_upload(root, upload)
        assert (found.done, found.offset, found.length) == (True, 10, 10)
        with pytest.raises(NoSuchFile):
            Continued(root, upload)
        remove_upload(root, upload)
        with pytest.raises(NoSuchFile):
            find_upload(root, upload)
    assert names(tmp_path) == ["x"]


def test_an_upload_replaces_a_file_as_any_upload_does(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("old")
    (tmp_path / "x").chmod(0o640)
    (tmp_path / "link").symlink_to("x")
    upload = begin(tmp_path, "link", 3)
    add(tmp_path, upload, b"new")
    assert (tmp_path / "link").is_symlink()
    assert ((tmp_path / "x").read_text(), (tmp_path / "x").stat().st_mode & 0o777) == ("new", 0o640)


def test_the_length_can_be_said_later_and_once(tmp_path: Path) -> None:
    upload = begin(tmp_path, length=None)
    add(tmp_path, upload, b"01234")
    with Root(str(tmp_path)) as root, Continued(root, upload) as continued:
        with pytest.raises(TooLarge):
            continued.set_length(4)
        continued.set_length(5)
    add(tmp_path, upload, b"")
    assert (tmp_path / "x").read_bytes() == b"01234"


def test_two_cannot_add_to_one_upload(tmp_path: Path) -> None:
    upload = begin(tmp_path)
    with Root(str(tmp_path)) as root, Continued(root, upload):
        with pytest.raises(Busy):
            Continued(root, upload)
        with pytest.raises(Busy):
            remove_upload(root, upload)
        assert expire_uploads(root, before=1e12) == 0
    add(tmp_path, upload, b"0123456789")


def test_more_than_was_said_or_is_allowed_is_refused(tmp_path: Path) -> None:
    upload = begin(tmp_path)
    with Root(str(tmp_path)) as root, Continued(root, upload) as continued:
        for size, limit in ((11, LIMIT), (5, 4)):
            with pytest.raises(TooLarge):
                continued.begin(size, limit, None)
        continued.begin(None, LIMIT, None)
        with pytest.raises(TooLarge):
            continued.write(b"0123456789!")
    assert offset(tmp_path, upload) == 0
    with pytest.raises(NoSpace):
        begin(tmp_path, length=1 << 61)


@pytest.mark.parametrize(
    ("algorithm", "digest"),
    [
        ("sha1", lambda data: hashlib.sha1(data).digest()),
        ("sha256", lambda data: hashlib.sha256(data).digest()),
        ("md5", lambda data: hashlib.md5(data).digest()),
        ("crc32", lambda data: zlib.crc32(data).to_bytes(4, "big")),
    ],
)
def test_content_with_another_checksum_has_not_come(
    tmp_path: Path, algorithm: str, digest: Callable[[bytes], bytes]
) -> None:
    upload = begin(tmp_path)
    add(tmp_path, upload, b"012", Checksum(algorithm, digest(b"012")))
    with pytest.raises(Mismatch):
        add(tmp_path, upload, b"3456", Checksum(algorithm, digest(b"0000")))
    assert offset(tmp_path, upload) == 3
    add(tmp_path, upload, b"3456789", Checksum(algorithm, digest(b"3456789")))
    assert (tmp_path / "x").read_bytes() == b"0123456789"


def test_unverified_content_does_not_count_after_a_kill(tmp_path: Path) -> None:
    upload = begin(tmp_path)
    add(tmp_path, upload, b"012")
    with Root(str(tmp_path)) as root, Continued(root, upload) as continued:
        continued.begin(4, LIMIT, Checksum("sha1", b""))
        continued.write(b"????")
        shutil.copytree(tmp_path / ".holdfast", tmp_path / "killed now")
    shutil.rmtree(tmp_path / ".holdfast")
    (tmp_path / "killed now").rename(tmp_path / ".holdfast")
    assert kept(tmp_path, upload, "part").stat().st_size == 7
    assert offset(tmp_path, upload) == 3
    add(tmp_path, upload, b"3456789")
    assert (tmp_path / "x").read_bytes() == b"0123456789"


def test_a_full_disk_keeps_what_came_before(tmp_path: Path) -> None:
    with full_disk(), pytest.raises(NoSpace):
        begin(tmp_path)
    assert names(tmp_path) == []
    upload = begin(tmp_path, length=4000)
    add(tmp_path, upload, b"a" * 500)
    with full_disk(1000), pytest.raises(NoSpace):
        add(tmp_path, upload, b"a" * 3500)
    at = offset(tmp_path, upload)
    assert 500 <= at <= 1000
    add(tmp_path, upload, b"a" * (4000 - at))
    assert (tmp_path / "x").read_bytes() == b"a" * 4000


def test_an_upload_needs_a_place(tmp_path: Path) -> None:
    (tmp_path / "dir").mkdir()
    (tmp_path / "out").symlink_to("/etc")
    for where, error in {"no/x": NoSuchFile, "dir": NotAFile, "out/x": InvalidPath}.items():
        with pytest.raises(error):
            begin(tmp_path, where)
    assert names(tmp_path) == ["dir", "out"]


def test_a_place_that_has_gone_can_come_back(tmp_path: Path) -> None:
    (tmp_path / "dir").mkdir()
    upload = begin(tmp_path, "dir/x", 2)
    (tmp_path / "dir").rmdir()
    with pytest.raises(NoSuchFile):
        add(tmp_path, upload, b"ab")
    assert offset(tmp_path, upload) == 2
    (tmp_path / "dir").mkdir()
    add(tmp_path, upload, b"")
    assert (tmp_path / "dir" / "x").read_bytes() == b"ab"


def test_a_place_on_another_file_system_gets_a_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def elsewhere(*_: object, **__: object) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    upload = begin(tmp_path)
    monkeypatch.setattr(os, "rename", elsewhere)
    monkeypatch.setattr("filemgr.resumable.write_info", lambda *_: None)
    add(tmp_path, upload, b"0123456789")
    assert (tmp_path / "x").read_bytes() == b"0123456789"
    assert not kept(tmp_path, upload, "part").exists()


def test_what_nobody_goes_on_with_expires(tmp_path: Path) -> None:
    old, new, done = begin(tmp_path, "old"), begin(tmp_path, "new"), begin(tmp_path, "done", 0)
    add(tmp_path, done, b"")
    for upload in (old, done):
        for suffix in ("part", "json"):
            if kept(tmp_path, upload, suffix).exists():
                os.utime(kept(tmp_path, upload, suffix), (1000, 1000))
    kept(tmp_path, "0" * 32, "part").write_text("alone")
    os.utime(kept(tmp_path, "0" * 32, "part"), (1000, 1000))
    with Root(str(tmp_path)) as root:
        assert expire_uploads(root, before=2000) == 3
        assert find_upload(root, new).offset == 0
        assert expire_uploads(root, before=1e12) == 1
        assert expire_uploads(root, before=1e12) == 0
    assert names(tmp_path) == ["done"]


TAMPERED = [
    b"",
    b"\xff",
    b"[]",
    b"null",
    b"[" * 60_000,
    b'{"path": "/x", "length": 1e99, "metadata": "", "verified": null}',
    b'{"path": "/x", "length": true, "metadata": "", "verified": null}',
    b'{"path": "/x", "length": -1, "metadata": "", "verified": null}',
    b'{"path": "/x", "length": 10, "metadata": "a\\r\\nX: y", "verified": null}',
    b'{"path": "../x", "length": 10, "metadata": "", "verified": null}',
    b'{"path": "/\\ud800", "length": 10, "metadata": "", "verified": null}',
    b'{"path": "/x", "length": 10, "metadata": ""}',
    b'{"path": "/x", "length": 2, "metadata": "", "verified": null}',
]


@pytest.mark.parametrize("text", TAMPERED)
def test_what_the_program_has_written_there_is_not_believed(tmp_path: Path, text: bytes) -> None:
    upload = begin(tmp_path)
    add(tmp_path, upload, b"0123")
    kept(tmp_path, upload, "json").write_bytes(text)
    with Root(str(tmp_path)) as root:
        for call in (find_upload, Continued, remove_upload):
            with pytest.raises(NoSuchFile):
                call(root, upload)


def test_a_place_that_the_program_has_chosen_is_not_outside(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    upload = begin(tmp_path / "root")
    info = kept(tmp_path / "root", upload, "json")
    (tmp_path / "root" / "out").symlink_to(tmp_path)
    info.write_text(json.dumps({**json.loads(info.read_text()), "path": "/out/x"}))
    with pytest.raises(InvalidPath):
        add(tmp_path / "root", upload, b"0123456789")
    assert not (tmp_path / "x").exists()


def test_content_that_is_somebody_elses_file_is_not_touched(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text("precious")
    makers: list[Callable[[Path], None]] = [
        lambda part: os.link(other, part),
        lambda part: os.symlink(other, part),
        os.mkfifo,
        os.mkdir,
    ]
    for make in makers:
        upload = begin(tmp_path)
        part = kept(tmp_path, upload, "part")
        part.unlink()
        make(part)
        with pytest.raises((NoSuchFile, InvalidPath, Denied, NotAFile)):
            add(tmp_path, upload, b"0123456789")
    assert other.read_text() == "precious"


def test_an_id_is_no_path(tmp_path: Path) -> None:
    begin(tmp_path)
    with Root(str(tmp_path)) as root:
        for upload in ("", "..", "../../x", "a" * 31, "A" * 32, "x\0", "\udcff" * 32, "a" * 5000):
            for call in (find_upload, Continued, remove_upload):
                with pytest.raises(NoSuchFile):
                    call(root, upload)
