"""A new config takes effect: all or nothing, whoever asks, one after the other."""

import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import anyio
import pytest

from daemon.config import Config, ConfigError, ConfigFile
from daemon.goodconfig import GoodConfig
from daemon.reload import Reloader

OLD, NEW = b'{"port": 1}\n', b'{"port": 2}\n'


class Broken(Exception):
    """A step has failed."""


class Effect:
    """What one step has been given; fails for the ports in `refuses`."""

    def __init__(self, *refuses: int) -> None:
        self.ports: list[int] = []
        self.refuses = refuses

    async def step(self, config: Config) -> None:
        """Take a config, or fail half-way."""
        await anyio.lowlevel.checkpoint()
        self.ports.append(config.port)
        await anyio.lowlevel.checkpoint()
        if config.port in self.refuses:
            raise Broken(f"not port {config.port}")


@pytest.fixture
def file(tmp_path: Path) -> ConfigFile:
    file = ConfigFile(str(tmp_path / "config.hjson"))
    file.write(OLD)
    return file


def made(file: ConfigFile, *effects: Effect) -> Reloader:
    good = GoodConfig(os.path.join(os.path.dirname(file.path), "good"), file)
    reloader = Reloader(file, file.load(), OLD, good)
    for effect in effects:
        reloader.add(effect.step)
    return reloader


async def test_a_new_text_is_written_and_given_to_every_step(file: ConfigFile) -> None:
    effects = Effect(), Effect()
    reloader = made(file, *effects)
    await reloader.replace(NEW)
    assert [effect.ports for effect in effects] == [[2], [2]]
    assert (reloader.config.port, file.read()) == (2, NEW)
    assert ConfigFile(reloader._good.path).read() == NEW


async def test_a_step_that_fails_undoes_those_before_it_and_itself(file: ConfigFile) -> None:
    effects = Effect(), Effect(2), Effect()
    reloader = made(file, *effects)
    with pytest.raises(Broken, match="not port 2"):
        await reloader.replace(NEW)
    assert [effect.ports for effect in effects] == [[2, 1], [2, 1], []]
    assert (reloader.config.port, file.read()) == (1, OLD)


async def test_a_step_that_cannot_even_be_undone_does_not_keep_the_others_from_it(
    file: ConfigFile, caplog: pytest.LogCaptureFixture
) -> None:
    effects = Effect(), Effect(1, 2)
    reloader = made(file, *effects)
    with pytest.raises(Broken, match="not port 2"):
        await reloader.replace(NEW)
    assert [effect.ports for effect in effects] == [[2, 1], [2, 1]]
    assert (reloader.config.port, file.read()) == (1, OLD)
    assert "could not be put back: not port 1" in caplog.text


async def test_a_change_that_is_cancelled_is_undone(file: ConfigFile) -> None:
    effect = Effect()

    async def stuck(config: Config) -> None:
        if config.port == 2:
            await anyio.sleep_forever()

    reloader = made(file, effect)
    reloader.add(stuck)
    with anyio.move_on_after(0.1):
        await reloader.replace(NEW)
    assert effect.ports == [2, 1]
    assert (reloader.config.port, file.read()) == (1, OLD)


async def test_a_broken_text_reaches_nobody(file: ConfigFile) -> None:
    effect = Effect()
    reloader = made(file, effect)
    for text in (b"", b"{", b"null\n", b'{"port": "x"}'):
        with pytest.raises(ConfigError):
            await reloader.replace(text)
        file.write(text)
        with pytest.raises(ConfigError):
            await reloader.reload()
        file.write(OLD)
    assert (effect.ports, reloader.config.port) == ([], 1)


async def test_a_reload_of_what_is_known_already_does_nothing_if_so_asked(file: ConfigFile) -> None:
    effect = Effect()
    reloader = made(file, effect)
    await reloader.reload(only_changed=True)
    assert effect.ports == []
    await reloader.reload()
    assert effect.ports == [1]
    file.write(NEW)
    await reloader.reload(only_changed=True)
    await reloader.reload(only_changed=True)
    assert effect.ports == [1, 2]


async def test_changes_at_once_take_turns(file: ConfigFile) -> None:
    effects = Effect(), Effect()
    reloader = made(file, *effects)
    async with anyio.create_task_group() as tasks:
        for port in range(2, 12):
            tasks.start_soon(reloader.replace, b'{"port": %d}' % port)
    assert effects[0].ports == effects[1].ports
    assert sorted(effects[0].ports) == list(range(2, 12))
    assert file.load().port == reloader.config.port == effects[0].ports[-1]


async def test_a_file_that_is_gone_is_made_again(file: ConfigFile) -> None:
    reloader = made(file, Effect())
    os.unlink(file.path)
    with pytest.raises(ConfigError, match="cannot be read"):
        await reloader.reload()
    assert reloader.config.port == 1
    await reloader.replace(NEW)
    assert file.read() == NEW


async def test_a_last_good_config_that_cannot_be_kept_is_no_reason_to_refuse(
    file: ConfigFile, full_disk: Callable[[], AbstractContextManager[None]], caplog: pytest.LogCaptureFixture
) -> None:
    reloader = made(file, Effect())
    file.write(NEW)
    with full_disk():
        await reloader.reload()
    assert reloader.config.port == 2
    assert "the last good config could not be kept" in caplog.text


async def test_a_server_that_is_no_longer_named_has_the_default_scrollback(file: ConfigFile) -> None:
    text = (
        b'{"servers": {"a": {"directory": "/", "command": "x", "scrollbackLines": 7, "scrollbackBytes": 8}}}'
    )
    reloader = made(file)
    await reloader.replace(text)
    assert (reloader.scrollback("a"), reloader.scrollback("b")) == ((7, 8), (2500, 1 << 20))
