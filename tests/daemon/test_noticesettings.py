"""The section `notifications` of the config: what it may say, and where it is wrong."""

import json

import pytest

from daemon.config import ConfigError, parse_config
from daemon.configdiff import changes
from daemon.notice import EVENTS, Kind
from daemon.noticesettings import NoticeSettings, Way

from .house import Json

HOOK: Json = {"type": "webhook", "url": "https://hooks.example/T0P/s3cret"}


def parse(notifications: object) -> tuple[NoticeSettings, tuple[str, ...]]:
    config = parse_config(json.dumps({"notifications": notifications}).encode(), "c.hjson", "/base")
    return config.notifications, config.warnings


def one(**more: object) -> Json:
    return {"targets": {"ops": {**HOOK, **more}}}


def test_nothing_said_means_nobody_is_told() -> None:
    settings, _ = parse({})
    assert not settings.targets
    assert (settings.disk.percent, settings.disk.folders, settings.disk.interval) == (5.0, None, 60.0)


def test_a_type_and_a_url_are_enough() -> None:
    settings, warnings = parse({"targets": {"ops": HOOK}})
    target = settings.targets["ops"]
    assert (target.way, target.on, target.servers) == (Way.WEBHOOK, frozenset(EVENTS), None)
    assert (target.repeat, target.per_hour, target.lines, target.timeout, target.retries) == (
        15,
        30,
        20,
        10,
        5,
    )
    assert target.allow_private is False
    assert warnings == ()


def test_everything_can_be_said() -> None:
    settings, warnings = parse(
        {
            "targets": {
                "ops": {
                    "type": "webhook",
                    "urlFile": "hook.url",
                    "on": ["crashed", "diskLow"],
                    "servers": ["mc-*"],
                    "title": "{server}",
                    "message": "{lines}",
                    "headers": {"Authorization": "Bearer x"},
                    "secretFile": "/run/secret",
                    "allowPrivate": True,
                    "repeat": 0.5,
                    "perHour": 5,
                    "lines": 0,
                    "timeout": 5,
                    "retries": 0,
                },
                "me": {"type": "command", "command": "notify-send 'it crashed'"},
            },
            "disk": {"low": 1000, "folders": ["data"], "interval": 10},
        }
    )
    target = settings.targets["ops"]
    assert (target.url_file, target.secret_file) == ("/base/hook.url", "/run/secret")
    assert target.on == {Kind.CRASHED, Kind.DISK_LOW}
    assert target.headers == {"authorization": "Bearer x"}
    assert settings.targets["me"].command == ("notify-send", "it crashed")
    disk = settings.disk
    assert (disk.percent, disk.size, disk.folders, disk.interval) == (None, 1000, ("/base/data",), 10)
    assert warnings == ()


@pytest.mark.parametrize(
    ("notifications", "where"),
    [
        ({"targets": {"ops": {"url": "https://x.example"}}}, "targets.ops.type"),
        ({"targets": {"ops": {"type": "pager"}}}, "targets.ops.type"),
        ({"targets": {"ops": {"type": ""}}}, "targets.ops.type"),
        ({"targets": {"a b": HOOK}}, "a b"),
        ({"targets": {"ops": {"type": "discord"}}}, "targets.ops"),
        (one(url="ftp://s3cret"), "targets.ops.url"),
        (one(url="https://ann:s3cret@x.example"), "targets.ops.url"),
        (one(url="http://127.0.0.1/s3cret"), "targets.ops.url"),
        (one(url="http://localhost/s3cret"), "targets.ops.url"),
        (one(url="http://[::1]/s3cret"), "targets.ops.url"),
        (one(urlFile="x"), "targets.ops"),
        (one(command="x"), "targets.ops.command"),
        (one(on=["crash"]), "targets.ops.on[0]"),
        (one(on=[]), "targets.ops.on"),
        (one(on="crashed"), "targets.ops.on"),
        (one(servers="mc"), "targets.ops.servers"),
        (one(title="{sever}"), "targets.ops.title"),
        (one(message="{lines.__class__}"), "targets.ops.message"),
        (one(headers={"Host": "s3cret"}), "targets.ops.headers.Host"),
        (one(headers={"webhook-signature": "s3cret"}), "targets.ops.headers"),
        (one(headers={"X": "s3cret\r\nY: z"}), "targets.ops.headers.X"),
        (one(headers={"a b": "s3cret"}), "targets.ops.headers"),
        (one(headers={"X": 5}), "targets.ops.headers.X"),
        (one(secret="s3cret"), "targets.ops.secret"),
        (one(secret="whsec_s3cret!"), "targets.ops.secret"),
        (one(secret=12345678901234567), "targets.ops.secret"),
        (one(secret="s3cret" * 10, secretFile="x"), "targets.ops"),
        (one(type="ntfy", secret="s3cret" * 10), "targets.ops.secret"),
        (one(repeat=-1), "targets.ops.repeat"),
        (one(repeat=20_000), "targets.ops.repeat"),
        (one(perHour=0), "targets.ops.perHour"),
        (one(lines=1000), "targets.ops.lines"),
        (one(timeout=0), "targets.ops.timeout"),
        (one(retries=100), "targets.ops.retries"),
        ({"targets": {"ops": {"type": "command"}}}, "targets.ops.command"),
        ({"targets": {"ops": {"type": "command", "command": "x", "url": "s3cret"}}}, "targets.ops.url"),
        ({"targets": {"ops": {"type": "command", "command": "'x"}}}, "targets.ops.command"),
        ({"disk": {"low": "5"}}, "disk.low"),
        ({"disk": {"low": "100%"}}, "disk.low"),
        ({"disk": {"low": -1}}, "disk.low"),
        ({"disk": {"low": True}}, "disk.low"),
        ({"disk": {"folders": "x"}}, "disk.folders"),
        ({"disk": {"interval": 1}}, "disk.interval"),
    ],
)
def test_a_mistake_is_pointed_to_and_no_secret_is_in_it(notifications: object, where: str) -> None:
    with pytest.raises(ConfigError) as wrong:
        parse(notifications)
    assert wrong.value.line > 0
    assert where in wrong.value.key
    assert "s3cret" not in str(wrong.value)


def test_what_is_unknown_or_not_encrypted_is_warned_of() -> None:
    _, warnings = parse({"targets": {"ops": {**HOOK, "url": "http://x.example/", "colour": 1}}, "more": 1})
    said = "\n".join(warnings)
    for part in ("targets.ops.url: is not encrypted", "targets.ops.colour: is unknown", "notifications.more"):
        assert part in said


def test_settings_do_not_show_their_secrets() -> None:
    settings, _ = parse(one(secret="s3cret" * 10, headers={"X": "s3cret"}))
    assert "s3cret" not in repr(settings)


def test_the_audit_log_is_told_what_is_harmless_and_nothing_else() -> None:
    old = {"notifications": one(repeat=5, secret="a s3cret that is long", headers={"X-Key": "s3cret"})}
    new = {
        "notifications": one(
            url="https://hooks.example/other-s3cret",
            repeat=6,
            secret="b s3cret that is long",
            headers={"X-Key": "t3s3cret"},
            title="s3cret",
            on=["crashed"],
        )
    }
    said = changes(json.dumps(old).encode(), json.dumps(new).encode())
    text = "\n".join(said)
    assert "notifications.targets.ops.repeat: 5 → 6" in said
    assert "notifications.targets.ops.url: changed" in said
    assert "notifications.targets.ops.headers.X-Key: changed" in said
    assert "s3cret" not in text
