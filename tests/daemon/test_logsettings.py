"""The section `logs` of a server."""

import json

import pytest

from daemon.config import ConfigError, parse_config
from daemon.configdiff import changes
from daemon.logsettings import Destination, LogSettings, Packing


def text(logs: object) -> bytes:
    return json.dumps({"servers": {"a": {"directory": "/", "command": "x", "logs": logs}}}).encode()


def read(logs: object) -> LogSettings:
    config = parse_config(text(logs), "config", "/base")
    assert config.warnings == ()
    return config.servers["a"].logs


def test_nothing_is_written_unless_it_is_asked_for() -> None:
    assert read({}) == read(None) == LogSettings()
    assert LogSettings().to is Destination.OFF


def test_everything_can_be_set() -> None:
    said = {"to": "file", "path": "logs/games", "size": 4096, "days": 1, "keep": 0, "keepDays": 30}
    said |= {"total": 1 << 30, "compress": "zstd", "timestamps": True}
    assert read(said) == LogSettings(
        Destination.FILE, "/base/logs/games", 4096, 1, 0, 30, 1 << 30, Packing.ZSTD, True
    )


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("to", "disk", "expected off, file or journal, got 'disk'"),
        ("compress", "xz", "expected off, gzip or zstd, got 'xz'"),
        ("size", 4095, "expected a whole number from 4096 to"),
        ("keep", -1, "expected a whole number from 0 to 100000, got -1"),
        ("timestamps", "yes", "expected true or false, got a string"),
        ("path", 5, "expected a string, got a number"),
    ],
)
def test_a_wrong_value_is_named(key: str, value: object, reason: str) -> None:
    with pytest.raises(ConfigError) as raised:
        read({key: value})
    assert f"servers.a.logs.{key}: {reason}" in str(raised.value)


def test_what_is_unknown_is_warned_about() -> None:
    (warning,) = parse_config(text({"level": 3}), "config", "/base").warnings
    assert "servers.a.logs.level: is unknown and has no effect" in warning


def test_the_audit_log_may_show_them() -> None:
    old = {"to": "off", "path": "x", "size": 5000, "days": 0, "keep": 1, "keepDays": 0}
    old |= {"total": 0, "compress": "off", "timestamps": False}
    new = {"to": "file", "path": "y", "size": 6000, "days": 1, "keep": 2, "keepDays": 1}
    new |= {"total": 1, "compress": "gzip", "timestamps": True}
    told = changes(text(old), text(new))
    assert "servers.a.logs.to: off → file" in told
    assert len(told) == len(old)
    assert all(" → " in one for one in told)
