"""`login.delay` in the config."""

import pytest

from daemon.accesssettings import LoginDelay
from daemon.config import Config, ConfigError, parse_config

from .house import House


def parse(delay: str) -> Config:
    return parse_config(f'{{"login": {{"delay": {delay}}}}}'.encode(), "config.json", "/")


def test_each_number_has_a_default() -> None:
    assert parse("{}").login.delay == LoginDelay(account=5, address=20, first=1.0, cap=900.0)
    assert parse('{"account": 3, "first": 0.5}').login.delay == LoginDelay(account=3, first=0.5)


@pytest.mark.parametrize(
    "delay", ["5", '{"account": 0}', '{"address": "many"}', '{"first": -1}', '{"cap": true}', '{"cap": "1h"}']
)
def test_what_is_no_such_number_is_refused_where_it_stands(delay: str) -> None:
    with pytest.raises(ConfigError, match=r"^config\.json:1:\d+: login\.delay"):
        parse(delay)


def test_unknown_keys_are_warned_of() -> None:
    assert "login.delay.free" in parse('{"free": 3}').warnings[0]


async def test_a_change_holds_at_once(house: House) -> None:
    house.settings["login"] = {"delay": {"account": 2}}
    await house.configure()
    assert house.parts.people.backoff.delay == LoginDelay(account=2)
