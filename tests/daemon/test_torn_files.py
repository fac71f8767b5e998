"""Files of the daemon that were cut short, or damaged on a disk: the last good ones count."""

import logging
import os
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from daemon.config import ConfigError, ConfigFile
from daemon.goodconfig import GoodConfig
from daemon.ledger import CannotKeep, Ledger
from daemon.ledgerfile import LedgerFile
from daemon.main import _load

from ..cuts import DAMAGES, WAYS, Damage, cut_at_each_step
from .kept import opened

# What is cut short, in a process of its own.


def old_config(folder: str) -> None:
    config(folder).write(b"port: 1")


def new_config(folder: str) -> None:
    config(folder).write(b"port: 2" + b" " * 100)


def two_good(folder: str) -> None:
    good(folder).save(b"port: 1")
    good(folder).save(b"port: 2")


def third_good(folder: str) -> None:
    good(folder).save(b"port: 3")


def config(folder: str) -> ConfigFile:
    return ConfigFile(os.path.join(folder, "config.hjson"))


def good(folder: str) -> GoodConfig:
    return GoodConfig(os.path.join(folder, "last-good-config"), config(folder))


def torn_sessions(folder: str) -> None:
    """A database that is whole without its -wal, in which the session has ended."""
    path = os.path.join(folder, "sessions.db")
    whole = LedgerFile(f"{path}.whole")
    whole.open()
    whole.write([("INSERT INTO sessions VALUES (x'00', 'ada', 0.0, 1e12, '', '')", ())])
    whole.close()
    os.rename(f"{path}.whole", path)
    for suffix in ("-wal", "-shm"):
        Path(path + suffix).write_bytes(b"\0" * 5000)


def open_sessions(folder: str) -> None:
    LedgerFile(os.path.join(folder, "sessions.db")).open()


# The config.


@pytest.mark.parametrize("way", WAYS)
def test_a_config_that_is_cut_short_is_the_old_or_the_new_one(tmp_path: Path, way: str) -> None:
    cuts = cut_at_each_step(str(tmp_path), way, old_config, new_config)
    assert len(cuts) > 7
    for cut in cuts:
        assert config(cut.folder).load().port in ((2,) if cut.done else (1, 2)), cut
        old_config(cut.folder)
        assert os.listdir(cut.folder) == ["config.hjson"], cut


@pytest.mark.parametrize("way", WAYS)
def test_a_last_good_config_that_is_cut_short_is_an_older_or_the_new_one(tmp_path: Path, way: str) -> None:
    for cut in cut_at_each_step(str(tmp_path), way, two_good, third_good):
        found = good(cut.folder).load()
        assert found is not None
        assert found[1].port in ((3,) if cut.done else (2, 3)), cut
        two_good(cut.folder)
        assert sorted(os.listdir(cut.folder)) == ["last-good-config", "last-good-config.old"], cut


TORN_CONFIGS: dict[str, Damage] = {
    **DAMAGES,
    "half a thought": lambda _: b"{ port: 2, servers: {",
    "no port": lambda _: b"port: x",
}
LONG = b'{\n "port": 2,\n "servers": {}, "logging": {"path": "' + b"x" * 100 + b'"}\n}'


@pytest.mark.parametrize("damage", TORN_CONFIGS)
def test_with_the_config_broken_and_the_last_good_one_torn_the_one_before_is_in_force(
    tmp_path: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    folder, path = str(tmp_path), tmp_path / "last-good-config"
    good(folder).save(b"port: 1")
    good(folder).save(LONG)
    damaged = TORN_CONFIGS[damage](LONG)
    path.write_bytes(damaged)
    config(folder).write(b"{")
    assert _load(config(folder), good(folder))[1].port == 1
    (kept,) = tmp_path.glob("last-good-config.damaged-*")
    assert kept.read_bytes() == damaged
    assert f"{path} is damaged" in caplog.text
    assert f"kept as {kept}" in caplog.text
    assert f"{path}.old, is used instead" in caplog.text
    assert "until this one is mended" in caplog.text


def test_with_the_config_good_a_torn_last_good_one_is_set_aside_and_made_anew(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = str(tmp_path)
    (tmp_path / "last-good-config").write_bytes(b"\0" * 10)
    config(folder).write(LONG)
    text, loaded = _load(config(folder), good(folder))
    assert loaded.port == 2
    good(folder).save(text)
    (kept,) = tmp_path.glob("last-good-config.damaged-*")
    assert str(kept) in caplog.text
    config(folder).write(b"{")
    assert _load(config(folder), good(folder)) == (LONG, loaded)


def test_with_nothing_good_the_mistake_in_the_config_is_told(tmp_path: Path) -> None:
    folder = str(tmp_path)
    for content in (None, b"\0"):
        if content is not None:
            (tmp_path / "last-good-config").write_bytes(content)
        config(folder).write(b"port: x")
        with pytest.raises(ConfigError, match=r"config\.hjson:1"):
            _load(config(folder), good(folder))


# Sessions.


async def sessions_of(path: Path, count: int) -> list[str]:
    """Leave a database as a power cut would, with all of it in the -wal; return the tokens."""
    living = path.with_name("living.db")
    async with opened(str(living)) as sessions:
        tokens = [(await sessions.create("ada", "127.0.0.1", "curl"))[0] for _ in range(count)]
        for suffix in ("", "-wal"):
            shutil.copy(f"{living}{suffix}", f"{path}{suffix}")
    return tokens


async def test_of_a_torn_wal_all_that_is_whole_counts(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "sessions.db"
    tokens = await sessions_of(path, 8)
    wal = Path(f"{path}-wal").read_bytes()
    database = path.read_bytes()
    counts = []
    frames = range(32, len(wal), 4096 + 24)
    for length in (0, 1, 31, *frames, *(begin + 2000 for begin in frames), len(wal) - 1, len(wal)):
        path.write_bytes(database)
        Path(f"{path}-wal").write_bytes(wal[:length])
        Path(f"{path}-shm").write_bytes(b"\xa5" * 32768)
        async with opened(str(path)) as sessions:
            found = [sessions.find(token) is not None for token in tokens]
            assert found == sorted(found, reverse=True), "the first ones, without a gap"
            counts.append((length, sum(found)))
            fresh, _ = await sessions.create("ada", "127.0.0.1", "curl")
            assert sessions.find(fresh) is not None
    counts.sort()
    assert [count for _, count in counts] == sorted(count for _, count in counts)
    assert counts[0][1] == 0
    assert counts[-1][1] == len(tokens)
    assert caplog.text == ""
    assert not list(tmp_path.glob("*.damaged-*"))


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("suffix", ["", "-wal"])
async def test_a_damaged_database_is_set_aside_with_its_wal(
    tmp_path: Path, damage: str, suffix: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "sessions.db"
    tokens = await sessions_of(path, 20)
    if not suffix:  # all of it in the database itself
        async with opened(str(path)):
            pass
    damaged = DAMAGES[damage](Path(f"{path}{suffix}").read_bytes())
    Path(f"{path}{suffix}").write_bytes(damaged)
    async with opened(str(path)) as sessions:
        fresh, _ = await sessions.create("ada", "127.0.0.1", "curl")
        assert sessions.find(fresh) is not None
        alive = sum(sessions.find(token) is not None for token in tokens)
    kept = list(tmp_path.glob(f"sessions.db.damaged-*Z{suffix}"))
    if kept:
        assert alive == 0
        assert kept[0].read_bytes() == damaged
        assert f"{path} is damaged" in caplog.text
        assert f"kept as {str(kept[0]).removesuffix('-wal')}" in caplog.text
    else:
        # Of a torn -wal SQLite takes what is whole; in a text it does not look for damage.
        assert damage in {"garbage at the end", "zeros at the end"} or suffix
        assert damage not in {"garbage", "zeros"}
        assert caplog.text == ""
    async with opened(str(path)) as sessions:
        assert sessions.find(fresh) is not None


@pytest.mark.parametrize("way", WAYS)
def test_sessions_set_aside_halfway_do_not_live_again(tmp_path: Path, way: str) -> None:
    cuts = cut_at_each_step(str(tmp_path), way, torn_sessions, open_sessions)
    assert len(cuts) > 4
    for cut in cuts:
        file = LedgerFile(os.path.join(cut.folder, "sessions.db"))
        assert file.open()["sessions"] == [], cut
        file.close()
        assert list(Path(cut.folder).glob("sessions.db.damaged-*")), cut


async def test_a_database_that_could_not_be_begun_is_not_taken_for_a_damaged_one(
    tmp_path: Path,
    full_disk: Callable[[], AbstractContextManager[None]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    ledger = Ledger(str(tmp_path / "sessions.db"))
    with full_disk(), pytest.raises(CannotKeep, match="cannot open"):
        await ledger.open()
    with caplog.at_level(logging.WARNING):
        await ledger.open()
    await ledger.close()
    assert caplog.text == ""
    assert os.listdir(tmp_path) == ["sessions.db"]
