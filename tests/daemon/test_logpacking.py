"""Tidying up logs: compressed files are whole, the oldest go, and nothing of it loses the others."""

import gzip
import os
from pathlib import Path

import pytest

from daemon.logfile import DAY, LogFile
from daemon.logpacking import tidy
from daemon.logsettings import LogSettings, Packing

from ..fulldisk import full_disk
from .test_logfile import NOW, joined, pieces, stretches, written

DATA = b"".join(b"line %03d\n" % number for number in range(100))


def log(tmp_path: Path, told: LogSettings | None = None) -> str:
    """A log of ten parts."""
    path = str(tmp_path / "log")
    written(path, pieces(DATA, size=90), told or LogSettings(size=90)).close()
    assert len(texts(path)) == 10
    return path


def texts(path: str) -> list[str]:
    return sorted(name for name in os.listdir(path) if ".log" in name and name[0] == "0")


@pytest.mark.parametrize("packing", [Packing.GZIP, Packing.ZSTD])
@pytest.mark.parametrize("stamps", [False, True])
def test_compressed_parts_say_the_same(tmp_path: Path, packing: Packing, stamps: bool) -> None:
    told = LogSettings(size=90, compress=packing, timestamps=stamps)
    path = str(tmp_path / "log")
    written(path, pieces(DATA, size=90), told).close()
    before = stretches(path)
    tidy(path, told, NOW)
    suffix = ".gz" if packing is Packing.GZIP else ".zst"
    *old, latest = sorted(name for name in os.listdir(path) if name[0] == "0" and ".index" in name)
    assert len(old) >= 9
    assert all(name.endswith(suffix) for name in old)
    assert latest.endswith(".index")
    assert joined(stretches(path)) == DATA
    assert [(one.offset, one.time) for one in stretches(path)] == [(one.offset, one.time) for one in before]


def test_a_compressed_file_is_one_for_everybody(tmp_path: Path) -> None:
    path = log(tmp_path)
    os.utime(Path(path, texts(path)[0]), (NOW, NOW - DAY))
    tidy(path, LogSettings(size=90), NOW)
    first = Path(path, texts(path)[0])
    assert gzip.decompress(first.read_bytes()) == DATA[:90]
    assert first.stat().st_mtime == NOW - DAY
    assert first.stat().st_mode & 0o777 == 0o600


def test_the_log_goes_on_where_it_was(tmp_path: Path) -> None:
    told = LogSettings(size=90)
    path = log(tmp_path, told)
    tidy(path, told, NOW)
    more = b"and more\n"
    written(path, pieces(DATA + more, len(DATA)), told).close()
    assert joined(stretches(path)) == DATA + more


def test_so_many_are_kept(tmp_path: Path) -> None:
    path = log(tmp_path)
    before = texts(path)
    tidy(path, LogSettings(size=90, keep=3, compress=Packing.OFF), NOW)
    assert texts(path) == before[-4:]
    assert len([name for name in os.listdir(path) if name.endswith(".index")]) == 4
    tidy(path, LogSettings(size=90, keep=0, compress=Packing.OFF), NOW)
    assert texts(path) == before[-1:]


def test_what_is_too_old_goes(tmp_path: Path) -> None:
    path = log(tmp_path)
    before = texts(path)
    for number, name in enumerate(before):
        moment = NOW - (10 - number) * DAY
        os.utime(Path(path, name), (moment, moment))
    tidy(path, LogSettings(size=90, keep_days=4, compress=Packing.OFF), NOW)
    assert texts(path) == before[-4:]


def test_all_together_take_so_many_bytes(tmp_path: Path) -> None:
    path = log(tmp_path)
    before = texts(path)
    each = sum(os.path.getsize(Path(path, name)) for name in os.listdir(path) if name.startswith("00000001"))
    tidy(path, LogSettings(size=90, total=3 * each, compress=Packing.OFF), NOW)
    assert texts(path) == before[-3:]


def test_a_full_disk_keeps_the_file_as_it_is(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = log(tmp_path)
    with full_disk(10):
        tidy(path, LogSettings(size=90), NOW)
    assert "cannot be tidied up: File too large" in caplog.text
    assert joined(stretches(path)) == DATA
    assert not any(name.endswith(".new") for name in os.listdir(path))


def test_one_that_was_killed_between_the_two_files_goes_on(tmp_path: Path) -> None:
    told = LogSettings(size=90)
    path = log(tmp_path, told)
    before = {name: Path(path, name).read_bytes() for name in os.listdir(path)}
    tidy(path, told, NOW)
    for name, data in before.items():
        if name.startswith("00000002") and name.endswith(".log"):
            Path(path, name).write_bytes(data)
    assert joined(stretches(path)) == DATA
    tidy(path, told, NOW)
    assert joined(stretches(path)) == DATA
    assert len(texts(path)) == 10


def test_what_has_lost_its_text_goes_altogether(tmp_path: Path) -> None:
    path = log(tmp_path)
    os.unlink(Path(path, texts(path)[3]))
    tidy(path, LogSettings(size=90, compress=Packing.OFF), NOW)
    assert not any(name.startswith("00000004") for name in os.listdir(path))


def test_it_stops_when_told_to(tmp_path: Path) -> None:
    path = log(tmp_path)
    tidy(path, LogSettings(size=90), NOW, lambda: True)
    assert not any(name.endswith(".gz") for name in os.listdir(path))


def test_there_need_not_be_anything(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    tidy(str(tmp_path / "nothing"), LogSettings(), NOW)
    assert caplog.text == ""


@pytest.mark.parametrize("damage", [b"", b"garbage", None])
def test_a_damaged_part_is_told_of_and_the_others_are_read(tmp_path: Path, damage: bytes | None) -> None:
    told = LogSettings(size=90)
    path = log(tmp_path, told)
    tidy(path, told, NOW)
    file = Path(path, texts(path)[4])
    file.write_bytes(file.read_bytes()[:-12] if damage is None else damage)
    found = stretches(path)
    read = b"".join(one.data for one in found if not one.ours)
    assert DATA[: 4 * 90] in read
    assert DATA[5 * 90 :] in read
    if damage:
        assert b"cannot be read" in b"".join(one.data for one in found if one.ours)


def test_many_parts_are_no_reason_to_list_the_folder_for_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = str(tmp_path / "log")
    told = LogSettings(size=4096, compress=Packing.OFF, keep=1000)
    written(path, pieces(b"x" * 99 + b"\n", size=100), told).close()
    one = LogFile(path, told, lambda: NOW)
    one.open()
    one.write(pieces((b"x" * 99 + b"\n") * 1000, 100, size=100))
    one.close()
    assert len(texts(path)) > 20
    listed = 0
    listdir = os.listdir

    def counting(folder: int) -> list[str]:
        nonlocal listed
        listed += 1
        return listdir(folder)

    monkeypatch.setattr(os, "listdir", counting)
    tidy(path, told, NOW)
    assert stretches(path)
    assert listed < 10
