"""The section `usage` of the config."""

import pytest

from daemon.config import ConfigError, parse_config
from daemon.usagesettings import UsageSettings


def settings(text: str) -> UsageSettings:
    return parse_config(b'{"usage": ' + text.encode() + b"}", "config.hjson", "/").usage


def test_without_it_there_is_a_measurement_every_ten_seconds_and_a_day_of_history() -> None:
    assert parse_config(b"{}", "config.hjson", "/").usage == UsageSettings(10, 86_400)


def test_it_can_be_set() -> None:
    assert settings('{"interval": 0, "history": 3600}') == UsageSettings(0, 3600)


@pytest.mark.parametrize(
    "text",
    [
        '{"interval": -1}',
        '{"interval": 3601}',
        '{"interval": 1.5}',
        '{"history": 604801}',
        '{"history": "a day"}',
        "1",
    ],
)
def test_what_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        settings(text)


def test_unknown_keys_are_told() -> None:
    config = parse_config(b'{"usage": {"intervall": 3}}', "config.hjson", "/")
    assert "usage.intervall" in " ".join(config.warnings)
